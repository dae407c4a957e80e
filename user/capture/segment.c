/* SPDX-License-Identifier: GPL-2.0-only */
/* Cuts frames that are too long for one run. */
#include "capture/segment.h"

#include <stdbool.h>
#include <string.h>

#include "bpf/parse.h"

#define IPV6_HEADER 40
#define LAYERS      2 /* a tunnel's outside and its inside */

/* A frame's IP headers. */
struct layers {
	__u32 count;
	struct {
		__u32 off;
		__be16 type; /* PARSE_TYPE_IPV4 or PARSE_TYPE_IPV6 */
	} ip[LAYERS];
};

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

/* The parser, and where it found IP headers. */
static enum parse_result read_layers(const struct segmenter *s, struct layers *ret_layers,
				     struct packet *ret)
{
	struct parse_view view = { .buf = s->frame, .have = PARSE_WINDOW, .frame_len = s->len };
	__be16 start = PARSE_START_ETHERNET, type;
	enum parse_result result;
	__u32 off = 0, ip;

	ret_layers->count = 0;
	do {
		ip = off;
		if (parse_link(&view, start, &ip, &type) == PARSE_OK) {
			ret_layers->ip[ret_layers->count].off = ip;
			ret_layers->ip[ret_layers->count++].type = type;
		}
		result = parse_layer(&view, start, off, ret);
		if (result == PARSE_TUNNEL) {
			view = parse_inside(&view, ret);
			start = ret->tunneled;
			off = ret->payload_off;
		}
	} while (result == PARSE_TUNNEL);
	return result;
}

/* Makes buf[0..len) a frame whose IP packet i ends with it. */
static void fit_length(__u8 *buf, __u32 len, const struct layers *layers, __u32 i)
{
	__u32 off = layers->ip[i].off;

	if (layers->ip[i].type == PARSE_TYPE_IPV4)
		put_be16(buf + off + 2, len - off);
	else
		put_be16(buf + off + 4, len - off - IPV6_HEADER);
}

/* How long IP packet i says it is, from the frame's start. */
static __u32 ip_end(const struct segmenter *s, const struct layers *layers, __u32 i)
{
	__u32 off = layers->ip[i].off, header = 0, says;

	if (layers->ip[i].type == PARSE_TYPE_IPV6) {
		header = IPV6_HEADER;
		says = PARSE_BE16(parse_u16(s->frame + off + 4));
	} else {
		says = PARSE_BE16(parse_u16(s->frame + off + 2));
	}
	if (!i && !says && s->len - off - header > 0xffff) /* BIG TCP, a jumbogram */
		return s->len;
	return off + header + says;
}

/* The beginning of what is not a long TCP segment. */
static const __u8 *shorten(struct segmenter *s, const struct layers *layers, __u32 *ret_len)
{
	__u32 room = s->len;

	memcpy(s->buf, s->frame, SEGMENT_MAX);
	for (__u32 i = 0; i < layers->count; i++) {
		__u32 end = ip_end(s, layers, i);

		/* What claims to be longer than what it is in must go on doing so. */
		if (end > SEGMENT_MAX && end <= room)
			fit_length(s->buf, SEGMENT_MAX, layers, i);
		room = end;
	}
	*ret_len = SEGMENT_MAX;
	return s->buf;
}

/* Where the TCP header of a packet begins that the parser has read: its headers are in order. */
static __u32 find_tcp(const __u8 *frame, const struct layers *layers)
{
	__u32 off = layers->ip[layers->count - 1].off;
	__u8 proto;

	if (layers->ip[layers->count - 1].type == PARSE_TYPE_IPV4)
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
static const __u8 *cut(struct segmenter *s, const struct layers *layers,
		       const struct packet *packet, __u32 *ret_len)
{
	__u32 head = packet->payload_off, n = packet->payload_len - s->pos;

	if (n > SEGMENT_MAX - head)
		n = SEGMENT_MAX - head;
	memcpy(s->buf, s->frame, head);
	memcpy(s->buf + head, s->frame + head + s->pos, n);
	for (__u32 i = 0; i < layers->count; i++)
		fit_length(s->buf, head + n, layers, i);
	put_be32(s->buf + find_tcp(s->buf, layers) + 4, packet->seq + s->pos);
	s->pos += n;
	s->done = s->pos == packet->payload_len;
	*ret_len = head + n;
	return s->buf;
}

const __u8 *segment_next(struct segmenter *s, __u32 *ret_len)
{
	struct layers layers = {};
	struct packet packet;

	if (s->done)
		return NULL;
	if (s->len <= SEGMENT_MAX) {
		s->done = true;
		*ret_len = s->len;
		return s->frame;
	}
	/* A SYN's payload is not read by anybody: its sequence numbers begin one later. */
	if (read_layers(s, &layers, &packet) == PARSE_OK && packet.proto == PARSE_PROTO_TCP &&
	    packet.payload_len && !(packet.tcp_flags & PARSE_TCP_SYN))
		return cut(s, &layers, &packet, ret_len);
	s->done = true;
	return shorten(s, &layers, ret_len);
}
