/* SPDX-License-Identifier: GPL-2.0-only */
/* How requests begin, and what their method says of the answer, pure. */
#ifndef BPF_HTTP1_METHOD_H
#define BPF_HTTP1_METHOD_H

#include "http1_line.h"

/* How many bytes of empty lines stand before a request (RFC 9112 2.2): at most 4 are skipped. */
static __always_inline __u32 http1_empty_lines(const __u8 *b, __u32 n)
{
	__u32 skip = 0;

	for (__u32 i = 0; i < 4; i++)
		skip += skip == i && i < n && (b[i] == '\r' || b[i] == '\n');
	return skip;
}

#define HTTP1_HEAD_WORD    0x2044414548ULL       /* "HEAD " as a number */
#define HTTP1_CONNECT_WORD 0x205443454e4e4f43ULL /* "CONNECT " */

/*
 * How a request's method changes the framing of its answer (case matters: RFC 9110 9.1):
 * HTTP1_HEAD_DUE, HTTP1_CONNECT_DUE, 0; HTTP1_HEAD_ASKED where it may be one of them, but is cut
 * behind n bytes. Eight are read.
 */
static __always_inline __u32 http1_match_method(const __u8 *b, __u32 n)
{
	__u64 there = n < 8 ? (1ULL << n * 8) - 1 : ~0ULL, word = http1_u64(b);

	if (!((word ^ HTTP1_HEAD_WORD) & there & 0xffffffffffULL))
		return n < 5 ? HTTP1_HEAD_ASKED : HTTP1_HEAD_DUE;
	if (!((word ^ HTTP1_CONNECT_WORD) & there))
		return n < 8 ? HTTP1_HEAD_ASKED : HTTP1_CONNECT_DUE;
	return 0;
}

/* The same where empty lines may stand before it. */
static __always_inline __u32 http1_method_due(const __u8 *b, __u32 n)
{
	__u32 skip = http1_empty_lines(b, n);

	return http1_match_method(b + skip, n - skip);
}

/* http1_match_method() of run.line, of which n bytes are there. */
HTTP1_FN __u32 http1_line_method(__u32 n)
{
	struct http1_run *run = http1_current();

	return run ? http1_match_method(run->line, n) : 0;
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

#endif
