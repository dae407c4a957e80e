/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the score must show, on made series: prints each figure beside its target, and ends with
 * "N passed, N failed, N skipped". usage: suite [-s SEEDS] [-b FIRST_SEED]
 */
#include <math.h>
#include <stdio.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "anomaly/anomaly.h"
#include "tests/score/generate.h"

#define BUCKET_S 900
#define DAY      96           /* buckets */
#define START_S  1767225600LL /* 2026-01-01 00:00:00 UTC, a Thursday */
#define CRITICAL 75.0
#define CALM     (CRITICAL / 2) /* an incident ends below it */

static const double rates[] = { 0.05, 3, 15, 200, 20000 };
static unsigned int seeds = 50, first_seed, passed, failed;

static void tell(bool holds, const char *what, double figure, const char *target)
{
	printf("%-4s %-66s %8.2f   %s\n", holds ? "ok" : "FAIL", what, figure, target);
	fflush(stdout);
	passed += holds;
	failed += !holds;
}

static void at_most(const char *what, double figure, double target)
{
	char text[32];

	snprintf(text, sizeof(text), "<= %g", target);
	tell(figure <= target, what, figure, text);
}

static void at_least(const char *what, double figure, double target)
{
	char text[32];

	snprintf(text, sizeof(text), ">= %g", target);
	tell(figure >= target, what, figure, text);
}

static struct anomaly *new_anomaly(void)
{
	struct anomaly *anomaly;

	if (anomaly_new(&(struct anomaly_cfg){ .bucket_s = BUCKET_S }, &anomaly))
		exit(1);
	return anomaly;
}

static __s64 time_of(long n)
{
	return START_S + (__s64)n * BUCKET_S;
}

static struct anomaly_score look(const struct anomaly *anomaly, long n, double count)
{
	const struct anomaly_bucket bucket = { time_of(n), 0, count, 1 };
	struct anomaly_score score;

	anomaly_judge(anomaly, &bucket, SIDE_HIGH, &score);
	return score;
}

static struct anomaly_score take(struct anomaly *anomaly, long n, double count)
{
	const struct anomaly_bucket bucket = { time_of(n), 0, count, 1 };
	struct anomaly_score score = look(anomaly, n, count);

	anomaly_learn(anomaly, &bucket);
	return score;
}

static bool alerts(const struct anomaly_score *score)
{
	return !score->learning && score->score >= CRITICAL;
}

static struct series series_of(enum shape shape, unsigned int seed, unsigned int salt)
{
	return (struct series){ .shape = shape,
				.random = { ((__u64)first_seed + seed) * 1000003 + salt * 7919 } };
}

/* Alerts in 30 days of a series of 90, on average. */
static double alerts_per_month(enum shape shape, double rate, unsigned int series_count)
{
	unsigned int seed, count = 0;

	for (seed = 0; seed < series_count; seed++) {
		struct series series = series_of(shape, seed, (unsigned int)rate);
		struct anomaly *anomaly = new_anomaly();
		long n;

		for (n = 0; n < 90 * DAY; n++) {
			struct anomaly_score score = take(anomaly, n, series_next(&series, rate));

			count += alerts(&score);
		}
		anomaly_free(anomaly);
	}
	return count / 3.0 / series_count;
}

static void quiet_series(void)
{
	enum shape shape;
	size_t i;

	for (shape = SHAPE_POISSON; shape <= SHAPE_NEGBIN; shape++) {
		double sum = 0;
		char what[96];

		for (i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
			double figure = alerts_per_month(shape, rates[i], seeds);

			snprintf(what, sizeof(what), "alerts in 30 days: %s, rate %g",
				 shape_name(shape), rates[i]);
			at_most(what, figure, 0.5);
			sum += figure / 5;
		}
		snprintf(what, sizeof(what), "alerts in 30 days: %s, all rates", shape_name(shape));
		at_most(what, sum, 0.5);
	}
}

/* Families that are nobody's: told, and bounded far from a storm. */
static void unruly_series(void)
{
	enum shape shape;
	size_t i;

	for (shape = SHAPE_LOGNORMAL; shape < SHAPES; shape++) {
		double most = 0;
		char what[96];

		for (i = 1; i < sizeof(rates) / sizeof(rates[0]); i++)
			most = fmax(most, alerts_per_month(shape, rates[i], (seeds + 9) / 10));
		snprintf(what, sizeof(what), "alerts in 30 days: %s, the worst rate",
			 shape_name(shape));
		at_most(what, most, 6);
	}
}

static void spikes(void)
{
	static const double sigmas[] = { 4, 5, 10, 15 };
	enum shape shape;
	size_t i, j;

	for (shape = SHAPE_POISSON; shape <= SHAPE_NEGBIN; shape++)
		for (i = 1; i <= 3; i++) {
			unsigned int minor[4] = { 0 }, critical[4] = { 0 }, seed;
			double rate = rates[i], sigma;
			char what[96];

			sigma = sqrt(rate + (shape == SHAPE_NEGBIN ? 0.2 * rate * rate : 0));
			for (seed = 0; seed < seeds; seed++) {
				struct series series = series_of(shape, seed, 100);
				struct anomaly *anomaly = new_anomaly();
				long n;

				for (n = 0; n < 500; n++)
					take(anomaly, n, series_next(&series, rate));
				for (j = 0; j < 4; j++) {
					double count = ceil(rate + sigmas[j] * sigma);
					double score = look(anomaly, n, count).score;

					minor[j] += score >= 25;
					critical[j] += score >= CRITICAL;
				}
				anomaly_free(anomaly);
			}
			snprintf(what, sizeof(what), "%% of 4, 5, 10, 15 sigma >= 25: %s, rate %g",
				 shape_name(shape), rate);
			at_least(what,
				 100.0 * (minor[0] + minor[1] + minor[2] + minor[3]) / 4 / seeds,
				 75);
			snprintf(what, sizeof(what), "%% of 10 and 15 sigma >= 75: %s, rate %g",
				 shape_name(shape), rate);
			at_least(what, 100.0 * (critical[2] + critical[3]) / 2 / seeds, 100);
		}
}

static void ready_after_two_hours(void)
{
	size_t i;

	for (i = 1; i < sizeof(rates) / sizeof(rates[0]); i++) {
		unsigned int seed, found = 0, early = 0;
		char what[96];

		for (seed = 0; seed < seeds; seed++) {
			struct series series = series_of(SHAPE_POISSON, seed, 200);
			struct anomaly *anomaly = new_anomaly();
			struct anomaly_score score;
			long n;

			for (n = 0; n < ANOMALY_READY; n++)
				early += !take(anomaly, n, series_next(&series, rates[i])).learning;
			score = look(anomaly, n, 10 * rates[i]);
			found += alerts(&score);
			anomaly_free(anomaly);
		}
		snprintf(what, sizeof(what), "%% of tenfold spikes after 8 buckets >= 75: rate %g",
			 rates[i]);
		at_least(what, early ? -1 : 100.0 * found / seeds, rates[i] < 10 ? 80 : 100);
	}
}

enum cycle { CYCLE_SINE, CYCLE_SHARP, CYCLE_WEEK };

static void cycle(enum cycle kind, double rate, const char *name, long learned)
{
	unsigned int seed, count = 0, night = 0, runs = (seeds + 4) / 5;
	char what[96];

	for (seed = 0; seed < runs; seed++) {
		struct series series = series_of(SHAPE_POISSON, seed, 300 + kind);
		struct anomaly *anomaly = new_anomaly();
		struct anomaly_score score;
		long n;

		for (n = 0; n < 43 * DAY; n++) {
			double factor = kind == CYCLE_WEEK
						? weekly_factor(time_of(n), 5)
						: daily_factor(time_of(n), 5, kind == CYCLE_SHARP);

			/* at two in the morning, as much as by day */
			if (n == 35 * DAY + 8) {
				score = look(anomaly, n, 5 * rate);
				night += alerts(&score);
			}
			score = take(anomaly, n, series_next(&series, rate * factor));
			count += n >= learned && alerts(&score);
		}
		anomaly_free(anomaly);
	}
	snprintf(what, sizeof(what), "alerts in 30 days: %s, 5x, base %g", name, rate);
	at_most(what, count / (double)runs * 30 * DAY / (double)(43 * DAY - learned), 0.5);
	snprintf(what, sizeof(what), "%% of night spikes at the day's level >= 75: %s, %g", name,
		 rate);
	at_least(what, 100.0 * night / runs, 90);
}

static void cycles(void)
{
	size_t i;

	for (i = 2; i <= 3; i++) {
		cycle(CYCLE_SINE, rates[i], "daily", 4 * DAY);
		cycle(CYCLE_SHARP, rates[i], "office hours", 4 * DAY);
		cycle(CYCLE_WEEK, rates[i], "weekly", 15 * DAY);
	}
}

/* Incidents as a rule opens and closes them, and alerts later than 30 hours. */
static void shift(double rate, double factor)
{
	unsigned int seed, incidents = 0, late = 0, runs = (seeds + 1) / 2;
	char what[96];

	for (seed = 0; seed < runs; seed++) {
		struct series series = series_of(SHAPE_POISSON, seed, 400);
		struct anomaly *anomaly = new_anomaly();
		bool open = false;
		long n;

		for (n = 0; n < 10 * DAY; n++)
			take(anomaly, n, series_next(&series, rate));
		for (; n < 12 * DAY; n++) {
			double count = series_next(&series, rate * factor);
			struct anomaly_score score = take(anomaly, n, count);

			incidents += alerts(&score) && !open;
			late += alerts(&score) && n >= 10 * DAY + 120;
			if (alerts(&score))
				open = true;
			else if (score.score < CALM)
				open = false;
		}
		anomaly_free(anomaly);
	}
	snprintf(what, sizeof(what), "incidents in 2 days: %g becomes %g", rate, rate * factor);
	at_most(what, (double)incidents / runs, 1.5);
	snprintf(what, sizeof(what), "alerts after 30 hours: %g becomes %g", rate, rate * factor);
	at_most(what, (double)late / runs, 0.05);
}

/* A tenfold attack of eight hours: it is told all the time, and not learned. */
static void attack(double rate)
{
	unsigned int seed, told = 0, runs = (seeds + 1) / 2;
	double learned = 0;
	char what[96];

	for (seed = 0; seed < runs; seed++) {
		struct series series = series_of(SHAPE_NEGBIN, seed, 450);
		struct anomaly *anomaly = new_anomaly();
		struct anomaly_score score;
		double before;
		long n;

		for (n = 0; n < 10 * DAY; n++)
			take(anomaly, n, series_next(&series, rate));
		before = look(anomaly, n, rate).typical;
		for (; n < 10 * DAY + 32; n++) {
			score = take(anomaly, n, 10 * rate + series_next(&series, rate));
			told += alerts(&score);
		}
		learned += look(anomaly, n, rate).typical / before;
		anomaly_free(anomaly);
	}
	snprintf(what, sizeof(what), "%% of 8 hours of attack >= 75: rate %g", rate);
	at_least(what, 100.0 * told / runs / 32, 90);
	snprintf(what, sizeof(what), "typical after it / before: rate %g", rate);
	at_most(what, learned / runs, 1.5);
}

/* The same series with half of some buckets unseen, and saved and loaded in between. */
static void interruptions(void)
{
	struct anomaly *anomaly = new_anomaly(), *other = new_anomaly(), *loaded;
	struct series series = series_of(SHAPE_POISSON, 0, 500);
	double differ = 0, partly = 0;
	long n;

	for (n = 0; n < 20 * DAY; n++) {
		double count = series_next(&series, 200);
		struct anomaly_bucket bucket = { time_of(n), 0, count, 1 };
		char bytes[ANOMALY_SAVE_MAX];
		size_t len;

		differ = fmax(differ, fabs(look(anomaly, n, count + 40).score -
					   look(other, n, count + 40).score));
		take(anomaly, n, count);
		anomaly_learn(other, &bucket);
		if (anomaly_save(other, bytes, sizeof(bytes), &len) ||
		    anomaly_load(&(struct anomaly_cfg){ BUCKET_S }, bytes, len, &loaded))
			exit(1);
		anomaly_free(other);
		other = loaded;
		if (n == 0)
			tell(len <= ANOMALY_SAVE_MAX, "bytes of a series", (double)len, "<= 8192");
	}
	at_most("difference of scores with a restart at each bucket", differ, 0);
	for (; n < 30 * DAY; n++) {
		struct anomaly_bucket bucket = { time_of(n), 0, 0, 0.6 };
		struct anomaly_score score;

		bucket.count = random_poisson(&series.random, 120);
		anomaly_judge(anomaly, &bucket, SIDE_BOTH, &score);
		partly += alerts(&score);
		anomaly_learn(anomaly, &bucket);
	}
	at_most("alerts in 10 days of which 60 % were seen", partly, 1);
	anomaly_free(anomaly);
	anomaly_free(other);
}

static void cost(void)
{
	size_t i;

	for (i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		struct series series = series_of(SHAPE_NEGBIN, 0, 600);
		struct anomaly *anomaly = new_anomaly();
		static double counts[5000];
		char what[96];
		clock_t begin;
		long n;

		for (n = 0; n < 5000; n++)
			counts[n] = series_next(&series, rates[i]);
		begin = clock();
		for (n = 0; n < 5000; n++)
			take(anomaly, n, counts[n]);
		snprintf(what, sizeof(what), "us to score and learn a bucket: rate %g", rates[i]);
		/* the target is 20; a busy machine may take longer */
		at_most(what, (double)(clock() - begin) / CLOCKS_PER_SEC * 1e6 / 5000,
			COST_MOST_US);
		anomaly_free(anomaly);
	}
}

int main(int argc, char **argv)
{
	static const double factors[] = { 2, 5, 30 };
	int option;
	size_t i;

	while ((option = getopt(argc, argv, "s:b:")) != -1) {
		if (option == 's')
			seeds = (unsigned int)strtoul(optarg, NULL, 10);
		else if (option == 'b')
			first_seed = (unsigned int)strtoul(optarg, NULL, 10);
		else
			return 2;
	}
	if (!seeds)
		return 2;
	printf("seeds %u to %u\n", first_seed, first_seed + seeds - 1);
	quiet_series();
	unruly_series();
	spikes();
	ready_after_two_hours();
	cycles();
	for (i = 0; i < 3; i++) {
		shift(15, factors[i]);
		shift(200, factors[i]);
	}
	attack(15);
	attack(200);
	interruptions();
	cost();
	printf("%u passed, %u failed, 0 skipped\n", passed, failed);
	return failed != 0;
}
