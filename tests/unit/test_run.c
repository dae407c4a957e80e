/* SPDX-License-Identifier: GPL-2.0-only */
/* What lasts behind an outlier is one run, and a lone outlier is none. */
#include "tests/unit/core.h"
#include "anomaly/run.h"

#include <math.h>

static void usual_buckets_begin_none(void **state)
{
	struct run run = { 0 };

	(void)state;
	run_learn(&run, RUN_BEGINS - 0.1, 0);
	run_learn(&run, -RUN_BEGINS + 0.1, 0);
	assert_true(run_look(&run, 2) == 0);
}

static void a_lone_outlier_is_over_with_the_next(void **state)
{
	struct run run = { 0 };

	(void)state;
	run_learn(&run, RUN_BEGINS, 100);
	assert_true(run_look(&run, 0.1) < 2);
	assert_true(run_look(&run, -0.1) == 0);
	run_learn(&run, -0.8, 0);
	assert_true(run_look(&run, 2) == 0);
}

/* Two deviations each, of which none is an outlier. */
static void what_lasts_stays_out(void **state)
{
	struct run run = { 0 };
	int i;

	(void)state;
	run_learn(&run, -RUN_BEGINS, 80);
	for (i = 0; i < 10; i++) {
		assert_true(run_look(&run, -2) < -3);
		run_learn(&run, -2, 40);
	}
	assert_true(run.told == 1);
}

static void an_end_forgets_what_was_told(void **state)
{
	struct run run = { 0 };
	int i;

	(void)state;
	run_learn(&run, RUN_BEGINS, 80);
	for (i = 0; i < 20; i++)
		run_learn(&run, -0.5, 0);
	run_learn(&run, RUN_BEGINS, 60);
	assert_true(run.squares > 0 && run.told == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(usual_buckets_begin_none),
		cmocka_unit_test(a_lone_outlier_is_over_with_the_next),
		cmocka_unit_test(what_lasts_stays_out),
		cmocka_unit_test(an_end_forgets_what_was_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
