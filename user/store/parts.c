/* SPDX-License-Identifier: GPL-2.0-only */
/* What a judge knows, in parts, in and out. */
#include "store/parts.h"
#include "store/handle.h"

#include <errno.h>

static const char *const texts[PART_STATEMENTS] = {
	[SQL_PUT_PART] = "INSERT INTO parts VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET"
			 " last = excluded.last, bytes = excluded.bytes",
	[SQL_DROP_PARTS] = "DELETE FROM parts WHERE rule = ?1 AND part BETWEEN ?2 AND ?3"
			   " AND last < ?4",
	[SQL_CLEAR_PARTS] = "DELETE FROM parts WHERE rule = ?1",
	[SQL_LIST_PARTS] = "SELECT rule, part, last, bytes FROM parts ORDER BY rule, part",
};

int part_prepare(struct store *store)
{
	return store_prepare_texts(store, texts, PART_STATEMENTS, store->part);
}

int store_begin_parts(struct store *store)
{
	int err = sql_run(store->db, "PRAGMA synchronous = NORMAL");

	if (!err)
		err = store_begin(store);
	if (err)
		sql_run(store->db, STORE_SYNCHRONOUS);
	return err;
}

int store_end_parts(struct store *store, bool commit)
{
	int err = commit ? store_commit(store) : 0;

	if (!commit || err)
		store_rollback(store);
	sql_run(store->db, STORE_SYNCHRONOUS);
	return err;
}

int store_put_part(struct store *store, const struct store_part *part)
{
	sqlite3_stmt *put = store->part[SQL_PUT_PART];

	if (part->len > STORE_PART_BYTES)
		return -EMSGSIZE;
	sqlite3_bind_text(put, 1, part->rule, -1, SQLITE_STATIC);
	sqlite3_bind_int64(put, 2, part->part);
	sqlite3_bind_int64(put, 3, (__s64)part->last);
	sqlite3_bind_blob(put, 4, part->bytes, (int)part->len, SQLITE_STATIC);
	return sql_finish(put);
}

int store_drop_parts(struct store *store, const char *rule, __s64 first, __s64 end, __u64 before)
{
	sqlite3_stmt *drop = store->part[SQL_DROP_PARTS];

	sqlite3_bind_text(drop, 1, rule, -1, SQLITE_STATIC);
	sqlite3_bind_int64(drop, 2, first);
	sqlite3_bind_int64(drop, 3, end);
	sqlite3_bind_int64(drop, 4, (__s64)before);
	return sql_finish(drop);
}

int store_clear_parts(struct store *store, const char *rule)
{
	sqlite3_stmt *clear = store->part[SQL_CLEAR_PARTS];

	sqlite3_bind_text(clear, 1, rule, -1, SQLITE_STATIC);
	return sql_finish(clear);
}

int store_each_part(struct store *store, store_part_fn fn, void *arg)
{
	sqlite3_stmt *list = store->part[SQL_LIST_PARTS];
	struct store_part part;
	int rc, err = 0;

	while (!err && (rc = sqlite3_step(list)) == SQLITE_ROW) {
		part = (struct store_part){
			.rule = (const char *)sqlite3_column_text(list, 0),
			.part = sqlite3_column_int64(list, 1),
			.last = (__u64)sqlite3_column_int64(list, 2),
			.bytes = sqlite3_column_blob(list, 3),
			.len = sqlite3_column_bytes(list, 3),
		};
		if (part.rule && part.bytes)
			err = fn(&part, arg);
	}
	sqlite3_reset(list);
	return err ? err : sql_errno(rc);
}
