/* SPDX-License-Identifier: GPL-2.0-only */
/* Builds packets for the tests of the BPF programs. */
#include <arpa/inet.h>
#include <assert.h>
#include <string.h>

#include "packet.h"

struct writer {
	uint8_t *buf;
	size_t len;
};

static uint8_t *put(struct writer *w, size_t n)
{
	uint8_t *at = w->buf + w->len;

	assert(w->len + n <= PACKET_MAX);
	memset(at, 0, n);
	w->len += n;
	return at;
}

static void store16(uint8_t *at, uint16_t v)
{
	v = htons(v);
	memcpy(at, &v, sizeof(v));
}

static void store32(uint8_t *at, uint32_t v)
{
	v = htonl(v);
	memcpy(at, &v, sizeof(v));
}

static struct addr address(bool ipv6, const char *text4, const char *text6)
{
	struct addr addr = { .w = { 0, 0, htonl(0xffff), 0 } };

	if (ipv6)
		assert(inet_pton(AF_INET6, text6, addr.w) == 1);
	else
		assert(inet_pton(AF_INET, text4, &addr.w[3]) == 1);
	return addr;
}

struct addr packet_client(bool ipv6)
{
	return address(ipv6, "198.51.100.7", "2001:db8:1::7");
}

struct addr packet_server(bool ipv6)
{
	return address(ipv6, "192.0.2.80", "2001:db8:2::80");
}

struct addr packet_tunnel_source(bool ipv6)
{
	return address(ipv6, "203.0.113.1", "2001:db8:3::1");
}

struct addr packet_tunnel_end(bool ipv6)
{
	return address(ipv6, "203.0.113.2", "2001:db8:3::2");
}

/* Source and destination of the packet. */
static void get_addresses(const struct packet_spec *spec, bool ipv6, struct addr ret[2])
{
	if (spec->is_outer) {
		ret[0] = packet_tunnel_source(ipv6);
		ret[1] = packet_tunnel_end(ipv6);
		return;
	}
	ret[spec->from_client] = spec->server_natted ? address(ipv6, "203.0.113.4", "2001:db8:3::4")
						     : packet_server(ipv6);
	ret[!spec->from_client] = spec->client_natted
					  ? address(ipv6, "203.0.113.3", "2001:db8:3::3")
					  : packet_client(ipv6);
}

/* The first byte of the destination is that of an IPv4 header: nobody may guess from it. */
static void put_ethernet(struct writer *w, const struct packet_spec *spec)
{
	uint8_t *h = put(w, 12);
	uint16_t type = spec->ipv6 ? 0x86dd : 0x0800;

	memcpy(h, "\x46\0\0\0\0\x01\x02\0\0\0\0\x02", 12);
	for (int i = 0; i < PACKET_TAGS && spec->tags[i]; i++) {
		store16(put(w, 2), spec->tags[i]);
		store16(put(w, 2), 100 + i);
	}
	store16(put(w, 2), spec->ethertype ? spec->ethertype : type);
	if (spec->shim_len)
		memcpy(put(w, spec->shim_len), spec->shim, spec->shim_len);
}

static void put_transport(struct writer *w, const struct packet_spec *spec, uint8_t proto)
{
	uint16_t client = (spec->client_port ? spec->client_port : PACKET_CLIENT_PORT) +
			  spec->client_natted;
	uint16_t server = (spec->server_port ? spec->server_port : PACKET_SERVER_PORT) +
			  spec->server_natted;
	uint16_t from = spec->from_client ? client : server;
	uint16_t to = spec->from_client ? server : client;
	uint8_t *h;

	switch (proto) {
	case PACKET_TCP:
		h = put(w, 20 + spec->tcp_options);
		store16(h, from);
		store16(h + 2, to);
		store32(h + 4, spec->seq);
		store32(h + 8, spec->ack);
		h[12] = (spec->data_offset ? spec->data_offset : 5 + spec->tcp_options / 4) << 4;
		h[13] = spec->tcp_flags ? spec->tcp_flags : PACKET_ACK;
		store16(h + 14, 65535);
		memset(h + 20, 1, spec->tcp_options); /* no-operation */
		break;
	case PACKET_UDP:
		h = put(w, 8);
		store16(h, from);
		store16(h + 2, to);
		store16(h + 4, 8 + spec->payload_len);
		break;
	case PACKET_ICMP:
	case PACKET_ICMPV6:
		h = put(w, 8);
		h[0] = proto == PACKET_ICMP ? 8 : 128; /* echo request */
		if (spec->icmp_type)
			h[0] = spec->icmp_type;
		h[1] = spec->icmp_code;
		break;
	case PACKET_SCTP:
		h = put(w, 12);
		store16(h, from);
		store16(h + 2, to);
		break;
	default:
		break;
	}
	if (spec->payload_len)
		memcpy(put(w, spec->payload_len), spec->payload, spec->payload_len);
}

static void put_ipv4(struct writer *w, const struct packet_spec *spec)
{
	size_t start = w->len, header_len = 20 + spec->ip_options;
	uint8_t *h = put(w, header_len), proto = spec->proto ? spec->proto : PACKET_TCP;
	uint8_t ihl = spec->ihl ? spec->ihl : header_len / 4;
	struct addr addresses[2];

	get_addresses(spec, false, addresses);
	h[0] = (spec->version ? spec->version : 4) << 4 | ihl;
	store16(h + 6, spec->fragment);
	h[8] = 64;
	h[9] = proto;
	memcpy(h + 12, &addresses[0].w[3], 4);
	memcpy(h + 16, &addresses[1].w[3], 4);
	memset(h + 20, 1, spec->ip_options); /* no-operation */
	put_transport(w, spec, proto);
	if (!spec->no_length)
		store16(h + 2, w->len - start + spec->length_delta);
}

/* Writes one extension header; `next` is where the header before it names its successor. */
static uint8_t *put_ext(struct writer *w, const struct packet_ext *ext, uint8_t *next)
{
	size_t shortest = ext->type == PACKET_AH ? 12 : 8, len = ext->len ? ext->len : shortest;
	uint8_t *h = put(w, len);

	*next = ext->type == PACKET_HOP_BY_HOP ? 0 : ext->type;
	h[1] = ext->type == PACKET_AH ? len / 4 - 2 : len / 8 - 1;
	if (ext->type == PACKET_FRAGMENT)
		store16(h + 2, ext->fragment);
	if (ext->wrong_len)
		h[1] = ext->wrong_len;
	return h;
}

static void put_ipv6(struct writer *w, const struct packet_spec *spec)
{
	uint8_t *h = put(w, 40), *next = h + 6, proto = spec->proto ? spec->proto : PACKET_TCP;
	struct addr addresses[2];
	size_t start = w->len;

	h[0] = (spec->version ? spec->version : 6) << 4;
	h[7] = 64;
	get_addresses(spec, true, addresses);
	memcpy(h + 8, addresses, sizeof(addresses));
	for (int i = 0; i < PACKET_EXTS && spec->exts[i].type; i++)
		next = put_ext(w, &spec->exts[i], next);
	*next = proto;
	put_transport(w, spec, proto);
	if (!spec->no_length)
		store16(h + 4, w->len - start + spec->length_delta);
}

/* The packet around spec's. */
static size_t build_outer(const struct packet_spec *spec, uint8_t *buf)
{
	struct packet_spec inner = *spec, outer = *spec->outer;
	static uint8_t payload[PACKET_MAX];

	assert(!outer.outer);
	inner.outer = NULL;
	if (spec->tunnel_len)
		memcpy(payload, spec->tunnel, spec->tunnel_len);
	outer.payload_len = spec->tunnel_len + packet_build(&inner, buf);
	assert(outer.payload_len <= PACKET_MAX);
	memcpy(payload + spec->tunnel_len, buf, outer.payload_len - spec->tunnel_len);
	outer.payload = payload;
	return packet_build(&outer, buf);
}

size_t packet_build(const struct packet_spec *spec, uint8_t *buf)
{
	struct writer w = { .buf = buf };

	if (spec->outer)
		return build_outer(spec, buf);
	if (!spec->ip_first)
		put_ethernet(&w, spec);
	if (spec->ipv6)
		put_ipv6(&w, spec);
	else
		put_ipv4(&w, spec);
	put(&w, spec->padding);
	assert(spec->cut <= w.len);
	return w.len - spec->cut;
}
