/* SPDX-License-Identifier: GPL-2.0-only */
/* A sink that writes each record as a line of JSON. */
#ifndef OUT_JSON_SINK_H
#define OUT_JSON_SINK_H

#include "out/sink.h"

/* What a json sink keeps for a reader that is slow; a line that does not fit any more is lost. */
#define JSON_PENDING_MAX (1 << 20)

/*
 * A sink that writes a line a record to fd, which stays the caller's and may be blocking: the sink
 * only writes what is taken at once and keeps the rest for flush(). send_* return 0 when the line
 * was written whole, -EAGAIN when (some of) it was kept, -ENOBUFS when there was no room to keep
 * it, or what write() failed with; with such an error everything kept is lost too. Who would rather
 * wait than lose polls fd for POLLOUT and calls flush() until it returns 0. free() tries once more.
 * The process must ignore SIGPIPE. -ENOMEM.
 */
int sink_json_new(const struct observer *observer, int fd, struct sink **ret);

#endif
