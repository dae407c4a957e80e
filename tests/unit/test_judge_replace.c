/* SPDX-License-Identifier: GPL-2.0-only */
/* Other rules for a judge at work: what goes on, what begins anew, what ends. */
#include "tests/unit/judging.h"

static struct rule small_rule(void)
{
	struct rule rule = internal_rule();

	rule.threshold.count = 10;
	return rule;
}

static void replace(struct court *court, const struct rule *rules, size_t count)
{
	assert_int_equal(judge_replace(court->judge, &(struct judge_cfg){ .rules = rules,
									  .rule_count = count,
									  .places = &court->places,
									  .emit = court_take,
									  .arg = court,
									  .seed = 7 }),
			 0);
}

/* Nine of ten errors before, one after: is that ten? */
static void what_counts_alike_goes_on(void **state)
{
	static const struct {
		const char *name;
		size_t alerts;
	} rows[] = {
		{ "nothing is changed", 1 },
		{ "another title", 1 },
		{ "another severity", 1 },
		{ "prototype", 1 },
		{ "another limit", 1 },
		{ "another window", 0 },
		{ "distinct", 0 },
		{ "another match", 0 },
		{ "another group", 0 },
		{ "another exception", 0 },
		{ "another feed, and back", 0 },
	};
	struct record error = http_record("10.1.0.3", "10.2.0.2", 404);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rule before = small_rule(), after = small_rule(), between = deny_rule();
		struct court court;

		between.id = before.id;
		after.title = i == 1 ? (char *)"another" : NULL;
		after.severity = i == 2 ? 9 : 0;
		after.prototype = i == 3;
		after.threshold.count = i == 4 ? 9 : 10;
		after.threshold.window_ns -= i == 5 ? SECOND_NS : 0;
		after.threshold.distinct = i == 6 ? DISTINCT_PORT : DISTINCT_NONE;
		after.match.status[0].first = i == 7 ? 401 : 400;
		after.group_by |= i == 8 ? GROUP_PORT : 0;
		after.except.source.term[0].name = i == 9 ? "scanners" : NULL;
		court_open(&court, &before, 1);
		court_send(&court, 0, error, 9);
		if (i == 10)
			replace(&court, &between, 1);
		replace(&court, &after, 1);
		memset(&before, 0xee, sizeof(before)); /* is not looked at any more */
		court_send(&court, 1, error, 1);
		if (court.count != rows[i].alerts)
			fail_msg("%s: %zu alerts", rows[i].name, court.count);
		if (court.count)
			assert_ptr_equal(court_last(&court)->rule, &after);
		court_close(&court);
	}
}

static void an_open_incident_goes_on_under_the_new_words(void **state)
{
	struct record error = http_record("10.1.0.3", "10.2.0.2", 404);
	struct rule before = small_rule(), rules[2] = { deny_rule(), small_rule() };
	struct court court;
	char id[ALERT_ID_LEN + 1];

	court_open(&court, &before, 1);
	court_send(&court, 0, error, 10);
	assert_int_equal(court.count, 1);
	memcpy(id, court_last(&court)->incident, sizeof(id));
	rules[1].severity = 7;
	replace(&court, rules, 2); /* at another place in the list, too */
	court_wait(&court, 0, 700);
	assert_int_equal(court.count, 2);
	assert_int_equal(court_last(&court)->action, ALERT_CLOSE);
	assert_string_equal(court_last(&court)->incident, id);
	assert_int_equal(court_last(&court)->rule->severity, 7);
	court_close(&court);
}

static void incidents_of_rules_that_go_are_closed(void **state)
{
	struct record error = http_record("10.1.0.3", "10.2.0.2", 404);
	size_t i;

	for (i = 0; i < 3; i++) {
		struct rule before = small_rule(), after = small_rule();
		struct court court;

		court_open(&court, &before, 1);
		court_send(&court, 0, error, 10);
		assert_int_equal(court_last(&court)->action, ALERT_OPEN);
		after.enabled = i != 1;
		after.threshold.window_ns *= 2; /* i == 2: it begins anew */
		replace(&court, &after, i != 0);
		assert_int_equal(court.count, 2);
		assert_int_equal(court_last(&court)->action, ALERT_CLOSE);
		assert_ptr_equal(court_last(&court)->rule, &before);
		assert_int_equal(court_last(&court)->count, 10);
		assert_string_equal(court.alerts[0].incident, court.alerts[1].incident);
		court_send(&court, 1, error, 5);
		assert_int_equal(court.count, 2);
		assert_int_equal(judge_rule_count(court.judge), i == 2 ? 1 : 0);
		court_close(&court);
	}
}

/* Baselines are what takes longest to come back. */
static void baselines_go_on(void **state)
{
	struct record deny = drop_record("10.1.0.3", "10.2.0.2", 22);
	struct rule before = deny_rule(), limit = deny_rule(), bucket = deny_rule();
	struct judge_state at;
	struct court court;
	__u64 s;

	before.anomaly.bucket_ns = limit.anomaly.bucket_ns = 10 * SECOND_NS;
	bucket.anomaly.bucket_ns = 20 * SECOND_NS;
	limit.anomaly.score = 50;
	court_open(&court, &before, 1);
	for (s = 0; s < 60; s++)
		court_send(&court, s, deny, 3);
	judge_state(court.judge, 0, &at);
	assert_int_equal(at.buckets, 4); /* the first was cut, the sixth is open */
	replace(&court, &limit, 1);
	for (; s < 71; s++)
		court_send(&court, s, deny, 3);
	judge_state(court.judge, 0, &at);
	assert_int_equal(at.buckets, 6);
	assert_int_equal(at.series, 1);
	replace(&court, &bucket, 1);
	judge_state(court.judge, 0, &at);
	assert_int_equal(at.buckets, 0);
	court_close(&court);
}

static void what_cannot_be_leaves_all_as_it_was(void **state)
{
	struct record error = http_record("10.1.0.3", "10.2.0.2", 404);
	struct rule before = small_rule(), wrong = external_rule();
	struct court court;

	wrong.threshold.window_ns = 0;
	court_open(&court, &before, 1);
	court_send(&court, 0, error, 9);
	assert_int_not_equal(
		judge_replace(court.judge, &(struct judge_cfg){ .rules = &wrong,
								.rule_count = 1,
								.places = &court.places,
								.emit = court_take,
								.arg = &court }),
		0);
	court_send(&court, 1, error, 1);
	assert_int_equal(court.count, 1);
	court_close(&court);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_counts_alike_goes_on),
		cmocka_unit_test(an_open_incident_goes_on_under_the_new_words),
		cmocka_unit_test(incidents_of_rules_that_go_are_closed),
		cmocka_unit_test(baselines_go_on),
		cmocka_unit_test(what_cannot_be_leaves_all_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
