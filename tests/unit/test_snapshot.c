/* SPDX-License-Identifier: GPL-2.0-only */
/* Restarts one by one: what goes on, what is a gap, what is refused. */
#include "tests/unit/keeping.h"

/* Sends `count` errors in second 0, then what is done is kept, and the court closed. */
static struct kept *kept_after(const struct rule *rule, __u64 count, struct alert *ret_last)
{
	struct kept *kept = calloc(1, sizeof(*kept));
	struct snapshot *snapshot;
	struct court court;

	court_open(&court, rule, 1);
	assert_int_equal(snapshot_new(court.judge, NULL, &snapshot), 0);
	court_send(&court, 0, http_record("10.1.0.3", "10.2.0.2", 404), count);
	if (ret_last)
		*ret_last = *court_last(&court);
	keep(snapshot, &court, kept);
	snapshot_free(snapshot);
	court_close(&court);
	return kept;
}

static void counts_on_both_sides_of_a_restart_make_one_incident(void **state)
{
	const struct rule rule = internal_rule();
	struct kept *kept = kept_after(&rule, 349, NULL);
	const struct snapshot_terms terms = terms_at(20000);
	struct restarted again;

	open_again(&again, &rule, kept, &terms);
	assert_int_equal(again.taken, 3);
	court_send(&again.court, 20, http_record("10.1.0.3", "10.2.0.2", 404), 1);
	assert_int_equal(again.court.count, 1);
	assert_int_equal(court_last(&again.court)->action, ALERT_OPEN);
	assert_int_equal(court_last(&again.court)->count, 350);
	assert_int_equal(court_last(&again.court)->start_wall_ns, WALL_START_NS);
	/* the batch before ended at 0.5 s, this one began at 20.4 s */
	assert_false(court_last(&again.court)->coverage.exact);
	assert_int_equal(court_last(&again.court)->coverage.gap_ns, 19900000000ULL);
	close_again(&again);
	kept_free(kept);
}

static void a_gap_slides_out_with_the_window(void **state)
{
	const struct rule rule = internal_rule();
	struct kept *kept = kept_after(&rule, 349, NULL);
	const struct snapshot_terms terms = terms_at(1000000);
	struct restarted again;

	/* down for 1,000 s: no count of then is left, and the gap is what of it is in the window */
	open_again(&again, &rule, kept, &terms);
	court_send(&again.court, 1000, http_record("10.1.0.3", "10.2.0.2", 404), 349);
	assert_int_equal(again.court.count, 0);
	court_send(&again.court, 1010, http_record("10.1.0.3", "10.2.0.2", 404), 1);
	assert_int_equal(again.court.count, 1);
	assert_false(court_last(&again.court)->coverage.exact);
	assert_int_equal(court_last(&again.court)->coverage.gap_ns, 290 * SECOND_NS);
	/* five minutes later the window holds nothing but what was seen */
	court_send(&again.court, 1310, http_record("10.1.0.4", "10.2.0.2", 404), 350);
	assert_true(court_last(&again.court)->coverage.exact);
	close_again(&again);
	kept_free(kept);
}

static void an_open_incident_is_not_opened_twice(void **state)
{
	const struct record error = http_record("10.1.0.3", "10.2.0.2", 404);
	const struct rule rule = internal_rule();
	const struct snapshot_terms terms = terms_at(10000);
	struct restarted again;
	struct alert opened;
	struct kept *kept = kept_after(&rule, 400, &opened);

	assert_int_equal(opened.action, ALERT_OPEN);
	open_again(&again, &rule, kept, &terms);
	court_send(&again.court, 10, error, 300);
	assert_int_equal(again.court.count, 0);
	court_send(&again.court, 70, error, 100);
	assert_int_equal(again.court.count, 1);
	assert_int_equal(again.court.alerts[0].action, ALERT_UPDATE);
	assert_string_equal(again.court.alerts[0].incident, opened.incident);
	assert_string_not_equal(again.court.alerts[0].event_id, opened.event_id);
	assert_int_equal(again.court.alerts[0].count, 800);
	court_wait(&again.court, 70, 900);
	assert_int_equal(again.court.count, 2);
	assert_int_equal(again.court.alerts[1].action, ALERT_CLOSE);
	assert_string_equal(again.court.alerts[1].incident, opened.incident);
	assert_int_equal(again.court.alerts[1].peak, 800);
	assert_int_equal(again.court.alerts[1].top[DIM_STATUS].entry[0].count, 800);
	assert_int_equal(again.court.alerts[1].sample_count, opened.sample_count);
	/* the same later that day is more of the same */
	court_send(&again.court, 5000, error, 400);
	assert_int_equal(court_last(&again.court)->action, ALERT_SUPPRESSED);
	close_again(&again);
	kept_free(kept);
}

static void suppression_outlives_a_restart(void **state)
{
	const struct record error = http_record("10.1.0.3", "10.2.0.2", 404);
	const struct rule rule = internal_rule();
	const struct snapshot_terms terms = terms_at(3600000);
	struct kept *kept = calloc(1, sizeof(*kept));
	struct snapshot *snapshot;
	struct restarted again;
	struct court court;

	court_open(&court, &rule, 1);
	assert_int_equal(snapshot_new(court.judge, NULL, &snapshot), 0);
	court_send(&court, 0, error, 350);
	court_wait(&court, 0, 700);
	assert_int_equal(court_last(&court)->action, ALERT_CLOSE);
	keep(snapshot, &court, kept);
	snapshot_free(snapshot);
	court_close(&court);

	open_again(&again, &rule, kept, &terms);
	court_send(&again.court, 3600, error, 350);
	assert_int_equal(court_last(&again.court)->action, ALERT_SUPPRESSED);
	court_wait(&again.court, 3600, 4300);
	/* counted from the first one, which was told before the restart */
	court_send(&again.court, 86400, error, 350);
	assert_int_equal(court_last(&again.court)->action, ALERT_OPEN);
	close_again(&again);
	kept_free(kept);
}

static void a_rule_that_counts_something_else_begins_anew(void **state)
{
	struct rule rule = internal_rule();
	struct kept *kept = kept_after(&rule, 349, NULL);
	const struct snapshot_terms terms = terms_at(10000);
	struct restarted again;
	size_t i;

	for (i = 0; i < 3; i++) {
		rule = internal_rule();
		if (i == 0)
			rule.threshold.window_ns = 299 * SECOND_NS;
		else if (i == 1)
			rule.match.status[0].last = 499;
		else
			rule.threshold.distinct = DISTINCT_PORT;
		open_again(&again, &rule, kept, &terms);
		assert_int_equal(again.taken, 0);
		close_again(&again);
	}
	/* another limit is no other count */
	rule = internal_rule();
	rule.threshold.count = 340;
	open_again(&again, &rule, kept, &terms);
	court_send(&again.court, 10, http_record("10.1.0.3", "10.2.0.2", 404), 1);
	assert_int_equal(again.court.count, 1);
	close_again(&again);
	kept_free(kept);
}

static void damage_is_found_and_harms_nothing(void **state)
{
	const struct rule rule = internal_rule();
	struct kept *kept = kept_after(&rule, 400, NULL);
	const struct snapshot_terms terms = terms_at(10000);
	struct restarted again;
	size_t part, at, len;

	for (part = 0; part < kept->count; part++) {
		struct kept_part *victim = &kept->parts[part];

		len = victim->len;
		for (at = 0; at < len; at++) {
			victim->bytes[at] ^= 1 << at % 8;
			open_again(&again, &rule, kept, &terms);
			assert_true(again.taken < kept->count);
			assert_int_equal(snapshot_load(again.snapshot, victim->rule, victim->part,
						       victim->bytes, len, &terms),
					 -EINVAL);
			/* as if nothing had been there */
			court_send(&again.court, 10, http_record("10.1.0.3", "10.2.0.2", 404), 349);
			assert_int_equal(again.court.count, 0);
			close_again(&again);
			victim->bytes[at] ^= 1 << at % 8;
		}
		for (at = 0; at < len; at++) {
			victim->len = at;
			open_again(&again, &rule, kept, &terms);
			assert_true(again.taken < kept->count);
			close_again(&again);
		}
		victim->len = len;
	}
	open_again(&again, &rule, kept, &terms);
	assert_int_equal(again.taken, kept->count);
	close_again(&again);
	kept_free(kept);
}

static void what_lies_in_the_future_is_refused(void **state)
{
	const struct rule rule = internal_rule();
	struct kept *kept = kept_after(&rule, 400, NULL);
	struct snapshot_terms terms = terms_at(0);
	struct restarted again;

	terms.now_ns -= 10 * SECOND_NS;
	open_again(&again, &rule, kept, &terms);
	assert_true(again.taken < kept->count);
	close_again(&again);
	kept_free(kept);
}

/* Clocks at a restart, in seconds. */
static void time_goes_on(void **state)
{
	static const struct {
		const char *name;
		bool same_boot, known;
		__u64 boot_s, wall_s, now_s;
	} rows[] = {
		{ "the process was started again", true, true, 5010, 90010, 7010 },
		{ "and the wall clock was set back", true, true, 5010, 100, 7010 },
		{ "the machine was started again", false, true, 30, 90300, 7300 },
		{ "and at once", false, true, 1, 90000, 7000 },
		{ "and its wall clock is behind", false, false, 30, 89999, 7000 },
		{ "the same boot, with less uptime", true, true, 4000, 90300, 7300 },
	};
	const struct snapshot_clock kept = { .judge = { .shift_ns = 2000 * SECOND_NS,
							.now_ns = 7000 * SECOND_NS,
							.wall_ns = 90000 * SECOND_NS },
					     .boot = { 1 } };
	struct judge_clock clock;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const unsigned char boot[SNAPSHOT_BOOT_LEN] = { rows[i].same_boot ? 1 : 2 };
		bool known = snapshot_clock_resume(&kept, boot, rows[i].boot_s * SECOND_NS,
						   rows[i].wall_s * SECOND_NS, &clock);

		if (known != rows[i].known ||
		    clock.shift_ns + rows[i].boot_s * SECOND_NS != rows[i].now_s * SECOND_NS)
			fail_msg("%s: %llu s", rows[i].name,
				 clock.shift_ns / SECOND_NS + rows[i].boot_s);
		assert_int_equal(clock.now_ns, kept.judge.now_ns);
	}
}

static void where_time_is_not_known_incidents_alone_go_on(void **state)
{
	const struct rule rule = internal_rule();
	struct snapshot_terms terms = terms_at(500);
	struct restarted again;
	struct alert opened;
	struct kept *kept = kept_after(&rule, 400, &opened);

	terms.no_counts = true;
	open_again(&again, &rule, kept, &terms);
	assert_int_equal(again.taken, kept->count);
	court_wait(&again.court, 1, 310);
	assert_int_equal(again.court.count, 1);
	assert_int_equal(court_last(&again.court)->action, ALERT_CLOSE);
	assert_string_equal(court_last(&again.court)->incident, opened.incident);
	close_again(&again);
	kept_free(kept);
}

static void a_bucket_that_was_learned_is_over(void **state)
{
	struct rule rule = deny_rule();
	struct kept *kept = calloc(1, sizeof(*kept));
	struct snapshot_terms terms = terms_at(1000000);
	struct snapshot *snapshot;
	struct restarted again;
	struct judge_state told;
	struct court court;
	size_t i;

	court_open(&court, &rule, 1);
	assert_int_equal(snapshot_new(court.judge, NULL, &snapshot), 0);
	court_batch(&court, 1, NULL, 0);
	court_batch(&court, 950000, NULL, 0); /* the second bucket, seen from its beginning */
	keep(snapshot, &court, kept);
	snapshot_free(snapshot);
	court_close(&court);
	for (i = 0; i < 2; i++) {
		terms.learned_s = WALL_START_NS / SECOND_NS + (i ? 900 : 0);
		open_again(&again, &rule, kept, &terms);
		court_batch(&again.court, 950100, NULL, 0);
		court_batch(&again.court, 1801000, NULL, 0);
		judge_state(again.court.judge, 0, &told);
		assert_int_equal(told.buckets, i ? 0 : 1);
		close_again(&again);
	}
	kept_free(kept);
}

/* The kernel went on counting while nobody read: when, within the gap, nobody knows. */
static void records_of_a_gap_as_long_as_the_window_are_only_told(void **state)
{
	const struct rule rule = internal_rule();
	struct record error = http_record("10.1.0.3", "10.2.0.2", 404);
	struct court court;

	court_open(&court, &rule, 1);
	error.count = 1000;
	court.loss.gap_ns = 300 * SECOND_NS;
	court_batch(&court, 400000, &error, 1);
	assert_int_equal(court.count, 0);
	court_send(&court, 401, error, 350);
	assert_int_equal(court.count, 1);
	assert_int_equal(court_last(&court)->count, 350);
	assert_int_equal(court_last(&court)->coverage.evicted, 1000);
	court_close(&court);

	court_open(&court, &rule, 1);
	court.loss.gap_ns = 299 * SECOND_NS;
	court_batch(&court, 400000, &error, 1);
	assert_int_equal(court.count, 1);
	assert_int_equal(court_last(&court)->count, 1000);
	assert_false(court_last(&court)->coverage.exact);
	court_close(&court);
}

/* What was counted until a restart, and after it from the moment when packets are seen. */
static void only_what_was_not_seen_is_a_gap(void **state)
{
	static const struct {
		const char *name;
		__u64 start_ms, gap_s, seen_from_ms, told_ns;
	} rows[] = {
		{ "a new process", 20000, 0, 0, 19500000000ULL },
		{ "one that takes its time to attach", 20000, 0, 20800, 20300000000ULL },
		{ "one of which nobody knows when it attached", 20000, 0, 90000, 19500000000ULL },
		{ "programs that went on counting", 500, 18, 20800, 18000000000ULL },
	};
	const struct rule rule = internal_rule();
	struct record error = http_record("10.1.0.3", "10.2.0.2", 404);
	const struct snapshot_terms terms = terms_at(20000);
	struct kept *kept = kept_after(&rule, 349, NULL);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const __u64 boot_ns = BOOT_START_S * SECOND_NS;
		struct batch batch = { .start_ns = boot_ns + rows[i].start_ms * 1000000,
				       .end_ns = boot_ns + 21 * SECOND_NS,
				       .wall_ns = WALL_START_NS + 21 * SECOND_NS,
				       .records = &error,
				       .record_count = 1,
				       .loss = { .gap_ns = rows[i].gap_s * SECOND_NS } };
		struct restarted again;

		open_again(&again, &rule, kept, &terms);
		if (rows[i].seen_from_ms)
			judge_see_from(again.court.judge, boot_ns + rows[i].seen_from_ms * 1000000);
		assert_int_equal(judge_batch(again.court.judge, &batch), 0);
		assert_int_equal(again.court.count, 1);
		if (court_last(&again.court)->coverage.gap_ns != rows[i].told_ns)
			fail_msg("%s: %llu ns", rows[i].name,
				 court_last(&again.court)->coverage.gap_ns);
		close_again(&again);
	}
	kept_free(kept);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_on_both_sides_of_a_restart_make_one_incident),
		cmocka_unit_test(a_gap_slides_out_with_the_window),
		cmocka_unit_test(an_open_incident_is_not_opened_twice),
		cmocka_unit_test(suppression_outlives_a_restart),
		cmocka_unit_test(a_rule_that_counts_something_else_begins_anew),
		cmocka_unit_test(damage_is_found_and_harms_nothing),
		cmocka_unit_test(what_lies_in_the_future_is_refused),
		cmocka_unit_test(time_goes_on),
		cmocka_unit_test(where_time_is_not_known_incidents_alone_go_on),
		cmocka_unit_test(a_bucket_that_was_learned_is_over),
		cmocka_unit_test(records_of_a_gap_as_long_as_the_window_are_only_told),
		cmocka_unit_test(only_what_was_not_seen_is_a_gap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
