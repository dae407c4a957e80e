/* SPDX-License-Identifier: GPL-2.0-only */
/* The records that were written: alerts, digests, and what the sensor said about itself. */
#ifndef STORE_HISTORY_H
#define STORE_HISTORY_H

#include "store/store.h"

#define STORE_RECORDS_BYTES_MAX (64LL << 20) /* of ECS lines; the oldest go first */

struct store_record {
	__s64 id; /* grows with each record; told, not looked at */
	const char *event_id;
	__u64 wall_ns;
	const char *rule;    /* "": a record of no single rule */
	const char *action;  /* event.action */
	const char *dataset; /* event.dataset: "spikewatch.alert", "spikewatch.sensor"... */
	bool held;           /* not sent by itself, but to be counted in a digest that is to come */
	const char *ecs;     /* the record's ECS line, without a newline */
};

/*
 * Keeps a record; *ret_new: false where one with the same event_id and action is there already.
 * The oldest give way where all take more than STORE_RECORDS_BYTES_MAX.
 */
int store_put_record(struct store *store, const struct store_record *record, bool *ret_new);

/* Strings live as long as the call; the function's error ends it. */
typedef int (*store_record_fn)(const struct store_record *record, void *arg);

struct store_records_wanted {
	__u64 since_ns, until_ns; /* from since_ns on, before until_ns; 0, 0: all */
	const char *rule;         /* NULL: of all, and those of none */
	size_t limit;             /* the newest so many; 0: all */
};

/* In the order in which they were written. A row that is damaged is left out. */
int store_each_record(struct store *store, const struct store_records_wanted *wanted,
		      store_record_fn fn, void *arg);

/* Those that are held, and: none is any more. */
int store_each_held(struct store *store, store_record_fn fn, void *arg);
int store_unhold(struct store *store);

/*
 * Forgets records older than STORE_KEEP_S, the oldest 1,000 at most: a clock that jumps ahead does
 * not make all old at once.
 */
int store_forget_records(struct store *store, __u64 now_ns);

#endif
