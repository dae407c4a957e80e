/* SPDX-License-Identifier: GPL-2.0-only */
/* What the sensor is blind for at present, by its own records. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "view/conditions.h"

static void say(struct conditions *conditions, enum sensor_action action, const char *subject,
		const char *reason, __u64 wall_ns)
{
	const struct sensor_event event = {
		.action = action,
		.subject = subject,
		.reason = reason,
		.wall_ns = wall_ns,
	};

	conditions_take(conditions, &event);
}

static void begin_renew_end(void **state)
{
	struct conditions conditions = {};

	say(&conditions, SENSOR_STARTED, NULL, "started", 1);
	say(&conditions, SENSOR_BLIND, "eth0", "shadowed", 2);
	say(&conditions, SENSOR_DEGRADED, "state", "disk full", 3);
	say(&conditions, SENSOR_BLIND, "eth0", "gone", 4);
	assert_int_equal(conditions.count, 2);
	assert_string_equal(conditions.list[0].says, "gone");
	assert_int_equal(conditions.list[0].since_wall_ns, 2);
	say(&conditions, SENSOR_RECOVERED, "eth0", "back", 5);
	assert_int_equal(conditions.count, 1);
	assert_string_equal(conditions.list[0].subject, "state");
	say(&conditions, SENSOR_RECOVERED, "eth1", "never was", 6);
	say(&conditions, SENSOR_DEGRADED, NULL, "about nothing", 7);
	assert_int_equal(conditions.count, 1);
	say(&conditions, SENSOR_RECOVERED, "state", "back", 8);
	assert_int_equal(conditions.count, 0);
}

static void too_many(void **state)
{
	struct conditions conditions = {};
	char subject[CONDITION_SUBJECT * 2];

	for (int i = 0; i < CONDITIONS_MAX + 3; i++) {
		snprintf(subject, sizeof(subject), "%0*d", CONDITION_SUBJECT - 20, i);
		say(&conditions, SENSOR_BLIND, subject, "gone", i);
	}
	assert_int_equal(conditions.count, CONDITIONS_MAX);
	assert_int_equal(conditions.others, 3);
	for (int i = 0; i < CONDITIONS_MAX + 3; i++) {
		snprintf(subject, sizeof(subject), "%0*d", CONDITION_SUBJECT - 20, i);
		say(&conditions, SENSOR_RECOVERED, subject, "back", i);
	}
	assert_int_equal(conditions.count, 0);
	/* one that is longer than what is kept is found again */
	snprintf(subject, sizeof(subject), "%0*d", CONDITION_SUBJECT + 20, 7);
	say(&conditions, SENSOR_BLIND, subject, "gone", 1);
	say(&conditions, SENSOR_RECOVERED, subject, "back", 2);
	assert_int_equal(conditions.count, 0);
}

static void reloads(void **state)
{
	struct conditions conditions = {};

	say(&conditions, SENSOR_RELOADED, "configuration", "refused: f:1:2: no", 9);
	assert_int_equal(conditions.reload_wall_ns, 9);
	assert_string_equal(conditions.reload_says, "refused: f:1:2: no");
	assert_int_equal(conditions.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(begin_renew_end),
		cmocka_unit_test(too_many),
		cmocka_unit_test(reloads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
