/* SPDX-License-Identifier: GPL-2.0-only */
/* What is expected behind an outlier: nothing new at first, echoes where bursts were seen to last.
 */
#include "tests/unit/core.h"
#include "anomaly/echo.h"

#include <math.h>

#define MEAN     20.0
#define OUTLIER  -40.0 /* ln of what the level gives to an outlier */
#define USUAL    -3.0
#define EXPECTED -4.6 /* a tail of 1 % */

static void calm(struct echo *echo)
{
	int i;

	for (i = 0; i < 20; i++)
		echo_learn(echo, MEAN, MEAN, USUAL, 0);
}

/* A burst from its first count on, each that part of the one before; then it is calm. */
static void burst(struct echo *echo, double first, double part, int buckets)
{
	for (; buckets > 0; buckets--, first *= part)
		echo_learn(echo, MEAN, first, OUTLIER, 1);
	calm(echo);
}

static void what_was_never_seen_stays_unexpected(void **state)
{
	struct echo echo = { 0 };
	int i;

	assert_true(echo_ln_upper(&echo, MEAN, 400, OUTLIER) == OUTLIER);
	assert_true(echo_ln_lower(&echo, MEAN, 0, OUTLIER) == OUTLIER);
	for (i = 0; i < 40; i++) { /* all through the first burst */
		echo_learn(&echo, MEAN, 400, OUTLIER, 1);
		assert_true(echo_ln_upper(&echo, MEAN, 400, OUTLIER) < ECHO_ODDS);
	}
}

static void bursts_that_fade_become_expected(void **state)
{
	struct echo echo = { 0 };
	int i;

	for (i = 0; i < 8; i++)
		burst(&echo, 2000, 0.5, 4);
	assert_true(echo_ln_upper(&echo, MEAN, 2000, OUTLIER) == OUTLIER); /* its begin is not */
	echo_learn(&echo, MEAN, 2000, OUTLIER, 1);
	assert_true(echo_ln_upper(&echo, MEAN, 1000, OUTLIER) > EXPECTED);
	assert_true(echo_ln_upper(&echo, MEAN, 200000, OUTLIER) < EXPECTED);
	assert_true(echo_ln_lower(&echo, MEAN, MEAN, USUAL) <= 0);
}

static void holes_that_last_become_expected(void **state)
{
	struct echo echo = { 0 };
	int i;

	for (i = 0; i < 8; i++)
		burst(&echo, 0, 1, 4);
	echo_learn(&echo, MEAN, 0, OUTLIER, 1);
	assert_true(echo_ln_lower(&echo, MEAN, 0, OUTLIER) > EXPECTED);
}

static void one_burst_is_one_witness(void **state)
{
	struct echo echo = { 0 };

	burst(&echo, 400, 1, 500);
	assert_true(echo.odds > 0);
	assert_true(echo.odds <= ECHO_FACTOR / (1 - ECHO_AGAIN));
}

static void outliers_that_stand_alone_stay_unexpected(void **state)
{
	struct echo echo = { 0 };
	int i;

	for (i = 0; i < 50; i++)
		burst(&echo, 400, 1, 1);
	echo_learn(&echo, MEAN, 400, OUTLIER, 1);
	assert_true(echo_ln_upper(&echo, MEAN, 400, OUTLIER) < ECHO_ODDS);
}

static void extremes_stay_numbers(void **state)
{
	static const double counts[] = { 0, 1e15, 1, 1e15, 0, 0.5, 1e9 };
	static const double means[] = { 1e-6, 1e17, 3, 1e-6 };
	struct echo echo = { 0 };
	size_t n;

	for (n = 0; n < 1000; n++) {
		double count = counts[n % ARRAY_SIZE(counts)], mean = means[n % ARRAY_SIZE(means)];
		double upper = echo_ln_upper(&echo, mean, count, -1e6);
		double lower = echo_ln_lower(&echo, mean, count, -1e6);

		assert_true(isfinite(upper) && upper <= 0);
		assert_true(isfinite(lower) && lower <= 0);
		echo_learn(&echo, mean, count, -1e6, n % 3 != 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_never_seen_stays_unexpected),
		cmocka_unit_test(bursts_that_fade_become_expected),
		cmocka_unit_test(holes_that_last_become_expected),
		cmocka_unit_test(one_burst_is_one_witness),
		cmocka_unit_test(outliers_that_stand_alone_stay_unexpected),
		cmocka_unit_test(extremes_stay_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
