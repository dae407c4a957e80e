/* SPDX-License-Identifier: GPL-2.0-only */
/* Where alerts go: each sink takes the same two kinds of messages. */
#ifndef OUT_SINK_H
#define OUT_SINK_H

#include "core/incident.h"

/* Who reports: the same for every record of a run. */
struct observer {
	const char *hostname;
	const char *version;
	const struct addr *addrs; /* this host's addresses, without loopback and link-local */
	size_t addr_count;
	const struct reason_names *reasons;
	/* Name of a host where it is known already, else NULL; must not block. NULL: no names. */
	const char *(*host_name)(const struct addr *addr, void *arg);
	void *host_name_arg;
};

enum sensor_action {
	SENSOR_STARTED,
	SENSOR_STOPPED,
	SENSOR_RELOADED,
	SENSOR_BLIND,
	SENSOR_DEGRADED,
	SENSOR_RECOVERED,
};

/* A record of the sensor about itself. */
struct sensor_event {
	enum sensor_action action;
	__u64 wall_ns;
	const char *reason; /* one sentence: what, where, what to do */
	const char
		*subject; /* what is meant, for instance an interface or a program; may be NULL */
};

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
	size_t unsent; /* kept in memory for flush(); lost if the process ends first */
};

struct sink {
	const struct sink_ops *ops;
	const struct observer *observer; /* outlives the sink */
	struct sink_counts counts;       /* kept by the sink, read by anyone */
};

/*
 * Is this record meant to alarm somebody? Closing, suppressed and prototype rules' records are
 * written for the files only: event.kind "event", a low priority.
 */
static inline bool sink_is_alarm(const struct alert *alert)
{
	return (alert->action == ALERT_OPEN || alert->action == ALERT_UPDATE) &&
	       !alert->suppressed && !alert->rule->prototype;
}

#endif
