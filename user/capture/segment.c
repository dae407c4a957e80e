/* SPDX-License-Identifier: GPL-2.0-only */
/* Cuts frames that are too long for one run. */
#include "capture/segment.h"

#include <stdbool.h>
#include <string.h>

#include "bpf/parse.h"

#define ETHERNET_HEADER 14
#define IPV6_HEADER     40
#define TYPE_IPV4       PARSE_BE16(0x0800)
#define TYPE_IPV6       PARSE_BE16(0x86dd)

static void put_be16(__u8 *p, __u32 value)
{
	p[0] = value >> 8 & 0xff;
	p[1] = value & 0xff;
}

static void put_be32(__u8 *p, __u32 value)
{
	put_be16(p, value >> 16);
	put_be16(p + 2, value);
}

/* The EtherType behind as many VLAN tags as the parser skips, and where the IP header begins. */
static __be16 find_ip(const __u8 *frame, __u32 *ret_off)
{
	__u32 off = ETHERNET_HEADER;
	__be16 type = parse_u16(frame + off - 2);

	for (int i = 0; i < PARSE_VLAN_TAGS && parse_is_vlan(type); i++) {
		off += 4;
		type = parse_u16(frame + off - 2);
	}
	*ret_off = off;
	return type;
}

/* Makes buf[0..len) a frame whose IP packet ends with it. */
static void fit_length(__u8 *buf, __u32 len)
{
	__u32 off;
	__be16 type = find_ip(buf, &off);

	if (type == TYPE_IPV4)
		put_be16(buf + off + 2, len - off);
	else if (type == TYPE_IPV6)
		put_be16(buf + off + 4, len - off - IPV6_HEADER);
}

/* How long the whole frame's IP packet says it is, from the frame's start; 0: no IP. */
static __u32 ip_end(const struct segmenter *s)
{
	__u32 off, says, header;
	__be16 type = find_ip(s->frame, &off);

	if (type == TYPE_IPV4) {
		header = 0;
		says = PARSE_BE16(parse_u16(s->frame + off + 2));
	} else if (type == TYPE_IPV6) {
		header = IPV6_HEADER;
		says = PARSE_BE16(parse_u16(s->frame + off + 4));
	} else {
		return 0;
	}
	if (!says && s->len - off - header > 0xffff) /* BIG TCP, a jumbogram */
		return s->len;
	return off + header + says;
}

/* The beginning of what is not a long TCP segment. */
static const __u8 *shorten(struct segmenter *s, __u32 *ret_len)
{
	__u32 end = ip_end(s);

	memcpy(s->buf, s->frame, SEGMENT_MAX);
	/* What claims to be longer than its frame must go on doing so. */
	if (end > SEGMENT_MAX && end <= s->len)
		fit_length(s->buf, SEGMENT_MAX);
	*ret_len = SEGMENT_MAX;
	return s->buf;
}

/* Where the TCP header of a packet begins that the parser has read: its headers are in order. */
static __u32 find_tcp(const __u8 *frame)
{
	__u32 off;
	__be16 type = find_ip(frame, &off);
	__u8 proto;

	if (type == TYPE_IPV4)
		return off + (frame[off] & 15) * 4;
	proto = frame[off + 6];
	off += IPV6_HEADER;
	while (proto != PARSE_PROTO_TCP) {
		const __u8 *h = frame + off;

		if (proto == 44)
			off += 8;
		else if (proto == 51)
			off += (h[1] + 2) * 4;
		else
			off += (h[1] + 1) * 8;
		proto = h[0];
	}
	return off;
}

/* The next part of a TCP segment that is too long. */
static const __u8 *cut(struct segmenter *s, const struct packet *packet, __u32 *ret_len)
{
	__u32 head = packet->payload_off, n = packet->payload_len - s->pos;

	if (n > SEGMENT_MAX - head)
		n = SEGMENT_MAX - head;
	memcpy(s->buf, s->frame, head);
	memcpy(s->buf + head, s->frame + head + s->pos, n);
	fit_length(s->buf, head + n);
	put_be32(s->buf + find_tcp(s->buf) + 4, packet->seq + s->pos);
	s->pos += n;
	s->done = s->pos == packet->payload_len;
	*ret_len = head + n;
	return s->buf;
}

/* A SYN's payload is not read by anybody: its sequence numbers begin one later. */
static bool is_cut(const struct segmenter *s, struct packet *ret)
{
	const struct parse_view view = {
		.buf = s->frame,
		.have = PARSE_WINDOW,
		.frame_len = s->len,
	};

	memset(ret, 0, sizeof(*ret));
	return parse_packet(&view, PARSE_START_ETHERNET, ret) == PARSE_OK &&
	       ret->proto == PARSE_PROTO_TCP && ret->payload_len &&
	       !(ret->tcp_flags & PARSE_TCP_SYN);
}

const __u8 *segment_next(struct segmenter *s, __u32 *ret_len)
{
	struct packet packet;

	if (s->done)
		return NULL;
	if (s->len > SEGMENT_MAX && is_cut(s, &packet))
		return cut(s, &packet, ret_len);
	s->done = true;
	if (s->len > SEGMENT_MAX)
		return shorten(s, ret_len);
	*ret_len = s->len;
	return s->frame;
}
