/* SPDX-License-Identifier: GPL-2.0-only */
/* What a judge knows, in parts that the store does not read (user/snapshot/). */
#ifndef STORE_PARTS_H
#define STORE_PARTS_H

#include "store/store.h"

#define STORE_PART_BYTES (64 << 20) /* of one part, at most */

struct store_part {
	const char *rule; /* "" for what is no rule's */
	__s64 part;
	__u64 last; /* of what store_drop_parts() compares */
	const void *bytes;
	size_t len;
};

/*
 * A transaction as by store_begin(), but one that a power cut may take away as a whole: parts are
 * written often, and waiting for the disk each time would hold the sensor up. Ends with
 * store_end_parts(), also where it failed in between (commit false).
 */
int store_begin_parts(struct store *store);
int store_end_parts(struct store *store, bool commit);

/* One of the same rule and number gives way. -EMSGSIZE: longer than STORE_PART_BYTES. */
int store_put_part(struct store *store, const struct store_part *part);

/* Removes those of a rule with first <= number <= end and last < before. */
int store_drop_parts(struct store *store, const char *rule, __s64 first, __s64 end, __u64 before);

/* Removes all of a rule. */
int store_clear_parts(struct store *store, const char *rule);

/*
 * All parts, in the order of rules and of their numbers; a row that is damaged is left out. The
 * function's error ends it; the store may not be written before that.
 */
typedef int (*store_part_fn)(const struct store_part *part, void *arg);
int store_each_part(struct store *store, store_part_fn fn, void *arg);

#endif
