/* SPDX-License-Identifier: GPL-2.0-only */
/* How often a series was this unusual before: its scores are measured against its own past. */
#ifndef ANOMALY_RARITY_H
#define ANOMALY_RARITY_H

/*
 * A model that is too sure of itself calls much unusual. So every tail probability p, taken as
 * s = -ln p, is remembered, and read twice:
 *
 * Recalibration. Were the model right, s would exceed RARITY_LEVEL with probability
 * exp(-RARITY_LEVEL), and by an exponential excess of mean 1. Both are estimated from the past
 * (peaks over threshold: Pickands 1975, Annals of Statistics 3, 119; as an online detector: Siffer
 * et al. 2017, KDD, 1067), and drawn to what a right model has by RARITY_PRIOR buckets. A tail
 * p = P(s > level) exp(-excess / mean excess) is blunted by RARITY_MARGIN, as far as a past was
 * seen, and may be sharpened as
 * far as a mean excess of RARITY_LEAST.
 *
 * Ceiling. The percentile of s among all earlier ones limits the score, by Elastic's points
 * (0,0) (70,1) (85,1.2) (90,1.5) (95,3) (97,20) (99,50) (99.9,90) (100,100). A short past knows no
 * percentiles: the limit is 100 at first and reaches that curve with n / (n + RARITY_BLEND).
 */
#define RARITY_BINS        48
#define RARITY_LEVEL       2.302585
#define RARITY_MARGIN      0.1    /* by which the mean excess that was seen is raised */
#define RARITY_LEAST       0.9    /* the least that it is taken for: counts are coarse */
#define RARITY_SHORT       300.0  /* buckets: the memory at first... */
#define RARITY_YOUTH       3.0    /* ...which then is a third of what was seen */
#define RARITY_PRIOR       200.0  /* buckets */
#define RARITY_BLEND       1000.0 /* buckets */
#define RARITY_EXCESS_MOST 1000.0
#define RARITY_MEMORY      4000.0 /* buckets */

/* Plain data; all zero: nothing is known. */
struct rarity {
	double seen;
	double total; /* forgetting sums */
	double above;
	double excess;
	float bin[RARITY_BINS];
};

void rarity_learn(struct rarity *rarity, double ln_p, double weight);
/* ln p as it should have been. */
double rarity_correct(const struct rarity *rarity, double ln_p);
/* The most that the score may be, 0..100. */
double rarity_ceiling(const struct rarity *rarity, double ln_p);

#endif
