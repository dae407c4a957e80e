/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of the suite share: figures beside their targets, and a baseline that is fed. */
#ifndef TESTS_SCORE_SUITE_H
#define TESTS_SCORE_SUITE_H

#include <stdbool.h>

#include "anomaly/anomaly.h"
#include "tests/score/generate.h"

#define BUCKET_S 900
#define DAY      96           /* buckets */
#define START_S  1767225600LL /* 2026-01-01 00:00:00 UTC, a Thursday */
#define MINOR    25.0
#define CRITICAL 75.0
#define CALM     (CRITICAL / 2) /* an incident ends below it */

struct suite {
	unsigned int seeds;
	unsigned int first_seed;
	unsigned int passed;
	unsigned int failed;
};

/* Prints a figure beside its target, and counts it. what: as for printf. */
void suite_at_most(struct suite *suite, double target, double figure, const char *what, ...)
	__attribute__((format(printf, 4, 5)));
void suite_at_least(struct suite *suite, double target, double figure, const char *what, ...)
	__attribute__((format(printf, 4, 5)));

/* salt: other numbers for each property with the same seed. */
struct series suite_series(const struct suite *suite, enum shape shape, unsigned int seed,
			   unsigned int salt);
struct anomaly *suite_anomaly(void);
__s64 suite_time(long n);

/* The score of bucket n with that count, for the high side; take learns it too. */
struct anomaly_score suite_look(const struct anomaly *anomaly, long n, double count);
struct anomaly_score suite_take(struct anomaly *anomaly, long n, double count);
bool suite_alerts(const struct anomaly_score *score);

void suite_quiet(struct suite *suite);
void suite_spikes(struct suite *suite);
void suite_cycles(struct suite *suite);
void suite_lasting(struct suite *suite);
void suite_benchmark(struct suite *suite);
void suite_steady(struct suite *suite);

#endif
