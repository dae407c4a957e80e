/* SPDX-License-Identifier: GPL-2.0-only */
/* Country and AS of addresses, from databases in MaxMind's format. */
#ifndef NAMES_GEO_H
#define NAMES_GEO_H

#include <stdbool.h>
#include <stddef.h>

#include "record/record.h"

struct geo;

/* paths: NULL-terminated, or NULL. Nothing is opened yet. -ENOMEM. */
int geo_new(char *const *paths, struct geo **ret);
void geo_free(struct geo *geo); /* NULL is fine */

/* A database that could not be opened, or can be again. */
typedef void (*geo_say_fn)(const char *path, const char *why, void *arg); /* why NULL: it can */

/*
 * Opens what is new: those that are not open, and those whose file is another one now (it must be
 * replaced, not written over: it is mapped into memory). Each failure is said once.
 */
void geo_look_after(struct geo *geo, geo_say_fn say, void *arg);

/* What the databases know of an address. False: nothing. */
bool geo_find(const struct geo *geo, const struct addr *addr, struct addr_place *ret);

/* Was this program built with the library? */
bool geo_is_supported(void);

#endif
