/* SPDX-License-Identifier: GPL-2.0-only */
/* Series in which nothing happens: how often they are called critical. */
#include "tests/score/suite.h"

#include <math.h>

static const double rates[] = { 0.05, 3, 15, 200, 20000 };

#define RATES (sizeof(rates) / sizeof(rates[0]))

/* Alerts in 30 days of a series of 90, on average. */
static double alerts_per_month(const struct suite *suite, enum shape shape, double rate,
			       unsigned int series_count)
{
	unsigned int seed, count = 0;

	for (seed = 0; seed < series_count; seed++) {
		struct series series = suite_series(suite, shape, seed, (unsigned int)rate);
		struct anomaly *anomaly = suite_anomaly();
		long n;

		for (n = 0; n < 90 * DAY; n++) {
			struct anomaly_score score = suite_take(anomaly, n,
								series_next(&series, rate));

			count += suite_alerts(&score);
		}
		anomaly_free(anomaly);
	}
	return count / 3.0 / series_count;
}

static void stationary(struct suite *suite, enum shape shape)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < RATES; i++) {
		double figure = alerts_per_month(suite, shape, rates[i], suite->seeds);

		suite_at_most(suite, 0.5, figure, "alerts in 30 days: %s, rate %g",
			      shape_name(shape), rates[i]);
		sum += figure / RATES;
	}
	suite_at_most(suite, 0.5, sum, "alerts in 30 days: %s, all rates", shape_name(shape));
}

/* Families that are nobody's: told, and bounded far from a storm. */
static void unruly(struct suite *suite, enum shape shape)
{
	double most = 0;
	size_t i;

	for (i = 1; i < RATES; i++)
		most = fmax(most,
			    alerts_per_month(suite, shape, rates[i], (suite->seeds + 9) / 10));
	suite_at_most(suite, 6, most, "alerts in 30 days: %s, the worst rate", shape_name(shape));
}

void suite_quiet(struct suite *suite)
{
	enum shape shape;

	stationary(suite, SHAPE_POISSON);
	stationary(suite, SHAPE_NEGBIN);
	for (shape = SHAPE_LOGNORMAL; shape < SHAPES; shape++)
		unruly(suite, shape);
}
