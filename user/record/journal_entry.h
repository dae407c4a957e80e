/* SPDX-License-Identifier: GPL-2.0-only */
/* One record in journald's native format. */
#ifndef RECORD_JOURNAL_ENTRY_H
#define RECORD_JOURNAL_ENTRY_H

#include "record/digest.h"

struct journal_entry {
	char *data; /* owned */
	size_t len;
	int priority; /* as in the entry: 0 the highest, 7 the lowest */
};

/* ecs: the record's ECS line. The caller clears *ret. -ENOMEM. */
int journal_entry_from_alert(const struct observer *observer, const struct alert *alert,
			     const char *ecs, struct journal_entry *ret);
int journal_entry_from_sensor(const struct sensor_event *event, const char *ecs,
			      struct journal_entry *ret);
int journal_entry_from_digest(const struct digest *digest, const char *ecs,
			      struct journal_entry *ret);
void journal_entry_clear(struct journal_entry *entry);

#endif
