/* SPDX-License-Identifier: GPL-2.0-only */
/* Threshold rules in virtual time: edges of the window, groups, evidence, coverage. */
#include "tests/unit/judging.h"

#include <errno.h>

static void the_350th_error_alerts_and_not_the_349th(void **state)
{
	struct record error = http_record("10.1.0.3", "10.2.0.2", 404);
	struct rule rule = internal_rule();
	size_t i;
	struct court court;

	court_open(&court, &rule, 1);
	for (i = 0; i < 349; i++)
		court_batch(&court, 100 * (i + 1), &error, 1);
	assert_int_equal(court.count, 0);
	court_batch(&court, 100 * 350, &error, 1); /* in this very batch */
	assert_int_equal(court.count, 1);
	assert_int_equal(court_last(&court)->action, ALERT_OPEN);
	assert_int_equal(court_last(&court)->count, 350);
	assert_int_equal(court_last(&court)->peak, 350);
	assert_false(court_last(&court)->suppressed);
	assert_int_equal(court_last(&court)->wall_ns, WALL_START_NS + 35 * SECOND_NS);
	assert_int_equal(court_last(&court)->start_wall_ns, WALL_START_NS);
	assert_int_equal(court_last(&court)->end_wall_ns, WALL_START_NS + 35 * SECOND_NS);
	assert_true(addr_equal(&court_last(&court)->group.source, &error.source));
	assert_true(court_last(&court)->coverage.exact);
	court_close(&court);
}

static void the_window_is_300_seconds_to_the_second(void **state)
{
	static const struct {
		const char *name;
		__u64 last_second;
		size_t alerts;
	} rows[] = {
		{ "the first error is in the window's first second", 299, 1 },
		{ "the first error has just left", 300, 0 },
	};
	struct record error = http_record("10.1.0.3", "10.2.0.2", 500);
	struct rule rule = internal_rule();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct court court;

		court_open(&court, &rule, 1);
		court_send(&court, 0, error, 1);
		court_send(&court, 100, error, 348);
		court_send(&court, rows[i].last_second, error, 1);
		if (court.count != rows[i].alerts)
			fail_msg("%s: %zu alerts", rows[i].name, court.count);
		court_close(&court);
	}
}

/* A batch belongs to the second of its last nanosecond. */
static void a_batch_that_ends_with_its_second_belongs_to_it(void **state)
{
	struct record error = http_record("10.1.0.3", "10.2.0.2", 500), many = error;
	struct rule rule = internal_rule();
	struct court court;

	court_open(&court, &rule, 1);
	many.count = 349;
	court_batch(&court, 1000, &many, 1);    /* second 0 */
	court_batch(&court, 300000, &error, 1); /* second 299 */
	assert_int_equal(court.count, 1);
	court_close(&court);
	court_open(&court, &rule, 1);
	court_batch(&court, 1000, &many, 1);
	court_batch(&court, 300001, &error, 1); /* second 300 */
	assert_int_equal(court.count, 0);
	court_close(&court);
}

static void two_groups_do_not_mix(void **state)
{
	struct record a = http_record("10.1.0.3", "10.2.0.2", 404);
	struct record b = http_record("10.1.0.4", "10.2.0.2", 404);
	struct rule rule = internal_rule();
	struct court court;

	court_open(&court, &rule, 1);
	court_send(&court, 1, a, 349);
	court_send(&court, 1, b, 349);
	assert_int_equal(court.count, 0);
	court_send(&court, 2, b, 1);
	assert_int_equal(court.count, 1);
	assert_true(addr_equal(&court_last(&court)->group.source, &b.source));
	court_close(&court);
	rule.group_by = 0;
	court_open(&court, &rule, 1);
	court_send(&court, 1, a, 349);
	court_send(&court, 1, b, 1);
	assert_int_equal(court.count, 1); /* without groups they are one */
	court_close(&court);
}

static void each_rule_looks_only_at_its_own(void **state)
{
	static const struct {
		const char *name, *client, *server, *rule;
	} rows[] = {
		{ "internal client", "10.1.0.3", "10.2.0.2", "http-error-spike-internal" },
		{ "external client", "203.0.113.9", "10.2.0.2", "http-error-spike-external" },
		{ "neither inside", "203.0.113.9", "198.51.100.1", NULL },
		{ "the client is a proxy", "10.5.0.7", "10.2.0.2", NULL },
		{ "the server is a proxy", "10.1.0.3", "10.5.0.7", NULL },
		{ "this host is the client", "10.0.0.1", "10.2.0.2", NULL },
	};
	const struct rule rules[] = { internal_rule(), external_rule() };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct court court;

		court_open(&court, rules, ARRAY_SIZE(rules));
		court_send(&court, 1, http_record(rows[i].client, rows[i].server, 403), 5000);
		if (court.count != (rows[i].rule != NULL))
			fail_msg("%s: %zu alerts", rows[i].name, court.count);
		if (rows[i].rule)
			assert_string_equal(court_last(&court)->rule->id, rows[i].rule);
		court_close(&court);
	}
}

static void a_rule_that_is_not_enabled_is_left_out(void **state)
{
	struct rule rules[] = { internal_rule(), external_rule() };
	struct judge_state told;
	struct court court;

	rules[0].enabled = false;
	court_open(&court, rules, ARRAY_SIZE(rules));
	assert_int_equal(judge_rule_count(court.judge), 1);
	court_send(&court, 1, http_record("10.1.0.3", "10.2.0.2", 403), 5000);
	assert_int_equal(court.count, 0);
	court_send(&court, 1, http_record("203.0.113.9", "10.2.0.2", 403), 5000);
	judge_state(court.judge, 0, &told);
	assert_ptr_equal(told.rule, &rules[1]);
	assert_int_equal(told.matched, 5000);
	assert_int_equal(told.groups, 1);
	assert_int_equal(told.incidents_open, 1);
	court_close(&court);
}

static void evidence_is_exact(void **state)
{
	const struct record records[] = {
		{ .feed = FEED_HTTP,
		  .source = ip("10.1.0.3"),
		  .destination = ip("10.2.0.2"),
		  .port = 80,
		  .code = 404,
		  .count = 200 },
		{ .feed = FEED_HTTP,
		  .source = ip("10.1.0.3"),
		  .destination = ip("10.2.0.2"),
		  .port = 80,
		  .code = 403,
		  .count = 50 },
		{ .feed = FEED_HTTP,
		  .source = ip("10.1.0.3"),
		  .destination = ip("10.2.0.3"),
		  .port = 8080,
		  .code = 500,
		  .count = 100 },
	};
	const struct alert *alert;
	struct rule rule = internal_rule();
	struct court court;

	court_open(&court, &rule, 1);
	/* what has left the window by then is in no figure */
	court_send(&court, 0, http_record("10.1.0.3", "10.2.0.9", 418), 300);
	court_batch(&court, 301000, records, ARRAY_SIZE(records));
	assert_int_equal(court.count, 1);
	alert = court_last(&court);
	assert_int_equal(alert->count, 350);
	assert_int_equal(alert->top[DIM_STATUS].count, 3);
	assert_int_equal(alert->top[DIM_STATUS].distinct, 3);
	assert_int_equal(alert->top[DIM_STATUS].rest, 0);
	assert_int_equal(alert->top[DIM_STATUS].entry[0].code, 404);
	assert_int_equal(alert->top[DIM_STATUS].entry[0].count, 200);
	assert_int_equal(alert->top[DIM_STATUS].entry[1].code, 500);
	assert_int_equal(alert->top[DIM_STATUS].entry[1].count, 100);
	assert_int_equal(alert->top[DIM_STATUS].entry[2].code, 403);
	assert_int_equal(alert->top[DIM_STATUS].entry[2].count, 50);
	assert_int_equal(alert->top[DIM_DESTINATION].count, 2);
	assert_true(
		addr_equal(&alert->top[DIM_DESTINATION].entry[0].addr, &records[0].destination));
	assert_int_equal(alert->top[DIM_DESTINATION].entry[0].port, 80);
	assert_int_equal(alert->top[DIM_DESTINATION].entry[0].count, 250);
	assert_int_equal(alert->top[DIM_PORT].entry[1].port, 8080);
	assert_int_equal(alert->top[DIM_SOURCE].count, 1);
	assert_int_equal(alert->top[DIM_REASON].count, 0);
	assert_int_equal(alert->cause, CAUSE_SCAN);
	assert_string_equal(alert->cause_says, "one client, 2 servers, 2 ports in 1 s");
	court_close(&court);
}

static void coverage_sums_the_losses_of_the_window(void **state)
{
	struct record error = http_record("10.1.0.3", "10.2.0.2", 404);
	struct rule rule = internal_rule();
	struct court court;

	court_open(&court, &rule, 1);
	court.loss = (struct loss){ .evicted = { 100, 7 } };
	court_send(&court, 0, error, 1); /* has left by then */
	court.loss = (struct loss){ .evicted = { 12, 900 }, .unparsed = { 3, 900 } };
	court_send(&court, 11, error, 1); /* the window's first second */
	court.loss = (struct loss){ .gap_ns = 2100000000 };
	court_send(&court, 310, error, 400);
	assert_int_equal(court.count, 1);
	assert_false(court_last(&court)->coverage.exact);
	assert_int_equal(court_last(&court)->coverage.evicted, 12);
	assert_int_equal(court_last(&court)->coverage.unparsed, 3);
	assert_int_equal(court_last(&court)->coverage.gap_ns, 2100000000);
	court_close(&court);
}

static void distinct_rules_count_values(void **state)
{
	struct rule rule = {
		.id = (char *)"port-scan",
		.enabled = true,
		.feed = FEED_DROP,
		.group_by = GROUP_SOURCE | GROUP_DESTINATION,
		.threshold = { .count = 20,
			       .window_ns = 300 * SECOND_NS,
			       .distinct = DISTINCT_PORT },
	};
	__u16 port;
	struct court court;

	court_open(&court, &rule, 1);
	for (port = 1; port <= 19; port++)
		court_send(&court, port, drop_record("10.1.0.3", "10.2.0.2", port), 1000);
	court_send(&court, 20, drop_record("10.1.0.3", "10.2.0.2", 19), 1000);
	court_send(&court, 20, drop_record("10.1.0.3", "10.2.0.3", 20), 1000);
	assert_int_equal(court.count, 0);
	court_send(&court, 21, drop_record("10.1.0.3", "10.2.0.2", 20), 1);
	assert_int_equal(court.count, 1);
	assert_int_equal(court_last(&court)->count, 20);
	assert_int_equal(court_last(&court)->cause, CAUSE_SCAN);
	assert_string_equal(court_last(&court)->cause_says,
			    "one source, 1 destination, 20 ports in 21 s");
	assert_int_equal(court_last(&court)->top[DIM_PORT].distinct, 20);
	assert_int_equal(court_last(&court)->top[DIM_PORT].count, ALERT_TOP_MAX);
	assert_int_equal(court_last(&court)->top[DIM_PORT].rest, 1000 * 12 + 1 - 1000);
	assert_int_equal(court_last(&court)->top[DIM_REASON].entry[0].code, 8);
	assert_int_equal(court_last(&court)->top[DIM_HOOK].entry[0].code, HOOK_INGRESS);
	court_close(&court);
}

static void batches_out_of_order_count_in_the_present(void **state)
{
	struct record error = http_record("10.1.0.3", "10.2.0.2", 404);
	struct rule rule = internal_rule();
	struct court court;

	court_open(&court, &rule, 1);
	court_send(&court, 500, error, 349);
	court_send(&court, 100, error, 1); /* late by 400 s */
	assert_int_equal(court.count, 1);
	assert_int_equal(court_last(&court)->wall_ns, WALL_START_NS + 500500000000ULL);
	court_close(&court);
}

static void impossible_rules_are_refused(void **state)
{
	struct rule rules[] = { internal_rule(), internal_rule(), deny_rule() };
	struct judge *judge = NULL;
	size_t i;

	rules[0].threshold.window_ns = 0;
	rules[1].threshold.count = 0;
	rules[2].anomaly.bucket_ns = 0;
	for (i = 0; i < ARRAY_SIZE(rules); i++)
		assert_int_equal(
			judge_new(&(struct judge_cfg){ .rules = &rules[i], .rule_count = 1 },
				  &judge),
			-EINVAL);
	assert_null(judge);
	judge_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_350th_error_alerts_and_not_the_349th),
		cmocka_unit_test(the_window_is_300_seconds_to_the_second),
		cmocka_unit_test(a_batch_that_ends_with_its_second_belongs_to_it),
		cmocka_unit_test(two_groups_do_not_mix),
		cmocka_unit_test(each_rule_looks_only_at_its_own),
		cmocka_unit_test(a_rule_that_is_not_enabled_is_left_out),
		cmocka_unit_test(evidence_is_exact),
		cmocka_unit_test(coverage_sums_the_losses_of_the_window),
		cmocka_unit_test(distinct_rules_count_values),
		cmocka_unit_test(batches_out_of_order_count_in_the_present),
		cmocka_unit_test(impossible_rules_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
