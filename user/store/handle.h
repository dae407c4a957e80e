/* SPDX-License-Identifier: GPL-2.0-only */
/* What an open store consists of: for the files of this folder. */
#ifndef STORE_HANDLE_H
#define STORE_HANDLE_H

#include "store/sql.h"
#include "store/store.h"

enum statement {
	SQL_FIND,
	SQL_ADD,
	SQL_MOVE,
	SQL_LIST,
	SQL_READ_CHUNK,
	SQL_READ_CHUNKS,
	SQL_WRITE_CHUNK,
	SQL_TRIM,
	SQL_READ_MODEL,
	SQL_WRITE_MODEL,
	SQL_FORGET,
	STATEMENTS,
};

struct store {
	sqlite3 *db;
	sqlite3_stmt *statement[STATEMENTS];
	int lock_fd; /* of PATH.lock; -1: none */
};

/* Makes the statements; -EUCLEAN where the tables are not those of the schema. */
int store_prepare(struct store *store);

#endif
