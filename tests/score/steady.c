/* SPDX-License-Identifier: GPL-2.0-only */
/* What must not change scores: restarts, missing parts, clocks that are set; and what they cost. */
#include "tests/score/suite.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

/* The same series, and one that is saved and loaded between all buckets. */
static void restarts(struct suite *suite)
{
	struct anomaly *anomaly = suite_anomaly(), *other = suite_anomaly(), *loaded;
	struct series series = suite_series(suite, SHAPE_POISSON, 0, 500);
	char bytes[ANOMALY_SAVE_MAX];
	double differ = 0;
	size_t len = 0;
	long n;

	for (n = 0; n < 20 * DAY; n++) {
		double count = series_next(&series, 200);

		differ = fmax(differ, fabs(suite_look(anomaly, n, count + 40).score -
					   suite_look(other, n, count + 40).score));
		suite_take(anomaly, n, count);
		suite_take(other, n, count);
		if (anomaly_save(other, bytes, sizeof(bytes), &len) ||
		    anomaly_load(&(struct anomaly_cfg){ BUCKET_S }, bytes, len, &loaded))
			exit(1);
		anomaly_free(other);
		other = loaded;
	}
	suite_at_most(suite, 8192, (double)len, "bytes of a series");
	suite_at_most(suite, 0, differ, "difference of scores with a restart at each bucket");
	anomaly_free(anomaly);
	anomaly_free(other);
}

static void partly_seen(struct suite *suite)
{
	struct anomaly *anomaly = suite_anomaly();
	struct series series = suite_series(suite, SHAPE_POISSON, 0, 510);
	unsigned int count = 0;
	long n;

	for (n = 0; n < 20 * DAY; n++)
		suite_take(anomaly, n, series_next(&series, 200));
	for (; n < 30 * DAY; n++) {
		struct anomaly_bucket bucket = { suite_time(n), 0, 0, 0.6 };
		struct anomaly_score score;

		bucket.count = random_poisson(&series.random, 120);
		anomaly_judge(anomaly, &bucket, SIDE_BOTH, &score);
		count += suite_alerts(&score);
		anomaly_learn(anomaly, &bucket);
	}
	suite_at_most(suite, 1, count, "alerts in 10 days of which 60 %% were seen");
	anomaly_free(anomaly);
}

/*
 * Office hours by the wall clock, which is set by an hour after 20 days (summer time); with it,
 * three hours are missing (a suspend). Alerts in the three days behind it.
 */
static void clocks(struct suite *suite)
{
	unsigned int seed, count = 0, runs = (suite->seeds + 4) / 5;

	for (seed = 0; seed < runs; seed++) {
		struct series series = suite_series(suite, SHAPE_POISSON, seed, 520);
		struct anomaly *anomaly = suite_anomaly();
		long n;

		for (n = 0; n < 23 * DAY; n++) {
			struct anomaly_bucket bucket = { suite_time(n), n < 20 * DAY ? 3600 : 7200,
							 0, 1 };
			struct anomaly_score score;
			double factor = daily_factor(bucket.start_s + bucket.zone_s, 5, 1);

			bucket.count = series_next(&series, 40 * factor);
			anomaly_judge(anomaly, &bucket, SIDE_BOTH, &score);
			count += n >= 20 * DAY && suite_alerts(&score);
			if (n < 20 * DAY || n >= 20 * DAY + 12)
				anomaly_learn(anomaly, &bucket);
		}
		anomaly_free(anomaly);
	}
	suite_at_most(suite, 0.2, (double)count / runs,
		      "alerts in 3 days after summer time and a suspend, both sides");
}

/* The least of several runs: what other programs take is not ours. */
static void cost(struct suite *suite, double rate)
{
	struct series series = suite_series(suite, SHAPE_NEGBIN, 0, 600);
	double counts[2000], least = INFINITY;
	int run;
	long n;

	for (n = 0; n < 2000; n++)
		counts[n] = series_next(&series, rate);
	for (run = 0; run < 5; run++) {
		struct anomaly *anomaly = suite_anomaly();
		clock_t begin = clock();

		for (n = 0; n < 2000; n++)
			suite_take(anomaly, n, counts[n]);
		least = fmin(least, (double)(clock() - begin) / CLOCKS_PER_SEC * 1e6 / 2000);
		anomaly_free(anomaly);
	}
	suite_at_most(suite, COST_MOST_US, least, "us to score and learn a bucket: rate %g", rate);
}

void suite_steady(struct suite *suite)
{
	static const double rates[] = { 0.05, 3, 15, 200, 20000 };
	size_t i;

	restarts(suite);
	partly_seen(suite);
	clocks(suite);
	for (i = 0; i < sizeof(rates) / sizeof(rates[0]); i++)
		cost(suite, rates[i]);
}
