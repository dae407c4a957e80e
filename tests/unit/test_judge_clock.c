/* SPDX-License-Identifier: GPL-2.0-only */
/* Anomaly rules where time is not even: gaps, clocks that step, buckets nobody closed. */
#include "tests/unit/denying.h"
#include "anomaly/anomaly.h"
#include "core/baselines.h"
#include "core/buckets.h"

#include <errno.h>
#include <math.h>

static void buckets_with_gaps_are_scaled_or_skipped(void **state)
{
	const struct rule rule = deny_rule();
	struct court court;

	court_open(&court, &rule, 1);
	quiet(&court, 0, 10);
	court_batch(&court, 10 * BUCKET_S * 1000 + 1, NULL, 0);
	assert_int_equal(state_of(&court).buckets, 9);
	assert_int_equal(state_of(&court).skipped, 1);
	/* half as much in half of the time is as usual; the same in all of it were not */
	court.loss.gap_ns = 450 * SECOND_NS;
	fill(&court, 10, 18);
	court_batch(&court, 11 * BUCKET_S * 1000 + 1, NULL, 0);
	assert_int_equal(state_of(&court).buckets, 10);
	assert_true(state_of(&court).actual == 18);
	assert_true(fabs(state_of(&court).typical - 18.5) < 1);
	court.loss.gap_ns = 450 * SECOND_NS + 1;
	fill(&court, 11, 18);
	court_batch(&court, 12 * BUCKET_S * 1000 + 1, NULL, 0);
	assert_int_equal(state_of(&court).buckets, 10);
	assert_int_equal(state_of(&court).skipped, 2);
	/* down for days: neither the buckets between nor the two at the edges */
	fill(&court, 12, 37);
	court.loss.gap_ns = 200 * BUCKET_S * SECOND_NS;
	court_batch(&court, 213 * BUCKET_S * 1000 + 5000, NULL, 0);
	court_batch(&court, 214 * BUCKET_S * 1000 + 5000, NULL, 0);
	assert_int_equal(state_of(&court).buckets, 10);
	quiet(&court, 214, 216);
	court_batch(&court, 216 * BUCKET_S * 1000 + 1, NULL, 0);
	assert_int_equal(state_of(&court).buckets, 12);
	assert_int_equal(court.count, 0);
	/* a spike is told in spite of a gap: it is at least that high */
	court.loss.gap_ns = 100 * SECOND_NS;
	fill(&court, 216, 5000);
	assert_int_equal(court.alerts[0].action, ALERT_OPEN);
	assert_false(court.alerts[0].coverage.exact);
	assert_int_equal(court.alerts[0].coverage.gap_ns, 5 * SECOND_NS); /* of this bucket */
	court_close(&court);
}

static void a_wall_clock_that_steps_teaches_nothing(void **state)
{
	static const struct {
		const char *name;
		__s64 seconds;
	} rows[] = {
		{ "two seconds on", 2 },
		{ "two seconds back", -2 },
		{ "an hour back", -3600 },
		{ "an hour on", 3600 },
		{ "fifty years on", 50LL * 365 * 86400 },
		{ "fifty years back", -50LL * 365 * 86400 },
	};
	const struct rule rule = deny_rule();
	double seconds = cpu_seconds();
	struct judge_state before, after;
	struct court court;
	__u64 shift;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		court_open(&court, &rule, 1);
		quiet(&court, 0, 12);
		court_batch(&court, 12 * BUCKET_S * 1000 + 1, NULL, 0);
		before = state_of(&court);
		court.wall_offset_ns += (__u64)rows[i].seconds * SECOND_NS;
		court_batch(&court, 12 * BUCKET_S * 1000 + 400000, NULL, 0);
		after = state_of(&court);
		if (after.buckets != before.buckets || after.actual != before.actual)
			fail_msg("%s: learned", rows[i].name);
		/* the rest of that bucket is not whole either; then it goes on, in the new time */
		shift = rows[i].seconds % 900 == 0 ? 0 : 2;
		quiet(&court, 13, 15);
		court_batch(&court, (15 * BUCKET_S + shift) * 1000 + 3000, NULL, 0);
		after = state_of(&court);
		if (after.buckets != before.buckets + 2)
			fail_msg("%s: %llu buckets", rows[i].name, after.buckets - before.buckets);
		assert_int_equal(court.count, 0);
		court_close(&court);
	}
	assert_true(cpu_seconds() - seconds < 5);
}

/* Both clocks jump by a century (a replay with a hole in it): no loop over millions of buckets. */
static void a_century_without_batches_takes_no_century(void **state)
{
	const struct rule rule = deny_rule();
	double seconds = cpu_seconds();
	struct court court;

	court_open(&court, &rule, 1);
	quiet(&court, 0, 12);
	court_batch(&court, 100ULL * 365 * 86400 * 1000, NULL, 0);
	assert_int_equal(state_of(&court).buckets, 11 + 1 + BUCKETS_EMPTY_MAX - 1);
	assert_true(cpu_seconds() - seconds < 5);
	court_close(&court);
}

static void a_small_step_back_stays_in_its_bucket(void **state)
{
	struct buckets buckets;
	struct bucket_end end;

	buckets_init(&buckets, 1000);
	assert_false(buckets_move(&buckets, 5500, false, 0, &end));
	assert_true(buckets_move(&buckets, 6001, false, 0, &end));
	assert_true(end.coverage == 0);
	assert_int_equal(end.start_wall_ns, 5000);
	assert_false(buckets_move(&buckets, 5999, false, 0, &end));
	assert_false(buckets_move(&buckets, 7000, false, 0, &end)); /* ends with the bucket */
	assert_true(buckets_move(&buckets, 7001, false, 0, &end));
	assert_true(end.coverage == 1);
	assert_int_equal(end.start_wall_ns, 6000);
	assert_int_equal(end.empty, 0);
	assert_true(buckets_move(&buckets, 11500, false, 0, &end));
	assert_true(end.coverage == 1);
	assert_int_equal(end.empty, 3);
	assert_true(buckets_move(&buckets, 12500, false, 11, &end));
	assert_true(fabs(end.coverage - 0.989) < 1e-12);
	assert_true(buckets_move(&buckets, 0, true, 0, &end));
	assert_int_equal(buckets_start_wall_ns(&buckets), 0);
	assert_false(buckets_move(&buckets, 1000, false, 0, &end));
}

/* The shape of a bucket in time is known in every bucket, not only in the first. */
static void a_steady_stream_is_seen_in_a_later_bucket(void **state)
{
	struct record record = drop_record("10.1.0.3", "10.2.0.1", 25);
	const struct rule rule = deny_rule();
	struct court court;
	__u64 second;

	court_open(&court, &rule, 1);
	quiet(&court, 0, 20);
	for (second = 1; second < 700; second += 7)
		court_batch(&court, (20 * BUCKET_S + second) * 1000, &record, 1);
	assert_int_equal(court.count, 1);
	assert_int_equal(court.alerts[0].cause, CAUSE_MISCONFIGURATION);
	court_close(&court);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buckets_with_gaps_are_scaled_or_skipped),
		cmocka_unit_test(a_wall_clock_that_steps_teaches_nothing),
		cmocka_unit_test(a_century_without_batches_takes_no_century),
		cmocka_unit_test(a_small_step_back_stays_in_its_bucket),
		cmocka_unit_test(a_steady_stream_is_seen_in_a_later_bucket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
