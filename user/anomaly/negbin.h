/* SPDX-License-Identifier: GPL-2.0-only */
/* The negative binomial distribution: mass and tails in log space. */
#ifndef ANOMALY_NEGBIN_H
#define ANOMALY_NEGBIN_H

/*
 * Mean m > 0 and shape r > 0: variance m + m^2 / r. Towards infinite r it is the Poisson
 * distribution. With q = m / (m + r):
 *
 *   P(X >= x) = I_q(x, r),  P(X <= x) = I_{1-q}(r, x + 1)
 *
 * where I is the regularized incomplete beta function (NIST DLMF 8.17.5); it is summed term by
 * term. Where x is beyond 50 the tails are approximated by the saddlepoint formula of Lugannani and
 * Rice (1980, Advances in Applied Probability 12, 475) with the continuity correction of Daniels
 * (1987, International Statistical Review 55, 37): within 8 % far into the tails (30 % where r is
 * below 1), at a fixed cost.
 */
struct negbin {
	double mean;
	double shape;
};

/* ln P(X = x) for x >= 0 */
double negbin_ln_mass(const struct negbin *negbin, double x);
/* ln P(X >= x); 0 for x <= 0. What lies between whole numbers is rounded up. */
double negbin_ln_upper(const struct negbin *negbin, double x);
/* ln P(X <= x); minus infinity for x < 0. */
double negbin_ln_lower(const struct negbin *negbin, double x);

#endif
