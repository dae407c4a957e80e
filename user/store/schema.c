/* SPDX-License-Identifier: GPL-2.0-only */
/* Migrations: the n-th takes version n - 1 to n; what has been released is never changed. */
#include "store/schema.h"
#include "store/sql.h"

#include <errno.h>
#include <stdio.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/*
 * Version 1. counts.buckets: see chunk.h; counts.chunk is the number of the first bucket since the
 * epoch, divided by CHUNK_SLOTS. models.through_s: the last bucket that the baseline has learned.
 *
 * Version 2. records: see history.h; posts: see outbox.h. Numbers are never given twice
 * (AUTOINCREMENT), so that "all up to this one" stays true.
 *
 * Version 3. parts: see parts.h.
 */
static const char *const migrations[] = {
	"CREATE TABLE series ("
	"  id INTEGER PRIMARY KEY,"
	"  rule TEXT NOT NULL,"
	"  definition INTEGER NOT NULL,"
	"  bucket_s INTEGER NOT NULL CHECK (bucket_s > 0),"
	"  grp BLOB NOT NULL,"
	"  through_s INTEGER NOT NULL DEFAULT 0,"
	"  UNIQUE (rule, definition, bucket_s, grp)) STRICT;"
	"CREATE TABLE models ("
	"  series INTEGER PRIMARY KEY REFERENCES series ON DELETE CASCADE,"
	"  through_s INTEGER NOT NULL,"
	"  model BLOB NOT NULL) STRICT;"
	"CREATE TABLE counts ("
	"  series INTEGER NOT NULL REFERENCES series ON DELETE CASCADE,"
	"  chunk INTEGER NOT NULL,"
	"  buckets BLOB NOT NULL,"
	"  PRIMARY KEY (series, chunk)) STRICT, WITHOUT ROWID;",
	"CREATE TABLE records ("
	"  id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"  event_id TEXT NOT NULL,"
	"  wall_ns INTEGER NOT NULL,"
	"  rule TEXT NOT NULL,"
	"  action TEXT NOT NULL,"
	"  dataset TEXT NOT NULL,"
	"  held INTEGER NOT NULL,"
	"  bytes INTEGER NOT NULL,"
	"  ecs TEXT NOT NULL,"
	"  UNIQUE (event_id, action)) STRICT;"
	"CREATE INDEX records_by_time ON records (wall_ns);"
	"CREATE INDEX records_by_rule ON records (rule, id);"
	"CREATE INDEX records_held ON records (held) WHERE held;"
	"CREATE TABLE posts ("
	"  id INTEGER PRIMARY KEY AUTOINCREMENT,"
	"  sink TEXT NOT NULL,"
	"  lane INTEGER NOT NULL,"
	"  priority INTEGER NOT NULL,"
	"  wall_ns INTEGER NOT NULL,"
	"  payload BLOB NOT NULL) STRICT;"
	"CREATE INDEX posts_in_order ON posts (sink, lane, id);"
	"CREATE INDEX posts_by_priority ON posts (sink, priority, id);",
	"CREATE TABLE parts ("
	"  rule TEXT NOT NULL,"
	"  part INTEGER NOT NULL,"
	"  last INTEGER NOT NULL,"
	"  bytes BLOB NOT NULL,"
	"  UNIQUE (rule, part)) STRICT;",
};

int schema_version(void)
{
	return (int)ARRAY_SIZE(migrations);
}

/* The version of a database that is ours or empty (0). */
static int read_version(sqlite3 *db, int *ret)
{
	__s64 application, version, objects;
	int err = sql_number(db, "PRAGMA application_id", &application);

	if (!err)
		err = sql_number(db, "PRAGMA user_version", &version);
	if (!err)
		err = sql_number(db, "SELECT count(*) FROM sqlite_schema", &objects);
	if (err)
		return err;
	if (application != SCHEMA_APPLICATION && (application || version || objects))
		return -EMEDIUMTYPE;
	if (version < 0 || version > schema_version())
		return -EPROTO;
	*ret = (int)version;
	return 0;
}

static int apply(sqlite3 *db, int from)
{
	char stamp[96];
	int err = 0, i;

	for (i = from; i < schema_version() && !err; i++)
		err = sql_run(db, migrations[i]);
	snprintf(stamp, sizeof(stamp), "PRAGMA application_id = %d; PRAGMA user_version = %d",
		 SCHEMA_APPLICATION, schema_version());
	return err ? err : sql_run(db, stamp);
}

int schema_migrate(sqlite3 *db)
{
	int version, err = read_version(db, &version);

	if (err || version == schema_version())
		return err;
	err = sql_run(db, "BEGIN IMMEDIATE");
	if (!err)
		err = apply(db, version);
	if (!err)
		err = sql_run(db, "COMMIT");
	if (err)
		sql_run(db, "ROLLBACK");
	return err;
}

int schema_check(sqlite3 *db)
{
	int version, err = read_version(db, &version);

	if (err)
		return err;
	return version == schema_version() ? 0 : -EPROTO;
}
