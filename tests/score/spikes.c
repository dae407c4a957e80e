/* SPDX-License-Identifier: GPL-2.0-only */
/* Spikes in a quiet series, and the first one that can be told. */
#include "tests/score/suite.h"

#include <math.h>

#define SPIKES 4

static const double sigmas[SPIKES] = { 4, 5, 10, 15 };

/* One series of 500 buckets with all four, in an order that the seed gives; those found. */
static void spikes_of(const struct suite *suite, enum shape shape, unsigned int seed, double rate,
		      unsigned int *minor, unsigned int *critical)
{
	double sigma = sqrt(rate + (shape == SHAPE_NEGBIN ? SHAPE_NEGBIN_SPREAD * rate * rate : 0));
	struct series series = suite_series(suite, shape, seed, 100);
	struct anomaly *anomaly = suite_anomaly();
	long n;

	*minor = *critical = 0;
	for (n = 0; n < 500; n++) {
		double count = series_next(&series, rate), sigmas_out = 0;
		struct anomaly_score score;

		if (n % 100 == 99 && n > 100) {
			sigmas_out = sigmas[(n / 100 + seed) % SPIKES];
			count = ceil(rate + sigmas_out * sigma);
		}
		score = suite_take(anomaly, n, count);
		*minor += sigmas_out > 0 && score.score >= MINOR;
		*critical += sigmas_out >= 10 && score.score >= CRITICAL;
	}
	anomaly_free(anomaly);
}

static void spikes(struct suite *suite, enum shape shape, double rate)
{
	unsigned int seed, minor, critical, found = 0, both = 0;

	for (seed = 0; seed < suite->seeds; seed++) {
		spikes_of(suite, shape, seed, rate, &minor, &critical);
		found += minor;
		both += critical == 2;
	}
	suite_at_least(suite, 75, 100.0 * found / suite->seeds / SPIKES,
		       "%% of 4, 5, 10, 15 sigma >= 25: %s, rate %g", shape_name(shape), rate);
	/* in an overdispersed series the larger of the two, before, makes the other less rare */
	suite_at_least(suite, shape == SHAPE_NEGBIN ? 80 : 100, 100.0 * both / suite->seeds,
		       "%% with 10 and 15 sigma >= 75: %s, rate %g", shape_name(shape), rate);
}

static void ready_after_two_hours(struct suite *suite, enum shape shape, double rate, double target)
{
	unsigned int seed, found = 0, early = 0;

	for (seed = 0; seed < suite->seeds; seed++) {
		struct series series = suite_series(suite, shape, seed, 200);
		struct anomaly *anomaly = suite_anomaly();
		struct anomaly_score score;
		long n;

		for (n = 0; n < ANOMALY_READY; n++)
			early += !suite_take(anomaly, n, series_next(&series, rate)).learning;
		score = suite_look(anomaly, n, 10 * rate);
		found += suite_alerts(&score);
		anomaly_free(anomaly);
	}
	suite_at_least(suite, target, early ? -1 : 100.0 * found / suite->seeds,
		       "%% of tenfold spikes after 8 buckets >= 75: %s, rate %g", shape_name(shape),
		       rate);
}

void suite_spikes(struct suite *suite)
{
	static const double rates[] = { 3, 15, 200, 20000 };
	/*
	 * Eight buckets tell a spread of 0.2 from Poisson or from more only so well: what was seen
	 * of one series in 200 at 3, and of one in 20 that is overdispersed, allows for the spike.
	 */
	static const double ready[][4] = { { 94, 100, 100, 100 }, { 80, 80, 90, 90 } };
	enum shape shape;
	size_t i;

	for (shape = SHAPE_POISSON; shape <= SHAPE_NEGBIN; shape++)
		for (i = 0; i < 3; i++)
			spikes(suite, shape, rates[i]);
	for (shape = SHAPE_POISSON; shape <= SHAPE_NEGBIN; shape++)
		for (i = 0; i < 4; i++)
			ready_after_two_hours(suite, shape, rates[i], ready[shape][i]);
}
