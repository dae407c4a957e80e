/* SPDX-License-Identifier: GPL-2.0-only */
/* Made series of which the largest events are labelled, and the score of a benchmark on them. */
#ifndef TESTS_SCORE_LABELLED_H
#define TESTS_SCORE_LABELLED_H

#include <linux/types.h>

#define LABELLED_BUCKETS  15840
#define LABELLED_BUCKET_S 300
#define LABELLED_WINDOWS  4

/*
 * Cascades: a day, a week, a wandering rate, and on top what a message sets off: a jump that fades
 * by a power law, its size Pareto. Ramps: a level that changes to stay, and on it rises, plateaus
 * and outages. The four largest by size are labelled, windows as long as the Numenta benchmark's.
 */
enum kind { KIND_CASCADES, KIND_RAMPS, KINDS };

struct window {
	long first, last;
};

struct labelled {
	double count[LABELLED_BUCKETS];
	double score[LABELLED_BUCKETS];
	struct window window[LABELLED_WINDOWS];
	unsigned int windows;
	long buckets;
};

const char *kind_name(enum kind kind);
void labelled_make(enum kind kind, __u64 seed, struct labelled *ret);

/*
 * The Numenta benchmark's figure for the standard profile, 0 (finds nothing) to 100, where scores
 * of at least threshold are alarms (Lavin and Ahmad 2015, ICMLA, 38). Scores must be there.
 */
double benchmark_at(const struct labelled *series, unsigned int count, double threshold);
/* At the best common threshold, which is returned too. */
double benchmark_best(const struct labelled *series, unsigned int count, double *threshold);

#endif
