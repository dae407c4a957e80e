/* SPDX-License-Identifier: GPL-2.0-only */
/* Hears that interfaces or addresses of this network namespace change. */
#ifndef KERNEL_CHANGES_H
#define KERNEL_CHANGES_H

#include <stdbool.h>

struct changes;

int changes_new(struct changes **ret);      /* -errno of the netlink socket */
void changes_free(struct changes *changes); /* NULL is fine */

/* Readable when something changed. */
int changes_fd(const struct changes *changes);

/*
 * Reads what there is to read and sets, never clears, what may have changed. Which one it was is
 * not told: whoever asks lists them all, so that what the kernel had no room to tell (ENOBUFS) is
 * no case of its own.
 */
void changes_take(struct changes *changes, bool *links, bool *addrs);

#endif
