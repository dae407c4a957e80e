/* SPDX-License-Identifier: GPL-2.0-only */
/* Records as one line of JSON in Elastic Common Schema 8.11, and a sink that writes such lines. */
#ifndef OUT_JSON_H
#define OUT_JSON_H

#include "out/sink.h"

/*
 * One ECS object without a newline, valid UTF-8 and valid JSON whatever the strings of the rule,
 * the observer or the event hold. The caller frees *ret. -ENOMEM.
 */
int json_format_alert(const struct observer *observer, const struct alert *alert, char **ret);
int json_format_sensor(const struct observer *observer, const struct sensor_event *event,
		       char **ret);

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
