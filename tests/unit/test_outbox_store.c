/* SPDX-License-Identifier: GPL-2.0-only */
/* The outbox where its store can't be written, and what it does with too many alerts. */
#include <sqlite3.h>

#include "outbox/limit.h"
#include "outbox/memory.h"
#include "tests/unit/outboxing.h"

static struct desk desk;

/* Somebody else who holds the write lock stands for a disk that is full. */
static sqlite3 *lock_store(void)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	return db;
}

static void unlock_store(sqlite3 *db)
{
	assert_int_equal(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void alerts_are_sent_while_the_store_fails(void **state)
{
	sqlite3 *db;

	desk_open(&desk, true);
	desk.player[1]->answer = OUTLET_LATER;
	desk_alert(&desk, ALERT_OPEN, 1);
	desk_work(&desk);
	db = lock_store();
	desk_alert(&desk, ALERT_UPDATE, 2);
	desk_work(&desk);
	desk_alert(&desk, ALERT_CLOSE, 3);
	desk_work(&desk);
	assert_string_equal(desk.player[0]->said, "open update close ");
	desk_second(&desk);
	assert_int_equal(desk.news[OUTBOX_FAILING], 1);
	assert_int_equal(desk.news[OUTBOX_WRITTEN], 0);
	assert_int_equal(desk_counts(&desk, 0)->unsent, 0);
	assert_int_equal(desk_counts(&desk, 1)->unsent, 3);
	unlock_store(db);
	desk_second(&desk);
	assert_int_equal(desk.news[OUTBOX_WRITTEN], 1);
	assert_int_equal(stored_records(&desk), 3);
	assert_int_equal(stored_posts(&desk, "journald"), 0);
	assert_int_equal(stored_posts(&desk, "webhook"), 3);
	desk.player[1]->answer = OUTLET_SENT;
	desk_second(&desk);
	assert_string_equal(desk.player[1]->said, "open update close ");
	assert_string_equal(desk.player[0]->said, "open update close ");
	assert_int_equal(desk_counts(&desk, 0)->lost + desk_counts(&desk, 1)->lost, 0);
	desk_kill(&desk);
}

/* A post that is on its way when its record goes from memory to the disk is not sent again. */
static void what_is_being_sent_moves_to_the_store(void **state)
{
	struct outlet *outlet;
	sqlite3 *db;

	desk_open(&desk, true);
	outlet = &desk.player[1]->outlet;
	db = lock_store();
	desk.player[1]->answer = OUTLET_BUSY;
	desk_alert(&desk, ALERT_OPEN, 1);
	desk_alert(&desk, ALERT_UPDATE, 2);
	desk_work(&desk);
	assert_string_equal(desk.player[1]->said, "open ");
	unlock_store(db);
	desk_second(&desk);
	assert_int_equal(stored_posts(&desk, "webhook"), 2);
	outlet->done(OUTLET_SENT, outlet->done_arg);
	desk_work(&desk);
	assert_string_equal(desk.player[1]->said, "open update ");
	outlet->done(OUTLET_SENT, outlet->done_arg);
	desk_second(&desk);
	assert_string_equal(desk.player[1]->said, "open update ");
	assert_int_equal(stored_posts(&desk, "webhook"), 0);
	desk_kill(&desk);
}

static void without_a_store_memory_holds(void **state)
{
	unsigned int i;

	desk_open(&desk, false);
	desk.player[1]->answer = OUTLET_LATER;
	for (i = 0; i < MEMORY_RECORDS_MAX + 6; i++) {
		desk.now_ns += EXAMPLE_SECOND;
		desk_alert(&desk, ALERT_OPEN, i);
	}
	desk_work(&desk);
	assert_int_equal(desk_counts(&desk, 0)->sent, MEMORY_RECORDS_MAX);
	assert_int_equal(desk_counts(&desk, 1)->unsent, MEMORY_RECORDS_MAX);
	assert_int_equal(desk_counts(&desk, 1)->lost, 6);
	desk.player[1]->answer = OUTLET_SENT;
	desk_second(&desk);
	assert_int_equal(desk_counts(&desk, 1)->sent, MEMORY_RECORDS_MAX);
	desk_kill(&desk);
}

static void too_many_alerts_are_told_in_a_digest(void **state)
{
	unsigned int i;

	desk_open(&desk, true);
	for (i = 0; i < 50; i++)
		desk_alert(&desk, ALERT_OPEN, i);
	desk_work(&desk);
	assert_int_equal(desk.player[0]->sent, LIMIT_RATE);
	assert_int_equal(desk_counts(&desk, 0)->lost, 0);
	assert_int_equal(stored_records(&desk), 50);
	for (i = 0; i < 9; i++)
		desk_second(&desk);
	assert_null(strstr(desk.player[0]->said, "digest"));
	desk_second(&desk);
	assert_non_null(strstr(desk.player[0]->said, "open digest "));
	assert_int_equal(desk.player[0]->sent, LIMIT_RATE + 1);
	assert_int_equal(desk.player[1]->sent, LIMIT_RATE + 1);
	assert_int_equal(stored_records(&desk), 51);
	for (i = 0; i < 11; i++)
		desk_second(&desk);
	assert_int_equal(desk.player[0]->sent, LIMIT_RATE + 1);
	desk_kill(&desk);
	desk_open(&desk, true);
	for (i = 0; i < 11; i++)
		desk_second(&desk);
	assert_string_equal(desk.player[0]->said, "");
	desk_kill(&desk);
}

static int find_digest(const struct store_record *record, void *arg)
{
	if (!strcmp(record->dataset, "spikewatch.digest"))
		snprintf(arg, 4096, "%s", record->ecs);
	return 0;
}

/* Killed before it was told: the next process tells it. */
static void a_digest_outlives_a_kill(void **state)
{
	char ecs[4096] = "";
	json_t *root, *digest;
	unsigned int i;

	desk_open(&desk, true);
	for (i = 0; i < 30; i++)
		desk_alert(&desk, i < 25 ? ALERT_OPEN : ALERT_CLOSE, i);
	desk_second(&desk);
	desk_second(&desk);
	desk_kill(&desk);
	desk_open(&desk, true);
	for (i = 0; i < 11; i++)
		desk_second(&desk);
	assert_string_equal(desk.player[0]->said, "digest ");
	assert_int_equal(
		store_each_record(desk.store, &(struct store_records_wanted){}, find_digest, ecs),
		0);
	root = json_loads(ecs, 0, NULL);
	digest = json_object_get(json_object_get(root, "spikewatch"), "digest");
	assert_int_equal(json_integer_value(json_object_get(digest, "count")), 20);
	assert_int_equal(json_integer_value(json_object_get(digest, "alarms")), 15);
	assert_true(json_is_true(json_object_get(digest, "kept")));
	json_decref(root);
	desk_kill(&desk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(alerts_are_sent_while_the_store_fails),
		STORE_TEST(what_is_being_sent_moves_to_the_store),
		STORE_TEST(without_a_store_memory_holds),
		STORE_TEST(too_many_alerts_are_told_in_a_digest),
		STORE_TEST(a_digest_outlives_a_kill),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
