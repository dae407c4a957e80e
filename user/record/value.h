/* SPDX-License-Identifier: GPL-2.0-only */
/* JSON values of what records hold. */
#ifndef RECORD_VALUE_H
#define RECORD_VALUE_H

#include <jansson.h>

#include "record/record.h"

/*
 * Objects are built with `err |= value_put(...)`: a value or an object that is NULL for want of
 * memory is an error of its put (which is -1 and frees the value), so one look at the end is
 * enough.
 */
int value_put(json_t *object, const char *key, json_t *value);

/* Puts a string, cleaned; what is not known (NULL) is left out. */
int value_put_text(json_t *object, const char *key, const char *text);

/* The object, or NULL and the object freed where a part of it failed. */
json_t *value_checked(json_t *object, int err);

/*
 * New values, owned by the caller; NULL where memory is short.
 */

/* A string of unknown origin, see utf8_clean(). */
json_t *value_text(const char *text);
/* An array of strings of ours, ended by NULL. */
json_t *value_words(const char *const *words);
/* A count; beyond what a signed 64-bit integer holds it stays at that. */
json_t *value_count(__u64 count);
/* Whole numbers as integers, others as reals; null for NaN and infinity, which JSON lacks. */
json_t *value_number(double number);
/* RFC 3339, UTC, milliseconds. */
json_t *value_time(__u64 wall_ns);
json_t *value_addr(const struct addr *addr);
/*
 * {"namespace":"shop","pod":{"name":"cart-1"},"workload":{"kind":"Deployment","name":"cart"}};
 * the last only where it is known.
 */
json_t *value_pod(const struct addr_pod *pod);

#endif
