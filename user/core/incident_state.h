/* SPDX-License-Identifier: GPL-2.0-only */
/* What incidents consist of: for the files that make them, not for those that use them. */
#ifndef CORE_INCIDENT_STATE_H
#define CORE_INCIDENT_STATE_H

#include "core/incident.h"
#include "core/table.h"

#define NOT_CALM 0xffffffffffffffffULL

enum incident_state { RAISED, OPEN, CLOSED };

/* What the last open or update told; a close tells it again. */
struct told {
	struct top top[DIM_MAX];
	struct alert_sample sample[ALERT_SAMPLES_MAX];
	size_t sample_count;
	struct alert_requests requests; /* not kept over a restart */
	struct influencer influencer[ALERT_TOP_MAX];
	size_t influencer_count;
	enum cause cause;
	char cause_says[ALERT_TEXT];
};

struct incident {
	__u32 next; /* the table's */
	struct group_key key;
	__u32 before; /* list of the closed ones, in the order of closing */
	__u32 after;
	__u32 serial; /* records written about it */
	__u8 state;
	bool suppressed;
	bool known;        /* a record of open was written: known_* hold */
	__u8 known_causes; /* bit mask of 1 << enum cause: told while open */
	struct addr known_source;
	__u64 known_ns; /* when it was written; CLOCK_BOOTTIME */
	__u64 known_peak;
	__u64 start_wall_ns;
	__u64 end_wall_ns;
	__u64 calm_ns; /* since when it is calm, or NOT_CALM */
	__u64 peak;
	__u64 told_peak; /* at the last record, or the last look at a suppressed one */
	__u64 told_ns;
	double peak_score;
	struct told *told;
};

struct incidents {
	struct incidents_cfg cfg;
	struct table table;
	__u32 *open; /* indices */
	size_t open_count;
	size_t open_capacity;
	__u32 closed_first;
	__u32 closed_last;
	__u64 closed_changes; /* how often the list of the closed ones changed */
	__u64 told;           /* records written */
	__u64 dropped;
	__u64 now_ns; /* of the judgement under way */
	__u64 wall_ns;
};

static inline struct incident *incident_at(const struct incidents *incidents, __u32 i)
{
	return table_at(&incidents->table, i);
}

/*
 * Takes in one that was kept, OPEN or CLOSED; of its members, those of table and list are not
 * looked at. `told` is then owned here. -EEXIST, -ENOSPC, -ENOMEM.
 */
int incidents_put(struct incidents *incidents, const struct incident *from);

/* incident_tell.c: what is written at a judgement; now_ns and wall_ns are those of `incidents`. */

/* Writes the opening of one that was raised, suppressed where it is more of the same. */
void incident_open_raised(struct incidents *incidents, struct incident *incident,
			  const struct standing *standing);
/* An open incident goes on: writes an update, or the opening of one that was suppressed, if due. */
void incident_grow(struct incidents *incidents, struct incident *incident,
		   const struct standing *standing);
/* Writes the close. */
void incident_tell_close(struct incidents *incidents, struct incident *incident,
			 const struct standing *standing);

#endif
