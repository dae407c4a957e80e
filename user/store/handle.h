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

/* Of outbox.c and history.c. */
enum post_statement {
	SQL_PUT_POST,
	SQL_NEXT_POST,
	SQL_DROP_POSTS,
	SQL_SHED_POSTS,
	SQL_COUNT_POSTS,
	SQL_PUT_RECORD,
	SQL_LIST_RECORDS,
	SQL_LIST_HELD,
	SQL_UNHOLD,
	SQL_FORGET_RECORDS,
	SQL_SHED_RECORDS,
	POST_STATEMENTS,
};

/*
 * A commit is on the disk before it returns: an alert that was put there is there after a power cut
 * too.
 */
#define STORE_SYNCHRONOUS "PRAGMA synchronous = FULL"

/* Of parts.c. */
enum part_statement {
	SQL_PUT_PART,
	SQL_DROP_PARTS,
	SQL_CLEAR_PARTS,
	SQL_LIST_PARTS,
	PART_STATEMENTS,
};

struct store {
	sqlite3 *db;
	sqlite3_stmt *statement[STATEMENTS];
	sqlite3_stmt *post[POST_STATEMENTS];
	sqlite3_stmt *part[PART_STATEMENTS];
	__s64 record_bytes; /* of ECS lines; -1: not counted yet */
	int lock_fd;        /* of PATH.lock; -1: none */
};

/* Makes the statements; -EUCLEAN where the tables are not those of the schema. */
int store_prepare(struct store *store);
int post_prepare(struct store *store);
int part_prepare(struct store *store);

/* Makes these texts statements; the same errors. */
int store_prepare_texts(struct store *store, const char *const *texts, int count,
			sqlite3_stmt **ret);

#endif
