/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of incidents and records: the same on every machine for the same traffic. */
#ifndef CORE_ID_H
#define CORE_ID_H

#include "core/incident.h"

/* What an id names: the incident itself (serial 0), or one of its records, by what it says. */
struct id_of {
	const struct rule *rule;
	const struct group_key *group;
	__u64 start_wall_ns;
	__u32 serial; /* from 1 on: records */
	enum alert_action action;
};

/*
 * FNV-1a with 128 bits over the rule's id, the group, the second of start_wall_ns, the serial
 * number and, of a record, its action, as hexadecimal digits. The action, since the last serial
 * number may be forgotten by a kill: what is then told once more has its id again, and what is told
 * instead of it has another.
 */
void id_make(const struct id_of *of, char ret[ALERT_ID_LEN + 1]);

/* The same over words (ended by NULL) and a time, for records that are about no incident. */
void id_make_of_words(const char *const *words, __u64 wall_ns, char ret[ALERT_ID_LEN + 1]);

#endif
