/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of hosts from a file in the form of /etc/hosts, which is read again when it changes. */
#ifndef NAMES_HOSTS_H
#define NAMES_HOSTS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/netset.h"

#define HOST_NAME_MAX_LEN 253 /* RFC 1035 2.3.4, as text */
#define HOSTS_BYTES_MAX   (16U << 20)
#define HOSTS_ENTRIES_MAX 200000

/*
 * Could this be a host's name? Labels of 1 to 63 letters, digits, '-' and '_', with dots in
 * between and perhaps at the end: what comes from a file or the network may be anything.
 */
bool host_name_is_good(const char *name);

struct hosts;

/* Nothing is read yet. -ENOMEM. */
int hosts_new(const char *path, struct hosts **ret);
void hosts_free(struct hosts *hosts); /* NULL is fine */

/*
 * Reads the file if it is another than last time. 1: it was; 0; -errno, -EFBIG: it can't be read,
 * and all is as it was before. None is as good as an empty one. Lines that say nothing are left
 * out.
 */
int hosts_look_after(struct hosts *hosts);

size_t hosts_count(const struct hosts *hosts);

/* The first name of the first line with this address, or NULL. Valid until it is read again. */
const char *hosts_find(const struct hosts *hosts, const struct addr *addr);

#endif
