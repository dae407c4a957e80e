/* SPDX-License-Identifier: GPL-2.0-only */
/* The baseline of a series of bucket counts, and how unusual a count is against it. */
#ifndef ANOMALY_ANOMALY_H
#define ANOMALY_ANOMALY_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#define ANOMALY_READY    8    /* closed buckets before the first alert */
#define ANOMALY_SAVE_MAX 8192 /* bytes of a saved baseline at most */
/* Less than this part of a bucket seen: it is neither scored nor learned. */
#define ANOMALY_COVERAGE_MIN 0.5
#define ANOMALY_BUCKET_MAX_S (7 * 86400)

/* What is unusual: more than expected, less, or either. */
enum side { SIDE_HIGH, SIDE_LOW, SIDE_BOTH };

struct anomaly;

struct anomaly_cfg {
	__u64 bucket_s; /* 1..ANOMALY_BUCKET_MAX_S */
};

/* One bucket. Counts that are negative or not a number are taken as 0; the most is 1e15. */
struct anomaly_bucket {
	__s64 start_s; /* UTC, since the epoch */
	__s32 zone_s;  /* local time minus UTC */
	double count;
	double coverage; /* 0..1: the part of its length that was seen */
};

struct anomaly_score {
	double score;         /* 0..100: 25 minor, 50 major, 75 critical */
	double probability;   /* min(1, 2 * tail); at least DBL_MIN */
	double typical;       /* of a whole bucket */
	unsigned int missing; /* closed buckets that are still to be learned */
	bool learning;        /* missing > 0: the score is not to be alerted on */
	bool skipped;         /* too little of the bucket was seen: not scored */
};

/* -ENOMEM; -EINVAL for a bucket that cannot be. */
int anomaly_new(const struct anomaly_cfg *cfg, struct anomaly **ret);
void anomaly_free(struct anomaly *anomaly); /* NULL is fine */

/* A closed bucket, in the order of time; one that is not later than the last is learned all the
 * same. */
void anomaly_learn(struct anomaly *anomaly, const struct anomaly_bucket *bucket);

/*
 * How unusual a count is. For SIDE_HIGH it may be of a bucket that is still open (coverage 1): it
 * can only grow. Before the first bucket all is usual.
 */
void anomaly_judge(const struct anomaly *anomaly, const struct anomaly_bucket *bucket,
		   enum side side, struct anomaly_score *ret);

/* The 5 % and 95 % points of what is expected there; both 0 before the first bucket. */
void anomaly_typical_range(const struct anomaly *anomaly, const struct anomaly_bucket *bucket,
			   double *low, double *high);

/*
 * Influence of a part on the anomaly of the whole: 1 - ln p(count - part) / ln p(count), 0..1, for
 * the high side; 0 where the count is not unusual.
 */
double anomaly_influence(const struct anomaly *anomaly, const struct anomaly_bucket *bucket,
			 double part);

/* Closed buckets that were learned. */
__u64 anomaly_learned(const struct anomaly *anomaly);

/* The start of the last closed bucket, seen or not; 0 before the first. */
__s64 anomaly_through_s(const struct anomaly *anomaly);

/* How many more it takes until alerts can come. */
unsigned int anomaly_missing(const struct anomaly *anomaly);
__u64 anomaly_bucket_s(const struct anomaly *anomaly);

/* Writes the baseline: versioned, for this machine. -ENOSPC where size does not suffice. */
int anomaly_save(const struct anomaly *anomaly, void *buf, size_t size, size_t *len);

/*
 * Reads what anomaly_save() wrote. -EINVAL: another version, another length of buckets, damaged
 * or impossible; -ENOMEM.
 */
int anomaly_load(const struct anomaly_cfg *cfg, const void *buf, size_t len, struct anomaly **ret);

/*
 * The scale of Elastic's record_score, where p = min(1, 2 P(X >= x)), from its logarithm:
 * 100 (0.95 ln(p / 0.05) / ln(1e-4 / 0.05) + 0.05); 0 from p = 0.05 on, 100 at p = 1e-4 and below.
 */
double anomaly_scale(double ln_p);

#endif
