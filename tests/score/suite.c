/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the score must show, on made series: prints each figure beside its target, and ends with
 * "N passed, N failed, N skipped". usage: suite [-s SEEDS] [-b FIRST_SEED]
 */
#include "tests/score/suite.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void tell(struct suite *suite, bool holds, double figure, const char *sign, double target,
		 const char *what, va_list args)
{
	char text[128];

	vsnprintf(text, sizeof(text), what, args);
	printf("%-4s %-66s %8.2f   %s %g\n", holds ? "ok" : "FAIL", text, figure, sign, target);
	fflush(stdout);
	suite->passed += holds;
	suite->failed += !holds;
}

void suite_at_most(struct suite *suite, double target, double figure, const char *what, ...)
{
	va_list args;

	va_start(args, what);
	tell(suite, figure <= target, figure, "<=", target, what, args);
	va_end(args);
}

void suite_at_least(struct suite *suite, double target, double figure, const char *what, ...)
{
	va_list args;

	va_start(args, what);
	tell(suite, figure >= target, figure, ">=", target, what, args);
	va_end(args);
}

struct series suite_series(const struct suite *suite, enum shape shape, unsigned int seed,
			   unsigned int salt)
{
	return (struct series){ .shape = shape,
				.random = { ((__u64)suite->first_seed + seed) * 1000003 +
					    salt * 7919 } };
}

struct anomaly *suite_anomaly(void)
{
	struct anomaly *anomaly;

	if (anomaly_new(&(struct anomaly_cfg){ .bucket_s = BUCKET_S }, &anomaly))
		exit(1);
	return anomaly;
}

__s64 suite_time(long n)
{
	return START_S + (__s64)n * BUCKET_S;
}

struct anomaly_score suite_look(const struct anomaly *anomaly, long n, double count)
{
	const struct anomaly_bucket bucket = { suite_time(n), 0, count, 1 };
	struct anomaly_score score;

	anomaly_judge(anomaly, &bucket, SIDE_HIGH, &score);
	return score;
}

struct anomaly_score suite_take(struct anomaly *anomaly, long n, double count)
{
	const struct anomaly_bucket bucket = { suite_time(n), 0, count, 1 };
	struct anomaly_score score = suite_look(anomaly, n, count);

	anomaly_learn(anomaly, &bucket);
	return score;
}

bool suite_alerts(const struct anomaly_score *score)
{
	return !score->learning && score->score >= CRITICAL;
}

int main(int argc, char **argv)
{
	struct suite suite = { .seeds = 50 };
	int option;

	while ((option = getopt(argc, argv, "s:b:")) != -1) {
		if (option == 's')
			suite.seeds = (unsigned int)strtoul(optarg, NULL, 10);
		else if (option == 'b')
			suite.first_seed = (unsigned int)strtoul(optarg, NULL, 10);
		else
			return 2;
	}
	if (!suite.seeds)
		return 2;
	printf("seeds %u to %u\n", suite.first_seed, suite.first_seed + suite.seeds - 1);
	suite_quiet(&suite);
	suite_spikes(&suite);
	suite_cycles(&suite);
	suite_lasting(&suite);
	suite_benchmark(&suite);
	suite_steady(&suite);
	printf("%u passed, %u failed, 0 skipped\n", suite.passed, suite.failed);
	return suite.failed != 0;
}
