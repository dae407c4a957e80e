/* SPDX-License-Identifier: GPL-2.0-only */
/* What an ICMP error quotes: the head of the packet that it is about, often 8 bytes behind IP. */
#ifndef BPF_PARSE_QUOTE_H
#define BPF_PARSE_QUOTE_H

#include "parse.h"

/* Ports stand first in all of these; RFC 792 quotes no more than 8 bytes. */
static __always_inline enum parse_result parse_quote_l4(const struct parse_view *view, __u32 off,
							struct packet *ret)
{
	const __u8 *h;

	switch (ret->proto) {
	case PARSE_PROTO_TCP:
	case PARSE_PROTO_UDP:
	case PARSE_PROTO_UDPLITE:
	case PARSE_PROTO_SCTP:
	case PARSE_PROTO_DCCP:
		break;
	default:
		return PARSE_OK;
	}
	h = parse_at(view, off, 8);
	if (!h)
		return PARSE_L4_SHORT;
	parse_ports(h, ret);
	if (ret->proto == PARSE_PROTO_TCP)
		ret->seq = PARSE_BE32(parse_u32(h + 4));
	return PARSE_OK;
}

static __always_inline enum parse_result parse_quote_ipv4(const struct parse_view *view,
							  struct packet *ret)
{
	const __u8 *h = parse_at(view, 0, 20);
	__u32 header_len, total_len;

	if (!h)
		return PARSE_TRUNCATED;
	header_len = (h[0] & 15) * 4;
	total_len = PARSE_BE16(parse_u16(h + 2));
	if (header_len < 20 || total_len < header_len)
		return PARSE_MALFORMED;
	ret->source.w[2] = ret->destination.w[2] = PARSE_BE32(0xffff);
	ret->source.w[3] = parse_u32(h + 12);
	ret->destination.w[3] = parse_u32(h + 16);
	ret->proto = h[9];
	ret->payload_len = total_len;
	/* The first fragment has the ports. */
	if (parse_u16(h + 6) & PARSE_BE16(0x1fff))
		return PARSE_IP_FRAGMENT;
	return parse_quote_l4(view, header_len, ret);
}

static __always_inline enum parse_result parse_quote_ipv6(const struct parse_view *view,
							  struct packet *ret)
{
	const __u8 *h = parse_at(view, 0, 40);
	enum parse_result result;
	__u32 off = 40;

	if (!h)
		return PARSE_TRUNCATED;
	for (int i = 0; i < 4; i++) {
		ret->source.w[i] = parse_u32(h + 8 + i * 4);
		ret->destination.w[i] = parse_u32(h + 24 + i * 4);
	}
	ret->proto = h[6];
	ret->payload_len = 40 + PARSE_BE16(parse_u16(h + 4));
	result = parse_ext_headers(view, ret->payload_len, &off, ret);
	if (result != PARSE_OK)
		return result;
	return parse_quote_l4(view, off, ret);
}

/*
 * The view begins with the quoted IP header, and ends where the quote does. payload_len is then the
 * whole packet's length. Whoever sent the error made the quote: nothing in it is to be trusted.
 * PARSE_TRUNCATED, PARSE_NOT_IP, PARSE_MALFORMED: no packet; otherwise its addresses and protocol
 * are known, and where PARSE_OK, its ports.
 */
static __always_inline enum parse_result parse_quote(const struct parse_view *view,
						     struct packet *ret)
{
	const __u8 *h = parse_at(view, 0, 1);

	__builtin_memset(ret, 0, sizeof(*ret));
	if (!h)
		return PARSE_TRUNCATED;
	if (h[0] >> 4 == 4)
		return parse_quote_ipv4(view, ret);
	if (h[0] >> 4 == 6)
		return parse_quote_ipv6(view, ret);
	return PARSE_NOT_IP;
}

#endif
