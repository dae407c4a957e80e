/* SPDX-License-Identifier: GPL-2.0-only */
/* How many alerts are sent one by one, and what the digest says of the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>

#include "outbox/limit.h"
#include "tests/unit/example.h"

#define START (500 * EXAMPLE_SECOND)

struct sent {
	struct limit *limit;
	struct example example;
};

static int setup(void **state)
{
	struct sent *sent = calloc(1, sizeof(*sent));

	assert_non_null(sent);
	assert_int_equal(limit_new(&sent->limit), 0);
	example_http(&sent->example);
	*state = sent;
	return 0;
}

static int teardown(void **state)
{
	struct sent *sent = *state;

	limit_free(sent->limit);
	free(sent);
	return 0;
}

/* How many of so many pass at that time. */
static unsigned int pass(struct sent *sent, const char *rule, enum alert_action action,
			 unsigned int count, __u64 now_ns)
{
	unsigned int passed = 0;

	sent->example.rule.id = (char *)rule;
	sent->example.alert.action = action;
	while (count--)
		passed += limit_passes(sent->limit, &sent->example.alert, now_ns);
	return passed;
}

static void ten_a_second(void **state)
{
	struct sent *sent = *state;

	assert_int_equal(pass(sent, "a", ALERT_OPEN, 50, START), 10);
	assert_int_equal(pass(sent, "a", ALERT_OPEN, 50, START + EXAMPLE_SECOND / 2), 5);
	assert_int_equal(pass(sent, "a", ALERT_OPEN, 50, START + 3 * EXAMPLE_SECOND), 10);
}

static void records_that_do_not_alarm_leave_room(void **state)
{
	struct sent *sent = *state;

	assert_int_equal(pass(sent, "a", ALERT_CLOSE, 50, START), 5);
	assert_int_equal(pass(sent, "a", ALERT_OPEN, 50, START), 5);
	assert_int_equal(pass(sent, "a", ALERT_CLOSE, 50, START + EXAMPLE_SECOND), 5);
}

/* A flood of one rule's alarms does not hide another's first. */
static void each_rule_has_its_first(void **state)
{
	struct sent *sent = *state;

	assert_int_equal(pass(sent, "flood", ALERT_OPEN, 1000, START), 10);
	assert_int_equal(pass(sent, "other", ALERT_OPEN, 5, START), 1);
	assert_int_equal(pass(sent, "third", ALERT_CLOSE, 5, START), 0);
	assert_int_equal(pass(sent, "flood", ALERT_OPEN, 1000, START + 9 * EXAMPLE_SECOND), 10);
	assert_int_equal(pass(sent, "other", ALERT_OPEN, 5, START + 9 * EXAMPLE_SECOND), 0);
	assert_int_equal(pass(sent, "other", ALERT_OPEN, 5, START + 10 * EXAMPLE_SECOND), 5);
	assert_int_equal(pass(sent, "flood", ALERT_OPEN, 50, START + 10 * EXAMPLE_SECOND), 5);
}

static void digest_says_what_was_held(void **state)
{
	struct sent *sent = *state;
	struct digest digest;
	char *text;
	unsigned int i;

	assert_false(limit_due(sent->limit, START, true, &digest));
	pass(sent, "a-rule", ALERT_OPEN, 10, START);
	assert_false(limit_due(sent->limit, START + EXAMPLE_SECOND, true, &digest));
	pass(sent, "a-rule", ALERT_OPEN, 300, START);
	sent->example.alert.wall_ns += 2 * EXAMPLE_SECOND;
	sent->example.rule.severity = 9;
	for (i = 0; i < 200; i++) { /* sources of one each */
		sent->example.alert.group.source.w[2] = i + 1;
		pass(sent, "b-rule", ALERT_CLOSE, 1, START);
	}
	assert_false(limit_due(sent->limit, START + LIMIT_WINDOW_NS - 1, false, &digest));
	assert_true(limit_due(sent->limit, START + LIMIT_WINDOW_NS, false, &digest));
	assert_int_equal(digest.count, 500);
	assert_int_equal(digest.alarms, 300);
	assert_int_equal(digest.severity, 9);
	assert_int_equal(digest.rule_count, 2);
	assert_string_equal(digest.rule[0].id, "a-rule");
	assert_int_equal(digest.rule[0].count, 300);
	assert_int_equal(digest.rule[1].count, 200);
	assert_int_equal(digest.other_rules, 0);
	assert_int_equal(digest.last_wall_ns - digest.first_wall_ns, 2 * EXAMPLE_SECOND);
	/* at least that much: some of the others took from it */
	assert_in_range(digest.source[0].count, 290, 300);
	digest.kept = true;
	assert_int_equal(digest_text(&digest, &text), 0);
	assert_memory_equal(text,
			    "500 more alert records within 2.0 s, too many to send one by one; "
			    "rules: a-rule 300, b-rule 200; most often about 10.77.1.3 (2",
			    124);
	assert_non_null(strstr(text, "; each is in the history"));
	free(text);
	limit_told(sent->limit);
	assert_false(limit_due(sent->limit, START + 100 * EXAMPLE_SECOND, true, &digest));
}

static void digest_of_many_rules(void **state)
{
	struct sent *sent = *state;
	struct digest digest;
	char id[16], *ecs;
	json_t *root, *rules;
	unsigned int i;

	pass(sent, "first", ALERT_OPEN, 10, START);
	for (i = 0; i < 30; i++) {
		snprintf(id, sizeof(id), "rule-%02u", i);
		limit_add_held(sent->limit, id, false, EXAMPLE_WALL, START);
	}
	assert_true(limit_due(sent->limit, START, true, &digest));
	assert_int_equal(digest.rule_count, DIGEST_RULES_MAX);
	assert_int_equal(digest.other_rules, 30 - DIGEST_RULES_MAX);
	assert_int_equal(digest_json(example_observer(), &digest, &ecs), 0);
	root = json_loads(ecs, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(root, "event"), "kind")),
		"event");
	rules = json_object_get(json_object_get(json_object_get(root, "spikewatch"), "digest"),
				"rules");
	assert_int_equal(json_object_size(rules), DIGEST_RULES_MAX);
	json_decref(root);
	free(ecs);
}

#define LIMIT_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LIMIT_TEST(ten_a_second),
		LIMIT_TEST(records_that_do_not_alarm_leave_room),
		LIMIT_TEST(each_rule_has_its_first),
		LIMIT_TEST(digest_says_what_was_held),
		LIMIT_TEST(digest_of_many_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
