/* SPDX-License-Identifier: GPL-2.0-only */
/* Where a TCP segment stands in its flow, and what its first bytes say, pure. */
#ifndef BPF_HTTP1_PLACE_H
#define BPF_HTTP1_PLACE_H

#include "http1_line.h"

/* What a segment is to a flow. */
enum http1_place {
	HTTP1_READ,       /* run the machine from run.pos */
	HTTP1_OLD,        /* retransmission, second hook, or body: nothing to do */
	HTTP1_TRY_RESYNC, /* look at its first bytes: http1_is_start() */
	HTTP1_UNSURE,     /* nobody knows yet whether this is HTTP: look at them too */
	HTTP1_AHEAD,      /* bytes before it were not seen yet, or never will be */
	HTTP1_BEFORE,     /* old, in a flow that something unclear began: is it the request? */
};

/* The client has sent something since the last status line. */
static __always_inline int http1_is_fresh(const struct http1_flow *flow, __u32 ack)
{
	return (__s32)(ack - flow->last_ack) > 0;
}

/* A status line at seq would stand where the body of a response to HEAD does not. */
static __always_inline int http1_answers_head(const struct http1_flow *flow, __u32 seq)
{
	return flow->flags & HTTP1_MAYBE_HEAD &&
	       seq == (flow->state == HTTP1_OPAQUE ? flow->next : flow->header_end);
}

/*
 * May framing be taken up again with a status line at seq? Body text imitates one. Where requests
 * are seen, only where one said that its answer begins; else where the client has sent something
 * new since the last status line, and in an opaque flow with bytes that were not seen yet.
 */
static __always_inline int http1_may_resync(const struct http1_flow *flow, __u32 seq, __u32 ack,
					    int asks_seen)
{
	if (!http1_is_fresh(flow, ack))
		return 0;
	if (asks_seen)
		return flow->flags & HTTP1_PASSED && seq == flow->header_end;
	return flow->state != HTTP1_OPAQUE || (__s32)(seq - flow->header_end) >= 0;
}

/* Places a segment against the flow. asks_seen: what the client sends is seen, too. */
static __always_inline enum http1_place http1_place(const struct http1_flow *flow, __u32 seq,
						    __u32 ack, __u32 len, int asks_seen)
{
	__s32 behind = flow->next - seq;
	int fresh = http1_is_fresh(flow, ack);

	if (flow->state == HTTP1_TUNNEL)
		return HTTP1_OLD;
	if (flow->state == HTTP1_OPAQUE)
		return http1_may_resync(flow, seq, ack, asks_seen) ? HTTP1_TRY_RESYNC : HTTP1_OLD;
	if (behind < 0)
		return HTTP1_AHEAD;
	if (!(flow->flags & HTTP1_CONFIRMED) && !flow->carry_len && !behind)
		return HTTP1_UNSURE;
	if (fresh && flow->flags & HTTP1_HEAD_ASKED && http1_answers_head(flow, seq))
		return HTTP1_TRY_RESYNC;
	if ((__u32)behind >= len)
		return flow->flags & (HTTP1_CONFIRMED | HTTP1_ASKED) ? HTTP1_OLD : HTTP1_BEFORE;
	return HTTP1_READ;
}

/* The first n payload bytes are a status line, or may become one. */
static __always_inline int http1_is_start(const __u8 *b, __u32 n)
{
	return http1_match_status(b, n) != HTTP1_NO_STATUS;
}

/* How many bytes of empty lines stand before a request (RFC 9112 2.2): at most 4 are skipped. */
static __always_inline __u32 http1_empty_lines(const __u8 *b, __u32 n)
{
	__u32 skip = 0;

	for (__u32 i = 0; i < 4; i++)
		skip += skip == i && i < n && (b[i] == '\r' || b[i] == '\n');
	return skip;
}

/*
 * Do n (> 0) payload bytes begin as a request line does: with a method, or what may become one, and
 * a space (RFC 9112 3)? Letters in lower case are answered too, with 400.
 */
static __always_inline int http1_is_request(const __u8 *b, __u32 n)
{
	__u32 skip = http1_empty_lines(b, n);

	if (skip >= n)
		return 0;
	b += skip;
	n -= skip;
	for (__u32 i = 0; i < HTTP1_METHOD; i++) {
		__u8 letter;

		if (i >= n)
			return 1;
		if (b[i] == ' ')
			return i > 0;
		letter = (b[i] | 0x20) - 'a';
		if (letter >= 26 && b[i] != '-' && b[i] != '_')
			return 0;
	}
	return 0;
}

/*
 * How a request's method changes the framing of its answer: HTTP1_HEAD_DUE, HTTP1_CONNECT_DUE, 0;
 * HTTP1_HEAD_ASKED where it may be HEAD, but is cut.
 */
static __always_inline __u32 http1_method_due(const __u8 *b, __u32 n)
{
	__u32 skip = http1_empty_lines(b, n), word;

	if (n < skip + 5)
		return skip < n && b[skip] == 'H' ? HTTP1_HEAD_ASKED : 0;
	b += skip;
	word = parse_u32(b);
	if (word == PARSE_BE32(0x48454144) && b[4] == ' ')
		return HTTP1_HEAD_DUE;
	if (n >= skip + 8 && word == PARSE_BE32(0x434f4e4e) &&
	    parse_u32(b + 4) == PARSE_BE32(0x45435420))
		return HTTP1_CONNECT_DUE;
	return 0;
}

/* Is this surely a request? By the first four bytes, so the preface of HTTP/2 is none. */
static __always_inline int http1_is_method(const __u8 *b, __u32 n)
{
	__u32 skip = http1_empty_lines(b, n);

	if (n < skip + 4)
		return 0;
	switch (parse_u32(b + skip)) {
	case PARSE_BE32(0x47455420): /* "GET " */
	case PARSE_BE32(0x48454144): /* HEAD */
	case PARSE_BE32(0x504f5354): /* POST */
	case PARSE_BE32(0x50555420): /* "PUT " */
	case PARSE_BE32(0x50415443): /* PATCH */
	case PARSE_BE32(0x44454c45): /* DELETE */
	case PARSE_BE32(0x4f505449): /* OPTIONS */
	case PARSE_BE32(0x434f4e4e): /* CONNECT */
	case PARSE_BE32(0x54524143): /* TRACE */
		return 1;
	}
	return 0;
}

/* A flow whose next status line begins at seq. */
static __always_inline void http1_start(struct http1_flow *flow, __u32 seq)
{
	flow->next = seq;
	flow->state = HTTP1_STATUS;
	flow->carry_len = 0;
	flow->left = 0;
	flow->answer = HTTP1_NO_ANSWER;
	flow->flags &= HTTP1_CONFIRMED | HTTP1_HEAD_ASKED | HTTP1_PIPELINED | HTTP1_ASKED |
		       HTTP1_ERRED | HTTP1_MANY;
}

/* A new flow whose first status line begins at seq. */
static __always_inline void http1_init(struct http1_flow *flow, __u32 seq)
{
	__builtin_memset(flow, 0, sizeof(*flow));
	flow->isn = seq - 1;
	http1_start(flow, seq);
}

#endif
