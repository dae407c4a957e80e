/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which requests are unanswered, pure: responses come in the order of their requests (RFC 9112
 * 9.3.2), and that to a HEAD has no body, whatever length it tells (6.3).
 *
 * http1_flow.queue has a bit for each request that was understood and has no final response yet,
 * the oldest the lowest: is it HEAD? One more, above the newest, marks the end. 0: what is
 * unanswered is not known. http1_flow.asked is where the next request begins that is put there;
 * what begins elsewhere follows something that was not understood, or not looked at.
 */
#ifndef BPF_HTTP1_ASK_H
#define BPF_HTTP1_ASK_H

#include "http1_place.h"

#define HTTP1_NOTHING_ASKED 1          /* a queue with nothing in it */
#define HTTP1_ASKS_MOST     31         /* as many requests fit into it */
#define HTTP1_ASK_ODD       (~0U)      /* a body whose end is not looked for */
#define HTTP1_ASK_BODY      0x3fffffff /* the longest one of the others */

/* Where in a request the bytes at run.pos stand. */
enum http1_ask_place {
	HTTP1_ASK_START, /* a request may begin */
	HTTP1_ASK_LINE,  /* a line of its head begins */
	HTTP1_ASK_INSIDE /* inside a line */
};

/* Does run.window have at least a part of a status line at `at`? */
HTTP1_FN int http1_window_status(__u32 at)
{
	struct http1_run *run = http1_current();

	PARSE_KEEP(at);
	if (!run || at >= HTTP1_WINDOW || at >= run->window_len)
		return 0;
	return http1_is_start(run->window + at, run->window_len - at);
}

static __always_inline bool http1_is_head(const __u8 *line)
{
	return parse_u32(line) == HTTP1_WORD('H', 'E', 'A', 'D') && line[4] == ' ';
}

/* A request begins with `line`, of which n bytes are there. */
static __always_inline void http1_ask_begin(struct http1_asks *asks, const __u8 *line, __u32 n)
{
	__u8 letter = (line[0] | 0x20) - 'a';
	__u32 count = asks->count;

	asks->body = 0;
	if (n < 5 || letter >= 26 || count >= HTTP1_ASKS_MOST) {
		asks->lost = 1;
		asks->head |= n < 5 ? line[0] == 'H' : http1_is_head(line);
		return;
	}
	asks->heads |= (__u32)http1_is_head(line) << count;
	asks->count = count + 1;
}

/* Is run.line the start of a header that decides the framing? Names are 14 and 17 bytes. */
static __always_inline int http1_is_length(const __u8 *line)
{
	return (http1_u64(line) | HTTP1_LOWER_7) == HTTP1_CONTENT &&
	       (http1_u64(line + 7) | 0x0020202020202000ULL) ==
		       0x3a6874676e656c2dULL /* "-length:" */;
}

static __always_inline int http1_is_transfer_encoding(const __u8 *line)
{
	return (http1_u64(line) | HTTP1_LOWER_8) == HTTP1_TRANSFE &&
	       (http1_u64(line + 8) | 0x2020202020202000ULL) ==
		       0x6e69646f636e652dULL /* "-encodin" */
	       && (line[16] | 0x20) == 'g' && line[17] == ':';
}

/* A line of a request's head, of which run.line has HTTP1_LINE bytes. run.flow.left is used. */
static __always_inline void http1_ask_header(struct http1_run *run)
{
	struct http1_asks *asks = &run->asks;

	if (http1_is_transfer_encoding(run->line)) {
		asks->body = HTTP1_ASK_ODD;
	} else if (http1_is_length(run->line)) {
		if (!http1_line_length() || run->flow.left > HTTP1_ASK_BODY ||
		    (asks->body && asks->body != run->flow.left))
			asks->body = HTTP1_ASK_ODD;
		else
			asks->body = run->flow.left;
	}
}

/* What begins at window index `at` is a line's start. run.pos moves on. */
HTTP1_FN int http1_ask_line(__u32 at)
{
	struct http1_run *run = http1_current();
	struct http1_asks *asks;
	const __u8 *line;
	__u32 n, blank;

	if (!run || at >= HTTP1_WINDOW || at >= run->window_len)
		return 0;
	asks = &run->asks;
	n = run->window_len - at;
	line = run->window + at;
	if (asks->lost) {
		asks->head |= n < 5 ? line[0] == 'H' : http1_is_head(line);
		asks->place = HTTP1_ASK_INSIDE;
		return 0;
	}
	blank = line[0] == '\n' ? 1 : n > 1 && line[0] == '\r' && line[1] == '\n' ? 2 : 0;
	if (blank) {
		run->pos += blank;
		if (asks->place == HTTP1_ASK_LINE && asks->body == HTTP1_ASK_ODD)
			asks->lost = 1;
		else if (asks->place == HTTP1_ASK_LINE)
			run->pos += asks->body;
		asks->place = HTTP1_ASK_START;
		return 0;
	}
	if (asks->place == HTTP1_ASK_START) {
		http1_ask_begin(asks, line, n);
	} else {
		http1_copy_line(run->line, line);
		http1_ask_header(run);
	}
	asks->place = HTTP1_ASK_INSIDE;
	return 0;
}

/* One step through a segment of requests. 0: a window at run.pos must be loaded, if that is in it.
 */
HTTP1_FN int http1_ask_step(void)
{
	struct http1_run *run = http1_current();
	__u32 at;

	if (!run)
		return 0;
	at = run->pos - run->window_pos;
	if (at >= run->window_len)
		return 0;
	if (run->asks.place == HTTP1_ASK_INSIDE) {
		at = http1_window_newline(at);
		if (at >= run->window_len) {
			run->pos = run->window_pos + run->window_len;
			return 0;
		}
		run->pos = run->window_pos + at + 1;
		run->asks.place = HTTP1_ASK_LINE;
		return 1;
	}
	/* A line is looked at where as much of it is in sight as matters. */
	if (at && at + HTTP1_LINE > run->window_len && run->window_pos + run->window_len < run->len)
		return 0;
	http1_ask_line(at);
	return 1;
}

/* Was the segment read to its end, and does a request end there, or its body later? */
static __always_inline bool http1_asks_whole(const struct http1_run *run)
{
	return !run->asks.lost && run->asks.place == HTTP1_ASK_START && run->pos >= run->len;
}

/*
 * Has everything been answered that was sent before a request at seq, which acknowledges ack? As
 * far as that can be seen: when the last response was sent, the server knew of no more, but for
 * what may be empty lines, and the client has that response. The request may be sent again while
 * its status line comes.
 */
static __always_inline bool http1_is_next(const struct http1_flow *flow, __u32 seq, __u32 ack)
{
	__u32 lines = flow->queue == HTTP1_NOTHING_ASKED ? HTTP1_EMPTY_LINES : 0;

	return ack == flow->next - flow->carry_len && seq - flow->last_ack <= lines &&
	       flow->state == HTTP1_STATUS && flow->queue <= HTTP1_NOTHING_ASKED;
}

/* The highest bit that is set. */
static __always_inline __u32 http1_top_bit(__u32 n)
{
	n |= n >> 1;
	n |= n >> 2;
	n |= n >> 4;
	n |= n >> 8;
	n |= n >> 16;
	return n - (n >> 1);
}

/* Does a request come before the last answer? Not where that was a HEAD's, whose length misled. */
static __always_inline bool http1_is_early(const struct http1_flow *flow, __u32 ack)
{
	return flow->state < HTTP1_OPAQUE && (__s32)(ack - flow->next) <= 0 &&
	       !(flow->flags & HTTP1_MAYBE_HEAD && ack == flow->header_end);
}

/*
 * The requests of the segment at work are unanswered. is_request: it surely begins with one.
 *
 * What follows something that is not in the queue is not put there either, until nothing is
 * unanswered. Of a client that has asked before it was answered nobody can tell when that is: its
 * server may have received more than it has answered.
 */
static __always_inline void http1_ask(struct http1_flow *flow, const struct http1_run *run,
				      bool is_request)
{
	const struct http1_asks *asks = &run->asks;
	bool is_next = http1_is_next(flow, run->seq, run->ack);
	bool follows = flow->queue && run->seq == flow->asked;
	__u32 top = http1_top_bit(flow->queue);
	__u64 pushed;

	if (is_next && !(flow->flags & HTTP1_PIPELINED)) {
		top = flow->queue = HTTP1_NOTHING_ASKED;
		flow->flags &= ~HTTP1_HEAD_ASKED;
		follows = true;
	} else if ((__s32)(run->seq - flow->last_ack) < 0 ||
		   (flow->queue && (__s32)(run->seq - flow->asked) < 0)) {
		return; /* answered, or seen before */
	}
	if (asks->count > 1 || (asks->count && asks->head) ||
	    (!is_next && is_request && http1_is_early(flow, run->ack)))
		flow->flags |= HTTP1_PIPELINED;
	pushed = (1ULL << (asks->count & 31) | asks->heads) * top;
	follows = follows && asks->count && !(pushed >> 32);
	if (asks->head || (!follows && asks->heads))
		flow->flags |= HTTP1_HEAD_ASKED;
	/* What is cut in its method may be taken for empty lines. */
	if (!asks->count && flow->queue == HTTP1_NOTHING_ASKED)
		flow->queue = 0;
	if (!follows)
		return;
	flow->queue += (__u32)pushed - top;
	/* One byte before the end no request begins. */
	flow->asked = run->seq + (http1_asks_whole(run) ? run->pos : run->len - 1);
}

#endif
