/* SPDX-License-Identifier: GPL-2.0-only */
/* Records as JSON where little is known, where strings are hostile, and about the sensor itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "tests/unit/json_rows.h"

static void little_is_known(void **state)
{
	static const struct observer nobody = { .hostname = NULL };
	static const struct row rows[] = {
		{ "observer", "{\"ip\":[],\"vendor\":\"spikewatch\",\"type\":\"sensor\"}" },
		{ "host", "{}" },
		{ "source", "{\"ip\":\"::\"}" },
		{ "spikewatch/evidence", "{}" },
		{ "spikewatch/summary", "\"unknown unknown\"" },
		{ "spikewatch/entities", "[{\"role\":\"device\"},{\"role\":\"source\",\"ip\":"
					 "\"::\"}]" },
	};
	struct example s;
	json_t *root;

	example_http(&s);
	memset(s.alert.top, 0, sizeof(s.alert.top));
	s.rule.summary = "{server} {port}";
	s.alert.group.source = example_addr("::");
	root = record_of(&nobody, &s.alert);
	CHECK(root, "little", rows);
	json_decref(root);
}

/* Strings of the configuration, of the host and of the kernel may hold anything. */
static void hostile_strings(void **state)
{
	static const char nasty[] =
		"a\"\\\n\r\t\033[31m\x01\x7f\xff\xc3\x28\xe2\x80\xa8\xed\xa0\x80";
	static char *tags[] = { (char *)nasty, "TA00431", "T159", "T1595.1", "TA004x", "", NULL };
	static const struct row rows[] = {
		{ "rule/id",
		  "\"a\\\"\\\\\\\\x0a\\\\x0d\\\\x09\\\\x1b[31m\\\\x01\\\\x7f\\\\xff\\\\xc3("
		  "\\\\xe2\\\\x80\\\\xa8\\\\xed\\\\xa0\\\\x80\"" },
		{ "threat", NULL },
		{ "tags/1", "\"TA00431\"" },
		{ "tags/2", "\"T159\"" },
		{ "tags/3", "\"T1595.1\"" },
		{ "tags/5", "\"\"" },
		{ "spikewatch/evidence/reasons", "{\"bad \\\\xff name\":1}" },
		{ "spikewatch/count", "9223372036854775807" },
	};
	struct observer observer = *example_observer();
	struct example s;
	json_t *root;

	observer.hostname = nasty;
	observer.version = nasty;
	example_http(&s);
	s.rule.id = s.rule.title = s.rule.category = s.rule.summary = (char *)nasty;
	s.rule.tags = tags;
	s.alert.count = UINT64_MAX;
	memset(s.alert.cause_says, 0xff, sizeof(s.alert.cause_says) - 1);
	example_top_add(&s.alert.top[DIM_REASON], (struct top_entry){ .code = 9, .count = 1 });
	root = record_of(&observer, &s.alert);
	CHECK(root, "hostile", rows);
	json_decref(root);
}

static void sensor_records(void **state)
{
	static const struct {
		enum sensor_action action;
		const char *name, *category, *type, *outcome;
	} rows[] = {
		{ SENSOR_STARTED, "started", "[\"process\"]", "[\"start\"]", NULL },
		{ SENSOR_STOPPED, "stopped", "[\"process\"]", "[\"end\"]", NULL },
		{ SENSOR_RELOADED, "reloaded", "[\"configuration\"]", "[\"change\"]",
		  "\"success\"" },
		{ SENSOR_REFUSED, "reloaded", "[\"configuration\"]", "[\"change\"]",
		  "\"failure\"" },
		{ SENSOR_BLIND, "blind", "[\"host\"]", "[\"info\"]", NULL },
		{ SENSOR_DEGRADED, "degraded", "[\"host\"]", "[\"info\"]", NULL },
		{ SENSOR_RECOVERED, "recovered", "[\"host\"]", "[\"info\"]", NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sensor_event event = { rows[i].action, EXAMPLE_WALL, "no\nmore", "eth0" };
		char action[32], message[64], *line = NULL;
		struct row expected[] = {
			{ "@timestamp", "\"2026-11-21T20:15:31.000Z\"" },
			{ "message", message },
			{ "event/kind", "\"event\"" },
			{ "event/module", "\"spikewatch\"" },
			{ "event/dataset", "\"spikewatch.sensor\"" },
			{ "event/action", action },
			{ "event/category", rows[i].category },
			{ "event/type", rows[i].type },
			{ "event/outcome", rows[i].outcome },
			{ "event/reason", "\"no\\\\x0amore\"" },
			{ "observer/hostname", "\"gw1\"" },
			{ "host/name", "\"gw1\"" },
			{ "spikewatch", "{\"sensor\":{\"subject\":\"eth0\"}}" },
		};
		json_t *root;

		snprintf(action, sizeof(action), "\"%s\"", rows[i].name);
		snprintf(message, sizeof(message), "\"Sensor %s%s (eth0): no\\\\x0amore\"",
			 rows[i].action == SENSOR_REFUSED ? "not " : "", rows[i].name);
		assert_int_equal(json_format_sensor(example_observer(), &event, &line), 0);
		root = parse(line);
		CHECK(root, rows[i].name, expected);
		json_decref(root);
	}
}

static size_t allocations_left;

static void *failing_malloc(size_t size)
{
	return allocations_left && allocations_left-- ? malloc(size) : NULL;
}

/* Wherever memory ends, the record is refused as a whole; the sanitizers see what would leak. */
static void memory_ends_anywhere(void **state)
{
	struct sensor_event event = { SENSOR_BLIND, EXAMPLE_WALL, "a reason", "eth0" };
	size_t alert_needs = 0, sensor_needs = 0;
	char *line = NULL;
	struct example s;
	int err;

	example_deny(&s);
	s.alert.coverage.exact = false;
	example_sample_add(&s.alert, "10.77.1.2", 40000, "10.77.2.1", 23, 8, 6);
	json_set_alloc_funcs(failing_malloc, free);
	do {
		allocations_left = alert_needs++;
		err = json_format_alert(example_observer(), &s.alert, &line);
		assert_true(err == -ENOMEM ? !line : !err);
	} while (err);
	free(line);
	line = NULL;
	do {
		allocations_left = sensor_needs++;
		err = json_format_sensor(example_observer(), &event, &line);
		assert_true(err == -ENOMEM ? !line : !err);
	} while (err);
	free(line);
	json_set_alloc_funcs(malloc, free);
	assert_true(alert_needs > 100);
	assert_true(sensor_needs > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(little_is_known),
		cmocka_unit_test(hostile_strings),
		cmocka_unit_test(sensor_records),
		cmocka_unit_test(memory_ends_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
