/* SPDX-License-Identifier: GPL-2.0-only */
/* The store: records that wait to be sent, and those that were written. */
#include "tests/unit/storing.h"

#include <sqlite3.h>

#include "store/history.h"
#include "store/outbox.h"

static void post(struct store *store, const char *sink, enum store_lane lane, int priority,
		 const char *text)
{
	const struct store_post one = { .sink = sink,
					.lane = lane,
					.priority = priority,
					.wall_ns = 5,
					.payload = text,
					.len = strlen(text) };
	__s64 id;

	assert_int_equal(store_put_post(store, &one, &id), 0);
}

/* The next one is this; its number. NULL: there is none. */
static __s64 next_is(struct store *store, const char *sink, enum store_lane lane, __s64 after_id,
		     const char *text)
{
	struct store_post found;
	int err = store_next_post(store, sink, lane, after_id, &found);

	assert_int_equal(err, text ? 0 : -ENOENT);
	if (!text)
		return -1;
	assert_int_equal(found.len, strlen(text));
	assert_memory_equal(found.payload, text, found.len);
	return found.id;
}

static void posts_come_in_order_by_sink_and_lane(void **state)
{
	struct store *store = open_store();
	size_t count;
	__u64 bytes;
	__s64 id;

	post(store, "journald", LANE_OTHERS, 6, "started");
	post(store, "journald", LANE_ALARMS, 2, "first");
	post(store, "webhook", LANE_ALARMS, 2, "elsewhere");
	post(store, "journald", LANE_ALARMS, 2, "second");
	store_close(store);
	store = open_store();
	id = next_is(store, "journald", LANE_ALARMS, 0, "first");
	id = next_is(store, "journald", LANE_ALARMS, id, "second");
	next_is(store, "journald", LANE_ALARMS, id, NULL);
	assert_int_equal(store_drop_posts(store, "journald", LANE_ALARMS, id), 0);
	next_is(store, "journald", LANE_ALARMS, 0, NULL);
	next_is(store, "journald", LANE_OTHERS, 0, "started");
	next_is(store, "webhook", LANE_ALARMS, 0, "elsewhere");
	assert_int_equal(store_count_posts(store, "journald", &count, &bytes), 0);
	assert_int_equal(count, 1);
	assert_int_equal(bytes, strlen("started"));
	/* a number is never given again: "all up to this" stays true */
	assert_int_equal(store_drop_posts(store, "webhook", LANE_ALARMS, id), 0);
	assert_int_equal(store_drop_posts(store, "journald", LANE_OTHERS, id), 0);
	post(store, "journald", LANE_ALARMS, 2, "third");
	assert_true(next_is(store, "journald", LANE_ALARMS, id, "third") > id);
	store_close(store);
}

static void the_least_goes_first(void **state)
{
	struct store *store = open_store();
	size_t count = 0;
	__s64 id;

	post(store, "webhook", LANE_OTHERS, 5, "closed");
	post(store, "webhook", LANE_OTHERS, 6, "started");
	post(store, "webhook", LANE_ALARMS, 2, "old alert");
	post(store, "webhook", LANE_OTHERS, 6, "reloaded");
	post(store, "webhook", LANE_ALARMS, 2, "new alert");
	assert_int_equal(store_shed_posts(store, "webhook", 1, &count), 0);
	assert_int_equal(count, 1);
	id = next_is(store, "webhook", LANE_OTHERS, 0, "closed");
	next_is(store, "webhook", LANE_OTHERS, id, "reloaded");
	assert_int_equal(store_shed_posts(store, "webhook", 3, &count), 0);
	assert_int_equal(count, 3);
	next_is(store, "webhook", LANE_OTHERS, 0, NULL);
	next_is(store, "webhook", LANE_ALARMS, 0, "new alert");
	assert_int_equal(store_shed_posts(store, "journald", 3, &count), 0);
	assert_int_equal(count, 0);
	store_close(store);
}

static void posts_of_sinks_that_are_gone(void **state)
{
	static const char *const both[] = { "journald", "webhook" };
	struct store *store = open_store();
	size_t count = 9;

	post(store, "journald", LANE_ALARMS, 2, "kept");
	post(store, "webhook", LANE_ALARMS, 2, "gone");
	assert_int_equal(store_drop_other_posts(store, both, 2, &count), 0);
	assert_int_equal(count, 0);
	assert_int_equal(store_drop_other_posts(store, both, 1, &count), 0);
	assert_int_equal(count, 1);
	next_is(store, "journald", LANE_ALARMS, 0, "kept");
	assert_int_equal(store_drop_other_posts(store, NULL, 0, &count), 0);
	assert_int_equal(count, 1);
	store_close(store);
}

/* Rows that somebody else wrote: nothing is read beyond them. */
static void damaged_posts_are_told(void **state)
{
	struct store *store = open_store();
	struct store_post found;
	sqlite3 *db;

	post(store, "journald", LANE_ALARMS, 2, "whole");
	store_close(store);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db,
				      "INSERT INTO posts VALUES (10, 'journald', 0, 2, 0, x'');"
				      "INSERT INTO posts VALUES (11, 'journald', 0, 2, 0,"
				      " zeroblob(9000000));"
				      "INSERT INTO posts VALUES (-5, 'journald', 0, 2, 0, x'00');"
				      "INSERT INTO posts VALUES (12, 'journald', 7, 2, 0, x'00')",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	sqlite3_close(db);
	store = open_store();
	next_is(store, "journald", LANE_ALARMS, 0, "whole");
	assert_int_equal(store_next_post(store, "journald", LANE_ALARMS, 1, &found), 0);
	assert_null(found.payload);
	assert_int_equal(store_next_post(store, "journald", LANE_ALARMS, 10, &found), 0);
	assert_int_equal(found.id, 11);
	assert_null(found.payload);
	next_is(store, "journald", LANE_ALARMS, 11, NULL);
	store_close(store);
}

static bool put_record(struct store *store, const char *id, const char *rule, __u64 wall_ns,
		       bool held, const char *ecs)
{
	const struct store_record record = { .event_id = id,
					     .wall_ns = wall_ns,
					     .rule = rule,
					     .action = "open",
					     .dataset = "spikewatch.alert",
					     .held = held,
					     .ecs = ecs };
	bool is_new;

	assert_int_equal(store_put_record(store, &record, &is_new), 0);
	return is_new;
}

struct read {
	char ids[256];
	size_t count;
};

static int note(const struct store_record *record, void *arg)
{
	struct read *read = arg;

	read->count++;
	if (strlen(read->ids) + strlen(record->event_id) + 2 < sizeof(read->ids))
		strcat(strcat(read->ids, record->event_id), " ");
	return 0;
}

static void check_records(struct store *store, struct store_records_wanted wanted, const char *ids)
{
	struct read read = {};

	assert_int_equal(store_each_record(store, &wanted, note, &read), 0);
	assert_string_equal(read.ids, ids);
}

static void records_are_kept_once(void **state)
{
	struct store *store = open_store();
	struct read held = {};

	assert_true(put_record(store, "a", "scan", 100, false, "{}"));
	assert_true(put_record(store, "b", "denies", 200, true, "{}"));
	assert_false(put_record(store, "a", "scan", 300, true, "{\"again\":1}"));
	assert_true(put_record(store, "c", "scan", 300, false, "{}"));
	check_records(store, (struct store_records_wanted){}, "a b c ");
	check_records(store, (struct store_records_wanted){ .limit = 2 }, "b c ");
	check_records(store, (struct store_records_wanted){ .rule = "scan" }, "a c ");
	check_records(store, (struct store_records_wanted){ .since_ns = 200, .until_ns = 300 },
		      "b ");
	assert_int_equal(store_each_held(store, note, &held), 0);
	assert_string_equal(held.ids, "b ");
	assert_int_equal(store_unhold(store), 0);
	assert_int_equal(store_each_held(store, note, &held), 0);
	assert_int_equal(held.count, 1);
	store_close(store);
}

static void old_records_are_forgotten(void **state)
{
	const __u64 day_ns = 86400 * 1000000000ULL, now_ns = 100 * day_ns;
	struct store *store = open_store();
	char id[16];
	int i;

	assert_int_equal(store_begin(store), 0);
	for (i = 0; i < 1500; i++) {
		snprintf(id, sizeof(id), "%d", i);
		put_record(store, id, "r", 64 * day_ns + i, false, "{}");
	}
	put_record(store, "kept", "r", 65 * day_ns, false, "{}");
	assert_int_equal(store_commit(store), 0);
	assert_int_equal(store_forget_records(store, now_ns), 0);
	check_records(store, (struct store_records_wanted){ .until_ns = 64 * day_ns + 1001 },
		      "1000 ");
	assert_int_equal(store_forget_records(store, now_ns), 0);
	check_records(store, (struct store_records_wanted){}, "kept ");
	store_close(store);
}

/* Also over a restart: what is there is counted again. */
static void records_are_bounded_in_bytes(void **state)
{
	const size_t len = 8 << 20;
	char *ecs = malloc(len + 1), id[16];
	struct store *store = open_store();
	struct read read = {};
	int i;

	assert_non_null(ecs);
	memset(ecs, 'x', len);
	ecs[len] = '\0';
	assert_int_equal(store_begin(store), 0);
	for (i = 0; i < 12; i++) {
		if (i == 6) {
			assert_int_equal(store_commit(store), 0);
			store_close(store);
			store = open_store();
			assert_int_equal(store_begin(store), 0);
		}
		snprintf(id, sizeof(id), "%d", i);
		put_record(store, id, "r", i, false, ecs);
	}
	assert_int_equal(store_each_record(store, &(struct store_records_wanted){}, note, &read),
			 0);
	assert_string_equal(read.ids, "4 5 6 7 8 9 10 11 ");
	store_close(store);
	free(ecs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(posts_come_in_order_by_sink_and_lane),
		STORE_TEST(the_least_goes_first),
		STORE_TEST(posts_of_sinks_that_are_gone),
		STORE_TEST(damaged_posts_are_told),
		STORE_TEST(records_are_kept_once),
		STORE_TEST(old_records_are_forgotten),
		STORE_TEST(records_are_bounded_in_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
