/* SPDX-License-Identifier: GPL-2.0-only */
/* Series of counts to test the score with: none comes from code or families of the model. */
#ifndef TESTS_SCORE_GENERATE_H
#define TESTS_SCORE_GENERATE_H

#include <linux/types.h>

struct random {
	__u64 state;
};

double random_unit(struct random *random); /* in (0, 1) */
double random_normal(struct random *random);
double random_gamma(struct random *random, double shape);
double random_poisson(struct random *random, double mean);

#define SHAPE_NEGBIN_SPREAD 0.2

enum shape {
	SHAPE_POISSON,
	SHAPE_NEGBIN,    /* a gamma-distributed rate: variance mean + SPREAD mean^2 */
	SHAPE_LOGNORMAL, /* a log-normal rate, sigma 0.5 */
	SHAPE_BURSTS, /* clusters: one in twenty buckets starts a geometric burst of 3 times as much
		       */
	SHAPE_PARETO, /* a Pareto rate, tail exponent 2.5 */
	SHAPE_CORRELATED, /* a log-rate that wanders and returns: AR(1) with 0.9 */
	SHAPE_SPARSE,     /* nine of ten buckets empty, else log-normal */
	SHAPES,
};

struct series {
	struct random random;
	enum shape shape;
	double state;
};

/* The next count where this mean is expected. */
double series_next(struct series *series, double mean);
const char *shape_name(enum shape shape);

/* 1 at night to `swing` at noon; sharp: office hours with edges instead of a sine. */
double daily_factor(__s64 local_s, double swing, int sharp);
double weekly_factor(__s64 local_s, double swing);

#endif
