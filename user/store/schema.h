/* SPDX-License-Identifier: GPL-2.0-only */
/* The tables of the store, and how older ones become them: in this place alone. */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#include <sqlite3.h>

#define SCHEMA_APPLICATION 0x73706b77 /* "spkw": PRAGMA application_id */

/* The present version: the number of migrations. */
int schema_version(void);

/*
 * Brings the database to the present version in one transaction, if it is empty or ours. 0; -errno:
 * -EMEDIUMTYPE it is another program's; -EPROTO its version is newer; -EUCLEAN it is damaged.
 */
int schema_migrate(sqlite3 *db);

/* The same without changing anything: -EPROTO also for an older version. */
int schema_check(sqlite3 *db);

#endif
