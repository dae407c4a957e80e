/* SPDX-License-Identifier: GPL-2.0-only */
/* What lasts: a new level is one incident and becomes normal, an attack is told and does not. */
#include "tests/score/suite.h"

#define BEFORE (10 * DAY)
#define LEARNT 120 /* buckets: 30 hours */

/* Incidents as a rule opens and closes them, and alerts later than 30 hours. */
static void shift(struct suite *suite, enum shape shape, double rate, double factor,
		  double one_target, double most_target)
{
	unsigned int seed, one = 0, most = 0, late = 0, runs = (suite->seeds + 1) / 2;

	for (seed = 0; seed < runs; seed++) {
		struct series series = suite_series(suite, shape, seed, 400);
		struct anomaly *anomaly = suite_anomaly();
		unsigned int incidents = 0;
		bool open = false;
		long n;

		for (n = 0; n < BEFORE; n++)
			suite_take(anomaly, n, series_next(&series, rate));
		for (; n < BEFORE + 2 * DAY; n++) {
			double count = series_next(&series, rate * factor);
			struct anomaly_score score = suite_take(anomaly, n, count);

			incidents += suite_alerts(&score) && !open;
			late += suite_alerts(&score) && n >= BEFORE + LEARNT;
			if (suite_alerts(&score))
				open = true;
			else if (score.score < CALM)
				open = false;
		}
		one += incidents == 1;
		most = incidents > most ? incidents : most;
		anomaly_free(anomaly);
	}
	suite_at_least(suite, one_target, 100.0 * one / runs,
		       "%% with one incident: %s, %g becomes %g", shape_name(shape), rate,
		       rate * factor);
	suite_at_most(suite, most_target, most, "most incidents: %s, %g becomes %g",
		      shape_name(shape), rate, rate * factor);
	suite_at_most(suite, 0.05, (double)late / runs, "alerts after 30 hours: %s, %g becomes %g",
		      shape_name(shape), rate, rate * factor);
}

/* Eight hours of ten times as much. Returns how many of its 32 buckets are told. */
static unsigned int attack(struct anomaly *anomaly, struct series *series, long n, double rate)
{
	unsigned int told = 0;
	long end = n + 32;

	for (; n < end; n++) {
		struct anomaly_score score = suite_take(anomaly, n,
							10 * rate + series_next(series, rate));

		told += suite_alerts(&score);
	}
	return told;
}

/* It is told all the time, and not learned; the next one, a week later, too. */
static void attacks(struct suite *suite, double rate)
{
	unsigned int seed, told = 0, again = 0, runs = (suite->seeds + 1) / 2;
	double learned = 0;

	for (seed = 0; seed < runs; seed++) {
		struct series series = suite_series(suite, SHAPE_NEGBIN, seed, 450);
		struct anomaly *anomaly = suite_anomaly();
		double before;
		long n;

		for (n = 0; n < BEFORE; n++)
			suite_take(anomaly, n, series_next(&series, rate));
		before = suite_look(anomaly, n, rate).typical;
		told += attack(anomaly, &series, n, rate);
		n += 32;
		learned += suite_look(anomaly, n, rate).typical / before;
		for (; n < BEFORE + 7 * DAY; n++)
			suite_take(anomaly, n, series_next(&series, rate));
		again += attack(anomaly, &series, n, rate);
		anomaly_free(anomaly);
	}
	suite_at_least(suite, 90, 100.0 * told / runs / 32,
		       "%% of 8 hours of attack >= 75: rate %g", rate);
	suite_at_most(suite, 1.1, learned / runs, "typical after it / before: rate %g", rate);
	suite_at_least(suite, 50, 100.0 * again / runs / 32, "%% of the next one >= 75: rate %g",
		       rate);
}

void suite_lasting(struct suite *suite)
{
	static const double rates[] = { 15, 200 };
	size_t i;

	/* not all: what is low by chance closes one that lasts */
	shift(suite, SHAPE_POISSON, 15, 2, 80, 2);
	shift(suite, SHAPE_POISSON, 200, 2, 95, 2);
	for (i = 0; i < 2; i++) {
		shift(suite, SHAPE_POISSON, rates[i], 5, 100, 1);
		shift(suite, SHAPE_POISSON, rates[i], 30, 100, 1);
		shift(suite, SHAPE_NEGBIN, rates[i], 30, 80, 2);
		attacks(suite, rates[i]);
	}
}
