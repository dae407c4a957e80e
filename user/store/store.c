/* SPDX-License-Identifier: GPL-2.0-only */
/* Series, their buckets and their baselines, in and out. */
#include "store/store.h"
#include "store/chunk.h"
#include "store/handle.h"

#include <errno.h>
#include <string.h>

static const char *const texts[STATEMENTS] = {
	[SQL_FIND] = "SELECT id FROM series WHERE rule = ?1 AND definition = ?2 AND bucket_s = ?3"
		     " AND grp = ?4",
	[SQL_ADD] = "INSERT INTO series (rule, definition, bucket_s, grp) VALUES (?1, ?2, ?3, ?4)",
	[SQL_MOVE] = "UPDATE series SET through_s = ?2 WHERE id = ?1",
	[SQL_LIST] = "SELECT id, rule, definition, bucket_s, grp, through_s FROM series"
		     " WHERE ?1 IS NULL OR rule = ?1 ORDER BY id",
	[SQL_READ_CHUNK] = "SELECT buckets FROM counts WHERE series = ?1 AND chunk = ?2",
	[SQL_READ_CHUNKS] = "SELECT chunk, buckets FROM counts WHERE series = ?1 AND chunk >= ?2"
			    " ORDER BY chunk",
	[SQL_WRITE_CHUNK] = "INSERT INTO counts VALUES (?1, ?2, ?3)"
			    " ON CONFLICT DO UPDATE SET buckets = excluded.buckets",
	/* the newest ?2 chunks stay: a clock that jumps makes nothing old at once */
	[SQL_TRIM] = "DELETE FROM counts WHERE series = ?1 AND chunk <= (SELECT chunk FROM counts"
		     " WHERE series = ?1 ORDER BY chunk DESC LIMIT 1 OFFSET ?2)",
	[SQL_READ_MODEL] = "SELECT through_s, model FROM models WHERE series = ?1",
	[SQL_WRITE_MODEL] = "INSERT INTO models VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET"
			    " through_s = excluded.through_s, model = excluded.model",
	/* a clock that is ahead now is not believed before there are buckets of that time */
	[SQL_FORGET] = "DELETE FROM series WHERE through_s < ?2 +"
		       " min(?1, (SELECT max(through_s) FROM series))",
};

int store_prepare_texts(struct store *store, const char *const *sql, int count, sqlite3_stmt **ret)
{
	int i, rc;

	for (i = 0; i < count; i++) {
		rc = sqlite3_prepare_v3(store->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &ret[i],
					NULL);
		if (rc == SQLITE_ERROR) /* a table or a column is missing */
			return -EUCLEAN;
		if (rc != SQLITE_OK)
			return sql_errno(rc);
	}
	return 0;
}

int store_prepare(struct store *store)
{
	return store_prepare_texts(store, texts, STATEMENTS, store->statement);
}

const char *store_failure(const struct store *store)
{
	return sqlite3_errmsg(store->db);
}

int store_begin(struct store *store)
{
	return sql_run(store->db, "BEGIN IMMEDIATE");
}

int store_commit(struct store *store)
{
	return sql_run(store->db, "COMMIT");
}

void store_rollback(struct store *store)
{
	if (!sqlite3_get_autocommit(store->db))
		sql_run(store->db, "ROLLBACK");
	store->record_bytes = -1; /* counted anew */
}

static void bind_series(sqlite3_stmt *statement, const struct store_series *series)
{
	sqlite3_bind_text(statement, 1, series->rule, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 2, (__s64)series->definition);
	sqlite3_bind_int64(statement, 3, (__s64)series->bucket_s);
	sqlite3_bind_blob(statement, 4, series->group, sizeof(*series->group), SQLITE_STATIC);
}

/* -ENOENT where the series is not known. */
static int find_series(struct store *store, const struct store_series *series, __s64 *ret_id)
{
	sqlite3_stmt *find = store->statement[SQL_FIND];
	int rc;

	bind_series(find, series);
	rc = sqlite3_step(find);
	if (rc == SQLITE_ROW)
		*ret_id = sqlite3_column_int64(find, 0);
	sqlite3_reset(find);
	sqlite3_clear_bindings(find);
	return rc == SQLITE_DONE ? -ENOENT : sql_errno(rc);
}

static int find_or_add_series(struct store *store, const struct store_series *series, __s64 *ret_id)
{
	int err = find_series(store, series, ret_id);

	if (err != -ENOENT)
		return err;
	bind_series(store->statement[SQL_ADD], series);
	err = sql_finish(store->statement[SQL_ADD]);
	if (!err)
		*ret_id = sqlite3_last_insert_rowid(store->db);
	return err;
}

/* A chunk that is not there, or damaged, is empty. */
static int read_chunk(struct store *store, __s64 id, __s64 number, struct chunk *ret,
		      bool *ret_found)
{
	sqlite3_stmt *read = store->statement[SQL_READ_CHUNK];
	int rc;

	*ret = (struct chunk){ 0 };
	sqlite3_bind_int64(read, 1, id);
	sqlite3_bind_int64(read, 2, number);
	rc = sqlite3_step(read);
	*ret_found = rc == SQLITE_ROW;
	if (*ret_found)
		chunk_unpack(sqlite3_column_blob(read, 0), sqlite3_column_bytes(read, 0), ret);
	sqlite3_reset(read);
	return sql_errno(rc);
}

static int write_chunk(struct store *store, __s64 id, __s64 number, const struct chunk *chunk)
{
	sqlite3_stmt *write = store->statement[SQL_WRITE_CHUNK];
	unsigned char bytes[CHUNK_BYTES_MAX];
	size_t len = chunk_pack(chunk, bytes);

	sqlite3_bind_int64(write, 1, id);
	sqlite3_bind_int64(write, 2, number);
	sqlite3_bind_blob(write, 3, bytes, (int)len, SQLITE_STATIC);
	return sql_finish(write);
}

static int trim_chunks(struct store *store, __s64 id, __u64 bucket_s)
{
	sqlite3_stmt *trim = store->statement[SQL_TRIM];
	__u64 chunk_s = bucket_s * CHUNK_SLOTS;

	sqlite3_bind_int64(trim, 1, id);
	sqlite3_bind_int64(trim, 2, (__s64)((STORE_KEEP_S + chunk_s - 1) / chunk_s + 1));
	return sql_finish(trim);
}

static int move_series(struct store *store, __s64 id, __s64 through_s)
{
	sqlite3_bind_int64(store->statement[SQL_MOVE], 1, id);
	sqlite3_bind_int64(store->statement[SQL_MOVE], 2, through_s);
	return sql_finish(store->statement[SQL_MOVE]);
}

int store_put_bucket(struct store *store, const struct store_series *series,
		     const struct anomaly_bucket *bucket)
{
	__s64 number = bucket->start_s / (__s64)series->bucket_s, id = 0;
	struct chunk chunk;
	bool found;
	int err;

	if (bucket->start_s < 0 || bucket->start_s % (__s64)series->bucket_s)
		return -EINVAL;
	err = find_or_add_series(store, series, &id);
	if (!err)
		err = read_chunk(store, id, number / CHUNK_SLOTS, &chunk, &found);
	if (err)
		return err;
	chunk.slot[number % CHUNK_SLOTS] = (struct chunk_slot){
		.seen = true,
		.count = bucket->count,
		.coverage = bucket->coverage,
	};
	err = write_chunk(store, id, number / CHUNK_SLOTS, &chunk);
	if (!err)
		err = move_series(store, id, bucket->start_s);
	if (!err && !found)
		err = trim_chunks(store, id, series->bucket_s);
	return err;
}

int store_put_model(struct store *store, const struct store_series *series, __s64 through_s,
		    const void *model, size_t len)
{
	sqlite3_stmt *write = store->statement[SQL_WRITE_MODEL];
	__s64 id = 0;
	int err = find_or_add_series(store, series, &id);

	if (err)
		return err;
	sqlite3_bind_int64(write, 1, id);
	sqlite3_bind_int64(write, 2, through_s);
	sqlite3_bind_blob(write, 3, model, (int)len, SQLITE_STATIC);
	return sql_finish(write);
}

int store_forget_idle(struct store *store, __s64 now_s)
{
	sqlite3_bind_int64(store->statement[SQL_FORGET], 1, now_s);
	sqlite3_bind_int64(store->statement[SQL_FORGET], 2, -STORE_KEEP_S);
	return sql_finish(store->statement[SQL_FORGET]);
}

/* False: this row is damaged. */
static bool read_series(sqlite3_stmt *list, struct group_key *group, struct store_series *ret)
{
	const void *bytes = sqlite3_column_blob(list, 4);

	*ret = (struct store_series){
		.id = sqlite3_column_int64(list, 0),
		.rule = (const char *)sqlite3_column_text(list, 1),
		.definition = (__u64)sqlite3_column_int64(list, 2),
		.bucket_s = (__u64)sqlite3_column_int64(list, 3),
		.group = group,
		.through_s = sqlite3_column_int64(list, 5),
	};
	if (!ret->rule || !bytes || sqlite3_column_bytes(list, 4) != sizeof(*group) ||
	    ret->bucket_s > ANOMALY_BUCKET_MAX_S)
		return false;
	memcpy(group, bytes, sizeof(*group));
	return true;
}

int store_each_series(struct store *store, const char *rule, store_series_fn fn, void *arg)
{
	sqlite3_stmt *list = store->statement[SQL_LIST];
	struct store_series series;
	struct group_key group;
	int rc, err = 0;

	if (rule)
		sqlite3_bind_text(list, 1, rule, -1, SQLITE_STATIC);
	while ((rc = sqlite3_step(list)) == SQLITE_ROW && !err)
		if (read_series(list, &group, &series))
			err = fn(&series, arg);
	sqlite3_reset(list);
	sqlite3_clear_bindings(list);
	return err ? err : sql_errno(rc);
}

int store_model(struct store *store, const struct store_series *series, __s64 *ret_through_s,
		void *buf, size_t size, size_t *ret_len)
{
	sqlite3_stmt *read = store->statement[SQL_READ_MODEL];
	int rc, err;

	sqlite3_bind_int64(read, 1, series->id);
	rc = sqlite3_step(read);
	err = rc == SQLITE_DONE ? -ENOENT : sql_errno(rc);
	if (!err && (size_t)sqlite3_column_bytes(read, 1) > size)
		err = -EUCLEAN;
	if (!err) {
		*ret_through_s = sqlite3_column_int64(read, 0);
		*ret_len = sqlite3_column_bytes(read, 1);
		if (*ret_len)
			memcpy(buf, sqlite3_column_blob(read, 1), *ret_len);
	}
	sqlite3_reset(read);
	return err;
}

static void tell_chunk(const struct chunk *chunk, __s64 first, __s64 bucket_s, __s64 after_s,
		       store_bucket_fn fn, void *arg)
{
	size_t i;

	for (i = 0; i < CHUNK_SLOTS; i++) {
		const struct chunk_slot *slot = &chunk->slot[i];
		struct anomaly_bucket bucket = {
			.start_s = (first + (__s64)i) * bucket_s,
			.count = slot->count,
			.coverage = slot->coverage,
		};

		if (slot->seen && bucket.start_s > after_s)
			fn(&bucket, arg);
	}
}

int store_each_bucket(struct store *store, const struct store_series *series, __s64 after_s,
		      store_bucket_fn fn, void *arg)
{
	sqlite3_stmt *read = store->statement[SQL_READ_CHUNKS];
	__s64 bucket_s = (__s64)series->bucket_s, number;
	__s64 last = (((__s64)1 << 53) / ANOMALY_BUCKET_MAX_S) / CHUNK_SLOTS;
	struct chunk chunk;
	int rc;

	sqlite3_bind_int64(read, 1, series->id);
	sqlite3_bind_int64(read, 2, after_s > 0 ? after_s / bucket_s / CHUNK_SLOTS : 0);
	while ((rc = sqlite3_step(read)) == SQLITE_ROW) {
		number = sqlite3_column_int64(read, 0);
		if (number <= last && !chunk_unpack(sqlite3_column_blob(read, 1),
						    sqlite3_column_bytes(read, 1), &chunk))
			tell_chunk(&chunk, number * CHUNK_SLOTS, bucket_s, after_s, fn, arg);
	}
	sqlite3_reset(read);
	return sql_errno(rc);
}
