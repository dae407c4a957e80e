/* SPDX-License-Identifier: GPL-2.0-only */
/* What an anomaly rule would have raised over counts that were kept, at several scores. */
#ifndef SCORE_BACKTEST_H
#define SCORE_BACKTEST_H

#include "anomaly/anomaly.h"
#include "core/rules.h"

#define BACKTEST_LEVELS_MAX 5

/* One score that the rule could have had as its limit. */
struct backtest_level {
	double score;
	__u64 buckets;   /* that would have been over */
	__u64 incidents; /* runs of them */
	bool over;       /* the present series, at present */
};

/* An incident at the rule's own score. */
struct backtest_incident {
	const struct group_key *group;
	__s64 start_s, end_s; /* of its first bucket; the end of its last one */
	__u64 buckets;
	double score, actual, typical; /* of the bucket with the highest score and count */
};

typedef void (*backtest_found_fn)(const struct backtest_incident *incident, void *arg);

struct backtest {
	const struct rule *rule;
	__s64 since_s; /* what is earlier is learned only */
	backtest_found_fn found;
	void *arg;
	struct backtest_level level[BACKTEST_LEVELS_MAX]; /* ascending */
	size_t level_count, own;                          /* own: which is the rule's */
	__u64 series;
	__u64 buckets, learning, skipped; /* judged: in all, too early, too little seen */
	__s64 first_s, last_s; /* starts of the first and the last one that were judged */
	/* the present series */
	struct anomaly *anomaly;
	const struct group_key *group;
	__s64 kept_s;                   /* length of its buckets */
	struct anomaly_bucket gathered; /* the rule's bucket, from those that were kept */
	bool gathering;
	struct backtest_incident incident; /* buckets 0: none */
};

/* Levels: the rule's score, and 25 and 10 below, 10 and 20 above, as far as 1..100 goes. */
void backtest_init(struct backtest *backtest, const struct rule *rule, __s64 since_s,
		   backtest_found_fn found, void *arg);

/*
 * Begins a series whose buckets are kept_s long; the rule's may be a multiple of that. `group` must
 * live until the end. -EINVAL: they do not fit; -ENOMEM.
 */
int backtest_begin(struct backtest *backtest, const struct group_key *group, __s64 kept_s);
/* In the order of time. */
void backtest_bucket(struct backtest *backtest, const struct anomaly_bucket *bucket);
void backtest_end(struct backtest *backtest);

#endif
