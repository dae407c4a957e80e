/* SPDX-License-Identifier: GPL-2.0-only */
/* Spikes in a quiet series, and the first one that can be told. */
#include "tests/score/oracle.h"
#include "tests/score/suite.h"

#include <math.h>

#define SPIKES     4
#define READY_PART 0.95

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
	/* the larger of the two, before, makes the other less rare: most of all where counts are
	 * small or the series is overdispersed */
	suite_at_least(suite,
		       shape == SHAPE_NEGBIN ? 90
		       : rate > 3            ? 100
					     : 96,
		       100.0 * both / suite->seeds, "%% with 10 and 15 sigma >= 75: %s, rate %g",
		       shape_name(shape), rate);
}

/*
 * Eight buckets tell how uneven a series is only so well: where they themselves are very uneven,
 * ten times as much may be theirs. Asked is nearly all that a perfect observer of them tells.
 */
static void ready_after_two_hours(struct suite *suite, enum shape shape, double rate)
{
	double seen[ANOMALY_READY];
	unsigned int seed, found = 0, early = 0, ideal = 0;

	for (seed = 0; seed < suite->seeds; seed++) {
		struct series series = suite_series(suite, shape, seed, 200);
		struct anomaly *anomaly = suite_anomaly();
		struct anomaly_score score;
		long n;

		for (n = 0; n < ANOMALY_READY; n++) {
			seen[n] = series_next(&series, rate);
			early += !suite_take(anomaly, n, seen[n]).learning;
		}
		ideal += oracle_score(seen, ANOMALY_READY, 10 * rate) >= CRITICAL;
		score = suite_look(anomaly, n, 10 * rate);
		found += suite_alerts(&score);
		anomaly_free(anomaly);
	}
	suite_at_least(suite, READY_PART * 100.0 * ideal / suite->seeds,
		       early ? -1 : 100.0 * found / suite->seeds,
		       "%% of tenfold spikes after 8 buckets >= 75: %s, rate %g", shape_name(shape),
		       rate);
}

void suite_spikes(struct suite *suite)
{
	static const double rates[] = { 3, 15, 200, 20000 };
	enum shape shape;
	size_t i;

	for (shape = SHAPE_POISSON; shape <= SHAPE_NEGBIN; shape++)
		for (i = 0; i < 3; i++)
			spikes(suite, shape, rates[i]);
	for (shape = SHAPE_POISSON; shape <= SHAPE_NEGBIN; shape++)
		for (i = 0; i < 4; i++)
			ready_after_two_hours(suite, shape, rates[i]);
}
