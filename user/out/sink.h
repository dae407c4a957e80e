/* SPDX-License-Identifier: GPL-2.0-only */
/* Where alerts go: each sink takes the same two kinds of messages. */
#ifndef OUT_SINK_H
#define OUT_SINK_H

#include "record/record.h"

struct sink;

struct sink_ops {
	const char *name; /* "journald", "json", "terminal" */
	/*
	 * 0; -EAGAIN where it can't be delivered now and was kept for later; -errno where it was
	 * lost.
	 */
	int (*send_alert)(struct sink *sink, const struct alert *alert);
	int (*send_sensor)(struct sink *sink, const struct sensor_event *event);
	/*
	 * Called about once a second: tries again what was kept. Returns how many are still unsent.
	 */
	size_t (*flush)(struct sink *sink);
	void (*free)(struct sink *sink);
};

/* Records since the sink was made: sent + unsent + lost is what it was given. */
struct sink_counts {
	__u64 sent;
	__u64 lost;
	size_t unsent; /* kept for later: by a sink in memory, by a way of the outbox on disk */
};

struct sink {
	const struct sink_ops *ops;
	const struct observer *observer; /* outlives the sink */
	struct sink_counts counts;       /* kept by the sink, read by anyone */
};

#endif
