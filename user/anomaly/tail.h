/* SPDX-License-Identifier: GPL-2.0-only */
/* How far out a quantity lies, by what a series showed of it before. */
#ifndef ANOMALY_TAIL_H
#define ANOMALY_TAIL_H

/*
 * The upper tail of a quantity that is anything up to 1e18, from its own past alone: the level that
 * one in twenty exceeds, followed by stochastic approximation (Robbins and Monro 1951, Annals of
 * Mathematical Statistics 22, 400) in the logarithm with the best gain, 1 / (n f); beyond it a
 * power law with the mean logarithmic excess (Hill 1975, Annals of Statistics 3, 1163).
 */
#define TAIL_PART    0.05
#define TAIL_MEMORY  4000.0 /* values */
#define TAIL_LEAST   100.0
#define TAIL_LN_MOST 45.0 /* of a level: nothing is that large */
#define TAIL_YOUTH   3.0  /* the memory is that part of all values, until it is full */

/* Plain data; all zero: nothing is known. */
struct tail {
	double seen;
	double weight; /* forgetting sums: all values, those above the level, ln(value / level) */
	double above;
	double excess;
	double ln_level;
};

void tail_learn(struct tail *tail, double value, double weight);
/* ln P(X >= value); 0 where nothing is known, and ln TAIL_PART at the level. */
double tail_ln_upper(const struct tail *tail, double value);

#endif
