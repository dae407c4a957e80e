/* SPDX-License-Identifier: GPL-2.0-only */
/* The journald sink while journald is away, restarts or is stopped: what is kept, what is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

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
	assert_int_equal(fake->sink->ops->flush(fake->sink), 2);
	assert_int_equal(fake->sink->counts.unsent, 2);
	fake_start(fake);
	assert_int_equal(fake->sink->ops->flush(fake->sink), 0);
	takes_all(fake, 1, 2);
	assert_int_equal(fake->sink->counts.sent, 2);
	assert_int_equal(fake->sink->counts.unsent, 0);
	assert_int_equal(fake->sink->counts.lost, 0);
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
	assert_int_equal(fake->sink->counts.unsent, kept);
	while (got < sent) {
		assert_true(take(fake));
		snprintf(count, sizeof(count), "%u", ++got);
		check_field(fake, "SPIKEWATCH_COUNT", count);
		fake->sink->ops->flush(fake->sink);
	}
	assert_int_equal(fake->sink->counts.sent, sent);
	assert_int_equal(fake->sink->counts.lost, 0);
}

static void full_queue_gives_up_the_oldest(void **state)
{
	struct fake *fake = *state;

	for (unsigned int i = 1; i <= JOURNAL_QUEUE_MAX + 3; i++)
		assert_int_equal(send_numbered(fake, i), -EAGAIN);
	assert_int_equal(fake->sink->counts.unsent, JOURNAL_QUEUE_MAX);
	assert_int_equal(fake->sink->counts.lost, 3);
	fake_start(fake);
	for (unsigned int i = 4; i <= JOURNAL_QUEUE_MAX + 3; i++) {
		char count[16];

		/* The socket holds fewer than the queue. */
		fake->sink->ops->flush(fake->sink);
		assert_true(take(fake));
		snprintf(count, sizeof(count), "%u", i);
		check_field(fake, "SPIKEWATCH_COUNT", count);
	}
	assert_false(take(fake));
	assert_int_equal(fake->sink->counts.sent, JOURNAL_QUEUE_MAX);
}

static void alerts_outlive_lesser_entries(void **state)
{
	struct sensor_event started = { SENSOR_STARTED, EXAMPLE_WALL, "started", NULL };
	struct sensor_event blind = { SENSOR_BLIND, EXAMPLE_WALL, "blind", NULL };
	struct fake *fake = *state;

	assert_int_equal(fake->sink->ops->send_sensor(fake->sink, &blind), -EAGAIN);
	assert_int_equal(fake->sink->ops->send_sensor(fake->sink, &started), -EAGAIN);
	for (unsigned int i = 1; i <= JOURNAL_QUEUE_MAX - 2; i++)
		assert_int_equal(send_numbered(fake, i), -EAGAIN);
	assert_int_equal(fake->sink->counts.lost, 0);
	/* Priority 6 goes first, then 4, and no lesser one comes in for an alert. */
	assert_int_equal(send_numbered(fake, 998), -EAGAIN);
	assert_int_equal(fake->sink->counts.lost, 1);
	assert_int_equal(fake->sink->ops->send_sensor(fake->sink, &started), -ENOBUFS);
	assert_int_equal(fake->sink->counts.lost, 2);
	assert_int_equal(send_numbered(fake, 999), -EAGAIN);
	assert_int_equal(fake->sink->ops->send_sensor(fake->sink, &blind), -ENOBUFS);
	assert_int_equal(fake->sink->counts.lost, 4);
	fake_start(fake);
	fake->sink->ops->flush(fake->sink);
	assert_true(take(fake));
	check_field(fake, "SPIKEWATCH_ACTION", "open");
	check_field(fake, "SPIKEWATCH_COUNT", "1");
}

static void free_tries_once_more(void **state)
{
	struct fake *fake = *state;

	assert_int_equal(send_numbered(fake, 7), -EAGAIN);
	fake_start(fake);
	fake->sink->ops->free(fake->sink);
	fake->sink = NULL;
	takes_all(fake, 7, 7);
}

static void paths_that_do_not_fit(void **state)
{
	struct sink *sink = NULL;
	char path[200];

	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(sink_journal_new(example_observer(), path, &sink), -ENAMETOOLONG);
	assert_null(sink);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FAKE_TEST(entries_wait_for_journald),
		FAKE_TEST(restart_loses_nothing),
		FAKE_TEST(stopped_journald_blocks_nothing),
		FAKE_TEST(full_queue_gives_up_the_oldest),
		FAKE_TEST(alerts_outlive_lesser_entries),
		FAKE_TEST(free_tries_once_more),
		cmocka_unit_test(paths_that_do_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
