/* SPDX-License-Identifier: GPL-2.0-only */
/* What clients asked for whose answers were errors: as text, and the last ones of a rule. */
#ifndef CORE_REQUESTS_H
#define CORE_REQUESTS_H

#include "core/incident.h"

/*
 * The first line of a request, of which len bytes are there, as method and target: "GET /a/b". The
 * query string goes unless `query`, names and passwords before a host always. What is not printable
 * ASCII becomes \xNN, too long a target or one whose end is not there ends with "...". "" where the
 * line is none.
 */
void request_text(const __u8 *line, size_t len, bool query, char ret[REQUEST_TEXT]);

/* Kept for a rule, all its groups together: 192 KiB, allocated with the first. */
#define REQUESTS_MAX 1024

struct requests_entry {
	struct group_key group;
	__u64 time_ns; /* the judge's */
	__u64 path;    /* hash of server, port, target */
	char text[REQUEST_TEXT];
};

/* All zero: none. */
struct requests {
	struct requests_entry *entry; /* a ring: the newest push the oldest out */
	size_t oldest;
	size_t count;
};

/* Without memory it is not kept. sample->request must not be empty. */
void requests_add(struct requests *requests, const struct group_key *group,
		  const struct sample *sample);

/* Forgets those before first_ns. */
void requests_advance(struct requests *requests, __u64 first_ns);
void requests_clear(struct requests *requests);

/* Sums the group's up. */
void requests_gather(const struct requests *requests, const struct group_key *group,
		     struct alert_requests *ret);

#endif
