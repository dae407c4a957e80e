/* SPDX-License-Identifier: GPL-2.0-only */
/* What a minute's losses, gaps, full maps and silence are said to be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/timex.h>

#include <cmocka.h>

#include "cmd/cmd.h"
#include "sensor/sensor.h"
#include "sensor/clock.h"

#define SECOND 1000000000ULL

static __u64 now_ns = 1000 * SECOND;
static char last[1024];
static unsigned int said;
static int clock_status;
static __u32 keys;
static __u64 missed;
static struct sensor sensor;
static struct totals totals;

__u64 clock_now_ns(int clock)
{
	return now_ns;
}

void sensor_say(struct sensor *of, enum sensor_action action, const char *subject,
		const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	snprintf(last, sizeof(last), "%s %s: %s",
		 action == SENSOR_RECOVERED ? "recovered"
		 : action == SENSOR_BLIND   ? "blind"
					    : "degraded",
		 subject, text);
	said++;
}

void drain_usage(const struct drain *drain, struct usage ret[USAGE_MAX])
{
	memset(ret, 0, USAGE_MAX * sizeof(*ret));
	ret[USAGE_DROPS] = (struct usage){ .map = "drop_counts",
					   .entries = keys,
					   .capacity = 1000 };
}

const struct sizes *loader_sizes(const struct loader *loader)
{
	static const struct sizes sizes = { .flows = 5000 };

	return &sizes;
}

__u64 loader_recursion_missed(const struct loader *loader)
{
	return missed;
}

int adjtimex(struct timex *timex)
{
	timex->status = clock_status;
	return 0;
}

static int setup(void **state)
{
	memset(&totals, 0, sizeof(totals));
	said = clock_status = keys = missed = 0;
	last[0] = '\0';
	now_ns += 10000 * SECOND;
	return blind_open(&sensor) || sight_open(&sensor);
}

static int teardown(void **state)
{
	sight_close(&sensor);
	blind_close(&sensor);
	return 0;
}

/* Seconds of which each brings what `totals` and the loss say. */
static void pass(unsigned int seconds, struct loss loss)
{
	while (seconds--) {
		const struct batch batch = { .end_ns = now_ns += SECOND,
					     .totals = &totals,
					     .loss = loss };

		sight_take_batch(&sensor, &batch);
		sight_look_after(&sensor);
		blind_look_after(&sensor);
	}
}

static const struct loss none;

static void test_loss_begins_and_ends(void **state)
{
	const struct loss some = { .evicted = { [FEED_HTTP] = 2 } };

	totals.n[COUNT_HTTP_2XX] = 998;
	pass(4, some);
	assert_int_equal(said, 0); /* 8 of 4,000 */
	pass(60, some);
	assert_int_equal(said, 1);
	assert_string_equal(
		last,
		"degraded responses: of 5000 responses of the last minute, 10 could not be attributed (0.2 %); "
		"10 found no room of their own: give memory_budget: more");
	pass(45, none); /* 30 of 60,000 are left at the end */
	assert_int_equal(said, 1);
	pass(5, none);
	assert_int_equal(said, 2);
	assert_string_equal(
		last, "recovered responses: responses of the last minute are attributed again");
	pass(100, none);
	assert_int_equal(said, 2);
}

static void test_small_losses(void **state)
{
	const struct loss one = { .evicted = { [FEED_DROP] = 1 } };

	totals.drop_class[CLASS_FIREWALL] = 2000;
	pass(200, one); /* one in two thousand */
	assert_int_equal(said, 0);
}

static void test_its_name(void **state)
{
	const struct loss some = { .unparsed = { [FEED_HTTP] = 5 } };

	totals.n[COUNT_HTTP_NO_REVERSE] = 5;
	pass(3, some);
	assert_non_null(strstr(last, "http_no_reverse 10: requests pass elsewhere"));
}

static void test_gap(void **state)
{
	const struct loss gap = { .gap_ns = 3 * SECOND };

	pass(1, gap);
	assert_non_null(strstr(last, "held up for 3.0 s"));
	pass(59, none);
	assert_int_equal(said, 1);
	pass(5, none);
	assert_non_null(strstr(last, "recovered sensor"));
}

static void test_silence(void **state)
{
	pass(1, none);
	sight_take_traffic(&sensor, 999, 0);
	pass(1, none);
	assert_int_equal(said, 0);
	sight_take_traffic(&sensor, 1, 0);
	pass(1, none);
	assert_int_equal(said, 1);
	assert_non_null(strstr(last, "blind ingress: the watched interfaces counted 1000 packets"));
	totals.n[COUNT_PACKETS_INGRESS] = 1; /* a thousand in one: GRO */
	pass(4, none);
	assert_int_equal(said, 2);
	assert_string_equal(last, "recovered ingress: packets at ingress are counted again");
}

static void test_full_map(void **state)
{
	keys = 800;
	pass(3, none);
	assert_int_equal(said, 0);
	keys = 801;
	pass(1, none);
	assert_non_null(strstr(last, "map drop_counts had 801 of 1000 entries"));
	keys = 0;
	pass(55, none);
	assert_int_equal(said, 1); /* it was full within the last minute */
	pass(15, none);
	assert_int_equal(said, 2);
}

static void test_flows(void **state)
{
	totals.n[COUNT_FLOWS_CREATED] = 83; /* 4,980 a minute */
	pass(100, none);
	assert_int_equal(said, 0);
	totals.n[COUNT_FLOWS_CREATED] = 100;
	pass(60, none);
	assert_int_equal(said, 1);
	assert_non_null(strstr(last, "map flows has room for 5000"));
}

static void test_missed_runs(void **state)
{
	totals.n[COUNT_PACKETS_EGRESS] = 100;
	missed = 9;
	pass(1, none);
	assert_int_equal(said, 0);
	missed = 10;
	pass(1, none);
	assert_int_equal(said, 1);
}

static void test_clock(void **state)
{
	clock_status = STA_UNSYNC;
	pass(299, none);
	assert_int_equal(said, 0);
	pass(3, none);
	assert_non_null(strstr(last, "the clock is not synchronised"));
	clock_status = 0;
	pass(5, none);
	assert_string_equal(last, "recovered clock: the clock is synchronised");
}

/* A suspended host, or one that stood still. */
static void test_long_pause(void **state)
{
	const struct loss some = { .evicted = { [FEED_HTTP] = 50 } };

	pass(1, some);
	assert_int_equal(said, 1);
	now_ns += 86400 * SECOND;
	pass(4, none);
	assert_int_equal(said, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_loss_begins_and_ends, setup, teardown),
		cmocka_unit_test_setup_teardown(test_small_losses, setup, teardown),
		cmocka_unit_test_setup_teardown(test_its_name, setup, teardown),
		cmocka_unit_test_setup_teardown(test_gap, setup, teardown),
		cmocka_unit_test_setup_teardown(test_silence, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full_map, setup, teardown),
		cmocka_unit_test_setup_teardown(test_flows, setup, teardown),
		cmocka_unit_test_setup_teardown(test_missed_runs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_clock, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long_pause, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
