/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HTTP/1.x response framing, pure: knows by sequence number where the next status line begins, so
 * that each response is seen exactly once (RFC 9112). The same code runs in the kernel and on the
 * host.
 *
 * A run takes one TCP segment: http1_place() places it against the flow's state, then http1_want()
 * and http1_step() alternate until the segment is read. The includer defines http1_current(), which
 * returns the run at hand: Linux 5.10 refuses pointers as arguments of global functions (allowed
 * since 5.12), and only global functions are verified once instead of on every path to them.
 */
#ifndef BPF_HTTP1_H
#define BPF_HTTP1_H

#include "http1_ask.h"

static __always_inline void http1_go_opaque(struct http1_run *run, enum http1_event why)
{
	run->event = why;
	run->flow.state = HTTP1_OPAQUE;
	run->flow.header_end = run->seq + run->len;
	run->flow.flags &= ~HTTP1_MAYBE_HEAD;
	run->flow.carry_len = 0;
	run->pos = run->len;
}

static __always_inline void http1_end_body(struct http1_flow *flow)
{
	flow->state = flow->flags & HTTP1_CHUNKED ? HTTP1_CHUNK : HTTP1_STATUS;
}

/*
 * Skips the body. Where it reaches beyond the segment, `next` jumps to its end at once, so that the
 * segments in between cost no write, and their loss nothing; at most half the sequence space in
 * one jump.
 */
static __always_inline void http1_skip_body(struct http1_run *run)
{
	struct http1_flow *flow = &run->flow;
	__u64 jump = flow->left;

	if (jump > 0x20000000)
		jump = 0x20000000;
	flow->left -= jump;
	run->pos += jump;
	if (flow->left)
		flow->state = HTTP1_BODY;
	else
		http1_end_body(flow);
}

/*
 * A body begins at run.pos, if what asked for it was not HEAD, which nobody knows. It is taken for
 * one, so that none is counted that is a body's text; but that there is a doubt is told.
 */
static __always_inline void http1_doubt_body(struct http1_run *run)
{
	__u32 at = run->pos - run->window_pos;

	PARSE_KEEP(at);
	if (at >= HTTP1_WINDOW || at >= run->window_len) {
		run->flow.flags |= HTTP1_MAYBE_HEAD; /* the next segment will tell */
	} else if (run->window[at] == 'H' && http1_window_status(at)) {
		run->event = HTTP1_UNCLEAR;
		run->flow.flags |= HTTP1_DOUBTED;
	}
}

/* The blank line was read: what follows (RFC 9112 6.3). */
static __always_inline void http1_end_headers(struct http1_run *run)
{
	struct http1_flow *flow = &run->flow;

	bool known = flow->queue > HTTP1_NOTHING_ASKED, is_head = known && flow->queue & 1;
	bool ends = run->pos == run->len;

	flow->header_end = run->seq + run->pos;
	if (flow->answer == HTTP1_SWITCHING ||
	    (flow->answer == HTTP1_SUCCESS && flow->flags & HTTP1_CONNECT_DUE)) {
		http1_go_opaque(run, HTTP1_WENT_OPAQUE);
		flow->state = HTTP1_TUNNEL;
		return;
	}
	if (flow->answer == HTTP1_INTERIM) {
		flow->state = HTTP1_STATUS;
		return;
	}
	flow->flags &= ~HTTP1_CONNECT_DUE;
	if (known)
		flow->queue >>= 1;
	if (flow->answer == HTTP1_EMPTY || is_head) {
		if (flow->answer != HTTP1_EMPTY && flow->left)
			flow->flags |= HTTP1_HEAD_TOLD;
		flow->state = HTTP1_STATUS;
	} else if (flow->flags & HTTP1_CHUNKED) {
		flow->flags |= known || !ends ? 0 : HTTP1_MAYBE_HEAD;
		flow->state = HTTP1_CHUNK;
	} else if (flow->left == HTTP1_ODD_LENGTH) {
		http1_go_opaque(run, HTTP1_BAD_LENGTH);
	} else if (flow->left == HTTP1_NO_LENGTH) {
		http1_go_opaque(run, HTTP1_WENT_OPAQUE);
		flow->flags |= known || !ends ? 0 : HTTP1_MAYBE_HEAD;
	} else if (flow->left) {
		if (!known)
			http1_doubt_body(run);
		http1_skip_body(run);
	} else {
		flow->state = HTTP1_STATUS;
	}
}

/* A header line of which run.line holds all, or HTTP1_LINE bytes. */
static __always_inline void http1_read_header(struct http1_run *run)
{
	struct http1_flow *flow = &run->flow;

	if (http1_is_length(run->line)) {
		__u64 before = flow->left;

		if (!http1_line_length() || (before != HTTP1_NO_LENGTH && before != flow->left))
			flow->left = HTTP1_ODD_LENGTH;
	} else if (http1_is_transfer_encoding(run->line)) {
		/* "identity" (RFC 2616) means none; whatever else ends with chunked. */
		__u32 at = run->line[18] == ' ' ? 19 : 18;

		if ((http1_u64(run->line + at) | HTTP1_LOWER_8) != 0x797469746e656469ULL)
			flow->flags |= HTTP1_CHUNKED;
	}
}

/* Behind a chunk-size line: its data and the CRLF after it, or the trailers. */
static __always_inline void http1_begin_chunk(struct http1_run *run)
{
	if (!run->flow.left) {
		run->flow.state = HTTP1_TRAILER;
		return;
	}
	run->flow.left += 2;
	http1_skip_body(run);
}

/* A chunk-size line, whole or cut behind HTTP1_LINE bytes. */
static __always_inline void http1_read_chunk(struct http1_run *run, __u32 whole)
{
	if (!http1_line_chunk_size())
		http1_go_opaque(run, HTTP1_BAD_CHUNK);
	else if (!whole)
		run->flow.state = HTTP1_CHUNK_SKIP;
	else
		http1_begin_chunk(run);
}

static __always_inline enum http1_answer http1_answer_of(__u32 status)
{
	if (status == 101)
		return HTTP1_SWITCHING;
	if (status < 200)
		return HTTP1_INTERIM;
	if (status == 204 || status == 304)
		return HTTP1_EMPTY;
	return status < 300 ? HTTP1_SUCCESS : HTTP1_FINAL;
}

/*
 * The status line at hand, n bytes of it in run.line, of which `carried` came before this segment.
 */
static __always_inline void http1_read_status(struct http1_run *run, __u32 n, __u32 carried)
{
	struct http1_flow *flow = &run->flow;
	__u32 status = http1_line_status(n);

	if (status == HTTP1_PARTIAL_STATUS) {
		http1_copy_line(flow->carry, run->line);
		flow->carry_len = n;
		run->pos = run->len;
		return;
	}
	flow->carry_len = 0;
	if (status == HTTP1_NO_STATUS) {
		if (flow->flags & HTTP1_CONFIRMED)
			http1_go_opaque(run, HTTP1_BAD_STATUS);
		else
			run->pos = run->len; /* another protocol */
		return;
	}
	/* More answers than were asked for: what was taken for a HEAD's was none, and had a body.
	 */
	if (flow->flags & HTTP1_HEAD_TOLD && flow->queue == HTTP1_NOTHING_ASKED &&
	    (__s32)(run->ack - flow->asked) <= 0) {
		http1_go_opaque(run, HTTP1_UNCLEAR);
		return;
	}
	run->event = HTTP1_RESPONSE;
	run->line_seq = run->seq + run->pos - carried;
	run->status = status;
	if (flow->answer > HTTP1_INTERIM && !http1_is_fresh(flow, run->ack))
		flow->flags |= HTTP1_PIPELINED;
	flow->answer = http1_answer_of(status);
	flow->flags &= HTTP1_HELD | HTTP1_CONNECT_DUE | HTTP1_HEAD_ASKED | HTTP1_PIPELINED |
		       HTTP1_ERRED | HTTP1_MANY | HTTP1_DOUBTED;
	flow->flags |= HTTP1_CONFIRMED;
	flow->left = HTTP1_NO_LENGTH;
	flow->last_ack = run->ack;
	flow->state = HTTP1_HEADER_SKIP;
	/* The byte behind the code may be the '\n': it is looked at again. A carry has none. */
	if (carried < HTTP1_STATUS_LEN - 1)
		run->pos += HTTP1_STATUS_LEN - 1 - carried;
}

/*
 * Skips to the end of the line, or of the window. Header lines that don't matter are skipped
 * without a look; trailers end with a blank line.
 */
static __always_inline void http1_skip_line(struct http1_run *run)
{
	struct http1_flow *flow = &run->flow;
	__u32 from = run->pos - run->window_pos, found, at;

	found = http1_window_scan(from, flow->state == HTTP1_TRAILER_SKIP);
	at = found & (HTTP1_AT_LINE - 1);
	run->pos = run->window_pos + at;
	if (!(found & HTTP1_AT_LINE))
		return;
	flow->state = flow->state == HTTP1_HEADER_SKIP ? HTTP1_HEADER : HTTP1_TRAILER;
}

/* A chunk extension: its line ends at the first '\n', whatever follows. */
static __always_inline void http1_skip_extension(struct http1_run *run)
{
	__u32 n = run->window_len - (run->pos - run->window_pos), end = http1_line_end();

	if (n > HTTP1_LINE)
		n = HTTP1_LINE;
	if (end >= n) {
		run->pos += n;
		return;
	}
	run->pos += end + 1;
	http1_begin_chunk(run);
}

/*
 * How many payload bytes must be loaded at run.pos into run.window before http1_step(); 0 where
 * none are needed. The caller sets window_pos and window_len.
 */
static __always_inline __u32 http1_want(const struct http1_run *run)
{
	__u32 rest, have = 0;

	if (run->pos >= run->len || run->flow.state == HTTP1_BODY ||
	    run->flow.state == HTTP1_OPAQUE || run->flow.state == HTTP1_TUNNEL)
		return 0;
	rest = run->len - run->pos;
	if (run->pos - run->window_pos < run->window_len)
		have = run->window_len - (run->pos - run->window_pos);
	if (have >= HTTP1_LINE || have == rest)
		return 0;
	if (have && (run->flow.state == HTTP1_HEADER_SKIP || run->flow.state == HTTP1_TRAILER_SKIP))
		return 0;
	return rest < HTTP1_WINDOW ? rest : HTTP1_WINDOW;
}

/* Fills run.line with the carry and what follows in the window. How many bytes of it count. */
static __always_inline __u32 http1_fill_line(struct http1_run *run, __u32 carried)
{
	__u32 at = run->pos - run->window_pos, n = run->window_len - at;

	if (n > HTTP1_LINE - carried)
		n = HTTP1_LINE - carried;
	PARSE_KEEP(at);
	PARSE_KEEP(carried);
	if (at >= HTTP1_WINDOW || carried >= HTTP1_LINE)
		return 0;
	if (carried)
		http1_copy_line(run->line, run->flow.carry);
	http1_copy_line(run->line + carried, run->window + at);
	return carried + n;
}

/* One step. 1: go on; 0: the segment is read. run.event says what to count. */
HTTP1_FN int http1_step(void)
{
	struct http1_run *run = http1_current();
	struct http1_flow *flow;
	__u32 carried, n, end, whole;

	if (!run)
		return 0;
	flow = &run->flow;
	run->event = HTTP1_NONE;
	if (run->pos >= run->len)
		return 0;
	switch (flow->state) {
	case HTTP1_BODY:
		http1_skip_body(run);
		return 1;
	case HTTP1_HEADER_SKIP:
	case HTTP1_TRAILER_SKIP:
		http1_skip_line(run);
		return 1;
	case HTTP1_OPAQUE:
	case HTTP1_TUNNEL:
		run->pos = run->len;
		return 0;
	}

	/* The states at the start of a line; and a chunk extension, which has no carry. */
	carried = flow->carry_len;
	if (carried >= HTTP1_LINE)
		carried = 0;
	n = http1_fill_line(run, carried);
	if (n <= carried)
		return 0;
	if (flow->state == HTTP1_CHUNK_SKIP) {
		http1_skip_extension(run);
		return 1;
	}
	if (flow->state == HTTP1_STATUS) {
		/*
		 * Empty lines before a status line are tolerated (RFC 9112 2.2 does for requests).
		 */
		if (!carried && (run->line[0] == '\r' || run->line[0] == '\n'))
			run->pos++;
		else
			http1_read_status(run, n, carried);
		return 1;
	}
	end = http1_line_end();
	whole = end < n;
	if (!whole && n < HTTP1_LINE) {
		http1_copy_line(flow->carry, run->line);
		flow->carry_len = n;
		run->pos = run->len;
		return 0;
	}
	flow->carry_len = 0;
	/*
	 * After HEAD a status line stands where the first chunk would: it is no hexadecimal number.
	 */
	if (flow->state == HTTP1_CHUNK && http1_line_status(n) >= 100) {
		flow->state = HTTP1_STATUS;
		http1_read_status(run, n, carried);
		return 1;
	}
	run->pos += (whole ? end + 1 : n) - carried;
	if (flow->state == HTTP1_CHUNK) {
		http1_read_chunk(run, whole);
		return 1;
	}
	if (run->line[0] == '\n' || (run->line[0] == '\r' && run->line[1] == '\n')) {
		if (flow->state == HTTP1_TRAILER)
			flow->state = HTTP1_STATUS;
		else
			http1_end_headers(run);
		return 1;
	}
	if (flow->state == HTTP1_HEADER) {
		http1_read_header(run);
		flow->state = HTTP1_HEADER_SKIP;
	} else {
		flow->state = HTTP1_TRAILER_SKIP;
	}
	/* The '\n', where it is there, is looked at again: skipping begins inside a line. */
	if (whole)
		run->pos--;
	return 1;
}

#endif
