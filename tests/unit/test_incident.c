/* SPDX-License-Identifier: GPL-2.0-only */
/* The life of an incident in virtual time: open, update, close, suppressed, and told again. */
#include "tests/unit/judging.h"

static void an_incident_grows_and_closes(void **state)
{
	struct record error = http_record("10.1.0.3", "10.2.0.2", 404);
	char incident[ALERT_ID_LEN + 1], first_event[ALERT_ID_LEN + 1];
	struct rule rule = internal_rule();
	struct judge_state told;
	struct court court;

	court_open(&court, &rule, 1);
	court_send(&court, 10, error, 350);
	assert_int_equal(court.count, 1);
	memcpy(incident, court_last(&court)->incident, sizeof(incident));
	memcpy(first_event, court_last(&court)->event_id, sizeof(first_event));
	assert_string_not_equal(incident, first_event);

	court_send(&court, 20, error, 349); /* 699: not doubled */
	court_wait(&court, 20, 75);
	assert_int_equal(court.count, 1);
	court_close(&court);

	court_open(&court, &rule, 1);
	court_send(&court, 10, error, 350);
	court_send(&court, 20, error, 350); /* doubled, but only 10 s later */
	court_wait(&court, 20, 69);
	assert_int_equal(court.count, 1);
	court_wait(&court, 69, 70); /* 60 s later */
	assert_int_equal(court.count, 2);
	assert_int_equal(court_last(&court)->action, ALERT_UPDATE);
	assert_int_equal(court_last(&court)->count, 700);
	assert_string_equal(court_last(&court)->incident, incident); /* the same in both runs */
	assert_string_not_equal(court_last(&court)->event_id, first_event);
	court_send(&court, 140, error, 700); /* 1,400 */
	assert_int_equal(court.count, 3);
	assert_int_equal(court_last(&court)->action, ALERT_UPDATE);
	assert_int_equal(court_last(&court)->peak, 1400);

	/* second 440: all has left the window; a whole window later it closes */
	court_wait(&court, 140, 739);
	assert_int_equal(court.count, 3);
	court_wait(&court, 739, 740);
	assert_int_equal(court.count, 4);
	assert_int_equal(court_last(&court)->action, ALERT_CLOSE);
	assert_string_equal(court_last(&court)->incident, incident);
	assert_int_equal(court_last(&court)->count, 0);
	assert_int_equal(court_last(&court)->peak, 1400);
	assert_int_equal(court_last(&court)->start_wall_ns, WALL_START_NS + 10 * SECOND_NS);
	assert_int_equal(court_last(&court)->end_wall_ns, WALL_START_NS + 141 * SECOND_NS);
	/* its evidence is what was told last */
	assert_int_equal(court_last(&court)->top[DIM_STATUS].entry[0].count, 1400);
	judge_state(court.judge, 0, &told);
	assert_int_equal(told.incidents_open, 0);
	court_close(&court);
}

static void an_incident_at_half_the_limit_stays_open(void **state)
{
	struct record error = http_record("10.1.0.3", "10.2.0.2", 404);
	struct rule rule = internal_rule();
	__u64 second;
	struct court court;

	court_open(&court, &rule, 1);
	court_send(&court, 0, error, 350);
	/* 175 in every window from now on: not below half */
	for (second = 100; second < 3000; second += 300) {
		court_send(&court, second, error, 175);
		court_wait(&court, second, second + 299);
	}
	assert_int_equal(court.count, 1);
	/* 174 is: calm from second 3099 + ... on */
	court_send(&court, 3100, error, 174);
	court_wait(&court, 3100, 3399);
	court_send(&court, 3400, error, 174);
	court_wait(&court, 3400, 3500);
	assert_int_equal(court.count, 2);
	assert_int_equal(court_last(&court)->action, ALERT_CLOSE);
	court_close(&court);
}

/* Opens an incident of `count` at a second, lets it close, and returns the second after it. */
static __u64 one_incident(struct court *court, __u64 second, struct record error, __u64 count)
{
	court_send(court, second, error, count);
	court_wait(court, second, second + 601);
	assert_int_equal(court_last(court)->action, ALERT_CLOSE);
	return second + 601;
}

static void the_same_again_is_suppressed(void **state)
{
	struct record error = http_record("10.1.0.3", "10.2.0.2", 404);
	struct rule rule = internal_rule();
	__u64 second;
	struct court court;

	court_open(&court, &rule, 1);
	second = one_incident(&court, 0, error, 350);
	assert_int_equal(court.count, 2);
	second = one_incident(&court, second, error, 699);
	assert_int_equal(court.count, 4);
	assert_int_equal(court.alerts[2].action, ALERT_SUPPRESSED);
	assert_true(court.alerts[2].suppressed);
	assert_true(court.alerts[3].suppressed);
	assert_string_not_equal(court.alerts[2].incident, court.alerts[0].incident);
	/* another client is another matter */
	one_incident(&court, second, http_record("10.1.0.4", "10.2.0.2", 404), 350);
	assert_int_equal(court.alerts[4].action, ALERT_OPEN);
	court_close(&court);
}

static void suppression_ends(void **state)
{
	struct record error = http_record("10.1.0.3", "10.2.0.2", 404);
	struct rule rule = internal_rule();
	struct court court;

	court_open(&court, &rule, 1);
	one_incident(&court, 0, error, 350);
	one_incident(&court, 80000, error, 350);
	assert_int_equal(court.alerts[2].action, ALERT_SUPPRESSED);
	/* counted from the last one that was told, not from the suppressed one */
	one_incident(&court, 86400, error, 350);
	assert_int_equal(court.alerts[4].action, ALERT_OPEN);
	one_incident(&court, 86400 + 80000, error, 350);
	assert_int_equal(court.alerts[6].action, ALERT_SUPPRESSED);
	court_close(&court);

	rule.suppress_ns = 0;
	court_open(&court, &rule, 1);
	one_incident(&court, 0, error, 350);
	one_incident(&court, 700, error, 350);
	assert_int_equal(court.alerts[2].action, ALERT_OPEN);
	court_close(&court);
}

static void what_is_remembered_is_forgotten_in_time(void **state)
{
	struct rule rule = internal_rule();
	struct judge_state told;
	struct court court;
	__u64 n;

	rule.suppress_ns = 3600 * SECOND_NS;
	court_open(&court, &rule, 1);
	for (n = 0; n < 20; n++) {
		struct record error = http_record("10.1.0.3", "10.2.0.2", 404);

		error.source.w[3] += htonl((__u32)n);
		one_incident(&court, n * 700, error, 350);
		judge_state(court.judge, 0, &told);
		assert_true(told.incidents_remembered <= 6);
	}
	assert_true(told.incidents_remembered > 0);
	court_wait(&court, 14000, 20000);
	judge_state(court.judge, 0, &told);
	assert_int_equal(told.incidents_remembered, 0);
	court_close(&court);
}

static void a_twice_as_large_one_is_told(void **state)
{
	struct record error = http_record("10.1.0.3", "10.2.0.2", 404);
	struct rule rule = internal_rule();
	struct court court;

	court_open(&court, &rule, 1);
	one_incident(&court, 0, error, 350);
	court_send(&court, 1000, error, 700); /* at once */
	assert_int_equal(court_last(&court)->action, ALERT_OPEN);
	assert_false(court_last(&court)->suppressed);
	court_close(&court);

	court_open(&court, &rule, 1);
	one_incident(&court, 0, error, 350);
	court_send(&court, 1000, error, 350);
	assert_int_equal(court_last(&court)->action, ALERT_SUPPRESSED);
	court_send(&court, 1010, error, 349);
	assert_int_equal(court.count, 3);
	court_send(&court, 1020, error, 1); /* grows to 700 */
	assert_int_equal(court.count, 4);
	assert_int_equal(court_last(&court)->action, ALERT_OPEN);
	assert_false(court_last(&court)->suppressed);
	assert_string_equal(court_last(&court)->incident, court.alerts[2].incident);
	court_close(&court);
}

static void another_cause_or_source_is_told(void **state)
{
	struct record error = http_record("10.1.0.3", "10.2.0.2", 404);
	struct rule rule = internal_rule();
	struct court court;

	court_open(&court, &rule, 1);
	one_incident(&court, 0, error, 350);
	assert_int_equal(court.alerts[0].cause, CAUSE_SCAN);
	error.code = 500;
	one_incident(&court, 1000, error, 350);
	assert_int_equal(court.alerts[2].cause, CAUSE_MIXED);
	assert_int_equal(court.alerts[2].action, ALERT_OPEN);
	court_close(&court);

	rule.group_by = 0;
	court_open(&court, &rule, 1);
	error.code = 404;
	one_incident(&court, 0, error, 350);
	one_incident(&court, 1000, error, 350);
	assert_int_equal(court.alerts[2].action, ALERT_SUPPRESSED);
	error.source = ip("10.1.0.77");
	one_incident(&court, 2000, error, 350);
	assert_int_equal(court.alerts[4].action, ALERT_OPEN);
	court_close(&court);
}

static void a_suppressed_one_that_lasts_is_told_again(void **state)
{
	struct record error = http_record("10.1.0.3", "10.2.0.2", 404);
	struct rule rule = internal_rule();
	__u64 second;
	struct court court;

	court_open(&court, &rule, 1);
	rule.suppress_ns = 3600 * SECOND_NS;
	one_incident(&court, 0, error, 350);
	for (second = 1050; second < 4000; second += 150)
		court_send(&court, second, error, 175);
	/* suppressed at 1200; told when an hour has passed since second 0 */
	assert_int_equal(court.count, 4);
	assert_int_equal(court.alerts[2].action, ALERT_SUPPRESSED);
	assert_int_equal(court.alerts[3].action, ALERT_OPEN);
	assert_int_equal(court.alerts[3].wall_ns, WALL_START_NS + 3600500000000ULL);
	court_close(&court);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_incident_grows_and_closes),
		cmocka_unit_test(an_incident_at_half_the_limit_stays_open),
		cmocka_unit_test(the_same_again_is_suppressed),
		cmocka_unit_test(suppression_ends),
		cmocka_unit_test(what_is_remembered_is_forgotten_in_time),
		cmocka_unit_test(a_twice_as_large_one_is_told),
		cmocka_unit_test(another_cause_or_source_is_told),
		cmocka_unit_test(a_suppressed_one_that_lasts_is_told_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
