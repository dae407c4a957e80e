/* SPDX-License-Identifier: GPL-2.0-only */
/* What outlives the process, in a file of SQLite; here: opening, baselines and counts of buckets.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#include "anomaly/anomaly.h"
#include "core/rules.h"

#define STORE_KEEP_S    (35 * 86400) /* so long counts are kept */
#define STORE_SAYS_MAX  512
#define STORE_MODEL_MAX ANOMALY_SAVE_MAX

/*
 * A series is a rule under one definition (what it matches: see rule_definition()), one length of
 * buckets, and one group. A rule that is changed begins new series and finds its old ones again if
 * it is changed back.
 *
 * Bytes: a bucket takes 1 to 3 in most cases, so 35 days of 15 minutes about 7 KiB, and a baseline
 * at most 8 KiB: 10,000 groups make 150 MiB.
 */
struct store_series {
	__s64 id; /* of what store_each_series() tells; else it is not looked at */
	const char *rule;
	__u64 definition;
	__u64 bucket_s;
	const struct group_key *group;
	__s64 through_s; /* start of the last bucket that was kept; told, not looked at */
};

struct store;

enum store_mode { STORE_WRITE, STORE_READ };

/* What came of opening: whole sentences for people. Empty: nothing is to be said. */
struct store_told {
	char damage[STORE_SAYS_MAX]; /* the file was damaged and is set aside; a new one is there */
	char failure[STORE_SAYS_MAX]; /* why there is no store */
};

/*
 * STORE_WRITE makes file and folder (0600, 0700) where they are missing, brings an older schema to
 * the present one and checks the whole file; one that is damaged is renamed to
 * PATH.damaged-TIME (now_s) and a new one begun. -errno, and told->failure says why: -EBUSY another
 * process writes there; -EMEDIUMTYPE it is no store of ours; -EPROTO a newer version wrote it;
 * -ENOENT (STORE_READ) there is none yet.
 */
int store_open(const char *path, enum store_mode mode, __s64 now_s, struct store_told *told,
	       struct store **ret);
void store_close(struct store *store); /* NULL is fine; what was not committed is gone */

/* All that is put between both is kept, or nothing of it. */
int store_begin(struct store *store);
int store_commit(struct store *store);
void store_rollback(struct store *store); /* after a failure in between; else it does nothing */

/*
 * Keeps a closed bucket; one that was kept for the same time gives way. What is older than
 * STORE_KEEP_S by the series' own buckets is forgotten, whatever the clock says. -EINVAL: a time
 * that does not fit the series' buckets.
 */
int store_put_bucket(struct store *store, const struct store_series *series,
		     const struct anomaly_bucket *bucket);

/* Keeps a baseline that has learned all buckets up to through_s. */
int store_put_model(struct store *store, const struct store_series *series, __s64 through_s,
		    const void *model, size_t len);

/* Series that have ended STORE_KEEP_S ago or more are forgotten. */
int store_forget_idle(struct store *store, __s64 now_s);

/* The series of a rule (NULL: of all); the function's error ends it. */
typedef int (*store_series_fn)(const struct store_series *series, void *arg);
int store_each_series(struct store *store, const char *rule, store_series_fn fn, void *arg);

/* -ENOENT: none; -EUCLEAN: longer than any baseline. */
int store_model(struct store *store, const struct store_series *series, __s64 *ret_through_s,
		void *buf, size_t size, size_t *ret_len);

/*
 * Buckets of a series that start after after_s, in the order of time, with zone_s 0. A row that is
 * damaged is left out.
 */
typedef void (*store_bucket_fn)(const struct anomaly_bucket *bucket, void *arg);
int store_each_bucket(struct store *store, const struct store_series *series, __s64 after_s,
		      store_bucket_fn fn, void *arg);

/* The last failure in SQLite's words. */
const char *store_failure(const struct store *store);

#endif
