/* SPDX-License-Identifier: GPL-2.0-only */
/* Has a conversation of the tables with the programs, segment by segment. */
#ifndef TESTS_BPF_TALK_H
#define TESTS_BPF_TALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rows_http.h"
#include "target.h"

#define STREAM_BYTES (256 * 1024)
#define AS_SENT      ((size_t)-1)
#define BYTE_BY_BYTE ((size_t)-2)

/* A conversation at work. */
struct talk {
	const struct http_row *row;
	const struct target *target;
	const enum program *programs; /* each segment passes them in turn */
	size_t program_count;
	size_t border; /* one more segment border, counted in sent bytes; AS_SENT, BYTE_BY_BYTE */
	size_t sent;
	uint32_t seq; /* of stream[0] */
	uint32_t ack;
	size_t len;
	uint8_t stream[STREAM_BYTES];
	bool unable;        /* the target can't run such a segment */
	bool client_unseen; /* no hook sees what the client sends */
	/* Between the two programs NAT changes what the other side sees of the client or server. */
	bool snat, dnat;
};

extern struct talk talk;

/* Forgets what was, and sends the request that comes before most rows. */
void talk_begin(const struct http_row *row, const struct target *target,
		const enum program *programs, size_t program_count, size_t border);

void talk_do(struct talk *t, const struct step *step);

/* Has the whole conversation. False where the target can't. How many bytes were sent: talk.sent. */
bool talk_through(const struct http_row *row, const struct target *target,
		  const enum program *programs, size_t program_count, size_t border);

#endif
