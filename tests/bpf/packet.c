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

static void put_ethernet(struct writer *w, const struct packet_spec *spec)
{
	uint8_t *h = put(w, 12);
	uint16_t type = spec->ipv6 ? 0x86dd : 0x0800;

	memcpy(h, "\x02\0\0\0\0\x01\x02\0\0\0\0\x02", 12);
	for (int i = 0; i < PACKET_TAGS && spec->tags[i]; i++) {
		store16(put(w, 2), spec->tags[i]);
		store16(put(w, 2), 100 + i);
	}
	store16(put(w, 2), spec->ethertype ? spec->ethertype : type);
}

static void put_transport(struct writer *w, const struct packet_spec *spec, uint8_t proto)
{
	uint16_t client = spec->client_port ? spec->client_port : PACKET_CLIENT_PORT;
	uint16_t from = spec->from_client ? client : PACKET_SERVER_PORT;
	uint16_t to = spec->from_client ? PACKET_SERVER_PORT : client;
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
		put(w, 8)[0] = proto == PACKET_ICMP ? 8 : 128; /* echo request */
		break;
	default:
		break;
	}
	if (spec->payload_len)
		memcpy(put(w, spec->payload_len), spec->payload, spec->payload_len);
}

static void put_ipv4(struct writer *w, const struct packet_spec *spec)
{
	struct addr server = packet_server(false), client = packet_client(false);
	size_t start = w->len, header_len = 20 + spec->ip_options;
	uint8_t *h = put(w, header_len), proto = spec->proto ? spec->proto : PACKET_TCP;
	uint8_t ihl = spec->ihl ? spec->ihl : header_len / 4;

	h[0] = (spec->version ? spec->version : 4) << 4 | ihl;
	store16(h + 6, spec->fragment);
	h[8] = 64;
	h[9] = proto;
	memcpy(h + 12, spec->from_client ? &client.w[3] : &server.w[3], 4);
	memcpy(h + 16, spec->from_client ? &server.w[3] : &client.w[3], 4);
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
	struct addr server = packet_server(true), client = packet_client(true);
	uint8_t *h = put(w, 40), *next = h + 6, proto = spec->proto ? spec->proto : PACKET_TCP;
	size_t start = w->len;

	h[0] = (spec->version ? spec->version : 6) << 4;
	h[7] = 64;
	memcpy(h + 8, spec->from_client ? client.w : server.w, 16);
	memcpy(h + 24, spec->from_client ? server.w : client.w, 16);
	for (int i = 0; i < PACKET_EXTS && spec->exts[i].type; i++)
		next = put_ext(w, &spec->exts[i], next);
	*next = proto;
	put_transport(w, spec, proto);
	if (!spec->no_length)
		store16(h + 4, w->len - start + spec->length_delta);
}

size_t packet_build(const struct packet_spec *spec, uint8_t *buf)
{
	struct writer w = { .buf = buf };

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
