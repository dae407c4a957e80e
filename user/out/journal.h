/* SPDX-License-Identifier: GPL-2.0-only */
/* The way to systemd-journald, by its native protocol. */
#ifndef OUT_JOURNAL_H
#define OUT_JOURNAL_H

#include "out/outlet.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

/*
 * Posts are entries as journal_entry.h makes them. Never waits: while journald is away, restarting,
 * stopped or too busy it is OUTLET_LATER; OUTLET_REFUSED where journald can't take this entry.
 *
 * socket_path is JOURNAL_SOCKET but in tests; it is copied, and need not exist yet. -ENAMETOOLONG
 * where it does not fit a socket address, -ENOMEM, or what socket() failed with.
 */
int journal_new(const char *socket_path, struct outlet **ret);

#endif
