/* SPDX-License-Identifier: GPL-2.0-only */
/* What every record says besides the alert itself: who reports, and records of the sensor. */
#ifndef RECORD_RECORD_H
#define RECORD_RECORD_H

#include "core/incident.h"

/* Where an address is registered, as a database says. */
struct addr_place {
	char country[3];        /* ISO 3166-1 alpha-2, or empty */
	__u32 as_number;        /* 0: not known */
	char organization[128]; /* of the AS, not cleaned; may be empty */
};

/* The pod of Kubernetes that has an address, or had it minutes ago. */
struct addr_pod {
	const char *namespace, *name;
	const char *kind, *workload; /* who made it: "Deployment", "cart"; NULL: not known */
};

/* Who reports: the same for every record of a run. */
struct observer {
	const char *hostname;
	const char *version;
	const struct addr *addrs; /* this host's addresses, without loopback and link-local */
	size_t addr_count;
	const struct reason_names *reasons;
	const struct chain_names *chains; /* NULL: none is known */
	/* Name of a host where it is known already, else NULL; must not block. NULL: no names. */
	const char *(*host_name)(const struct addr *addr, void *arg);
	void *host_name_arg;
	/* Where an address is registered, false: not known; must not block. NULL: no places. */
	bool (*place)(const struct addr *addr, struct addr_place *ret, void *arg);
	void *place_arg;
	/* Whose address it is, false: not known; must not block. Texts: until the next wait. */
	bool (*pod)(const struct addr *addr, struct addr_pod *ret, void *arg); /* NULL: no pods */
	void *pod_arg;
};

enum sensor_action {
	SENSOR_STARTED,
	SENSOR_STOPPED,
	SENSOR_RELOADED,
	SENSOR_REFUSED, /* to reload: its action is "reloaded", its outcome failure */
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

/*
 * Is this record meant to alarm somebody? Closing, suppressed and prototype rules' records are
 * written for the files only: event.kind "event", a low priority.
 */
static inline bool record_is_alarm(const struct alert *alert)
{
	return (alert->action == ALERT_OPEN || alert->action == ALERT_UPDATE) &&
	       !alert->suppressed && !alert->rule->prototype;
}

#endif
