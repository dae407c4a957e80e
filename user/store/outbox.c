/* SPDX-License-Identifier: GPL-2.0-only */
/* Records that wait to be sent, in and out. */
#include "store/outbox.h"
#include "store/handle.h"

#include <errno.h>
#include <string.h>

/* clang-format off */
static const char *const texts[POST_STATEMENTS] = {
	[SQL_PUT_POST] = "INSERT INTO posts (sink, lane, priority, wall_ns, payload)"
			 " VALUES (?1, ?2, ?3, ?4, ?5)",
	[SQL_NEXT_POST] = "SELECT id, priority, wall_ns, payload FROM posts"
			  " WHERE sink = ?1 AND lane = ?2 AND id > ?3 ORDER BY id LIMIT 1",
	[SQL_DROP_POSTS] = "DELETE FROM posts WHERE sink = ?1 AND lane = ?2 AND id <= ?3",
	[SQL_SHED_POSTS] = "DELETE FROM posts WHERE id IN (SELECT id FROM posts WHERE sink = ?1"
			   " ORDER BY priority DESC, id LIMIT ?2)",
	[SQL_COUNT_POSTS] = "SELECT count(*), total(length(payload)) FROM posts WHERE sink = ?1",
	/* a record that is there already is the same one, formed again after a kill */
	[SQL_PUT_RECORD] = "INSERT INTO records (event_id, wall_ns, rule, action, dataset, held, bytes,"
			   " ecs) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING",
	[SQL_LIST_RECORDS] = "SELECT * FROM (SELECT id, event_id, wall_ns, rule, action, dataset, held,"
			     " ecs FROM records WHERE wall_ns >= ?1 AND wall_ns < ?2"
			     " AND (?3 IS NULL OR rule = ?3) ORDER BY id DESC LIMIT ?4) ORDER BY id",
	[SQL_LIST_HELD] = "SELECT id, event_id, wall_ns, rule, action, dataset, held, ecs FROM records"
			  " WHERE held ORDER BY id",
	[SQL_UNHOLD] = "UPDATE records SET held = 0 WHERE held",
	[SQL_FORGET_RECORDS] = "DELETE FROM records WHERE id IN (SELECT id FROM records"
			       " WHERE wall_ns < ?1 ORDER BY id LIMIT ?2)",
	[SQL_SHED_RECORDS] = "DELETE FROM records WHERE id = (SELECT min(id) FROM records)"
			     " RETURNING bytes",
};
/* clang-format on */

int post_prepare(struct store *store)
{
	store->record_bytes = -1;
	return store_prepare_texts(store, texts, POST_STATEMENTS, store->post);
}

int store_put_post(struct store *store, const struct store_post *post, __s64 *ret_id)
{
	sqlite3_stmt *put = store->post[SQL_PUT_POST];
	int err;

	if (post->len > STORE_POST_MAX)
		return -EMSGSIZE;
	sqlite3_bind_text(put, 1, post->sink, -1, SQLITE_STATIC);
	sqlite3_bind_int(put, 2, post->lane);
	sqlite3_bind_int(put, 3, post->priority);
	sqlite3_bind_int64(put, 4, (__s64)post->wall_ns);
	sqlite3_bind_blob(put, 5, post->payload, (int)post->len, SQLITE_STATIC);
	err = sql_finish(put);
	if (!err)
		*ret_id = sqlite3_last_insert_rowid(store->db);
	return err;
}

int store_next_post(struct store *store, const char *sink, enum store_lane lane, __s64 after_id,
		    struct store_post *ret)
{
	sqlite3_stmt *next = store->post[SQL_NEXT_POST];
	int rc;

	sqlite3_reset(next); /* the last one's payload ends here */
	sqlite3_bind_text(next, 1, sink, -1, SQLITE_TRANSIENT);
	sqlite3_bind_int(next, 2, lane);
	sqlite3_bind_int64(next, 3, after_id);
	rc = sqlite3_step(next);
	if (rc != SQLITE_ROW) {
		sqlite3_reset(next);
		return rc == SQLITE_DONE ? -ENOENT : sql_errno(rc);
	}
	*ret = (struct store_post){
		.id = sqlite3_column_int64(next, 0),
		.sink = sink,
		.lane = lane,
		.priority = sqlite3_column_int(next, 1),
		.wall_ns = (__u64)sqlite3_column_int64(next, 2),
	};
	if (sqlite3_column_bytes(next, 3) > STORE_POST_MAX)
		return 0;
	ret->payload = sqlite3_column_blob(next, 3);
	ret->len = sqlite3_column_bytes(next, 3);
	return 0;
}

int store_drop_posts(struct store *store, const char *sink, enum store_lane lane, __s64 through_id)
{
	sqlite3_stmt *drop = store->post[SQL_DROP_POSTS];

	sqlite3_reset(store->post[SQL_NEXT_POST]); /* a reader in a transaction would outlive it */
	sqlite3_bind_text(drop, 1, sink, -1, SQLITE_STATIC);
	sqlite3_bind_int(drop, 2, lane);
	sqlite3_bind_int64(drop, 3, through_id);
	return sql_finish(drop);
}

int store_shed_posts(struct store *store, const char *sink, size_t count, size_t *ret_count)
{
	sqlite3_stmt *shed = store->post[SQL_SHED_POSTS];
	int err;

	sqlite3_reset(store->post[SQL_NEXT_POST]);
	sqlite3_bind_text(shed, 1, sink, -1, SQLITE_STATIC);
	sqlite3_bind_int64(shed, 2, (__s64)count);
	err = sql_finish(shed);
	if (!err)
		*ret_count = sqlite3_changes(store->db);
	return err;
}

int store_count_posts(struct store *store, const char *sink, size_t *ret_count, __u64 *ret_bytes)
{
	sqlite3_stmt *count = store->post[SQL_COUNT_POSTS];
	int rc;

	sqlite3_bind_text(count, 1, sink, -1, SQLITE_STATIC);
	rc = sqlite3_step(count);
	if (rc == SQLITE_ROW) {
		*ret_count = sqlite3_column_int64(count, 0);
		*ret_bytes = (__u64)sqlite3_column_double(count, 1);
	}
	sqlite3_reset(count);
	return sql_errno(rc);
}

int store_drop_other_posts(struct store *store, const char *const *sinks, size_t sink_count,
			   size_t *ret_count)
{
	char sql[256] = "DELETE FROM posts WHERE sink NOT IN (''";
	sqlite3_stmt *drop = NULL;
	size_t len = strlen(sql), i;
	int rc, err;

	for (i = 0; i < sink_count && len + 4 < sizeof(sql); i++, len += 2)
		strcpy(sql + len, ",?");
	strcpy(sql + len, ")");
	rc = sqlite3_prepare_v2(store->db, sql, -1, &drop, NULL);
	if (rc != SQLITE_OK)
		return sql_errno(rc);
	for (i = 0; i < sink_count; i++)
		sqlite3_bind_text(drop, (int)i + 1, sinks[i], -1, SQLITE_STATIC);
	err = sql_errno(sqlite3_step(drop));
	if (!err)
		*ret_count = sqlite3_changes(store->db);
	sqlite3_finalize(drop);
	return err;
}
