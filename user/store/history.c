/* SPDX-License-Identifier: GPL-2.0-only */
/* The records that were written, in and out. */
#include "store/history.h"
#include "store/handle.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#define FORGET_AT_ONCE 1000

static int count_bytes(struct store *store)
{
	if (store->record_bytes >= 0)
		return 0;
	return sql_number(store->db, "SELECT ifnull(sum(bytes), 0) FROM records",
			  &store->record_bytes);
}

static int shed(struct store *store)
{
	sqlite3_stmt *oldest = store->post[SQL_SHED_RECORDS];
	int rc = SQLITE_ROW;

	while (store->record_bytes > STORE_RECORDS_BYTES_MAX && rc == SQLITE_ROW) {
		rc = sqlite3_step(oldest);
		if (rc == SQLITE_ROW)
			store->record_bytes -= sqlite3_column_int64(oldest, 0);
		if (rc == SQLITE_ROW && sqlite3_step(oldest) != SQLITE_DONE)
			rc = SQLITE_ERROR;
		sqlite3_reset(oldest);
	}
	return sql_errno(rc);
}

int store_put_record(struct store *store, const struct store_record *record, bool *ret_new)
{
	sqlite3_stmt *put = store->post[SQL_PUT_RECORD];
	size_t len = strlen(record->ecs);
	int err = count_bytes(store);

	if (err)
		return err;
	sqlite3_bind_text(put, 1, record->event_id, -1, SQLITE_STATIC);
	sqlite3_bind_int64(put, 2, (__s64)record->wall_ns);
	sqlite3_bind_text(put, 3, record->rule, -1, SQLITE_STATIC);
	sqlite3_bind_text(put, 4, record->action, -1, SQLITE_STATIC);
	sqlite3_bind_text(put, 5, record->dataset, -1, SQLITE_STATIC);
	sqlite3_bind_int(put, 6, record->held);
	sqlite3_bind_int64(put, 7, (__s64)len);
	sqlite3_bind_text(put, 8, record->ecs, (int)len, SQLITE_STATIC);
	err = sql_finish(put);
	if (err)
		return err;
	*ret_new = sqlite3_changes(store->db) > 0;
	if (!*ret_new)
		return 0;
	store->record_bytes += (__s64)len;
	return shed(store);
}

/* False: this row is damaged. */
static bool read_record(sqlite3_stmt *list, struct store_record *ret)
{
	*ret = (struct store_record){
		.id = sqlite3_column_int64(list, 0),
		.event_id = (const char *)sqlite3_column_text(list, 1),
		.wall_ns = (__u64)sqlite3_column_int64(list, 2),
		.rule = (const char *)sqlite3_column_text(list, 3),
		.action = (const char *)sqlite3_column_text(list, 4),
		.dataset = (const char *)sqlite3_column_text(list, 5),
		.held = sqlite3_column_int(list, 6),
		.ecs = (const char *)sqlite3_column_text(list, 7),
	};
	return ret->event_id && ret->rule && ret->action && ret->dataset && ret->ecs;
}

static int each(sqlite3_stmt *list, store_record_fn fn, void *arg)
{
	struct store_record record;
	int rc, err = 0;

	while (!err && (rc = sqlite3_step(list)) == SQLITE_ROW)
		if (read_record(list, &record))
			err = fn(&record, arg);
	sqlite3_reset(list);
	sqlite3_clear_bindings(list);
	return err ? err : sql_errno(rc);
}

int store_each_record(struct store *store, const struct store_records_wanted *wanted,
		      store_record_fn fn, void *arg)
{
	sqlite3_stmt *list = store->post[SQL_LIST_RECORDS];

	sqlite3_bind_int64(list, 1, (__s64)wanted->since_ns);
	sqlite3_bind_int64(list, 2, wanted->until_ns ? (__s64)wanted->until_ns : INT64_MAX);
	if (wanted->rule)
		sqlite3_bind_text(list, 3, wanted->rule, -1, SQLITE_STATIC);
	sqlite3_bind_int64(list, 4, wanted->limit ? (__s64)wanted->limit : -1);
	return each(list, fn, arg);
}

int store_each_held(struct store *store, store_record_fn fn, void *arg)
{
	return each(store->post[SQL_LIST_HELD], fn, arg);
}

int store_unhold(struct store *store)
{
	return sql_finish(store->post[SQL_UNHOLD]);
}

int store_forget_records(struct store *store, __u64 now_ns)
{
	sqlite3_stmt *forget = store->post[SQL_FORGET_RECORDS];
	int err;

	sqlite3_bind_int64(forget, 1, (__s64)now_ns - STORE_KEEP_S * 1000000000LL);
	sqlite3_bind_int64(forget, 2, FORGET_AT_ONCE);
	err = sql_finish(forget);
	store->record_bytes = -1; /* counted anew */
	return err;
}
