/* SPDX-License-Identifier: GPL-2.0-only */
/* One rule at work: what its two kinds, thresholds and anomalies, have in common. */
#ifndef CORE_WATCH_H
#define CORE_WATCH_H

#include "anomaly/anomaly.h"
#include "core/buckets.h"
#include "core/coverage.h"
#include "core/evidence.h"
#include "core/judge.h"
#include "core/requests.h"
#include "core/samples.h"
#include "core/baselines.h"

/* When a batch is judged: its end, never before an earlier one's. */
struct moment {
	__u64 now_ns;   /* the judge's time: see judge_clock() */
	__u64 second;   /* of the batch's records */
	__u64 wall_ns;  /* at now_ns */
	__u64 shift_ns; /* the judge's time minus CLOCK_BOOTTIME */
	__u64 stall_ns; /* a gap within the batch: its records lie before, in or after it */
	__s32 zone_s;
	bool stepped; /* the wall clock jumped since the batch before */
};

/* Evidence is kept by slices of a bucket: enough to tell a steady stream from a burst. */
#define WATCH_SLICES 32

struct watch {
	const struct rule *rule;
	const struct places *places;
	__u64 seed;
	struct window *window;
	struct incidents *incidents;
	judge_near_fn near_fn;
	void *near_arg;
	judge_bucket_fn bucket_fn;
	void *bucket_arg;
	struct coverage_log coverage;
	struct samples samples;
	struct requests requests;
	struct moment moment;
	__u64 matched;
	/* RULE_ANOMALY */
	struct baselines baselines;
	struct buckets buckets;
	__u64 slice;          /* the present one: counts on from bucket to bucket */
	__u64 bucket_wall_ns; /* of the bucket that is judged */
	double bucket_coverage;
	bool bucket_closed;
	__u64 closed;  /* buckets that were learned */
	__u64 skipped; /* that were not: too little of them was seen */
	/* of the last closed bucket: the group with the highest score */
	struct anomaly_score closed_score;
	double closed_actual;
};

/* -ENOMEM; -EINVAL for a window or bucket that cannot be. The caller frees in either case. */
int threshold_init(struct watch *watch, const struct judge_cfg *cfg);
int deviation_init(struct watch *watch, const struct judge_cfg *cfg);

/* judge_each_series() and judge_restore() for one rule. */
void deviation_each(const struct watch *watch, judge_series_fn fn, void *arg);
int deviation_restore(struct watch *watch, const struct group_key *group, struct anomaly *anomaly);

/* Judges a batch at watch->moment. -ENOMEM: what could be judged was judged. */
int threshold_batch(struct watch *watch, const struct batch *batch);
int deviation_batch(struct watch *watch, const struct batch *batch);

/*
 * Forgets all counts, incidents and the present bucket, not the baselines: as at the start, but for
 * the statistics.
 */
void watch_reset(struct watch *watch);

/* The window that a rule's counts and evidence are kept in. -ENOMEM, -EINVAL. */
int watch_window_init(struct watch *watch, __u32 span, __u32 groups, __u32 cells);
int watch_incidents_init(struct watch *watch, const struct judge_cfg *cfg, __u64 calm_ns,
			 void (*stand)(const struct group_key *key, struct standing *ret,
				       void *arg),
			 void (*describe)(struct alert *alert, void *arg));

/*
 * Counts the records that match and keeps the samples that do. over(), where not NULL, is called
 * with each group's measure after a record. Where the batch's own gap is span_ns or longer, the
 * records are only told as lost. -ENOMEM from either.
 */
int watch_count(struct watch *watch, const struct batch *batch, __u64 span_ns,
		int (*over)(struct watch *watch, const struct group_key *key, __u64 measure));

/*
 * Fills in evidence, samples, cause and coverage of an alert whose evidence was made in
 * duration_ns.
 */
void watch_describe(const struct watch *watch, __u64 duration_ns, struct alert *alert,
		    struct evidence *evidence);

#endif
