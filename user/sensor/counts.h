/* SPDX-License-Identifier: GPL-2.0-only */
/* All keys that were counted over a run, for --counts. */
#ifndef SENSOR_COUNTS_H
#define SENSOR_COUNTS_H

#include <stdio.h>

#include "core/batch.h"

struct counts;
struct observer;

int counts_new(struct counts **ret);
void counts_free(struct counts *counts); /* NULL is fine */

/* Adds a batch. -ENOMEM. */
int counts_add(struct counts *counts, const struct batch *batch);

/* A counter of user space, that stands among the totals. */
struct counts_extra {
	const char *name;
	__u64 value;
};

/*
 * One JSON object a line: HTTP keys {client, server, port, status, count}, drop keys {source,
 * destination, port, proto, class, reason, hook, chain, interfaces, packets, bytes}, then
 * {"totals": {...}} with each counter by name, drops by class and reason, what was evicted, and
 * extra's counters, of which the last one has no name (NULL: none). -EIO.
 */
int counts_print(const struct counts *counts, const struct observer *observer,
		 const struct counts_extra *extra, FILE *out);

/* HTTP keys as a table, then the totals that are not zero. -EIO. */
int counts_print_table(const struct counts *counts, const struct counts_extra *extra, FILE *out);

#endif
