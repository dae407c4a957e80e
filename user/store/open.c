/* SPDX-License-Identifier: GPL-2.0-only */
/* Opening the store: folder, lock, check, and what becomes of a damaged file. */
#include "store/handle.h"
#include "store/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/*
 * So long another process may hold us up. The one who writes watches packets meanwhile; it tries
 * again later.
 */
#define BUSY_MS        1000
#define WRITER_BUSY_MS 100

void store_close(struct store *store)
{
	int i;

	if (!store)
		return;
	for (i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(store->statement[i]);
	for (i = 0; i < POST_STATEMENTS; i++)
		sqlite3_finalize(store->post[i]);
	for (i = 0; i < PART_STATEMENTS; i++)
		sqlite3_finalize(store->part[i]);
	sqlite3_close(store->db);
	if (store->lock_fd >= 0)
		close(store->lock_fd);
	free(store);
}

static int make_folder(const char *path)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');

	if (!slash || slash == path)
		return 0;
	if ((size_t)(slash - path) >= sizeof(folder))
		return -ENAMETOOLONG;
	memcpy(folder, path, slash - path);
	folder[slash - path] = '\0';
	return mkdir(folder, 0700) && errno != EEXIST ? -errno : 0;
}

/*
 * One writer at a time: two sensors would overwrite each other's baselines. A file beside the
 * database, since closing one more descriptor of the database itself would drop SQLite's locks.
 */
static int take_lock(struct store *store, const char *path)
{
	char name[PATH_MAX];

	if (snprintf(name, sizeof(name), "%s.lock", path) >= (int)sizeof(name))
		return -ENAMETOOLONG;
	store->lock_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (store->lock_fd < 0)
		return -errno;
	if (!flock(store->lock_fd, LOCK_EX | LOCK_NB))
		return 0;
	return errno == EWOULDBLOCK ? -EBUSY : -errno;
}

/* SQLite would make the file as umask says; the log beside it gets the file's mode. */
static int make_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return errno == EEXIST ? 0 : -errno;
	close(fd);
	return 0;
}

static int check_whole(sqlite3 *db)
{
	sqlite3_stmt *check = NULL;
	int rc = sqlite3_prepare_v2(db, "PRAGMA integrity_check(1)", -1, &check, NULL), err;

	if (rc == SQLITE_OK)
		rc = sqlite3_step(check);
	err = sql_errno(rc);
	if (rc == SQLITE_ROW && strcmp((const char *)sqlite3_column_text(check, 0), "ok"))
		err = -EUCLEAN;
	sqlite3_finalize(check);
	return err;
}

static int set_up(sqlite3 *db, enum store_mode mode)
{
	int err = sql_run(db, "PRAGMA trusted_schema = OFF; PRAGMA foreign_keys = ON;"
			      "PRAGMA cell_size_check = ON;" STORE_SYNCHRONOUS);

	if (!err && mode == STORE_WRITE)
		err = sql_run(db,
			      "PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = 16777216");
	return err;
}

static int open_database(struct store *store, const char *path, enum store_mode mode)
{
	int flags = mode == STORE_WRITE ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
	int err = sql_errno(sqlite3_open_v2(path, &store->db, flags, NULL));

	if (err)
		return err;
	sqlite3_extended_result_codes(store->db, 1);
	sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_busy_timeout(store->db, mode == STORE_WRITE ? WRITER_BUSY_MS : BUSY_MS);
	/* whose file is it? nothing is changed before that is known */
	err = mode == STORE_WRITE ? schema_migrate(store->db) : schema_check(store->db);
	if (!err)
		err = set_up(store->db, mode);
	if (!err && mode == STORE_WRITE)
		err = check_whole(store->db);
	if (!err)
		err = store_prepare(store);
	if (!err)
		err = post_prepare(store);
	return err ? err : part_prepare(store);
}

static void close_database(struct store *store)
{
	int i;

	for (i = 0; i < STATEMENTS; i++) {
		sqlite3_finalize(store->statement[i]);
		store->statement[i] = NULL;
	}
	for (i = 0; i < POST_STATEMENTS; i++) {
		sqlite3_finalize(store->post[i]);
		store->post[i] = NULL;
	}
	for (i = 0; i < PART_STATEMENTS; i++) {
		sqlite3_finalize(store->part[i]);
		store->part[i] = NULL;
	}
	sqlite3_close(store->db);
	store->db = NULL;
}

static int rename_part(const char *path, const char *aside, const char *suffix)
{
	char from[PATH_MAX], to[PATH_MAX];

	if (snprintf(from, sizeof(from), "%s%s", path, suffix) >= (int)sizeof(from) ||
	    snprintf(to, sizeof(to), "%s%s", aside, suffix) >= (int)sizeof(to))
		return -ENAMETOOLONG;
	return rename(from, to) && errno != ENOENT ? -errno : 0;
}

/* The log goes along, so that tools of SQLite can save what is left. */
static int set_aside(const char *path, __s64 now_s, struct store_told *told)
{
	char aside[PATH_MAX], stamp[32];
	time_t now = now_s;
	struct tm tm;
	int err;

	if (!gmtime_r(&now, &tm) || !strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm))
		return -EINVAL;
	if (snprintf(aside, sizeof(aside), "%s.damaged-%s", path, stamp) >= (int)sizeof(aside))
		return -ENAMETOOLONG;
	err = rename_part(path, aside, "-wal");
	if (!err)
		err = rename_part(path, aside, "-shm");
	if (!err)
		err = rename_part(path, aside, "");
	if (!err)
		snprintf(
			told->damage, sizeof(told->damage),
			"%.180s was damaged: it is kept as %.210s, and a new one begins; baselines are learned anew",
			path, aside);
	return err;
}

static int open_writer(struct store *store, const char *path, __s64 now_s, struct store_told *told)
{
	int err = make_folder(path);

	if (!err)
		err = take_lock(store, path);
	if (!err)
		err = make_file(path);
	if (!err)
		err = open_database(store, path, STORE_WRITE);
	if (err != -EUCLEAN)
		return err;
	close_database(store);
	err = set_aside(path, now_s, told);
	if (!err)
		err = make_file(path);
	return err ? err : open_database(store, path, STORE_WRITE);
}

static void tell_failure(const char *path, int err, struct store_told *told)
{
	const char *why = strerror(-err);

	if (err == -EBUSY)
		why = "another spikewatch uses it; give this one a file of its own by state:";
	else if (err == -EMEDIUMTYPE)
		why = "it is a database of another program; name another file by state:";
	else if (err == -EPROTO)
		why = "its schema is of another version of spikewatch; name another file by state:";
	else if (err == -EUCLEAN)
		why = "it is damaged; spikewatch run sets it aside";
	else if (err == -ENOENT)
		why = "there is no such file or folder";
	snprintf(told->failure, sizeof(told->failure), "%.300s: %s", path, why);
}

int store_open(const char *path, enum store_mode mode, __s64 now_s, struct store_told *told,
	       struct store **ret)
{
	struct store *store = calloc(1, sizeof(*store));
	int err;

	*told = (struct store_told){ 0 };
	if (!store)
		return -ENOMEM;
	store->lock_fd = -1;
	if (mode == STORE_WRITE)
		err = open_writer(store, path, now_s, told);
	else if (access(path, F_OK))
		err = -errno;
	else
		err = open_database(store, path, STORE_READ);
	if (err) {
		tell_failure(path, err, told);
		store_close(store);
		return err;
	}
	*ret = store;
	return 0;
}
