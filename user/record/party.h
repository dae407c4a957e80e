/* SPDX-License-Identifier: GPL-2.0-only */
/* Whom an alert is about: the addresses and the port of its two sides. */
#ifndef RECORD_PARTY_H
#define RECORD_PARTY_H

#include "core/incident.h"

/* The addresses of one side, the most frequent first, none of them twice. */
struct party {
	struct addr addr[ALERT_TOP_MAX];
	size_t count;
	__u64 others;  /* values beyond these; of a destination they are addresses with port */
	bool at_least; /* `others` may be more */
};

/*
 * What was seen on one side (DIM_SOURCE or DIM_DESTINATION): the group's address where the rule
 * groups by it, else the top entries. Empty where nothing is known.
 */
void party_seen(const struct alert *alert, enum dimension side, struct party *ret);

/*
 * What the alert blames: as party_seen(), but of an anomaly that is not grouped by this side only
 * the values whose influence made it anomalous.
 */
void party_blamed(const struct alert *alert, enum dimension side, struct party *ret);

/* Exactly one address, and nothing beside it. */
bool party_is_one(const struct party *party);

/* The one destination port that is meant, or 0 where there are several or none. */
__u16 party_port(const struct alert *alert);

#endif
