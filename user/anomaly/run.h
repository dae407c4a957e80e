/* SPDX-License-Identifier: GPL-2.0-only */
/* What lasts behind an outlier: whether the buckets since then are still unusual together. */
#ifndef ANOMALY_RUN_H
#define ANOMALY_RUN_H

/*
 * A run begins with a bucket that is RUN_BEGINS standard deviations out, to either side, by its own
 * recalibrated tail; no bucket counts for more. From there on
 *
 *	z = sum of lambda^k z(t - k) / sqrt(sum of lambda^2k),  lambda = 1 - 1 / RUN_MEMORY
 *
 * (an exponentially weighted chart: Roberts 1959, Technometrics 1, 239; started anew by what set it
 * off, so that no quiet bucket dilutes it), narrowed by how sums of residuals vary in this series.
 * The run ends where |z| falls below RUN_ENDS, and with a bucket on the other side of what is
 * expected: that one is usual. A lone outlier is over with the next bucket; of a
 * level that doubles, no bucket has to be an outlier again.
 *
 * News are told once: where a bucket of the run was critical, the rest of it keeps an incident open
 * (above half of 75), but is scored below major.
 */
#define RUN_BEGINS 2.7 /* a tail of 3.5e-3 */
#define RUN_ENDS   1.0
#define RUN_MEMORY 4.0 /* buckets */
/* Of the chances to be wrong, beside the looks at one bucket and at twelve. */
#define RUN_SHARE 0.5
#define RUN_TOLD  75.0
#define RUN_HELD  49.0

/* Plain data; all zero: there is none. */
struct run {
	double sum;
	double squares; /* of the weights; 0: there is no run */
	double told;    /* 1: one of its buckets was critical */
};

/* z with that of the next bucket; 0 where there is no run, or it ends there. */
double run_look(const struct run *run, double z);
/* score: of that bucket, the farther side's. */
void run_learn(struct run *run, double z, double score);

#endif
