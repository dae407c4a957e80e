/* SPDX-License-Identifier: GPL-2.0-only */
/* A sink that writes records for a human to read. */
#ifndef OUT_TERMINAL_H
#define OUT_TERMINAL_H

#include <stdio.h>

#include "out/sink.h"

/*
 * Writes what human.h says. Lines are wrapped at $COLUMNS or the terminal's width, colour is used
 * on a terminal unless NO_COLOR is set and not empty. out stays the caller's. A terminal that takes
 * nothing now (Ctrl-S) loses the record: send_* return -ENOBUFS, or -errno where writing failed.
 * -ENOMEM.
 */
int sink_terminal_new(const struct observer *observer, FILE *out, struct sink **ret);

#endif
