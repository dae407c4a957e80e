/* SPDX-License-Identifier: GPL-2.0-only */
/* An outbox without a store while journald is away, restarts or is stopped: what is kept, lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "outbox/memory.h"
#include "tests/unit/journal_fake.h"

static void takes_all(struct fake *fake, unsigned int first, unsigned int last)
{
	char count[16];

	for (unsigned int i = first; i <= last; i++) {
		assert_true(take(fake));
		snprintf(count, sizeof(count), "%u", i);
		check_field(fake, "SPIKEWATCH_COUNT", count);
	}
	assert_false(take(fake));
}

static void entries_wait_for_journald(void **state)
{
	struct fake *fake = *state;

	assert_int_equal(send_numbered(fake, 1), -EAGAIN);
	assert_int_equal(send_numbered(fake, 2), -EAGAIN);
	assert_int_equal(flush(fake), 2);
	assert_int_equal(counts(fake)->unsent, 2);
	fake_start(fake);
	assert_int_equal(flush(fake), 0);
	takes_all(fake, 1, 2);
	assert_int_equal(counts(fake)->sent, 2);
	assert_int_equal(counts(fake)->unsent, 0);
	assert_int_equal(counts(fake)->lost, 0);
}

/* Over a restart the order stays: what waited goes before what is new. */
static void restart_loses_nothing(void **state)
{
	struct fake *fake = *state;

	fake_start(fake);
	assert_int_equal(send_numbered(fake, 1), 0);
	takes_all(fake, 1, 1);
	fake_stop(fake, true); /* ECONNREFUSED */
	assert_int_equal(send_numbered(fake, 2), -EAGAIN);
	unlink(fake->addr.sun_path); /* ENOENT */
	assert_int_equal(send_numbered(fake, 3), -EAGAIN);
	fake_start(fake);
	assert_int_equal(send_numbered(fake, 4), 0);
	takes_all(fake, 2, 4);
}

static void stopped_journald_blocks_nothing(void **state)
{
	struct fake *fake = *state;
	unsigned int sent = 0, kept = 0, got = 0;
	char count[16];
	int err;

	fake_start(fake);
	do {
		err = send_numbered(fake, ++sent);
	} while (!err && sent < 10000);
	assert_int_equal(err, -EAGAIN);
	for (kept = 1; kept < 5; kept++)
		assert_int_equal(send_numbered(fake, ++sent), -EAGAIN);
	assert_int_equal(counts(fake)->unsent, kept);
	while (got < sent) {
		assert_true(take(fake));
		snprintf(count, sizeof(count), "%u", ++got);
		check_field(fake, "SPIKEWATCH_COUNT", count);
		flush(fake);
	}
	assert_int_equal(counts(fake)->sent, sent);
	assert_int_equal(counts(fake)->lost, 0);
}

static void full_queue_gives_up_the_oldest(void **state)
{
	struct fake *fake = *state;

	for (unsigned int i = 1; i <= MEMORY_RECORDS_MAX + 3; i++)
		assert_int_equal(send_numbered(fake, i), -EAGAIN);
	assert_int_equal(counts(fake)->unsent, MEMORY_RECORDS_MAX);
	assert_int_equal(counts(fake)->lost, 3);
	fake_start(fake);
	for (unsigned int i = 4; i <= MEMORY_RECORDS_MAX + 3; i++) {
		char count[16];

		/* The socket holds fewer than the queue. */
		flush(fake);
		assert_true(take(fake));
		snprintf(count, sizeof(count), "%u", i);
		check_field(fake, "SPIKEWATCH_COUNT", count);
	}
	assert_false(take(fake));
	assert_int_equal(counts(fake)->sent, MEMORY_RECORDS_MAX);
}

static void alerts_outlive_lesser_entries(void **state)
{
	struct sensor_event started = { SENSOR_STARTED, EXAMPLE_WALL, "started", NULL };
	struct sensor_event blind = { SENSOR_BLIND, EXAMPLE_WALL, "blind", NULL };
	struct fake *fake = *state;

	assert_int_equal(send_sensor(fake, &blind), -EAGAIN);
	assert_int_equal(send_sensor(fake, &started), -EAGAIN);
	for (unsigned int i = 1; i <= MEMORY_RECORDS_MAX - 2; i++)
		assert_int_equal(send_numbered(fake, i), -EAGAIN);
	assert_int_equal(counts(fake)->lost, 0);
	/* Priority 6 goes first, then 4, and no lesser one comes in for an alert. */
	assert_int_equal(send_numbered(fake, 998), -EAGAIN);
	assert_int_equal(counts(fake)->lost, 1);
	assert_int_equal(send_sensor(fake, &started), -EAGAIN);
	assert_int_equal(counts(fake)->lost, 2);
	assert_int_equal(send_numbered(fake, 999), -EAGAIN);
	assert_int_equal(send_sensor(fake, &blind), -EAGAIN);
	assert_int_equal(counts(fake)->lost, 4);
	fake_start(fake);
	flush(fake);
	assert_true(take(fake));
	check_field(fake, "SPIKEWATCH_ACTION", "open");
	check_field(fake, "SPIKEWATCH_COUNT", "1");
}

static void paths_that_do_not_fit(void **state)
{
	struct outlet *outlet = NULL;
	char path[200];

	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(journal_new(path, &outlet), -ENAMETOOLONG);
	assert_null(outlet);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FAKE_TEST(entries_wait_for_journald),
		FAKE_TEST(restart_loses_nothing),
		FAKE_TEST(stopped_journald_blocks_nothing),
		FAKE_TEST(full_queue_gives_up_the_oldest),
		FAKE_TEST(alerts_outlive_lesser_entries),
		cmocka_unit_test(paths_that_do_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
