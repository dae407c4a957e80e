/* SPDX-License-Identifier: GPL-2.0-only */
/* The baseline of a series of bucket counts, and how unusual a count is against it. */
#ifndef CORE_ANOMALY_H
#define CORE_ANOMALY_H

#include <stdbool.h>
#include <linux/types.h>

#include "core/rules.h"

/*
 * The first model, and a plain one: a negative binomial predictive distribution from one running
 * mean and one dispersion, which forget with one memory of ANOMALY_MEMORY buckets. It knows no time
 * of day, no day of the week and no trend: a daily cycle only makes it wide, so that a spike at
 * night must exceed what is usual by day. It looks at one bucket at a time (a slow rise over
 * several is not seen), knows no rarity among its own earlier scores, and no other family.
 *
 * - Mean: (sum of weighted counts + 0.5) / weights, the Gamma-Poisson mean under the prior of
 *   Jeffreys.
 * - Dispersion a, so that variance = mean + a mean^2: the moments' estimate (s^2 - m) / m^2, whose
 *   own variance is about 2 (1 + a m)^2 / (n m^2), combined by precision with the prior
 *   ANOMALY_DISPERSION +- ANOMALY_DISPERSION_SD; one posterior standard deviation is added, since
 *   too narrow a model alerts wrongly.
 * - Predictive: that variance times (1 + 1/n) for the mean's own uncertainty; with a = 0 it is
 *   the Gamma-Poisson predictive exactly.
 * - A count whose tail probability is below 1e-3 is learned with less weight, down to 0.01 at 1e-5.
 *   After ANOMALY_SHIFT such buckets in a row on the same side they are what is normal now: the
 *   baseline starts again from them.
 */
#define ANOMALY_READY         8     /* closed buckets before the first alert */
#define ANOMALY_MEMORY        192.0 /* buckets: two days of 15 minutes */
#define ANOMALY_SHIFT         24    /* buckets: 6 hours of 15 minutes */
#define ANOMALY_DISPERSION    0.05
#define ANOMALY_DISPERSION_SD 0.1

struct anomaly;

struct anomaly_score {
	double score;       /* 0..100: 25 minor, 50 major, 75 critical */
	double probability; /* min(1, 2 * tail); at least DBL_MIN */
	double typical;
	bool learning; /* fewer than ANOMALY_READY buckets: the score is not to be alerted on */
};

int anomaly_new(struct anomaly **ret);      /* -ENOMEM */
void anomaly_free(struct anomaly *anomaly); /* NULL is fine */

/* A closed bucket: counts >= 0 (others, and NaN, are taken as 0; the most is 1e15). */
void anomaly_learn(struct anomaly *anomaly, double count);

/*
 * How unusual a count is. For SIDE_HIGH it may be of a bucket that is still open: it can only
 * grow. Before the first bucket all is usual.
 */
void anomaly_judge(const struct anomaly *anomaly, double count, enum side side,
		   struct anomaly_score *ret);

/* The 5 % and 95 % points of what was expected; both 0 before the first bucket. */
void anomaly_typical_range(const struct anomaly *anomaly, double *low, double *high);

/*
 * Influence of a part on the anomaly of the whole: 1 - ln p(count - part) / ln p(count), 0..1, for
 * the high side; 0 where the count is not unusual.
 */
double anomaly_influence(const struct anomaly *anomaly, double count, double part);

/*
 * The scale of Elastic's record_score, where p = min(1, 2 P(X >= x)), from its logarithm:
 * 100 (0.95 ln(p / 0.05) / ln(1e-4 / 0.05) + 0.05); 0 from p = 0.05 on, 100 at p = 1e-4 and below.
 */
double anomaly_scale(double ln_p);

#endif
