/* SPDX-License-Identifier: GPL-2.0-only */
/* What was counted since the start: each batch's totals and losses, added up. */
#ifndef VIEW_TALLY_H
#define VIEW_TALLY_H

#include <stdbool.h>

#include "core/batch.h"

/* Upper ends of the histogram of epochs' lengths; what is longer is in the last place. */
#define TALLY_EDGES 8
extern const double tally_edge_s[TALLY_EDGES];

/* All zero: nothing yet. */
struct tally {
	struct totals totals;
	struct loss loss;
	__u64 drained[FEED_MAX]; /* what the records counted */
	__u64 entries[FEED_MAX]; /* records of the last batch */
	__u64 epochs;
	__u64 epoch_ns;                     /* all their lengths */
	__u64 epoch_count[TALLY_EDGES + 1]; /* by length */
	__u64 end_ns;                       /* of the last batch: CLOCK_BOOTTIME */
};

void tally_add(struct tally *tally, const struct batch *batch);

/* What must always hold: seen = known + named. */
struct balance {
	const char *name; /* "packets", "dropped", "responses", "denied" */
	const char *known_name, *named_name;
	__u64 seen;
	__u64 known; /* understood; in records */
	__u64 named; /* not understood, by a reason that has a name; evicted */
};

#define TALLY_BALANCES 4

/* Of packets, of those that were dropped, of HTTP responses and of denies. */
void tally_balances(const struct tally *tally, struct balance ret[TALLY_BALANCES]);
bool balance_holds(const struct balance *balance);

/* Names by enum sw_counter and enum sw_class, as metrics and status say them. */
extern const char *const tally_counter_name[COUNT_MAX];
extern const char *const tally_class_name[CLASS_MAX];

#endif
