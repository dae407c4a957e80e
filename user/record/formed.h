/* SPDX-License-Identifier: GPL-2.0-only */
/* A record formed once, in all the shapes in which it is kept and sent. */
#ifndef RECORD_FORMED_H
#define RECORD_FORMED_H

#include "record/journal_entry.h"

struct formed {
	char event_id[ALERT_ID_LEN + 1];
	__u64 wall_ns;
	char *rule;          /* its id; "": of no single rule */
	const char *action;  /* event.action; these two live for ever */
	const char *dataset; /* event.dataset */
	bool alarm;          /* meant to alarm somebody: not to stand behind others */
	struct journal_entry entry;
	char *ecs; /* one line */
};

/* The caller clears *ret. -ENOMEM. */
int formed_from_alert(const struct observer *observer, const struct alert *alert,
		      struct formed *ret);
int formed_from_sensor(const struct observer *observer, const struct sensor_event *event,
		       struct formed *ret);
int formed_from_digest(const struct observer *observer, const struct digest *digest,
		       struct formed *ret);
void formed_clear(struct formed *formed); /* a zero one is fine */

#endif
