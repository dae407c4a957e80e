/* SPDX-License-Identifier: GPL-2.0-only */
/* The last packets that a rule looked at: they show what its counts are made of. */
#ifndef CORE_SAMPLES_H
#define CORE_SAMPLES_H

#include "core/incident.h"

/* Kept for a rule, all its groups together, at 96 bytes: 24 KiB. The newest push the oldest out. */
#define SAMPLES_MAX 256

struct samples_entry {
	struct group_key group;
	__u64 time_ns; /* CLOCK_BOOTTIME */
	struct alert_sample sample;
};

/* All zero: none. */
struct samples {
	struct samples_entry entry[SAMPLES_MAX]; /* a ring */
	size_t oldest;
	size_t count;
};

/*
 * Keeps the sample if the rule looks at it, as rule_match() and rule_group() say of records; true,
 * and *group is its group, where it does. wall_offset_ns: wall clock minus CLOCK_BOOTTIME at this
 * time; may wrap.
 */
bool samples_add(struct samples *samples, const struct rule *rule, const struct places *places,
		 const struct sample *sample, __u64 wall_offset_ns, struct group_key *group);

/* Forgets those before first_ns (CLOCK_BOOTTIME). */
void samples_advance(struct samples *samples, __u64 first_ns);
void samples_clear(struct samples *samples);

/* Writes the group's newest ones, in the order of their coming, the last first. How many. */
size_t samples_newest(const struct samples *samples, const struct group_key *group,
		      struct alert_sample ret[ALERT_SAMPLES_MAX]);

#endif
