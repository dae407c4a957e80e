/* SPDX-License-Identifier: GPL-2.0-only */
/* The baselines of an anomaly rule: one a group, or one alone. */
#ifndef CORE_BASELINES_H
#define CORE_BASELINES_H

#include "anomaly/anomaly.h"
#include "core/rules.h"
#include "core/table.h"

/*
 * Groups of a rule that have a baseline: at most so many, at about 4 KiB, so 40 MiB a rule at the
 * most. A group that counted nothing for BASELINES_IDLE_MAX buckets is forgotten (7 days of 15
 * minutes). Where all places are taken, the group that was idle longest makes room; where none is
 * idle, the new one is not judged, which is counted. A bucket's end costs each group about 15 us.
 */
#define BASELINES_MAX      10000
#define BASELINES_IDLE_MAX 672

struct baseline {
	__u32 next; /* the table's */
	struct group_key key;
	__u32 idle; /* buckets without a count */
	struct anomaly *anomaly;
	struct anomaly_score score; /* of the bucket that is judged */
	double actual;
	double look_again;   /* the count from which an open bucket is worth another look */
	__u64 first_wall_ns; /* of the present bucket's batches that matched; 0 none */
	__u64 last_wall_ns;
	bool over;
	bool touched; /* by the batch that is judged */
};

struct baselines {
	struct table table;
	struct anomaly_cfg cfg;
	bool crowded;  /* nobody was idle in this bucket: no use to look again */
	__u64 dropped; /* counts of groups that found no place */
};

void baselines_init(struct baselines *baselines, const struct anomaly_cfg *cfg, __u32 max,
		    __u64 seed);
void baselines_clear(struct baselines *baselines);

/* NULL where there is none. Entries move when one is added. */
struct baseline *baselines_find(const struct baselines *baselines, const struct group_key *key);
/* Finds or makes it. -ENOSPC (counted), -ENOMEM. */
int baselines_reach(struct baselines *baselines, const struct group_key *key,
		    struct baseline **ret);

/* Each in turn, by 0 .. baselines_places() - 1; NULL where a place is not taken. */
static inline __u32 baselines_places(const struct baselines *baselines)
{
	return baselines->table.used;
}
struct baseline *baselines_at(const struct baselines *baselines, __u32 place);

/* A new bucket: nothing has been counted in it. */
void baseline_begin(struct baseline *entry);

/* At the end of a bucket: forgets those that were idle for too long. */
void baselines_age(struct baselines *baselines);

#endif
