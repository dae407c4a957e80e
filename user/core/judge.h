/* SPDX-License-Identifier: GPL-2.0-only */
/* Batches in, alerts out: rules with their windows, baselines and incidents; deterministic. */
#ifndef CORE_JUDGE_H
#define CORE_JUDGE_H

#include "anomaly/anomaly.h"
#include "core/incident.h"

struct judge;

/* Called for each alert while a batch is judged; the alert is valid during the call. */
typedef alert_emit_fn judge_emit_fn;

/* A series of an anomaly rule. */
struct judge_series {
	const struct rule *rule;
	const struct group_key *group; /* all zero where the rule has no group_by */
	const struct anomaly *anomaly;
};
typedef void (*judge_series_fn)(const struct judge_series *series, void *arg);

/* Called for each bucket that is closed, before it is learned. */
typedef void (*judge_bucket_fn)(const struct judge_series *series,
				const struct anomaly_bucket *bucket,
				const struct anomaly_score *score, void *arg);

/*
 * Called for groups of threshold rules that hold half of the limit or more, but not all, with each
 * record of theirs: what an alert may need can be looked for.
 */
typedef void (*judge_near_fn)(const struct rule *rule, const struct group_key *group, void *arg);

struct judge_cfg {
	const struct rule *rules; /* not copied: must outlive the judge */
	size_t rule_count;
	const struct places *places; /* not copied */
	judge_emit_fn emit;
	judge_bucket_fn bucket; /* or NULL */
	judge_near_fn near;     /* or NULL */
	void *arg;              /* of both */
	__u64 seed; /* of hash tables, best a secret random number; no result depends on it */
};

/* Rules that are not enabled are left out. -ENOMEM; -EINVAL: a window or bucket of no length. */
int judge_new(const struct judge_cfg *cfg, struct judge **ret);
void judge_free(struct judge *judge);

/*
 * Takes one epoch's records. Batches must come in the order of time; one whose end lies before an
 * earlier one's is judged at the earlier one's time. An empty batch still moves time on: windows
 * slide, buckets end, incidents close. A batch of which a gap is as long as a rule's window or
 * bucket tells that rule nothing but a loss: nobody knows when its records were counted. -ENOMEM:
 * what could be judged was judged.
 */
int judge_batch(struct judge *judge, const struct batch *batch);

/*
 * A judge's own time: CLOCK_BOOTTIME and a number, so that it goes on where the machine was started
 * again. All times within windows and incidents are of it.
 */
struct judge_clock {
	__u64 shift_ns; /* the judge's time minus CLOCK_BOOTTIME; may wrap */
	__u64 now_ns;   /* the latest end of a batch, in the judge's time; 0: none has come */
	__u64 wall_ns;  /* at now_ns, since the Unix epoch */
};
void judge_clock(const struct judge *judge, struct judge_clock *ret);

/*
 * Before the first batch: time goes on from there. What lies between it and the start of the first
 * batch, or seen_from_ns (CLOCK_BOOTTIME; 0: not known) if that is later, was not seen: a gap of
 * that batch. One that begins where the last one ended and tells a gap of its own was counted while
 * nobody read: seen_from_ns then is not looked at.
 */
void judge_resume(struct judge *judge, const struct judge_clock *clock);
void judge_see_from(struct judge *judge, __u64 seen_from_ns);

/* Every series of every anomaly rule: what is to be stored. */
void judge_each_series(const struct judge *judge, judge_series_fn fn, void *arg);

/*
 * Gives a rule's series the baseline that was stored, which then is the judge's; before the first
 * batch. -ENOENT: no such anomaly rule or its buckets have another length; -ENOSPC, -ENOMEM. On
 * failure it stays the caller's.
 */
int judge_restore(struct judge *judge, const char *rule_id, const struct group_key *group,
		  struct anomaly *anomaly);

/*
 * Puts other rules in the place of the judge's, between two batches. A rule of the same id whose
 * counts are good for the new one (rule_counts_alike()) goes on with its window, baselines and
 * incidents; others begin anew. Open incidents of rules that are no more, or begin anew, are
 * closed, under the old rule. Neither the old rules nor their places are looked at afterwards.
 * -ENOMEM, -EINVAL: all is as it was.
 */
int judge_replace(struct judge *judge, const struct judge_cfg *cfg);

/* How one rule stands, for status lines and the log. */
struct judge_state {
	const struct rule *rule;
	size_t groups; /* groups with counts in their window (threshold) */
	size_t incidents_open;
	size_t incidents_remembered; /* closed ones, to know their like when it comes back */
	__u64 incidents_dropped;     /* a condition held, but too many incidents were open */
	__u64 matched;               /* records' counts since the start */
	__u64 evidence_dropped;      /* counted, but their evidence did not fit the memory bound */
	__u64 groups_dropped;        /* counts of groups that did not fit the memory bound */
	/* anomaly rules */
	size_t series; /* groups that have a baseline */
	__u64 buckets; /* closed and learned so far */
	__u64 skipped; /* closed, but too little of them was seen */
	/* the last closed bucket, of several groups the one with the highest score */
	unsigned int missing; /* closed buckets until alerts can come */
	bool learning;
	double score, actual, typical;
};

size_t judge_rule_count(const struct judge *judge);
/* A rule at work, for who keeps it: see watch.h. i < judge_rule_count(). */
struct watch *judge_watch(const struct judge *judge, size_t i);
void judge_state(const struct judge *judge, size_t i, struct judge_state *ret);

#endif
