/* SPDX-License-Identifier: GPL-2.0-only */
/* What a group's count was made of (the most frequent values), and what that looks like. */
#ifndef CORE_EVIDENCE_H
#define CORE_EVIDENCE_H

#include "core/incident.h"
#include "core/window.h"

/* From this many different values on there are "many". */
#define CAUSE_MANY 10
/* Shorter than this, nothing can be called steady. */
#define CAUSE_STEADY_NS 30000000000ULL

struct evidence {
	enum feed feed;
	struct top top[DIM_MAX];
	struct top host;     /* destinations without their port */
	__u64 known;         /* sum of the flows that are known */
	__u64 outward;       /* of these, from internal sources to external destinations */
	__u64 client_errors; /* of these, 4xx */
	bool steady;         /* about the same in each tenth of the time */
	__u64 paths;         /* different ones that were asked for; 0 not known: the caller's */
	bool paths_at_least; /* of some errors it is not known what was asked for */
};

/*
 * Reads the group's flows. Dimensions that the feed does not have stay empty; values 0 of ports,
 * reasons and hooks mean "unknown" and are left out. Ties are ordered by value, so that the same
 * flows always give the same evidence. seed: for hashing. -ENOMEM: *ret is complete but for what
 * did not fit.
 */
int evidence_gather(const struct window *window, const struct group_key *key, enum feed feed,
		    const struct places *places, __u64 seed, struct evidence *ret);

/*
 * What the evidence looks like; says is for readers: "one client, 3 servers, 1 port in 3 m 29 s",
 * "one client, 214 paths of 1 server in 3 m 29 s".
 * One source (90 % of the count or more):
 *   many ports, or over HTTP many servers or paths: scan; many destinations: sweep;
 *   denied from inside to outside: beacon_or_exfiltration;
 *   one destination, one port, over HTTP one status, steadily for 30 s or more: misconfiguration;
 *   over HTTP otherwise, mostly 4xx: scan.
 * Many sources, one destination: flood. All else: mixed.
 */
enum cause evidence_cause(const struct evidence *evidence, __u64 duration_ns,
			  char says[ALERT_TEXT]);

/* The source of at least half of the count; all zero where there is none. */
struct addr evidence_main_source(const struct top *sources);

#endif
