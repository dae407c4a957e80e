/* SPDX-License-Identifier: GPL-2.0-only */
/* A judge under load: more groups and incidents than there is room for, and what a batch costs. */
#include "tests/unit/judging.h"

/* Every client over its limit at once, more of them than incidents that can be open. */
static void a_storm_of_incidents_is_bounded_and_counted(void **state)
{
	enum { CLIENTS = INCIDENT_MAX + 500 };
	struct record *records = calloc(CLIENTS, sizeof(*records));
	struct rule rule = internal_rule();
	struct judge_state told;
	size_t i;
	struct court court;

	court_open(&court, &rule, 1);
	assert_non_null(records);
	for (i = 0; i < CLIENTS; i++) {
		records[i] = http_record("10.1.0.3", "10.2.0.2", 500);
		records[i].source.w[3] = htonl(0x0a100000U + (__u32)i);
		records[i].count = 349;
	}
	court_batch(&court, 500, records, CLIENTS);
	assert_int_equal(court.count, 0);
	for (i = 0; i < CLIENTS; i++)
		records[i].count = 1;
	/* as many at a time as the test has room to keep */
	for (i = 0; i < CLIENTS; i += 1000) {
		court.count = 0;
		court_batch(&court, 600 + i, &records[i], CLIENTS - i < 1000 ? CLIENTS - i : 1000);
		assert_true(court.count > 0 || i >= INCIDENT_MAX);
	}
	judge_state(court.judge, 0, &told);
	assert_int_equal(told.incidents_open, INCIDENT_MAX);
	assert_int_equal(told.incidents_dropped, 500);
	assert_int_equal(told.groups_dropped, 0);
	court_close(&court);
	free(records);
}

/* Once groups were dropped, a count is at least what is told. */
static void dropped_groups_show_in_the_coverage(void **state)
{
	enum { CLIENTS = 140000 };
	struct record *records = calloc(CLIENTS, sizeof(*records));
	const struct record error = http_record("10.1.0.3", "10.2.0.2", 500);
	struct rule rule = internal_rule();
	struct judge_state told;
	struct court court;
	size_t i;

	assert_non_null(records);
	for (i = 0; i < CLIENTS; i++) {
		records[i] = error;
		records[i].source.w[3] = htonl(0x0a100000U + (__u32)i);
	}
	court_open(&court, &rule, 1);
	court_batch(&court, 500, records, CLIENTS);
	court_send(&court, 10, records[0], 400);
	assert_int_equal(court.count, 1);
	judge_state(court.judge, 0, &told);
	assert_true(told.groups_dropped > 0);
	assert_int_equal(told.groups + told.groups_dropped, CLIENTS);
	assert_false(court_last(&court)->coverage.exact);
	assert_int_equal(court_last(&court)->coverage.evicted, told.groups_dropped);
	court_close(&court);
	free(records);
}

/* A record of many sources: whole where nobody asks for the source, a loss where somebody does. */
static void merged_records_are_counted_where_they_can_be(void **state)
{
	struct rule rules[2] = { deny_rule(), deny_rule() };
	struct record records[12] = {};
	struct court court;
	size_t i;

	rules[0].id = (char *)"to";
	rules[0].group_by = GROUP_DESTINATION;
	rules[1].id = (char *)"from";
	rules[1].group_by = GROUP_SOURCE;
	for (i = 0; i < 2; i++) {
		rules[i].kind = RULE_THRESHOLD;
		rules[i].threshold.count = 100;
		rules[i].threshold.window_ns = 10 * SECOND_NS;
	}
	for (i = 0; i < 11; i++) {
		records[i] = drop_record("198.51.100.1", "10.2.0.2", 53);
		records[i].source.w[3] = htonl(0xc6336401U + (__u32)i);
		records[i].count = 9;
	}
	records[11] = drop_record("::", "10.2.0.2", 53);
	records[11].merged = MERGED_SOURCE;
	records[11].count = 901;
	court_open(&court, rules, 2);
	court.loss = (struct loss){ .merged = { 0, 901 } };
	court_batch(&court, 500, records, 12);
	assert_int_equal(court.count, 1);
	assert_string_equal(court_last(&court)->rule->id, "to");
	assert_int_equal(court_last(&court)->count, 1000);
	assert_int_equal(court_last(&court)->cause, CAUSE_FLOOD);
	assert_int_equal(court_last(&court)->top[DIM_SOURCE].distinct, 11);
	assert_true(court_last(&court)->top[DIM_SOURCE].distinct_at_least);
	assert_int_equal(court_last(&court)->top[DIM_SOURCE].rest, 901 + 3 * 9);
	assert_false(court_last(&court)->coverage.exact);
	assert_int_equal(court_last(&court)->coverage.evicted, 901);
	court_close(&court);
}

/* The other way round: one source, everywhere. */
static void records_without_destination_are_their_sources(void **state)
{
	struct record record = drop_record("198.51.100.1", "::", 0);
	struct rule rules[2] = { deny_rule(), deny_rule() };
	struct court court;
	size_t i;

	rules[0].id = (char *)"from";
	rules[0].group_by = GROUP_SOURCE;
	rules[1].id = (char *)"ports";
	rules[1].group_by = GROUP_SOURCE;
	for (i = 0; i < 2; i++) {
		rules[i].kind = RULE_THRESHOLD;
		rules[i].threshold.count = 1;
		rules[i].threshold.window_ns = SECOND_NS;
	}
	rules[1].threshold.distinct = DISTINCT_PORT;
	record.merged = MERGED_DESTINATION;
	court_open(&court, rules, 2);
	court_send(&court, 0, record, 500);
	assert_int_equal(court.count, 1);
	assert_string_equal(court_last(&court)->rule->id, "from");
	assert_int_equal(court_last(&court)->count, 500);
	assert_int_equal(court_last(&court)->top[DIM_DESTINATION].count, 0);
	court_close(&court);
}

static void a_hundred_thousand_groups_cost_little_a_batch(void **state)
{
	enum { GROUPS = 100000, BATCH = 2000, BATCHES = 500 };
	struct record *records = calloc(BATCH, sizeof(*records));
	const struct record error = http_record("10.1.0.3", "10.2.0.2", 404);
	const struct rule rules[] = { internal_rule(), external_rule() };
	struct judge_state told;
	struct court court;
	double seconds, idle;
	__u64 rng = 8;
	size_t i, n;

	assert_non_null(records);
	court_open(&court, rules, ARRAY_SIZE(rules));
	seconds = cpu_seconds();
	for (n = 0; n < BATCHES; n++) {
		for (i = 0; i < BATCH; i++) {
			records[i] = error;
			records[i].source.w[3] = htonl(0x0a100000U +
						       (__u32)(random_next(&rng) % GROUPS));
		}
		court_batch(&court, 100 * (n + 1), records, BATCH);
	}
	seconds = cpu_seconds() - seconds;
	judge_state(court.judge, 0, &told);
	idle = cpu_seconds();
	for (n = 0; n < 100; n++)
		court_batch(&court, 100 * BATCHES + n, NULL, 0);
	idle = cpu_seconds() - idle;
	print_message("%.0f ns a record with %zu groups; %.1f us an empty batch\n",
		      seconds / BATCH / BATCHES * 1e9, told.groups, idle / 100 * 1e6);
	assert_true(told.groups > GROUPS * 99 / 100);
	assert_int_equal(told.groups_dropped, 0);
	assert_true(idle / 100 < 1e-3); /* walking all groups would take longer */
	court_close(&court);
	free(records);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_storm_of_incidents_is_bounded_and_counted),
		cmocka_unit_test(dropped_groups_show_in_the_coverage),
		cmocka_unit_test(merged_records_are_counted_where_they_can_be),
		cmocka_unit_test(records_without_destination_are_their_sources),
		cmocka_unit_test(a_hundred_thousand_groups_cost_little_a_batch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
