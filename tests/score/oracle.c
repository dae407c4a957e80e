/* SPDX-License-Identifier: GPL-2.0-only */
/* The best that eight buckets allow, by summing over a grid. */
#include "tests/score/oracle.h"

#include <math.h>

#define MEANS     25
#define SPREADS   12
#define SPREAD_1  0.005
#define TERMS_MAX 100000

/* ln P(X = x): a Poisson count whose rate has a gamma distribution of shape 1 / spread. */
static double ln_mass(double x, double mean, double spread)
{
	double shape = 1 / spread;

	return lgamma(x + shape) - lgamma(shape) - lgamma(x + 1) +
	       shape * log(shape / (shape + mean)) + x * log(mean / (shape + mean));
}

static double upper(double x, double mean, double spread)
{
	double shape = 1 / spread, term = exp(ln_mass(x, mean, spread)), sum = 0;
	int i;

	for (i = 0; i < TERMS_MAX && (x < mean || term > sum * 1e-9); i++, x++) {
		sum += term;
		term *= (x + shape) / (x + 1) * mean / (shape + mean);
	}
	return fmin(1, sum);
}

double oracle_score(const double *seen, unsigned int seen_count, double count)
{
	double sum = 0, weights = 0, average = 0, p;
	unsigned int i, m, s;

	for (i = 0; i < seen_count; i++)
		average += seen[i] / seen_count;
	for (m = 0; m < MEANS; m++)
		for (s = 0; s < SPREADS; s++) {
			double mean = (average + 0.1) * pow(4, 2.0 * m / (MEANS - 1) - 1);
			double spread = SPREAD_1 * pow(1 / SPREAD_1, s / (SPREADS - 1.0)), ln = 0;

			/* against the likeliest there could be: no sum underflows */
			for (i = 0; i < seen_count; i++)
				ln += ln_mass(seen[i], mean, spread) -
				      ln_mass(seen[i], average + 0.1, 0.2);
			weights += exp(ln);
			sum += exp(ln) * upper(count, mean, spread);
		}
	p = fmin(1, 2 * sum / weights);
	if (p >= 0.05)
		return 0;
	return fmin(100, 100 * (0.95 * log(p / 0.05) / log(1e-4 / 0.05) + 0.05));
}
