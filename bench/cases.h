/* SPDX-License-Identifier: GPL-2.0-only */
/* The packets that are measured. */
#ifndef BENCH_CASES_H
#define BENCH_CASES_H

#include "tests/bpf/packet.h"

enum hook { TC, XDP };

/* A case: one packet, again and again. */
struct bench_case {
	const char *name;
	enum hook hook;
	bool advances; /* each run is the next segment of its flow */
	struct packet_spec spec;
	const char *before; /* payload of a first segment that prepares the flow */
	bool asks_again;    /* the packet is the client's next request behind that */
	const char
		*headers; /* payload: headers, `filler` bytes of more headers, body; `times` over */
	size_t filler;
	const char *body;
	unsigned int times;
};

/* What prepares a flow. */
#define BENCH_REQUEST "GET /index.html HTTP/1.1\r\nHost: intranet.example\r\n\r\n"

#define BENCH_CASES 17
extern const struct bench_case bench_cases[BENCH_CASES];

/* Writes the case's payload, of PACKET_MAX bytes at most; returns its length. */
size_t bench_payload(const struct bench_case *c, char *to);

#endif
