/* SPDX-License-Identifier: GPL-2.0-only */
/* A rule over kept counts: the same incidents that a sensor would have raised. */
#include "tests/unit/judging.h"
#include "score/backtest.h"

#include <errno.h>

#define BUCKET_S 900
#define START_S  1767225600LL
#define BUCKETS  200

static const struct group_key nobody;
static struct backtest_incident found[64];
static size_t found_count;

static void find(const struct backtest_incident *incident, void *arg)
{
	assert_true(found_count < ARRAY_SIZE(found));
	found[found_count++] = *incident;
}

/* 35 to 39 in each bucket, 60 in the 100th, 4000 in the 150th and 151st. */
static __u64 count_at(int i)
{
	return i == 100 ? 60 : i == 150 || i == 151 ? 4000 : 35 + i % 5;
}

static struct backtest backtest_of(const struct rule *rule, __s64 since_s, int parts)
{
	struct backtest backtest;
	int i, part;

	found_count = 0;
	backtest_init(&backtest, rule, since_s, find, NULL);
	assert_int_equal(backtest_begin(&backtest, &nobody, BUCKET_S / parts), 0);
	for (i = 0; i < BUCKETS; i++) {
		for (part = 0; part < parts; part++) {
			struct anomaly_bucket bucket = {
				.start_s = START_S + i * BUCKET_S + part * (BUCKET_S / parts),
				.count = part ? 0 : (double)count_at(i),
				.coverage = 1,
			};

			backtest_bucket(&backtest, &bucket);
		}
	}
	backtest_end(&backtest);
	return backtest;
}

static void levels_lie_around_the_rule_s_own(void **state)
{
	static const struct {
		double score, lowest, highest;
		size_t count, own;
	} rows[] = { { 75, 50, 95, 5, 2 },
		     { 20, 10, 40, 4, 1 },
		     { 95, 70, 95, 3, 2 },
		     { 100, 75, 100, 3, 2 },
		     { 0, 0, 20, 3, 0 } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rule rule = deny_rule();
		struct backtest backtest;

		rule.anomaly.score = rows[i].score;
		backtest_init(&backtest, &rule, 0, NULL, NULL);
		assert_int_equal(backtest.level_count, rows[i].count);
		assert_int_equal(backtest.own, rows[i].own);
		assert_true(backtest.level[0].score == rows[i].lowest);
		assert_true(backtest.level[backtest.level_count - 1].score == rows[i].highest);
	}
}

static void a_spike_is_one_incident(void **state)
{
	const struct rule rule = deny_rule();
	struct backtest backtest = backtest_of(&rule, 0, 1);
	size_t i;

	assert_int_equal(backtest.buckets, BUCKETS);
	assert_int_equal(backtest.learning, ANOMALY_READY);
	assert_int_equal(backtest.first_s, START_S);
	assert_int_equal(backtest.last_s, START_S + (BUCKETS - 1) * BUCKET_S);
	assert_int_equal(found_count, backtest.level[backtest.own].incidents);
	assert_true(found_count >= 1);
	assert_int_equal(found[found_count - 1].start_s, START_S + 150 * BUCKET_S);
	assert_int_equal(found[found_count - 1].end_s, START_S + 152 * BUCKET_S);
	assert_int_equal(found[found_count - 1].buckets, 2);
	assert_true(found[found_count - 1].actual == 4000);
	assert_true(found[found_count - 1].score >= 75);
	for (i = 1; i < backtest.level_count; i++)
		assert_true(backtest.level[i].buckets <= backtest.level[i - 1].buckets);
}

/* The judge itself over the same counts: as many incidents, with the same beginnings. */
static void it_agrees_with_the_sensor(void **state)
{
	const struct rule rule = deny_rule();
	struct court court;
	size_t i, opened = 0;
	int b;

	backtest_of(&rule, START_S + BUCKET_S, 1);
	court_open(&court, &rule, 1);
	court_batch(&court, 0, NULL, 0); /* just before the first bucket */
	for (b = 0; b < BUCKETS; b++) {
		struct record record = drop_record("10.1.0.3", "203.0.113.1", 443);

		record.count = count_at(b);
		court_batch(&court, (b * (__u64)BUCKET_S + 800) * 1000, &record, 1);
	}
	court_batch(&court, (BUCKETS * (__u64)BUCKET_S + 1) * 1000, NULL, 0);
	for (i = 0; i < court.count; i++) {
		if (court.alerts[i].action != ALERT_OPEN)
			continue;
		assert_true(opened < found_count);
		assert_int_equal(court.alerts[i].anomaly.bucket_start_wall_ns / SECOND_NS,
				 found[opened].start_s);
		opened++;
	}
	assert_int_equal(opened, found_count);
	court_close(&court);
}

static void what_is_older_is_learned_only(void **state)
{
	const struct rule rule = deny_rule();
	struct backtest backtest = backtest_of(&rule, START_S + 160 * BUCKET_S, 1);

	assert_int_equal(backtest.buckets, BUCKETS - 160);
	assert_int_equal(backtest.learning, 0);
	assert_int_equal(found_count, 0);
}

static void min_count_gates(void **state)
{
	struct rule rule = deny_rule();

	rule.anomaly.min_count = 5000;
	backtest_of(&rule, 0, 1);
	assert_int_equal(found_count, 0);
}

static void shorter_buckets_are_put_together(void **state)
{
	const struct rule rule = deny_rule();
	struct backtest whole = backtest_of(&rule, 0, 1), parts;
	size_t before = found_count, i;

	parts = backtest_of(&rule, 0, 3);
	assert_int_equal(found_count, before);
	assert_int_equal(parts.buckets, whole.buckets);
	for (i = 0; i < whole.level_count; i++)
		assert_int_equal(parts.level[i].buckets, whole.level[i].buckets);
	assert_int_equal(backtest_begin(&parts, &nobody, 7 * 60), -EINVAL);
	assert_int_equal(backtest_begin(&parts, &nobody, 2 * BUCKET_S), -EINVAL);
	assert_int_equal(backtest_begin(&parts, &nobody, 0), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(levels_lie_around_the_rule_s_own),
		cmocka_unit_test(a_spike_is_one_incident),
		cmocka_unit_test(it_agrees_with_the_sensor),
		cmocka_unit_test(what_is_older_is_learned_only),
		cmocka_unit_test(min_count_gates),
		cmocka_unit_test(shorter_buckets_are_put_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
