/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HTTP/1.x lines, pure: the state of a flow and of a segment at work, and what is read of status
 * lines, header lines and chunk-size lines.
 */
#ifndef BPF_HTTP1_LINE_H
#define BPF_HTTP1_LINE_H

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
/* A method and the space behind it are no longer where it must be known as one. */
#define HTTP1_METHOD 24

enum http1_state {
	HTTP1_STATUS,      /* at the start of a status line */
	HTTP1_HEADER,      /* at the start of a header line */
	HTTP1_HEADER_SKIP, /* inside a header line */
	HTTP1_BODY,        /* `left` bytes to skip */
	HTTP1_CHUNK,       /* at the start of a chunk-size line */
	HTTP1_CHUNK_SKIP,  /* behind the size, in a chunk extension */
	HTTP1_TRAILER,     /* at the start of a trailer line */
	HTTP1_TRAILER_SKIP,
	HTTP1_OPAQUE, /* the end can't be told: close-delimited, or lost */
	HTTP1_TUNNEL, /* behind 101 or CONNECT: HTTP no more */
	HTTP1_ALIAS,  /* no state: another name of a flow, whose key stands here (flow.bpf.h) */
};

#define HTTP1_CHUNKED 0x01
/* The next final response answers CONNECT: if it is 2xx, a tunnel follows (RFC 9110 9.3.6). */
#define HTTP1_CONNECT_DUE 0x02
/* A body should follow header_end, unless this answers HEAD: then the next status line does. */
#define HTTP1_MAYBE_HEAD 0x04
/* A HEAD may be unanswered that is not in `queue`; or requests are not seen: any may be one. */
#define HTTP1_HEAD_ASKED 0x08
/* The client asked before it was answered: a segment may hold several requests. */
#define HTTP1_PIPELINED 0x100
/* A status line came where one was due: this is an HTTP server's flow. */
#define HTTP1_CONFIRMED 0x10
/* Bytes behind a hole are held (hold.bpf.h), up to block hold_last of the sequence space. */
#define HTTP1_HELD 0x20
/*
 * The client has received what is missing here, or where framing was lost, up to header_end. Its
 * request's answer begins there.
 */
#define HTTP1_PASSED 0x40
/* A body began like a response, and nobody knew what was asked for: requests are looked at. */
#define HTTP1_DOUBTED 0x80
/* The last response was taken for a HEAD's; for another's it would have a body. */
#define HTTP1_HEAD_TOLD 0x1000
/* An error was answered: what its client asks for next is worth remembering (asked.bpf.h). */
#define HTTP1_ERRED 0x400
/* The client asked again before it had its answer: whose answer comes is not certain. */
#define HTTP1_MANY 0x800
/* Not confirmed, but who began the flow is the client: by a method (http1_is_method()) or a SYN. */
#define HTTP1_SURE 0x200

/* What the last status line says of what follows its headers. */
enum http1_answer {
	HTTP1_NO_ANSWER,
	HTTP1_OTHER,     /* of a flow that is not confirmed: what came first was no status line */
	HTTP1_INTERIM,   /* 1xx but 101: the final response is still due */
	HTTP1_SWITCHING, /* 101 */
	HTTP1_EMPTY,     /* 204, 304 */
	HTTP1_SUCCESS,   /* other 2xx */
	HTTP1_FINAL,
};

/*
 * State of a flow: value of the map `flows`. Sequence numbers wrap; compare by signed difference.
 */
struct http1_flow {
	__u32 next;       /* sequence number of the next byte to read */
	__u32 isn;        /* one less than the first byte that was due */
	__u32 last_ack;   /* acknowledgement number of the segment with the last status line */
	__u32 header_end; /* sequence number behind the last header block; opaque: behind all seen
			   */
	__u64 left;       /* bytes of body or chunk to skip, or one of the two below */
	__u16 flags;
	__u8 state; /* enum http1_state */
	__u8 carry_len;
	__u8 answer; /* enum http1_answer */
	__u8 hold_last;
	__u16 turn; /* raised by every change: who read an older one has read something else */
	__u8 carry[HTTP1_LINE]; /* start of a line that the segment's end cut */
	__u32 asked;            /* the client's sequence number behind the requests in queue */
	__u32 queue;            /* requests without an answer: http1_ask.h */
};

_Static_assert(sizeof(struct http1_flow) == 72, "http1_flow and its key are 160 B in their map");

/*
 * http1_flow.left while headers are read: no Content-Length so far; or one that is no number, or
 * two that differ, which matters where a body depends on it.
 */
#define HTTP1_NO_LENGTH  (~0ULL)
#define HTTP1_ODD_LENGTH (~1ULL)

/* What happened, by name; HTTP1_NONE for nothing to count. */
enum http1_event {
	HTTP1_NONE,
	HTTP1_RESPONSE, /* a status line: run.status, begins at run.line_seq */
	HTTP1_BAD_STATUS,
	HTTP1_BAD_LENGTH,
	HTTP1_BAD_CHUNK,
	HTTP1_WENT_OPAQUE, /* close-delimited body or a tunnel: not an error */
	/* The caller's: */
	HTTP1_RESYNC,    /* framing was lost, and is found again */
	HTTP1_ABANDONED, /* ... and bytes that were held behind a hole are given up for it */
	HTTP1_UNCLEAR,   /* what begins like a response is a body, unless HEAD was asked for */
};

/* The requests of a segment, as far as they can be told apart: http1_ask.h. */
struct http1_asks {
	__u32 count;
	__u32 heads; /* a bit each, the first the lowest: is it HEAD? */
	__u32 body;  /* of the one at hand */
	__u8 place;  /* enum http1_ask_place */
	__u8 lost;   /* what comes is not understood */
	__u8 head;   /* ... and may be HEAD */
	__u8 pad;
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
	__u32 status;              /* of the last status line that this run has read */
	__u8 line[HTTP1_LINE * 2]; /* carry, then what follows; what counts is at most HTTP1_LINE */
	__u8 window[HTTP1_WINDOW +
		    HTTP1_LINE]; /* reads at an index below HTTP1_WINDOW stay inside */
	struct http1_asks asks;
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

/*
 * Eight bytes in lower case where the name they are compared with has letters: elsewhere the same
 * bit would make '-' of a carriage return.
 */
#define HTTP1_LOWER_8 0x2020202020202020ULL /* eight letters */
#define HTTP1_LOWER_7 0x0020202020202020ULL /* seven, as in "content-" */

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

#define HTTP1_SCANS                                                                   \
	64 /* lines that are looked at in a window; behind them the next step goes on \
	    */

#define HTTP1_CONTENT 0x2d746e65746e6f63ULL /* "content-" as a number */
#define HTTP1_TRANSFE 0x726566736e617274ULL /* "transfer" */

/*
 * From window index `at`, inside a line: index of the next line that matters (it begins as
 * "Content-Length" or "Transfer-Encoding" does, or is blank, or is too short to say), or of the
 * first byte not looked at. HTTP1_AT_LINE tells that this is the start of a line.
 */
#define HTTP1_AT_LINE 0x1000

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
		name = http1_u64(line);
		if (((name | HTTP1_LOWER_7) == HTTP1_CONTENT && (line[8] | 0x20) == 'l') ||
		    (name | HTTP1_LOWER_8) == HTTP1_TRANSFE)
			return at | HTTP1_AT_LINE;
	}
	return at;
}

#endif
