/* SPDX-License-Identifier: GPL-2.0-only */
/* Conversations, and what must be counted of them. */
#ifndef TESTS_BPF_ROWS_HTTP_H
#define TESTS_BPF_ROWS_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spikewatch_abi.h"

/* What happens next. Bytes of the server are a stream: positions count from its first byte. */
enum act {
	END,
	SEND,       /* the server sends text, `times` over, in segments as large as MTU allows */
	SEND_WHOLE, /* ... in one segment, as GRO and GSO make them */
	LOSE,       /* ... and no hook sees it */
	AGAIN,      /* the bytes [from, from + len) once more, in one segment */
	ASK,        /* the client, which has all that the server sent, sends text; NULL: GET */
	ASK_OLD,    /* ... and has only `from` bytes of what the server sent */
	ASK_LATE,   /* ... and its sequence number is the last one's: after ASK_UNSEEN */
	ASK_UNSEEN, /* ... and no hook sees it: acknowledgement numbers grow */
	SYN,        /* a SYN from the server; its sequence number is `from` */
	FORGET,     /* the LRU evicts the flow */
};

struct step {
	enum act act;
	const char *text;
	unsigned int times;
	uint32_t from;
	uint32_t len;
};

#define STEPS    12
#define STATUSES 6
#define ALSO     4

struct http_row {
	const char *name;
	struct step steps[STEPS];
	struct {
		uint16_t status;
		uint32_t count;
	} want[STATUSES];
	/* Counters besides those of the classes; all others of http_* are zero. */
	struct {
		enum sw_counter counter;
		uint64_t n;
	} also[ALSO];
	int flows;          /* flows_created; 0: one, NO_FLOW: none */
	bool unasked;       /* no request was seen before the first step */
	bool joined;        /* nor was the connection's start: no hook sees a SYN */
	bool one_sided;     /* require_reverse is false */
	bool as_sent;       /* other segment borders would give other counters */
	bool whole_asks;    /* what the client sends is never cut */
	bool per_hook;      /* what can't be followed is told by each hook that sees it */
	uint32_t first_seq; /* 0: 1000 */
	bool ipv6;
	bool vlan;
};

#define NO_FLOW (-1)

extern const struct http_row HTTP_FRAMING[], HTTP_FLOW[], HTTP_REVERSE[], HTTP_HEAD[];
extern const size_t HTTP_FRAMING_COUNT, HTTP_FLOW_COUNT, HTTP_REVERSE_COUNT, HTTP_HEAD_COUNT;

/* Bytes that rows are made of. */
#define OK_5      "HTTP/1.1 200 OK\r\nServer: test\r\nContent-Length: 5\r\n\r\nhello"
#define OK_0      "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
#define MISSING   "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
#define BROKEN    "HTTP/1.1 500 Oops\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nno"
#define CHUNKED   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
#define NO_LENGTH "HTTP/1.1 200 OK\r\nServer: test\r\n\r\n"
#define GET       "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define IMITATION "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
#define LONG_500  LONG_50 LONG_50 LONG_50 LONG_50 LONG_50 LONG_50 LONG_50 LONG_50 LONG_50 LONG_50
#define LONG_50   "01234567890123456789012345678901234567890123456789"

#endif
