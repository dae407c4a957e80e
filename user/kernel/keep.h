/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pins: maps and links that outlive the process under one folder of bpffs, for the next one to take
 * over. One process at a time holds the folder.
 */
#ifndef KERNEL_KEEP_H
#define KERNEL_KEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#define KEEP_ROOT     "/sys/fs/bpf/spikewatch"
#define KEEP_PATH_MAX 96

struct bpf_object;
struct keep;

/*
 * Opens the folder of this ABI, or makes it. -EWOULDBLOCK: another process holds it; -ENOENT and
 * others: there is no bpffs, or it can't be written.
 */
int keep_open(struct keep **ret);
void keep_close(struct keep *keep); /* NULL is fine; pins stay */

/*
 * To be called with the opened, sized object before it is loaded: its maps will be the pinned ones,
 * or pinned. What is pinned and does not fit is removed before, and *ret_why tells it (else NULL;
 * static). same() looks at the pinned global variables: are they of a sensor that this one
 * continues?
 */
int keep_prepare(struct keep *keep, struct bpf_object *obj,
		 bool (*same)(const void *bss, void *arg), void *arg, const char **ret_why);

/* Are the maps those that another process left? Known after keep_prepare(). */
bool keep_continues(const struct keep *keep);

/* Where a link of this name is pinned. */
void keep_path(const struct keep *keep, const char *name, char ret[KEEP_PATH_MAX]);

/* The pinned link, -errno; *ret_ifindex: where it is attached, 0: nowhere. It is claimed then. */
int keep_take_link(struct keep *keep, const char *name, __u32 *ret_ifindex);

/* Pins a link in the place of what has that name. It is claimed then. */
int keep_pin_link(struct keep *keep, const char *name, int fd);

/* Removes links that nobody claimed. */
void keep_sweep(struct keep *keep);

/* For each pin that was removed, and filter. */
typedef void (*keep_say_fn)(const char *what, void *arg);

/*
 * Removes all pins of all versions. force: even where a process holds them, which then goes on with
 * what it has. -EWOULDBLOCK: one does. 0 also where there is nothing.
 */
int keep_remove_all(bool force, keep_say_fn say, void *arg);

#endif
