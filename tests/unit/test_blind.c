/* SPDX-License-Identifier: GPL-2.0-only */
/* Conditions: said once, taken back once, and not more of them than somebody can read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cmd/cmd.h"
#include "sensor/sensor.h"
#include "sensor/clock.h"

#define SECOND 1000000000ULL

static __u64 now_ns = 1000 * SECOND;
static char said[65536];

__u64 clock_now_ns(int clock)
{
	return now_ns;
}

void sensor_say(struct sensor *sensor, enum sensor_action action, const char *subject,
		const char *format, ...)
{
	size_t len = strlen(said);
	va_list args;

	len += snprintf(said + len, sizeof(said) - len, "%s %s: ",
			action == SENSOR_RECOVERED ? "recovered"
			: action == SENSOR_BLIND   ? "blind"
						   : "degraded",
			subject);
	va_start(args, format);
	len += vsnprintf(said + len, sizeof(said) - len, format, args);
	va_end(args);
	snprintf(said + len, sizeof(said) - len, "\n");
}

static struct sensor sensor;

static int setup(void **state)
{
	said[0] = '\0';
	now_ns += 10000 * SECOND;
	return blind_open(&sensor);
}

static int teardown(void **state)
{
	blind_close(&sensor);
	return 0;
}

static void pass(unsigned int seconds)
{
	while (seconds--) {
		now_ns += SECOND;
		blind_look_after(&sensor);
	}
}

static void shadowed(const char *text)
{
	blind_say(&sensor, BLIND_SHADOWED, SENSOR_BLIND, "eth0", "%s", text);
}

static void test_once(void **state)
{
	shadowed("a");
	shadowed("b");
	pass(5);
	shadowed("b");
	assert_string_equal(said, "blind eth0: a\n");
	blind_over(&sensor, BLIND_SHADOWED, "eth0", "good");
	assert_string_equal(said, "blind eth0: a\n");
	pass(3);
	blind_over(&sensor, BLIND_SHADOWED, "eth0", "good");
	pass(3);
	assert_string_equal(said, "blind eth0: a\nrecovered eth0: good\n");
}

static void test_flapping(void **state)
{
	size_t count;

	for (int i = 0; i < 100; i++) {
		shadowed("a");
		blind_over(&sensor, BLIND_SHADOWED, "eth0", "good");
		assert_false(blind_is(&sensor, BLIND_SHADOWED, "eth0"));
		pass(1);
	}
	assert_string_equal(said, "blind eth0: a\n");
	blind_list(&sensor, &count);
	assert_int_equal(count, 1);
	pass(2);
	assert_string_equal(said, "blind eth0: a\nrecovered eth0: good\n");
	blind_list(&sensor, &count);
	assert_int_equal(count, 0);
}

static size_t lines(void)
{
	size_t n = 0;

	for (const char *at = said; *at; at++)
		n += *at == '\n';
	return n;
}

static void test_many(void **state)
{
	size_t count, before;
	char name[16];

	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "eni%d", i);
		blind_say(&sensor, BLIND_UNWATCHED, SENSOR_BLIND, name, "%s", name);
	}
	assert_int_equal(lines(), 20);
	blind_list(&sensor, &count);
	assert_int_equal(count, 500);
	pass(60);
	assert_in_range(lines(), 25, 27);
	before = lines();
	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "eni%d", i);
		blind_over_all(&sensor, name, "is gone");
	}
	pass(4);
	/* those that were said are taken back, no others */
	assert_int_equal(lines(), 2 * before);
	blind_list(&sensor, &count);
	assert_int_equal(count, 0);
}

static void test_all_of_one_interface(void **state)
{
	blind_say(&sensor, BLIND_SHADOWED, SENSOR_BLIND, "eth1 ingress", "x");
	blind_say(&sensor, BLIND_SHADOWED, SENSOR_BLIND, "eth10 ingress", "y");
	blind_say(&sensor, BLIND_MISSING, SENSOR_BLIND, "eth1", "z");
	blind_over_all(&sensor, "eth1", "is gone");
	assert_false(blind_is(&sensor, BLIND_SHADOWED, "eth1 ingress"));
	assert_true(blind_is(&sensor, BLIND_SHADOWED, "eth10 ingress"));
	assert_true(blind_is(&sensor, BLIND_MISSING, "eth1"));
}

static void test_names(void **state)
{
	for (int kind = 0; kind < BLIND_KIND_MAX; kind++)
		assert_non_null(blind_kind_name(kind));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_flapping, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_all_of_one_interface, setup, teardown),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
