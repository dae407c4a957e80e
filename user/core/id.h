/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of incidents and records: the same on every machine for the same traffic. */
#ifndef CORE_ID_H
#define CORE_ID_H

#include "core/incident.h"

/*
 * FNV-1a with 128 bits over the rule's id, the group, the second of start_wall_ns and the serial
 * number, as hexadecimal digits. Serial 0 names the incident, from 1 on its records.
 */
void id_make(const struct rule *rule, const struct group_key *group, __u64 start_wall_ns,
	     __u32 serial, char ret[ALERT_ID_LEN + 1]);

#endif
