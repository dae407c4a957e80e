/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parser reads from and writes to: a view of a packet's first bytes, a named result. */
#ifndef BPF_PARSE_VIEW_H
#define BPF_PARSE_VIEW_H

#include "spikewatch_abi.h"

/*
 * How many bytes of headers are looked at: a tunnel's outer headers and the inner ones, or 130
 * bytes of extension headers. Headers that reach further are counted as ext_header_limit.
 */
#define PARSE_WINDOW      256
#define PARSE_VLAN_TAGS   3
#define PARSE_MPLS_LABELS 4
#define PARSE_EXT_HEADERS 8
/* Bytes that the buffer must hold behind the window, so that a masked read stays inside. */
#define PARSE_SLACK 64

#define PARSE_PROTO_ICMP    1
#define PARSE_PROTO_IPV4    4
#define PARSE_PROTO_TCP     6
#define PARSE_PROTO_UDP     17
#define PARSE_PROTO_IPV6    41
#define PARSE_PROTO_GRE     47
#define PARSE_PROTO_ICMPV6  58
#define PARSE_PROTO_DCCP    33
#define PARSE_PROTO_SCTP    132
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
	PARSE_VLAN_LIMIT, /* more VLAN tags or MPLS labels than are skipped */
	PARSE_L4_SHORT,   /* less than a full TCP, UDP or ICMP header */
	PARSE_RESULTS,
	PARSE_NEEDS_COPY = PARSE_RESULTS, /* of a direct view alone */
	PARSE_TUNNEL, /* of one layer: understood, and its payload is another one */
};

/* What is known of a packet. Filled as far as the result allows, zero beyond. */
struct packet {
	struct addr source;
	struct addr destination;
	__be16 source_port;
	__be16 destination_port;
	__u8 proto;
	__u8 tcp_flags;
	__be16 tunneled; /* what the payload is, or, behind a tunnel, was: PARSE_TYPE_*; else 0 */
	__u32 seq;       /* TCP, host order */
	__u32 ack;
	/* Of TCP, UDP and tunnels what is behind the header, of ICMP its header too. */
	__u32 payload_off; /* from the start of the buffer */
	__u32 payload_len; /* by the IP header's length, so without padding */
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

#define PARSE_TYPE_IPV4     PARSE_BE16(0x0800)
#define PARSE_TYPE_IPV6     PARSE_BE16(0x86dd)
#define PARSE_TYPE_ETHERNET PARSE_BE16(0x6558)
#define PARSE_TYPE_ERSPAN   PARSE_BE16(0x88be)
#define PARSE_TYPE_PPPOE    PARSE_BE16(0x8864)
#define PARSE_TYPE_MPLS     PARSE_BE16(0x8847)
#define PARSE_TYPE_MPLS_UP  PARSE_BE16(0x8848) /* multicast, or upstream labels (RFC 5332) */

/* Where the buffer starts: by the device's ARPHRD type, never by guessing from the bytes. */
enum parse_start { PARSE_START_IP = 0, PARSE_START_ETHERNET = PARSE_TYPE_ETHERNET };

/*
 * The start of a packet: a copy in buf, of which `have` bytes are there; or, where end is given,
 * the linear part of the packet itself, where the verifier wants a comparison with its end before
 * each access. What is not there needs a copy, and so does what would make the ordinary packet's
 * way longer: extension headers, tunnels, PPPoE, MPLS.
 */
struct parse_view {
	const __u8 *buf;
	bool direct;     /* a constant, so that no code asks */
	const __u8 *end; /* of a direct view */
	__u32 have;      /* of a copy */
	bool inner;      /* a tunnel's inside: the end of what is looked into */
	__u32 frame_len; /* of the whole packet, or where the tunnel's inside ends */
};

/* How many of len (> 0) bytes to copy: 1..PARSE_WINDOW. The mask shows it to every verifier. */
static __always_inline __u32 parse_bound(__u32 len)
{
	if (len > PARSE_WINDOW)
		len = PARSE_WINDOW;
	len--;
	PARSE_KEEP(len);
	return (len & (PARSE_WINDOW - 1)) + 1;
}

/*
 * Why bytes [off, off + need) are not in the view: beyond the frame, or beyond what is looked at.
 */
static __always_inline enum parse_result parse_missing(const struct parse_view *view, __u32 off,
						       __u32 need)
{
	if (off + need > view->frame_len)
		return PARSE_TRUNCATED;
	return view->direct ? PARSE_NEEDS_COPY : PARSE_EXT_HEADER_LIMIT;
}

/* The bytes [off, off + need) where they are in the view, else NULL. need <= PARSE_SLACK. */
static __always_inline const __u8 *parse_at(const struct parse_view *view, __u32 off, __u32 need)
{
	const __u8 *at;

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

#endif
