/* SPDX-License-Identifier: GPL-2.0-only */
/* All keys that were counted over a run, for --counts. */
#ifndef CMD_COUNTS_H
#define CMD_COUNTS_H

#include <stdio.h>

#include "core/batch.h"

struct counts;

int counts_new(struct counts **ret);
void counts_free(struct counts *counts); /* NULL is fine */

/* Adds a batch. -ENOMEM. */
int counts_add(struct counts *counts, const struct batch *batch);

/*
 * One JSON object a line: HTTP keys {client, server, port, status, count}, drop keys {source,
 * destination, port, proto, class, reason, hook, interface, packets, bytes}, then {"totals": {...}}
 * with each counter by name, drops by class and reason, and what was evicted.
 */
int counts_print(const struct counts *counts, const struct reason_names *reasons, FILE *out);

#endif
