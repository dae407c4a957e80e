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
#define PARSE_WINDOW	  192
#define PARSE_VLAN_TAGS	  2
#define PARSE_EXT_HEADERS 8
/* Bytes that the buffer must hold behind the window, so that a masked read stays inside. */
#define PARSE_SLACK	  64

#define PARSE_PROTO_TCP	    6
#define PARSE_PROTO_UDP	    17
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

/* Why bytes [off, off + need) are not in the window: beyond the frame, or beyond what is looked at. */
static __always_inline enum parse_result parse_missing(__u32 off, __u32 need, __u32 frame_len)
{
	return off + need > frame_len ? PARSE_TRUNCATED : PARSE_EXT_HEADER_LIMIT;
}

/* buf + off where [off, off + need) lies in the window, else NULL. need <= PARSE_SLACK. */
static __always_inline const __u8 *parse_at(const __u8 *buf, __u32 have, __u32 off, __u32 need)
{
	if (off + need > have)
		return (void *)0;
	PARSE_KEEP(off);
	if (off > PARSE_WINDOW)
		return (void *)0;
	return buf + off;
}

static __always_inline int parse_is_vlan(__be16 type)
{
	return type == PARSE_BE16(0x8100) || type == PARSE_BE16(0x88a8);
}

/* Skips what may stand between IPv6 and L4 (RFC 8200 4, AH: RFC 4302 2). end: of the IP packet. */
static __always_inline enum parse_result parse_ext_headers(const __u8 *buf, __u32 have,
							    __u32 frame_len, __u32 end, __u32 *off,
							    struct packet *ret)
{
	for (int i = 0; i <= PARSE_EXT_HEADERS; i++) {
		const __u8 *h;
		__u32 len;

		switch (ret->proto) {
		case 0: /* hop-by-hop */
		case 43: /* routing */
		case 44: /* fragment */
		case 51: /* authentication */
		case 60: /* destination options */
			break;
		default:
			return PARSE_OK;
		}
		if (i == PARSE_EXT_HEADERS)
			break;
		if (*off + 8 > end)
			return PARSE_MALFORMED;
		h = parse_at(buf, have, *off, 8);
		if (!h)
			return parse_missing(*off, 8, frame_len);
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

static __always_inline enum parse_result parse_l4(const __u8 *buf, __u32 have, __u32 frame_len,
						   __u32 off, __u32 end, struct packet *ret)
{
	__u32 len = end - off, header_len;
	const __u8 *h;

	switch (ret->proto) {
	case PARSE_PROTO_TCP:
		header_len = 20;
		break;
	case PARSE_PROTO_UDP:
	case PARSE_PROTO_UDPLITE:
		header_len = 8;
		break;
	case PARSE_PROTO_ICMP:
	case PARSE_PROTO_ICMPV6:
		return len < 4 ? PARSE_L4_SHORT : PARSE_OK;
	default:
		return PARSE_OK;
	}
	if (len < header_len)
		return PARSE_L4_SHORT;
	h = parse_at(buf, have, off, header_len);
	if (!h)
		return parse_missing(off, header_len, frame_len);
	ret->source_port = parse_u16(h);
	ret->destination_port = parse_u16(h + 2);
	if (ret->proto != PARSE_PROTO_TCP)
		return PARSE_OK;
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

static __always_inline enum parse_result parse_ipv4(const __u8 *buf, __u32 have, __u32 frame_len,
						     __u32 off, struct packet *ret)
{
	const __u8 *h = parse_at(buf, have, off, 20);
	__u32 header_len, total_len, room;

	if (!h)
		return parse_missing(off, 20, frame_len);
	ret->source.w[2] = ret->destination.w[2] = PARSE_BE32(0xffff);
	ret->source.w[3] = parse_u32(h + 12);
	ret->destination.w[3] = parse_u32(h + 16);
	ret->proto = h[9];
	header_len = (h[0] & 15) * 4;
	if (h[0] >> 4 != 4 || header_len < 20)
		return PARSE_MALFORMED;
	room = frame_len - off;
	total_len = PARSE_BE16(parse_u16(h + 2));
	if (!total_len && room > 0xffff) /* BIG TCP, Linux 6.3 */
		total_len = room;
	if (total_len < header_len)
		return PARSE_MALFORMED;
	if (total_len > room)
		return PARSE_TRUNCATED;
	if (parse_u16(h + 6) & PARSE_BE16(0x3fff))
		return PARSE_IP_FRAGMENT;
	return parse_l4(buf, have, frame_len, off + header_len, off + total_len, ret);
}

static __always_inline enum parse_result parse_ipv6(const __u8 *buf, __u32 have, __u32 frame_len,
						     __u32 off, struct packet *ret)
{
	const __u8 *h = parse_at(buf, have, off, 40);
	__u32 payload_len, room, end;
	enum parse_result result;

	if (!h)
		return parse_missing(off, 40, frame_len);
	for (int i = 0; i < 4; i++) {
		ret->source.w[i] = parse_u32(h + 8 + i * 4);
		ret->destination.w[i] = parse_u32(h + 24 + i * 4);
	}
	ret->proto = h[6];
	if (h[0] >> 4 != 6)
		return PARSE_MALFORMED;
	off += 40;
	room = frame_len - off;
	payload_len = PARSE_BE16(parse_u16(h + 4));
	if (!payload_len && room > 0xffff) /* BIG TCP or a jumbogram (RFC 2675) */
		payload_len = room;
	if (payload_len > room)
		return PARSE_TRUNCATED;
	end = off + payload_len;
	result = parse_ext_headers(buf, have, frame_len, end, &off, ret);
	if (result != PARSE_OK)
		return result;
	return parse_l4(buf, have, frame_len, off, end, ret);
}

/*
 * Reads the packet whose first `have` bytes (at most PARSE_WINDOW) stand in buf; buf has
 * PARSE_WINDOW + PARSE_SLACK bytes, of which those behind `have` are never used. frame_len is the
 * whole packet's length. *ret must be zero.
 */
static __always_inline enum parse_result parse_packet(const __u8 *buf, __u32 have, __u32 frame_len,
						       enum parse_start start, struct packet *ret)
{
	__be16 type;
	__u32 off = 0;

	if (start == PARSE_START_ETHERNET) {
		if (have < 14)
			return PARSE_TRUNCATED;
		type = parse_u16(buf + 12);
		off = 14;
		for (int i = 0; i < PARSE_VLAN_TAGS && parse_is_vlan(type); i++) {
			if (have < off + 4)
				return PARSE_TRUNCATED;
			type = parse_u16(buf + off + 2);
			off += 4;
		}
		if (parse_is_vlan(type))
			return PARSE_VLAN_LIMIT;
		if (type == PARSE_BE16(0x0800))
			return parse_ipv4(buf, have, frame_len, off, ret);
		if (type == PARSE_BE16(0x86dd))
			return parse_ipv6(buf, have, frame_len, off, ret);
		return PARSE_NOT_IP;
	}
	if (have < 1)
		return PARSE_TRUNCATED;
	if (buf[0] >> 4 == 4)
		return parse_ipv4(buf, have, frame_len, 0, ret);
	if (buf[0] >> 4 == 6)
		return parse_ipv6(buf, have, frame_len, 0, ret);
	return PARSE_NOT_IP;
}

#endif
