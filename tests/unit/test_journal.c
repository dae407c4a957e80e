/* SPDX-License-Identifier: GPL-2.0-only */
/* What journald gets: every field, big entries, text that tries to forge fields. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>

#include "tests/unit/journal_fake.h"

static void http_alert_has_every_field(void **state)
{
	static const char *const rows[][2] = {
		{ "MESSAGE", "HTTP Response Error Spike - Internal: 350 errors in 5m from "
			     "10.77.1.3 to 10.77.2.2 (scan)" },
		{ "MESSAGE_ID", "61851c8ef2c94e79a6b6d68ce4a50597" },
		{ "PRIORITY", "2" },
		{ "SYSLOG_IDENTIFIER", "spikewatch" },
		{ "SPIKEWATCH_ACTION", "open" },
		{ "SPIKEWATCH_RULE", "http-error-spike-internal" },
		{ "SPIKEWATCH_INCIDENT", "9b1c00000000000000000000000000aa" },
		{ "SPIKEWATCH_EVENT_ID", "9b1c00000000000000000000000000bb" },
		{ "SPIKEWATCH_SUMMARY", "High number of internal HTTP response errors from IP: "
					"10.77.1.3 to 10.77.2.2" },
		{ "SPIKEWATCH_SOURCE_IP", "10.77.1.3" },
		{ "SPIKEWATCH_DESTINATION_IP", "10.77.2.2" },
		{ "SPIKEWATCH_COUNT", "350" },
		{ "SPIKEWATCH_LIMIT", "350" },
		{ "SPIKEWATCH_SCORE", NULL },
		{ "SPIKEWATCH_CAUSE", "scan" },
		{ "SPIKEWATCH_COVERAGE", "exact" },
	};
	struct fake *fake = *state;
	json_t *ecs;

	fake_start(fake);
	assert_int_equal(send_alert(fake), 0);
	assert_true(take(fake));
	assert_int_equal(fake->seals, -1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_field(fake, rows[i][0], rows[i][1]);
	ecs = json_loads(field(fake, "ECS"), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(ecs);
	assert_string_equal(json_string_value(json_object_get(ecs, "message")),
			    field(fake, "MESSAGE"));
	json_decref(ecs);
	assert_false(take(fake));
	assert_int_equal(counts(fake)->sent, 1);
}

static void deny_alert_has_a_score(void **state)
{
	struct fake *fake = *state;

	fake_start(fake);
	example_deny(&fake->example);
	fake->example.alert.coverage.exact = false;
	assert_int_equal(send_alert(fake), 0);
	assert_true(take(fake));
	check_field(fake, "MESSAGE_ID", "901da250561f468e9615a0f7ad977f58");
	check_field(fake, "SPIKEWATCH_SCORE", "91.2");
	check_field(fake, "SPIKEWATCH_LIMIT", NULL);
	check_field(fake, "SPIKEWATCH_SOURCE_IP", "10.77.1.2");
	check_field(fake, "SPIKEWATCH_DESTINATION_IP", NULL);
	check_field(fake, "SPIKEWATCH_COVERAGE", "at_least");
}

static void priorities_of_alerts(void **state)
{
	static const struct {
		enum alert_action action;
		bool suppressed, prototype;
		const char *name, *priority;
	} rows[] = {
		{ ALERT_OPEN, false, false, "open", "2" },
		{ ALERT_UPDATE, false, false, "update", "2" },
		{ ALERT_CLOSE, false, false, "close", "5" },
		{ ALERT_SUPPRESSED, true, false, "suppressed", "5" },
		{ ALERT_UPDATE, true, false, "update", "5" },
		{ ALERT_OPEN, false, true, "open", "5" },
	};
	struct fake *fake = *state;

	fake_start(fake);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fake->example.alert.action = rows[i].action;
		fake->example.alert.suppressed = rows[i].suppressed;
		fake->example.rule.prototype = rows[i].prototype;
		assert_int_equal(send_alert(fake), 0);
		assert_true(take(fake));
		check_field(fake, "SPIKEWATCH_ACTION", rows[i].name);
		check_field(fake, "PRIORITY", rows[i].priority);
	}
}

static void sensor_events(void **state)
{
	static const struct {
		enum sensor_action action;
		const char *name, *id, *priority;
	} rows[] = {
		{ SENSOR_STARTED, "started", "aa69db77ff0a49caa757cb420185ca1d", "6" },
		{ SENSOR_STOPPED, "stopped", "941145d2676243e1994ff685e5916ce8", "6" },
		{ SENSOR_RELOADED, "reloaded", "fe2e2dcd486c4ec5953bbe4c317ed9bb", "6" },
		{ SENSOR_REFUSED, "reloaded", "fe2e2dcd486c4ec5953bbe4c317ed9bb", "4" },
		{ SENSOR_BLIND, "blind", "0295f88e79e94cccab0c0e98e2f0c716", "4" },
		{ SENSOR_DEGRADED, "degraded", "0295f88e79e94cccab0c0e98e2f0c716", "4" },
		{ SENSOR_RECOVERED, "recovered", "0295f88e79e94cccab0c0e98e2f0c716", "6" },
	};
	struct fake *fake = *state;

	fake_start(fake);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sensor_event event = { rows[i].action, EXAMPLE_WALL, "a reason", "eth0" };

		assert_int_equal(send_sensor(fake, &event), 0);
		assert_true(take(fake));
		check_field(fake, "SPIKEWATCH_ACTION", rows[i].name);
		check_field(fake, "MESSAGE_ID", rows[i].id);
		check_field(fake, "PRIORITY", rows[i].priority);
		check_field(fake, "SPIKEWATCH_SUBJECT", "eth0");
		check_field(fake, "SPIKEWATCH_REASON", "a reason");
		check_field(fake, "SPIKEWATCH_RULE", NULL);
		assert_non_null(field(fake, "ECS"));
	}
}

/* A newline in a value must not begin a field of its own. */
static void fields_cannot_be_forged(void **state)
{
	struct sensor_event event = { SENSOR_BLIND, EXAMPLE_WALL, "a\nPRIORITY=0\n", "e\n\n" };
	struct fake *fake = *state;

	fake_start(fake);
	fake->example.rule.id = "id\nMESSAGE_ID=forged";
	fake->example.rule.title = "t\nMESSAGE_ID=forged";
	assert_int_equal(send_alert(fake), 0);
	assert_true(take(fake));
	check_field(fake, "SPIKEWATCH_RULE", "id\nMESSAGE_ID=forged");
	check_field(fake, "MESSAGE_ID", "61851c8ef2c94e79a6b6d68ce4a50597");
	assert_int_equal(send_sensor(fake, &event), 0);
	assert_true(take(fake));
	check_field(fake, "SPIKEWATCH_REASON", "a\nPRIORITY=0\n");
	check_field(fake, "SPIKEWATCH_SUBJECT", "e\n\n");
	check_field(fake, "PRIORITY", "4");
}

static void big_entry_comes_in_a_sealed_file(void **state)
{
	static char summary[300000];
	struct fake *fake = *state;
	size_t len;

	fake_start(fake);
	memset(summary, 'x', sizeof(summary) - 1);
	fake->example.rule.summary = summary;
	assert_int_equal(send_alert(fake), 0);
	assert_true(take(fake));
	assert_int_equal(fake->seals, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
	len = strlen(field(fake, "SPIKEWATCH_SUMMARY"));
	assert_int_equal(len, sizeof(summary) - 1);
	assert_int_equal(counts(fake)->sent, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FAKE_TEST(http_alert_has_every_field), FAKE_TEST(deny_alert_has_a_score),
		FAKE_TEST(priorities_of_alerts),       FAKE_TEST(sensor_events),
		FAKE_TEST(fields_cannot_be_forged),    FAKE_TEST(big_entry_comes_in_a_sealed_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
