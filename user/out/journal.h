/* SPDX-License-Identifier: GPL-2.0-only */
/* A sink that writes records to systemd-journald by its native protocol. */
#ifndef OUT_JOURNAL_H
#define OUT_JOURNAL_H

#include "out/sink.h"

#define JOURNAL_SOCKET    "/run/systemd/journal/socket"
#define JOURNAL_QUEUE_MAX 256

/*
 * Never waits for journald. While it is away, restarting, stopped or too busy, records are kept in
 * memory, JOURNAL_QUEUE_MAX at most, and sent by flush() or before the next record, in their order.
 * When that is full, the oldest of the lowest priority goes and is counted as lost. What is kept is
 * lost with the process: free() tries to send it once more, nothing is on disk.
 *
 * send_* return 0, -EAGAIN when the record was kept, -ENOBUFS when it was lost to ones of a higher
 * priority, or -errno when journald can't take this record at all. sink->counts tells how many were
 * sent, are unsent and were lost (-errno, and those that had to go for others).
 *
 * socket_path is JOURNAL_SOCKET but in tests; it is copied, and need not exist yet. -ENAMETOOLONG
 * where it does not fit a socket address, -ENOMEM, or what socket() failed with.
 */
int sink_journal_new(const struct observer *observer, const char *socket_path, struct sink **ret);

#endif
