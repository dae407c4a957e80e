/* SPDX-License-Identifier: GPL-2.0-only */
/* SQLite in this program's terms: negative error numbers, one step at a time. */
#ifndef STORE_SQL_H
#define STORE_SQL_H

#include <linux/types.h>
#include <sqlite3.h>

/*
 * 0 for SQLITE_OK, _ROW and _DONE; -EUCLEAN: the file is damaged; -ENOSPC, -EBUSY, -EACCES,
 * -ENOMEM; -EIO for all else.
 */
int sql_errno(int rc);

/* Runs statements that give nothing back. */
int sql_run(sqlite3 *db, const char *sql);

/* The first number of the first row; -ENOENT where there is no row. */
int sql_number(sqlite3 *db, const char *sql, __s64 *ret);

/* Steps a statement that gives nothing back, and makes it ready for the next time. */
int sql_finish(sqlite3_stmt *statement);

#endif
