/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ethernet to L4, pure: from a copy of a packet's first bytes to a named result. The same code runs
 * in the kernel and in host tests and fuzzers.
 */
#ifndef BPF_PARSE_H
#define BPF_PARSE_H

#include "spikewatch_abi.h"

/*
 * How many bytes of headers are looked at: Ethernet, two VLAN tags, IPv6, 66 bytes of extension
 * headers and a full TCP header. Headers that reach further are counted as ext_header_limit.
 */
#define PARSE_WINDOW      192
#define PARSE_VLAN_TAGS   2
#define PARSE_EXT_HEADERS 8
/* Bytes that the buffer must hold behind the window, so that a masked read stays inside. */
#define PARSE_SLACK 64

#define PARSE_PROTO_TCP     6
#define PARSE_PROTO_UDP     17
#define PARSE_PROTO_ICMP    1
#define PARSE_PROTO_ICMPV6  58
#define PARSE_PROTO_UDPLITE 136

#define PARSE_TCP_FIN 0x01
#define PARSE_TCP_SYN 0x02
#define PARSE_TCP_RST 0x04
#define PARSE_TCP_ACK 0x10

/* In the order of the parse_* counters: COUNT_PARSE_TRUNCATED + result - PARSE_TRUNCATED. */
enum parse_result {
	PARSE_OK,
	PARSE_TRUNCATED, /* the frame ends before its headers say so */
	PARSE_MALFORMED, /* a header contradicts itself */
	PARSE_NOT_IP,
	PARSE_IP_FRAGMENT, /* addresses and protocol are known, ports are not */
	PARSE_EXT_HEADER_LIMIT,
	PARSE_VLAN_LIMIT,
	PARSE_L4_SHORT, /* less than a full TCP, UDP or ICMP header */
	PARSE_RESULTS,
	PARSE_NEEDS_COPY = PARSE_RESULTS, /* of a direct view alone: extension headers */
};

/* Where the buffer starts: by the device's ARPHRD type, never by guessing from the bytes. */
enum parse_start { PARSE_START_ETHERNET, PARSE_START_IP };

/* What is known of a packet. Filled as far as the result allows, zero beyond. */
struct packet {
	struct addr source;
	struct addr destination;
	__be16 source_port;
	__be16 destination_port;
	__u8 proto;
	__u8 tcp_flags;
	__u16 pad;
	__u32 seq; /* TCP, host order */
	__u32 ack;
	__u32 payload_off; /* TCP: from the start of the buffer */
	__u32 payload_len; /* TCP: by the IP header's length, so without padding */
};

#ifndef __bpf__
#include <stdbool.h>
#endif

#ifdef __bpf__
/* The compiler must not turn a checked offset back into an unchecked one. */
#define PARSE_KEEP(v) asm volatile("" : "+r"(v))
static __always_inline __u16 parse_u16(const __u8 *p)
{
	return *(const __u16 *)p;
}
static __always_inline __u32 parse_u32(const __u8 *p)
{
	return *(const __u32 *)p;
}
#else
#define PARSE_KEEP(v) ((void)(v))
#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
static inline __u16 parse_u16(const __u8 *p)
{
	__u16 v;

	__builtin_memcpy(&v, p, sizeof(v));
	return v;
}
static inline __u32 parse_u32(const __u8 *p)
{
	__u32 v;

	__builtin_memcpy(&v, p, sizeof(v));
	return v;
}
#endif

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "spikewatch runs on little-endian machines (x86_64, arm64)"
#endif
#define PARSE_BE16(v) ((__u16)__builtin_bswap16(v))
#define PARSE_BE32(v) __builtin_bswap32(v)

/*
 * The start of a packet: a copy in buf, of which `have` bytes are there; or, where end is given,
 * the packet itself, where the verifier wants a comparison with its end before each access, and
 * takes ten times as long over extension headers: those need a copy. At most PARSE_WINDOW bytes are
 * looked at either way.
 */
struct parse_view {
	const __u8 *buf;
	bool direct;     /* a constant, so that no code asks */
	const __u8 *end; /* of a direct view */
	__u32 have;      /* of a copy */
	__u32 frame_len; /* of the whole packet */
};

/*
 * Why bytes [off, off + need) are not in the view: beyond the frame, or beyond what is looked at.
 */
static __always_inline enum parse_result parse_missing(const struct parse_view *view, __u32 off,
						       __u32 need)
{
	return off + need > view->frame_len ? PARSE_TRUNCATED : PARSE_EXT_HEADER_LIMIT;
}

/* The bytes [off, off + need) where they are in the view, else NULL. need <= PARSE_SLACK. */
static __always_inline const __u8 *parse_at(const struct parse_view *view, __u32 off, __u32 need)
{
	const __u8 *at;

	/* Without extension headers nothing lies behind the window. */
	if (!view->direct && off + need > view->have)
		return (void *)0;
	PARSE_KEEP(off);
	if (off > PARSE_WINDOW)
		return (void *)0;
	at = view->buf + off;
	PARSE_KEEP(at);
	if (view->direct && at + need > view->end)
		return (void *)0;
	return at;
}

static __always_inline int parse_is_vlan(__be16 type)
{
	return type == PARSE_BE16(0x8100) || type == PARSE_BE16(0x88a8);
}

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
	return PARSE_OK;
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
	case PARSE_PROTO_ICMP:
	case PARSE_PROTO_ICMPV6:
		return len < 4 ? PARSE_L4_SHORT : PARSE_OK;
	default:
		return PARSE_OK;
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
	if (!total_len && room > 0xffff) /* BIG TCP, Linux 6.3 */
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
	if (!payload_len && room > 0xffff) /* BIG TCP or a jumbogram (RFC 2675) */
		payload_len = room;
	if (payload_len > room)
		return PARSE_TRUNCATED;
	end = off + payload_len;
	result = parse_ext_headers(view, end, &off, ret);
	if (result != PARSE_OK)
		return result;
	return parse_l4(view, off, end, ret);
}

/* Reads the packet. *ret must be zero. */
static __always_inline enum parse_result parse_packet(const struct parse_view *view,
						      enum parse_start start, struct packet *ret)
{
	const __u8 *h;
	__be16 type;
	__u32 off = 0;

	if (start == PARSE_START_ETHERNET) {
		h = parse_at(view, 0, 14);
		if (!h)
			return PARSE_TRUNCATED;
		type = parse_u16(h + 12);
		off = 14;
		for (int i = 0; i < PARSE_VLAN_TAGS && parse_is_vlan(type); i++) {
			h = parse_at(view, off, 4);
			if (!h)
				return PARSE_TRUNCATED;
			type = parse_u16(h + 2);
			off += 4;
		}
		if (parse_is_vlan(type))
			return PARSE_VLAN_LIMIT;
		if (type == PARSE_BE16(0x0800))
			return parse_ipv4(view, off, ret);
		if (type == PARSE_BE16(0x86dd))
			return parse_ipv6(view, off, ret);
		return PARSE_NOT_IP;
	}
	h = parse_at(view, 0, 1);
	if (!h)
		return PARSE_TRUNCATED;
	if (h[0] >> 4 == 4)
		return parse_ipv4(view, 0, ret);
	if (h[0] >> 4 == 6)
		return parse_ipv6(view, 0, ret);
	return PARSE_NOT_IP;
}

#endif
