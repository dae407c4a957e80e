/* SPDX-License-Identifier: GPL-2.0-only */
/* Days and weeks: they are no spikes, and hide none. */
#include "tests/score/suite.h"

#define SWING 5
#define DAYS  43

enum cycle { CYCLE_SINE, CYCLE_SHARP, CYCLE_WEEK, CYCLES };

static const struct {
	const char *name;
	long learned; /* buckets */
} cycles[CYCLES] = {
	[CYCLE_SINE] = { "daily", 4 * DAY },
	[CYCLE_SHARP] = { "office hours", 4 * DAY },
	[CYCLE_WEEK] = { "weekly", 15 * DAY },
};

static double factor_of(enum cycle cycle, long n)
{
	return cycle == CYCLE_WEEK ? weekly_factor(suite_time(n), SWING)
				   : daily_factor(suite_time(n), SWING, cycle == CYCLE_SHARP);
}

/*
 * All of them: who knew the mean would tell each. In negative binomial series what is not known of
 * it decides, most of all where each hour of the week has been seen but five times.
 */
static double night_target(enum shape shape, enum cycle cycle)
{
	if (shape == SHAPE_POISSON)
		return 100;
	return cycle == CYCLE_WEEK ? 20 : 75;
}

static void run(struct suite *suite, enum cycle cycle, enum shape shape, double rate)
{
	unsigned int seed, count = 0, night = 0, runs = (suite->seeds + 2) / 3;

	for (seed = 0; seed < runs; seed++) {
		struct series series = suite_series(suite, shape, seed, 300 + cycle);
		struct anomaly *anomaly = suite_anomaly();
		struct anomaly_score score;
		long n;

		for (n = 0; n < DAYS * DAY; n++) {
			/* at two in the morning, as much as by day */
			if (n == 35 * DAY + 8) {
				score = suite_look(anomaly, n, SWING * rate);
				night += suite_alerts(&score);
			}
			score = suite_take(anomaly, n,
					   series_next(&series, rate * factor_of(cycle, n)));
			count += n >= cycles[cycle].learned && suite_alerts(&score);
		}
		anomaly_free(anomaly);
	}
	suite_at_most(suite, shape == SHAPE_POISSON ? 0.5 : 1,
		      count / (double)runs * 30 * DAY /
			      (double)(DAYS * DAY - cycles[cycle].learned),
		      "alerts in 30 days: %s, 5x, %s, base %g", cycles[cycle].name,
		      shape_name(shape), rate);
	suite_at_least(suite, night_target(shape, cycle), 100.0 * night / runs,
		       "%% of night spikes at the day's level >= 75: %s, %s, %g",
		       cycles[cycle].name, shape_name(shape), rate);
}

void suite_cycles(struct suite *suite)
{
	static const double rates[] = { 3, 15, 200 };
	enum shape shape;
	enum cycle cycle;
	size_t i;

	for (shape = SHAPE_POISSON; shape <= SHAPE_NEGBIN; shape++)
		for (cycle = CYCLE_SINE; cycle < CYCLES; cycle++)
			for (i = shape == SHAPE_POISSON ? 0 : 1; i < 3; i++)
				run(suite, cycle, shape, rates[i]);
}
