/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A plain and slow counter of HTTP/1.x responses, to hold the machine against: it keeps both sides
 * of a connection whole, and only then reads them by RFC 9112, each response with the request that
 * it answers. It is tests/differential/reference.py once more, and shares nothing with bpf/.
 */
#ifndef TESTS_FUZZ_REFERENCE_H
#define TESTS_FUZZ_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How a response's body is framed. */
enum reference_framing {
	REFERENCE_NO_BODY,
	REFERENCE_LENGTH,
	REFERENCE_CHUNKED,
	REFERENCE_UNTIL_CLOSE,
};

/* Why nothing more was read. */
enum reference_end {
	REFERENCE_UNASKED, /* no whole head of a request is left */
	REFERENCE_BAD_REQUEST,
	REFERENCE_BAD_RESPONSE,
	REFERENCE_CUT, /* the server's bytes end inside a message, or before one */
	REFERENCE_CLOSE,
	REFERENCE_TUNNEL,
};

/* Offsets count from the first byte of the side's stream. */
struct reference_response {
	size_t start;    /* of the status line */
	size_t head_end; /* behind the blank line; 0 where that is missing */
	size_t asked;    /* where its request begins in the client's stream */
	uint16_t status; /* 100 to 599 */
	bool of_head;    /* answers HEAD: what frames a body means nothing */
	uint8_t framing; /* enum reference_framing */
};

struct reference_side {
	uint8_t *bytes; /* from the first to the first that is missing */
	size_t len;
};

struct reference {
	struct reference_side client, server;
	struct reference_response *responses; /* interim ones too */
	size_t count;
	enum reference_end end;
	bool lenient; /* chunks end with a bare LF, or have sizes of more than 15 digits */
};

/* A segment of a connection. syn: seq is one less than that of the first byte. */
struct reference_segment {
	bool by_client;
	bool syn;
	uint32_t seq;
	const uint8_t *bytes;
	size_t len;
};

/* Reads a connection's segments, in any order. Memory is the caller's to free by reference_free().
 */
void reference_read(const struct reference_segment *segments, size_t count, struct reference *ret);
void reference_free(struct reference *reference);

/* Does a whole status line's start (to the byte behind the code) stand here? Its code, else 0. */
unsigned int reference_status(const uint8_t *bytes, size_t len);

#endif
