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
};

/* The client has sent something since the last status line. */
static __always_inline int http1_is_fresh(const struct http1_flow *flow, __u32 ack)
{
	return (__s32)(ack - flow->last_ack) > 0;
}

/*
 * In the segment a status line could stand where the body of a response to HEAD does not: at
 * header_end. Of an opaque flow, whose header_end is another, only at the segment's start.
 */
static __always_inline int http1_answers_head(const struct http1_flow *flow, __u32 seq, __u32 len)
{
	if (!(flow->flags & HTTP1_MAYBE_HEAD))
		return 0;
	return flow->state == HTTP1_OPAQUE ? seq == flow->next : flow->header_end - seq < len;
}

/*
 * ... and is taken for a response: there was a HEAD, and the client has sent something since, which
 * it does not before it has an answer.
 */
static __always_inline int http1_is_heads(const struct http1_flow *flow, __u32 ack)
{
	return (flow->flags & (HTTP1_HEAD_ASKED | HTTP1_PIPELINED)) == HTTP1_HEAD_ASKED &&
	       http1_is_fresh(flow, ack);
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

	if (flow->state == HTTP1_TUNNEL)
		return HTTP1_OLD;
	if (flow->state == HTTP1_OPAQUE)
		return http1_may_resync(flow, seq, ack, asks_seen) ? HTTP1_TRY_RESYNC : HTTP1_OLD;
	if (behind < 0)
		return HTTP1_AHEAD;
	if (!(flow->flags & HTTP1_CONFIRMED) && !flow->carry_len && !behind)
		return HTTP1_UNSURE;
	/* Of a body that was skipped the first bytes are looked at, too: they may be a response. */
	if (http1_answers_head(flow, seq, len) && (behind || http1_is_heads(flow, ack)))
		return HTTP1_TRY_RESYNC;
	if ((__u32)behind >= len)
		return HTTP1_OLD;
	return HTTP1_READ;
}

/* The first n payload bytes are a status line, or may become one. */
static __always_inline int http1_is_start(const __u8 *b, __u32 n)
{
	return http1_match_status(b, n) != HTTP1_NO_STATUS;
}

/*
 * How many bytes of empty lines stand before a request at the start of run.window (RFC 9112 2.2):
 * at most 4 are skipped.
 */
#define HTTP1_EMPTY_LINES 4

HTTP1_FN __u32 http1_empty_lines(void)
{
	struct http1_run *run = http1_current();
	__u32 skip = 0;

	if (!run)
		return 0;
	for (__u32 i = 0; i < HTTP1_EMPTY_LINES; i++)
		skip += skip == i && i < run->window_len &&
			(run->window[i] == '\r' || run->window[i] == '\n');
	return skip;
}

/* clang-format off */
/* Methods by their first four bytes (RFC 9110 9.3). "PRI ", of HTTP/2, is none. */
#define HTTP1_METHODS(X) \
	X('G', 'E', 'T', ' ') X('H', 'E', 'A', 'D') X('P', 'O', 'S', 'T') X('P', 'U', 'T', ' ') \
	X('P', 'A', 'T', 'C') X('D', 'E', 'L', 'E') X('O', 'P', 'T', 'I') X('C', 'O', 'N', 'N') \
	X('T', 'R', 'A', 'C')
/* clang-format on */

#define HTTP1_WORD(a, b, c, d) PARSE_BE32((__u32)(a) << 24 | (b) << 16 | (c) << 8 | (d))

/* Does run.window surely begin with a request? */
HTTP1_FN int http1_is_method(void)
{
	struct http1_run *run = http1_current();
	__u32 skip = http1_empty_lines();

	if (!run || skip > 4 || run->window_len < skip + 4)
		return 0;
	switch (parse_u32(run->window + skip)) {
#define X(a, b, c, d) case HTTP1_WORD(a, b, c, d):
		HTTP1_METHODS(X)
#undef X
		return 1;
	}
	return 0;
}

enum http1_request {
	HTTP1_NO_REQUEST,
	HTTP1_WORDS, /* a word, or a part of one: of a request, or of any other text */
	HTTP1_PATH,  /* a word of less than HTTP1_METHOD letters, a space, and a path */
	HTTP1_ASKS,  /* the same with a usual method, whatever follows it */
};

/*
 * How long the word is that run.window begins with, or a part of that; 0: there is none. Of a
 * longer one HTTP1_METHOD.
 */
HTTP1_FN __u32 http1_word(void)
{
	struct http1_run *run = http1_current();
	__u32 skip = http1_empty_lines(), n;
	const __u8 *b;

	if (!run || skip > 4 || skip >= run->window_len)
		return 0;
	b = run->window + skip;
	n = run->window_len - skip;
#ifdef __bpf__
#pragma unroll HTTP1_METHOD /* 6.1 goes each way through a loop; clang 19 must be told */
#endif
	for (__u32 i = 0; i < HTTP1_METHOD; i++) {
		__u8 letter;

		if (i >= n)
			return i;
		if (b[i] == ' ')
			return i;
		letter = (b[i] | 0x20) - 'a';
		if (letter >= 26 && b[i] != '-' && b[i] != '_')
			return 0;
	}
	return HTTP1_METHOD;
}

/*
 * Does run.window, which is not empty, begin as a request line does (RFC 9112 3)? Letters in lower
 * case are answered too, with 400. Returns enum http1_request.
 */
HTTP1_FN int http1_is_request(void)
{
	struct http1_run *run = http1_current();
	__u32 skip = http1_empty_lines(), at = http1_word(), n;
	const __u8 *b;

	if (!run || skip > 4 || skip >= run->window_len || !at)
		return HTTP1_NO_REQUEST;
	if (http1_is_method())
		return HTTP1_ASKS;
	if (at >= HTTP1_METHOD)
		return HTTP1_WORDS;
	b = run->window + skip;
	n = run->window_len - skip;
	at++;
	return at < n && (b[at] == '/' || b[at] == '*') ? HTTP1_PATH : HTTP1_WORDS;
}

/*
 * How the method of the request at the start of run.window changes the framing of its answer:
 * HTTP1_CONNECT_DUE; HTTP1_HEAD_ASKED where it is HEAD, or may be, but is cut; 0.
 */
HTTP1_FN __u32 http1_method_due(void)
{
	struct http1_run *run = http1_current();
	__u32 skip = http1_empty_lines(), n, word;
	const __u8 *b;

	if (!run || skip > 4 || skip >= run->window_len)
		return 0;
	b = run->window + skip;
	n = run->window_len - skip;
	if (n < 5)
		return b[0] == 'H' ? HTTP1_HEAD_ASKED : 0;
	word = parse_u32(b);
	if (word == HTTP1_WORD('H', 'E', 'A', 'D') && b[4] == ' ')
		return HTTP1_HEAD_ASKED;
	if (n >= 8 && word == HTTP1_WORD('C', 'O', 'N', 'N') &&
	    parse_u32(b + 4) == HTTP1_WORD('E', 'C', 'T', ' '))
		return HTTP1_CONNECT_DUE;
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
	flow->queue = 0;
	flow->flags &= HTTP1_CONFIRMED | HTTP1_HEAD_ASKED | HTTP1_PIPELINED | HTTP1_SURE |
		       HTTP1_ERRED | HTTP1_MANY | HTTP1_DOUBTED;
}

/* A new flow whose first status line begins at seq. */
static __always_inline void http1_init(struct http1_flow *flow, __u32 seq)
{
	__builtin_memset(flow, 0, sizeof(*flow));
	flow->isn = seq - 1;
	http1_start(flow, seq);
}

#endif
