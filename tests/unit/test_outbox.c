/* SPDX-License-Identifier: GPL-2.0-only */
/* The outbox: on the disk before anything is sent, over kills, with sinks that fail. */
#include "tests/unit/outboxing.h"

static struct desk desk;

static void records_are_on_the_disk_before_they_are_sent(void **state)
{
	desk_open(&desk, true);
	desk.player[0]->answer = desk.player[1]->answer = OUTLET_LATER;
	desk_alert(&desk, ALERT_OPEN, 1);
	desk_say(&desk, "fog");
	desk_work(&desk);
	assert_int_equal(stored_posts(&desk, "journald"), 2);
	assert_int_equal(stored_posts(&desk, "webhook"), 2);
	assert_int_equal(stored_records(&desk), 2);
	assert_int_equal(desk_counts(&desk, 0)->unsent, 2);
	desk_kill(&desk);

	desk_open(&desk, true);
	assert_int_equal(desk_counts(&desk, 1)->unsent, 2);
	desk_alert(&desk, ALERT_UPDATE, 2);
	desk_work(&desk);
	assert_string_equal(desk.player[0]->said, "open update fog ");
	assert_string_equal(desk.player[1]->said, "open update fog ");
	assert_int_equal(desk_counts(&desk, 0)->unsent, 0);
	assert_int_equal(desk_counts(&desk, 0)->sent, 3);
	assert_int_equal(desk_counts(&desk, 0)->lost, 0);
	desk_kill(&desk);
}

/* Between sending and removing lies a kill: twice, not never. And what was removed is gone. */
static void a_kill_may_send_twice(void **state)
{
	desk_open(&desk, true);
	desk_alert(&desk, ALERT_OPEN, 1);
	desk_work(&desk);
	assert_string_equal(desk.player[0]->said, "open ");
	desk_kill(&desk);
	desk_open(&desk, true);
	desk_work(&desk);
	assert_string_equal(desk.player[0]->said, "open ");
	desk_second(&desk);
	assert_int_equal(stored_posts(&desk, "journald"), 0);
	desk_kill(&desk);
	desk_open(&desk, true);
	desk_second(&desk);
	assert_string_equal(desk.player[0]->said, "");
	assert_int_equal(stored_records(&desk), 1);
	desk_kill(&desk);
}

/* A process that starts anew may judge the same traffic again. */
static void the_same_record_is_sent_once(void **state)
{
	desk_open(&desk, true);
	desk_alert(&desk, ALERT_OPEN, 1);
	desk_second(&desk);
	desk_second(&desk);
	desk_kill(&desk);
	desk_open(&desk, true);
	desk_alert(&desk, ALERT_OPEN, 1);
	desk_alert(&desk, ALERT_CLOSE, 1);
	desk_second(&desk);
	assert_string_equal(desk.player[0]->said, "close ");
	assert_int_equal(stored_records(&desk), 2);
	desk_kill(&desk);
}

static void alarms_do_not_stand_behind_others(void **state)
{
	char reason[32];
	int i;

	desk_open(&desk, true);
	desk.player[0]->answer = OUTLET_LATER;
	for (i = 0; i < 2000; i++) {
		snprintf(reason, sizeof(reason), "old-%d", i);
		desk_say(&desk, reason);
	}
	desk_alert(&desk, ALERT_OPEN, 1);
	desk_alert(&desk, ALERT_CLOSE, 2);
	desk_alert(&desk, ALERT_UPDATE, 3);
	desk_work(&desk);
	assert_int_equal(desk_counts(&desk, 0)->unsent, 2003);
	assert_int_equal(desk_counts(&desk, 1)->sent, 2003);
	desk.player[0]->answer = OUTLET_SENT;
	desk_second(&desk);
	assert_memory_equal(desk.player[0]->said, "open update old-0 old-1 ", 24);
	assert_int_equal(desk.player[0]->sent, 2003);
	assert_int_equal(desk_counts(&desk, 0)->lost, 0);
	desk_kill(&desk);
}

static void a_way_that_fails_delays_no_other(void **state)
{
	desk_open(&desk, true);
	desk.player[0]->answer = OUTLET_LATER;
	desk_alert(&desk, ALERT_OPEN, 1);
	desk_work(&desk);
	assert_string_equal(desk.player[1]->said, "open ");
	desk.player[1]->answer = OUTLET_REFUSED;
	strcpy(desk.player[1]->outlet.trouble, "the server answered 400");
	desk_alert(&desk, ALERT_UPDATE, 2);
	desk_work(&desk);
	assert_int_equal(desk_counts(&desk, 1)->lost, 1);
	assert_int_equal(desk_counts(&desk, 1)->unsent, 0);
	assert_int_equal(desk_counts(&desk, 0)->unsent, 2);
	assert_string_equal(desk.last_news, "webhook refused a record: the server answered 400");
	desk.player[0]->answer = OUTLET_SENT;
	desk_second(&desk);
	assert_string_equal(desk.player[0]->said, "open update ");
	assert_int_equal(stored_posts(&desk, "webhook"), 0);
	assert_int_equal(stored_records(&desk), 2);
	desk_kill(&desk);
}

static void a_way_that_is_busy_takes_one_at_a_time(void **state)
{
	struct outlet *outlet;

	desk_open(&desk, true);
	outlet = &desk.player[1]->outlet;
	desk.player[1]->answer = OUTLET_BUSY;
	desk_alert(&desk, ALERT_OPEN, 1);
	desk_alert(&desk, ALERT_UPDATE, 2);
	desk_work(&desk);
	desk_second(&desk);
	assert_string_equal(desk.player[1]->said, "open ");
	outlet->done(OUTLET_LATER, outlet->done_arg);
	desk_work(&desk);
	assert_string_equal(desk.player[1]->said, "open open ");
	outlet->done(OUTLET_SENT, outlet->done_arg);
	desk_work(&desk);
	assert_string_equal(desk.player[1]->said, "open open update ");
	outlet->done(OUTLET_REFUSED, outlet->done_arg);
	desk_second(&desk);
	assert_int_equal(desk_counts(&desk, 1)->sent, 1);
	assert_int_equal(desk_counts(&desk, 1)->lost, 1);
	assert_int_equal(desk_counts(&desk, 1)->unsent, 0);
	assert_int_equal(stored_posts(&desk, "webhook"), 0);
	desk_kill(&desk);
}

static void damaged_posts_are_left_out(void **state)
{
	const struct store_post empty = { .sink = "journald", .lane = LANE_ALARMS, .payload = "" };
	__s64 row;

	desk_open(&desk, true);
	desk.player[0]->answer = OUTLET_LATER;
	desk_alert(&desk, ALERT_OPEN, 1);
	desk_work(&desk);
	assert_int_equal(store_put_post(desk.store, &empty, &row), 0);
	desk_kill(&desk);
	desk_open(&desk, true);
	desk_alert(&desk, ALERT_UPDATE, 2);
	desk_second(&desk);
	assert_string_equal(desk.player[0]->said, "open update ");
	assert_int_equal(desk_counts(&desk, 0)->lost, 1);
	desk_second(&desk);
	assert_int_equal(stored_posts(&desk, "journald"), 0);
	desk_kill(&desk);
}

/* Posts of the sensor, as records of an earlier process: put there at once, which is quicker. */
static void fill_posts(struct store *store, int count)
{
	char payload[64];
	__s64 row;
	int i;

	assert_int_equal(store_begin(store), 0);
	for (i = 0; i < count; i++) {
		const struct store_post post = {
			.sink = "journald",
			.lane = LANE_OTHERS,
			.priority = 4,
			.payload = payload,
			.len = snprintf(payload, sizeof(payload), "{\"event\":{\"action\":\"%d\"}}",
					i),
		};

		assert_int_equal(store_put_post(store, &post, &row), 0);
	}
	assert_int_equal(store_commit(store), 0);
}

static void what_does_not_fit_goes_by_priority(void **state)
{
	struct store *store = open_store();

	fill_posts(store, OUTBOX_POSTS_MAX);
	store_close(store);
	desk_open(&desk, true);
	desk.player[0]->answer = OUTLET_LATER;
	desk_alert(&desk, ALERT_OPEN, 1);
	desk_alert(&desk, ALERT_CLOSE, 2);
	desk_say(&desk, "fog");
	desk_second(&desk);
	assert_int_equal(desk_counts(&desk, 0)->unsent, OUTBOX_POSTS_MAX);
	assert_int_equal(desk_counts(&desk, 0)->lost, 3);
	assert_true(desk.news[OUTBOX_LOST] > 0);
	desk.player[0]->answer = OUTLET_SENT;
	desk_second(&desk);
	/* the record of the close is of the lowest priority, then come the oldest of the sensor's
	 */
	assert_memory_equal(desk.player[0]->said, "open 2 3 ", 9);
	assert_null(strstr(desk.player[0]->said, "close"));
	assert_int_equal(desk.player[0]->sent, OUTBOX_POSTS_MAX);
	assert_int_equal(desk_counts(&desk, 1)->sent, 3);
	desk_kill(&desk);
}

static void ways_that_are_gone_keep_nothing(void **state)
{
	const struct store_post other = {
		.sink = "pigeon", .lane = LANE_ALARMS, .payload = "x", .len = 1
	};
	__s64 row;

	desk_open(&desk, true);
	assert_int_equal(store_put_post(desk.store, &other, &row), 0);
	desk_kill(&desk);
	desk_open(&desk, true);
	assert_int_equal(desk.news[OUTBOX_LOST], 1);
	assert_non_null(
		strstr(desk.last_news, "1 record waited for a sink that is not configured"));
	assert_int_equal(stored_posts(&desk, "pigeon"), 0);
	desk_kill(&desk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(records_are_on_the_disk_before_they_are_sent),
		STORE_TEST(a_kill_may_send_twice),
		STORE_TEST(the_same_record_is_sent_once),
		STORE_TEST(alarms_do_not_stand_behind_others),
		STORE_TEST(a_way_that_fails_delays_no_other),
		STORE_TEST(a_way_that_is_busy_takes_one_at_a_time),
		STORE_TEST(damaged_posts_are_left_out),
		STORE_TEST(what_does_not_fit_goes_by_priority),
		STORE_TEST(ways_that_are_gone_keep_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
