/* SPDX-License-Identifier: GPL-2.0-only */
/* What could be told at best: bounds where a series itself leaves doubt. Shares no code with the
 * model. */
#ifndef TESTS_SCORE_ORACLE_H
#define TESTS_SCORE_ORACLE_H

/*
 * The score (high side) of a count for who knows that a series is stationary and that its rate is
 * gamma-distributed, but neither its mean nor its spread, after seeing so many buckets of it: the
 * tail averaged over both by Bayes' rule, with means spread evenly in the logarithm, and spreads
 * (variance is mean + spread mean^2) from none to 1.
 */
double oracle_score(const double *seen, unsigned int seen_count, double count);

#endif
