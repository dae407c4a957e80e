/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HTTP/1.x response framing, pure: knows by sequence number where the next status line begins, so
 * that each response is seen exactly once (RFC 9112). The same code runs in the kernel and on the
 * host.
 *
 * A run takes one TCP segment: http1_begin() places it against the flow's state, then http1_want()
 * and http1_step() alternate until the segment is read. The includer defines http1_current(), which
 * returns the run at hand: Linux 5.10 refuses pointers as arguments of global functions (allowed
 * since 5.12), and only global functions are verified once instead of on every path to them.
 */
#ifndef BPF_HTTP1_H
#define BPF_HTTP1_H

#include "parse.h"

#ifdef __bpf__
#define HTTP1_FN __noinline
#else
#define HTTP1_FN static inline
#endif

#define HTTP1_LINE   32  /* what is looked at of a line */
#define HTTP1_WINDOW 512 /* payload bytes loaded at a time */
/* Status line: "HTTP/1.1 404" and the byte after it. */
#define HTTP1_STATUS_LEN 13

enum http1_state {
	HTTP1_STATUS,      /* at the start of a status line */
	HTTP1_HEADER,      /* at the start of a header line */
	HTTP1_HEADER_SKIP, /* inside a header line */
	HTTP1_BODY,        /* `left` bytes to skip */
	HTTP1_CHUNK,       /* at the start of a chunk-size line */
	HTTP1_CHUNK_SKIP,  /* behind the size, in a chunk extension */
	HTTP1_TRAILER,     /* at the start of a trailer line */
	HTTP1_TRAILER_SKIP,
	HTTP1_OPAQUE, /* the end can't be told: close-delimited, 101, or lost */
};

#define HTTP1_CHUNKED    0x01
#define HTTP1_HAS_LENGTH 0x02
/* A body should follow header_end, unless this answers HEAD: then the next status line does. */
#define HTTP1_MAYBE_HEAD 0x04
#define HTTP1_HAS_ISN    0x08
/* A Content-Length that is no number, or two that differ: it matters where a body depends on it. */
#define HTTP1_ODD_LENGTH 0x10

/*
 * State of a flow: value of the map `flows`. Sequence numbers wrap; compare by signed difference.
 */
struct http1_flow {
	__u32 next;       /* sequence number of the next byte to read */
	__u32 isn;        /* of the server, where HTTP1_HAS_ISN */
	__u32 last_ack;   /* acknowledgement number of the segment with the last status line */
	__u32 header_end; /* sequence number behind the last header block */
	__u64 left;       /* bytes of body or chunk to skip */
	__u16 status;
	__u8 state; /* enum http1_state */
	__u8 carry_len;
	__u8 flags;
	__u8 pad;
	__u16 turn; /* raised by every change: who read an older one has read something else */
	__u8 carry[HTTP1_LINE]; /* start of a line that the segment's end cut */
};

_Static_assert(sizeof(struct http1_flow) == 64, "http1_flow is one cache line");

/* What happened, by name; HTTP1_NONE for nothing to count. */
enum http1_event {
	HTTP1_NONE,
	HTTP1_RESPONSE, /* a status line: run.flow.status, begins at run.line_seq */
	HTTP1_BAD_STATUS,
	HTTP1_BAD_LENGTH,
	HTTP1_BAD_CHUNK,
	HTTP1_WENT_OPAQUE, /* close-delimited body or 101: not an error */
	HTTP1_RESYNC,      /* the caller's: framing was lost, and is found again */
};

/* One segment at work. Per-CPU scratch in the kernel. */
struct http1_run {
	struct http1_flow flow;
	__u32 seq; /* of the segment's first payload byte */
	__u32 ack;
	__u32 len;        /* payload bytes */
	__u32 pos;        /* next byte to read; may pass len when a body reaches beyond */
	__u32 line_seq;   /* where the line at hand began */
	__u32 window_pos; /* payload bytes [window_pos, window_pos + window_len) are in window */
	__u32 window_len;
	__u32 event;               /* enum http1_event */
	__u8 line[HTTP1_LINE * 2]; /* carry, then what follows; what counts is at most HTTP1_LINE */
	__u8 window[HTTP1_WINDOW +
		    HTTP1_LINE]; /* reads at an index below HTTP1_WINDOW stay inside */
};

static __always_inline __u64 http1_u64(const __u8 *p)
{
#ifdef __bpf__
	return *(const __u64 *)p;
#else
	__u64 v;

	__builtin_memcpy(&v, p, sizeof(v));
	return v;
#endif
}

static __always_inline void http1_copy_line(__u8 *to, const __u8 *from)
{
	for (int i = 0; i < HTTP1_LINE; i += 8) {
#ifdef __bpf__
		*(__u64 *)(to + i) = *(const __u64 *)(from + i);
#else
		__builtin_memcpy(to + i, from + i, 8);
#endif
	}
}

/* Eight bytes in lower case, as far as they are letters. */
static __always_inline __u64 http1_lower(__u64 v)
{
	return v | 0x2020202020202020ULL;
}

/*
 * Index of the first '\n' in eight bytes, 8 if none. The zero-byte test on v ^ "\n\n...": its
 * lowest set bit is exact, whatever borrows do above it; below that bit one is set per byte, and
 * the product adds them up. Without branches, so that the verifier sees one unknown number instead
 * of nine known.
 */
static __always_inline __u32 http1_newline(__u64 v)
{
	__u64 x = v ^ 0x0a0a0a0a0a0a0a0aULL;
	__u64 m = (x - 0x0101010101010101ULL) & ~x & 0x8080808080808080ULL;
	__u64 below = ((m & -m) - 1) & 0x0101010101010101ULL;

	return ((below * 0x0101010101010101ULL) >> 56) - (m != 0);
}

/* http1_match_status(): what a number below 100 means. */
#define HTTP1_NO_STATUS      0
#define HTTP1_PARTIAL_STATUS 1

static __always_inline int http1_is_digit(__u8 c)
{
	return c >= '0' && c <= '9';
}

/*
 * Is this the start of a status line (RFC 9112 4)? The status code; HTTP1_PARTIAL_STATUS where n
 * bytes are too few to say; HTTP1_NO_STATUS. A code must be 100..599 and end with a space or the
 * line.
 */
static __always_inline __u32 http1_match_status(const __u8 *b, __u32 n)
{
	static const __u8 pattern[8] = "HTTP/1.";

	for (__u32 i = 0; i < 7; i++) {
		if (i >= n)
			return HTTP1_PARTIAL_STATUS;
		if (b[i] != pattern[i])
			return HTTP1_NO_STATUS;
	}
	if (n > 7 && !http1_is_digit(b[7]))
		return HTTP1_NO_STATUS;
	if (n > 8 && b[8] != ' ')
		return HTTP1_NO_STATUS;
	if (n > 9 && (b[9] < '1' || b[9] > '5'))
		return HTTP1_NO_STATUS;
	if (n > 10 && !http1_is_digit(b[10]))
		return HTTP1_NO_STATUS;
	if (n > 11 && !http1_is_digit(b[11]))
		return HTTP1_NO_STATUS;
	if (n < HTTP1_STATUS_LEN)
		return HTTP1_PARTIAL_STATUS;
	if (b[12] != ' ' && b[12] != '\r' && b[12] != '\n')
		return HTTP1_NO_STATUS;
	return (b[9] - '0') * 100 + (b[10] - '0') * 10 + (b[11] - '0');
}

static struct http1_run *http1_current(void);

/* Status code in run.line, of which n bytes are there. */
HTTP1_FN __u32 http1_line_status(__u32 n)
{
	struct http1_run *run = http1_current();

	return run ? http1_match_status(run->line, n) : HTTP1_NO_STATUS;
}

/* Position of the first '\n' in run.line, HTTP1_LINE if none. */
HTTP1_FN __u32 http1_line_end(void)
{
	struct http1_run *run = http1_current();

	if (!run)
		return HTTP1_LINE;
	for (__u32 i = 0; i < HTTP1_LINE; i += 8) {
		__u32 at = http1_newline(http1_u64(run->line + i));

		if (at < 8)
			return i + at;
	}
	return HTTP1_LINE;
}

/* Value of a hexadecimal digit, 16 where it is none. */
static __always_inline __u32 http1_hex(__u8 c)
{
	__u8 letter = (c | 0x20) - 'a';

	if (http1_is_digit(c))
		return c - '0';
	return letter < 6 ? letter + 10 : 16;
}

/* A size of more digits is refused: it would not fit with the CRLF added. */
#define HTTP1_HEX_DIGITS 15

/* Reads a chunk size (RFC 9112 7.1) into flow.left. Number of digits, 0 where there is none. */
HTTP1_FN __u32 http1_line_chunk_size(void)
{
	struct http1_run *run = http1_current();
	__u64 size = 0;
	__u32 digits = 0;

	if (!run)
		return 0;
	for (__u32 i = 0; i <= HTTP1_HEX_DIGITS; i++) {
		__u32 digit = http1_hex(run->line[i]);

		if (digit > 15)
			break;
		size = size * 16 + digit;
		digits++;
	}
	if (digits > HTTP1_HEX_DIGITS)
		return 0;
	run->flow.left = size;
	return digits;
}

/*
 * Reads the number of a Content-Length line into flow.left. 0 where it is none (RFC 9112 6.3), or
 * where its end is not in sight: more digits than 10^16 has, or a joke.
 */
HTTP1_FN __u32 http1_line_length(void)
{
	struct http1_run *run = http1_current();
	__u64 length = 0;
	__u32 digits = 0;

	if (!run)
		return 0;
	for (__u32 i = 15; i < HTTP1_LINE; i++) {
		__u8 c = run->line[i];

		if (!digits && (c == ' ' || c == '\t'))
			continue;
		if (!http1_is_digit(c)) {
			if (c != '\r' && c != '\n' && c != ' ' && c != '\t')
				return 0;
			run->flow.left = length;
			return digits;
		}
		length = length * 10 + (c - '0');
		digits++;
	}
	return 0;
}

/* Window index of the first '\n' at or behind `at`, HTTP1_WINDOW or more where there is none. */
HTTP1_FN __u32 http1_window_newline(__u32 at)
{
	struct http1_run *run = http1_current();

	if (!run)
		return HTTP1_WINDOW;
	for (int i = 0; i < HTTP1_WINDOW / 8; i++) {
		__u32 newline;

		PARSE_KEEP(at);
		if (at >= HTTP1_WINDOW)
			break;
		newline = http1_newline(http1_u64(run->window + at));
		if (newline < 8)
			return at + newline;
		at += 8;
	}
	return at;
}

/*
 * From window index `at`, inside a line: index of the next line that matters (it begins as
 * "Content-Length" or "Transfer-Encoding" does, or is blank, or is too short to say), or of the
 * first byte not looked at. HTTP1_AT_LINE tells that this is the start of a line.
 */
#define HTTP1_AT_LINE 0x1000
#define HTTP1_SCANS   64                    /* lines; behind them the next step goes on */
#define HTTP1_CONTENT 0x2d746e65746e6f63ULL /* "content-" as a number */
#define HTTP1_TRANSFE 0x726566736e617274ULL /* "transfer" */

HTTP1_FN __u32 http1_window_scan(__u32 at, __u32 blank_only)
{
	struct http1_run *run = http1_current();
	__u32 len;

	if (!run)
		return at;
	len = run->window_len;
	for (int i = 0; i < HTTP1_SCANS; i++) {
		const __u8 *line;
		__u64 name;

		at = http1_window_newline(at);
		if (at >= len)
			return len;
		at++;
		PARSE_KEEP(at);
		if (at >= HTTP1_WINDOW || at + 9 > len)
			return at | HTTP1_AT_LINE;
		line = run->window + at;
		if (line[0] == '\r' || line[0] == '\n')
			return at | HTTP1_AT_LINE;
		if (blank_only)
			continue;
		name = http1_lower(http1_u64(line));
		if ((name == HTTP1_CONTENT && (line[8] | 0x20) == 'l') || name == HTTP1_TRANSFE)
			return at | HTTP1_AT_LINE;
	}
	return at;
}

static __always_inline void http1_go_opaque(struct http1_run *run, enum http1_event why)
{
	run->event = why;
	run->flow.state = HTTP1_OPAQUE;
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

/* The blank line was read: what follows (RFC 9112 6.3). */
static __always_inline void http1_end_headers(struct http1_run *run)
{
	struct http1_flow *flow = &run->flow;

	flow->header_end = run->seq + run->pos;
	if (flow->status == 101) {
		http1_go_opaque(run, HTTP1_WENT_OPAQUE);
	} else if (flow->status < 200 || flow->status == 204 || flow->status == 304) {
		flow->state = HTTP1_STATUS;
	} else if (flow->flags & HTTP1_CHUNKED) {
		flow->flags |= HTTP1_MAYBE_HEAD;
		flow->state = HTTP1_CHUNK;
	} else if (flow->flags & HTTP1_ODD_LENGTH) {
		http1_go_opaque(run, HTTP1_BAD_LENGTH);
	} else if (!(flow->flags & HTTP1_HAS_LENGTH)) {
		flow->flags |= HTTP1_MAYBE_HEAD;
		http1_go_opaque(run, HTTP1_WENT_OPAQUE);
	} else if (flow->left) {
		flow->flags |= HTTP1_MAYBE_HEAD;
		http1_skip_body(run);
	} else {
		flow->state = HTTP1_STATUS;
	}
}

/* Is run.line the start of a header that decides the framing? Names are 14 and 17 bytes. */
static __always_inline int http1_is_length(const __u8 *line)
{
	return http1_lower(http1_u64(line)) == HTTP1_CONTENT &&
	       (http1_lower(http1_u64(line + 7)) == 0x3a6874676e656c2dULL /* -length: */);
}

static __always_inline int http1_is_transfer_encoding(const __u8 *line)
{
	return http1_lower(http1_u64(line)) == HTTP1_TRANSFE &&
	       http1_lower(http1_u64(line + 8)) == 0x6e69646f636e652dULL /* -encodin */ &&
	       (line[16] | 0x20) == 'g' && line[17] == ':';
}

/* A header line of which run.line holds all, or HTTP1_LINE bytes. */
static __always_inline void http1_read_header(struct http1_run *run)
{
	struct http1_flow *flow = &run->flow;

	if (http1_is_length(run->line)) {
		__u64 before = flow->left;

		if (!http1_line_length() ||
		    (flow->flags & HTTP1_HAS_LENGTH && before != flow->left))
			flow->flags |= HTTP1_ODD_LENGTH;
		flow->flags |= HTTP1_HAS_LENGTH;
	} else if (http1_is_transfer_encoding(run->line)) {
		/* "identity" (RFC 2616) means none; whatever else ends with chunked. */
		__u32 at = run->line[18] == ' ' ? 19 : 18;

		if (http1_lower(http1_u64(run->line + at)) != 0x797469746e656469ULL)
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
		http1_go_opaque(run, HTTP1_BAD_STATUS);
		return;
	}
	run->event = HTTP1_RESPONSE;
	run->line_seq = run->seq + run->pos - carried;
	flow->status = status;
	flow->flags &= HTTP1_HAS_ISN;
	flow->left = 0;
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
	    run->flow.state == HTTP1_OPAQUE)
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

/* What a segment is to a flow. */
enum http1_place {
	HTTP1_READ,       /* run the machine from run.pos */
	HTTP1_OLD,        /* retransmission, second hook, or body: nothing to do */
	HTTP1_GAP,        /* bytes before it were not seen: framing is lost until a resync */
	HTTP1_TRY_RESYNC, /* look at its first bytes: http1_resync() */
};

/*
 * Places a segment against the flow. A resync needs ack > last_ack: the client has sent something
 * since the last status line. That is what tells a response from body text which imitates one.
 */
static __always_inline enum http1_place http1_place(const struct http1_flow *flow, __u32 seq,
						    __u32 ack, __u32 len)
{
	__s32 behind = flow->next - seq;
	int fresh = (__s32)(ack - flow->last_ack) > 0;

	if (fresh && (behind < 0 || (flow->state == HTTP1_OPAQUE && !behind) ||
		      (flow->flags & HTTP1_MAYBE_HEAD && seq == flow->header_end)))
		return HTTP1_TRY_RESYNC;
	if (behind < 0)
		return flow->state == HTTP1_OPAQUE ? HTTP1_READ : HTTP1_GAP;
	if ((__u32)behind >= len)
		return HTTP1_OLD;
	return HTTP1_READ;
}

/* The first n payload bytes are a status line, or may become one. */
static __always_inline int http1_is_start(const __u8 *b, __u32 n)
{
	return http1_match_status(b, n) != HTTP1_NO_STATUS;
}

/* A flow whose next status line begins at seq. */
static __always_inline void http1_start(struct http1_flow *flow, __u32 seq)
{
	flow->next = seq;
	flow->state = HTTP1_STATUS;
	flow->carry_len = 0;
	flow->left = 0;
	flow->flags &= HTTP1_HAS_ISN;
}

#endif
