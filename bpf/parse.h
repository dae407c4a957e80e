/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ethernet to L4, through one tunnel, pure: from a packet's first bytes to a named result. The same
 * code runs in the kernel and in host tests and fuzzers.
 */
#ifndef BPF_PARSE_H
#define BPF_PARSE_H

#include "parse_tunnel.h"

/* Skips what may stand between IPv6 and L4 (RFC 8200 4, AH: RFC 4302 2). end: of the IP packet. */
static __always_inline enum parse_result parse_ext_headers(const struct parse_view *view, __u32 end,
							   __u32 *off, struct packet *ret)
{
	for (int i = 0; i <= PARSE_EXT_HEADERS; i++) {
		const __u8 *h;
		__u32 len;

		switch (ret->proto) {
		case 0:  /* hop-by-hop */
		case 43: /* routing */
		case 44: /* fragment */
		case 51: /* authentication */
		case 60: /* destination options */
			break;
		default:
			return PARSE_OK;
		}
		if (view->direct)
			return PARSE_NEEDS_COPY;
		if (i == PARSE_EXT_HEADERS)
			break;
		if (*off + 8 > end)
			return PARSE_MALFORMED;
		h = parse_at(view, *off, 8);
		if (!h)
			return parse_missing(view, *off, 8);
		len = (h[1] + 1) * 8;
		if (ret->proto == 44) {
			/* An atomic fragment (RFC 6946) is a whole packet. */
			if (parse_u16(h + 2) & PARSE_BE16(0xfff9)) {
				ret->proto = h[0];
				return PARSE_IP_FRAGMENT;
			}
			len = 8;
		} else if (ret->proto == 51) {
			len = (h[1] + 2) * 4;
		}
		ret->proto = h[0];
		*off += len;
		if (*off > end)
			return PARSE_MALFORMED;
	}
	return PARSE_EXT_HEADER_LIMIT;
}

static __always_inline void parse_ports(const __u8 *h, struct packet *ret)
{
	ret->source_port = parse_u16(h);
	ret->destination_port = parse_u16(h + 2);
}

static __always_inline enum parse_result parse_udp(const struct parse_view *view, __u32 off,
						   __u32 len, struct packet *ret)
{
	const __u8 *h = parse_at(view, off, 8);

	if (len < 8)
		return PARSE_L4_SHORT;
	if (!h)
		return parse_missing(view, off, 8);
	parse_ports(h, ret);
	ret->payload_off = off + 8;
	ret->payload_len = len - 8;
	if (view->inner)
		return PARSE_OK;
	if (view->direct)
		return parse_is_tunnel_port(ret->destination_port) ? PARSE_NEEDS_COPY : PARSE_OK;
	return parse_udp_tunnel(view, off + 8, off + len, ret);
}

static __always_inline enum parse_result parse_tcp(const struct parse_view *view, __u32 off,
						   __u32 len, struct packet *ret)
{
	const __u8 *h = parse_at(view, off, 20);
	__u32 header_len;

	if (len < 20)
		return PARSE_L4_SHORT;
	if (!h)
		return parse_missing(view, off, 20);
	parse_ports(h, ret);
	ret->seq = PARSE_BE32(parse_u32(h + 4));
	ret->ack = PARSE_BE32(parse_u32(h + 8));
	ret->tcp_flags = h[13];
	header_len = (h[12] >> 4) * 4;
	if (header_len < 20)
		return PARSE_MALFORMED;
	if (header_len > len)
		return PARSE_L4_SHORT;
	ret->payload_off = off + header_len;
	ret->payload_len = len - header_len;
	return PARSE_OK;
}

/* SCTP (RFC 9260 3.1) and DCCP (RFC 4340 5.1) begin as UDP does. */
static __always_inline enum parse_result parse_ports_only(const struct parse_view *view, __u32 off,
							  __u32 len, struct packet *ret)
{
	const __u8 *h = parse_at(view, off, 4);

	if (len < 4)
		return PARSE_L4_SHORT;
	if (!h)
		return parse_missing(view, off, 4);
	parse_ports(h, ret);
	return PARSE_OK;
}

static __always_inline enum parse_result parse_l4(const struct parse_view *view, __u32 off,
						  __u32 end, struct packet *ret)
{
	__u32 len = end - off;

	switch (ret->proto) {
	case PARSE_PROTO_TCP:
		return parse_tcp(view, off, len, ret);
	case PARSE_PROTO_UDP:
	case PARSE_PROTO_UDPLITE:
		return parse_udp(view, off, len, ret);
	case PARSE_PROTO_SCTP:
	case PARSE_PROTO_DCCP:
		return parse_ports_only(view, off, len, ret);
	case PARSE_PROTO_ICMP:
	case PARSE_PROTO_ICMPV6:
		if (len < 4)
			return PARSE_L4_SHORT;
		ret->payload_off = off;
		ret->payload_len = len;
		return PARSE_OK;
	default:
		if (view->inner || !parse_is_tunnel(ret->proto))
			return PARSE_OK;
		return view->direct ? PARSE_NEEDS_COPY : parse_ip_tunnel(view, off, end, ret);
	}
}

static __always_inline enum parse_result parse_ipv4(const struct parse_view *view, __u32 off,
						    struct packet *ret)
{
	const __u8 *h = parse_at(view, off, 20);
	__u32 header_len, total_len, room;

	if (!h)
		return parse_missing(view, off, 20);
	ret->source.w[2] = ret->destination.w[2] = PARSE_BE32(0xffff);
	ret->source.w[3] = parse_u32(h + 12);
	ret->destination.w[3] = parse_u32(h + 16);
	ret->proto = h[9];
	header_len = (h[0] & 15) * 4;
	if (h[0] >> 4 != 4 || header_len < 20)
		return PARSE_MALFORMED;
	room = view->frame_len - off;
	total_len = PARSE_BE16(parse_u16(h + 2));
	if (!total_len && room > 0xffff && !view->inner) /* BIG TCP, Linux 6.3 */
		total_len = room;
	if (total_len < header_len)
		return PARSE_MALFORMED;
	if (total_len > room)
		return PARSE_TRUNCATED;
	if (parse_u16(h + 6) & PARSE_BE16(0x3fff))
		return PARSE_IP_FRAGMENT;
	return parse_l4(view, off + header_len, off + total_len, ret);
}

static __always_inline enum parse_result parse_ipv6(const struct parse_view *view, __u32 off,
						    struct packet *ret)
{
	const __u8 *h = parse_at(view, off, 40);
	__u32 payload_len, room, end;
	enum parse_result result;

	if (!h)
		return parse_missing(view, off, 40);
	for (int i = 0; i < 4; i++) {
		ret->source.w[i] = parse_u32(h + 8 + i * 4);
		ret->destination.w[i] = parse_u32(h + 24 + i * 4);
	}
	ret->proto = h[6];
	if (h[0] >> 4 != 6)
		return PARSE_MALFORMED;
	off += 40;
	room = view->frame_len - off;
	payload_len = PARSE_BE16(parse_u16(h + 4));
	if (!payload_len && room > 0xffff && !view->inner) /* BIG TCP, a jumbogram (RFC 2675) */
		payload_len = room;
	if (payload_len > room)
		return PARSE_TRUNCATED;
	end = off + payload_len;
	result = parse_ext_headers(view, end, &off, ret);
	if (result != PARSE_OK)
		return result;
	return parse_l4(view, off, end, ret);
}

/*
 * Reads one layer: from what `start` says begins at off (PARSE_START_*, PARSE_TYPE_*) to L4.
 * PARSE_TUNNEL: this packet is understood, and its payload is another layer.
 */
static __always_inline enum parse_result parse_layer(const struct parse_view *view, __be16 start,
						     __u32 off, struct packet *ret)
{
	enum parse_result result;
	__be16 type = 0;

	__builtin_memset(ret, 0, sizeof(*ret));
	if (view->inner)
		ret->tunneled = start;
	result = parse_link(view, start, &off, &type);
	if (result != PARSE_OK)
		return result;
	if (type == PARSE_TYPE_IPV4)
		return parse_ipv4(view, off, ret);
	if (type == PARSE_TYPE_IPV6)
		return parse_ipv6(view, off, ret);
	return PARSE_NOT_IP;
}

/* The view of what is in a tunnel that parse_layer() found. It ends with the packet around it. */
static __always_inline struct parse_view parse_inside(const struct parse_view *view,
						      const struct packet *tunnel)
{
	struct parse_view inside = *view;

	inside.inner = true;
	inside.frame_len = tunnel->payload_off + tunnel->payload_len;
	if (inside.have > inside.frame_len)
		inside.have = inside.frame_len;
	return inside;
}

/* Reads the packet; of a tunnel, the packet inside. For BPF this stands in parse_headers(). */
static __always_inline enum parse_result parse_packet(const struct parse_view *view,
						      enum parse_start start, struct packet *ret)
{
	enum parse_result result = parse_layer(view, start, 0, ret);
	struct parse_view inside;

	if (result != PARSE_TUNNEL)
		return result;
	inside = parse_inside(view, ret);
	return parse_layer(&inside, ret->tunneled, ret->payload_off, ret);
}

#endif
