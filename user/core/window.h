/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exact sliding-window counts per group at 1 s resolution, with the flows that they were made of.
 */
#ifndef CORE_WINDOW_H
#define CORE_WINDOW_H

#include "core/flows.h"

/*
 * Bounds for a rule's window. What does not fit is counted, see window_stats:
 * - groups: 131,072, at 88 bytes. More clients than that with errors in one window are an attack
 *   on the sensor or a load that is to be split; a group that came first stays exact.
 * - flows (what a group's counts were made of): 262,144, at 72 bytes, of which one group may hold
 *   a quarter: 65,536, enough for every port of one host.
 * - cells (one flow's count in one second): 1,048,576, at 24 bytes; flows may use three quarters,
 *   the last quarter is kept for groups' bare counts.
 * At most 55 MiB a rule with the hash heads, 64 MiB where different values are counted; 100,000
 * clients with one server each, active in two seconds, were measured at 27 MiB.
 */
#define WINDOW_GROUP_MAX 131072
#define WINDOW_FLOW_MAX  262144
#define WINDOW_CELL_MAX  1048576

/* The longest window, in seconds: cells carry the low 32 bits of their second. */
#define WINDOW_SPAN_MAX 0x7fffffff

/* The most that one record may count, so that sums cannot overflow; no epoch comes near it. */
#define WINDOW_COUNT_MAX (1ULL << 40)

struct window_cfg {
	__u32 span;             /* seconds that a window holds: 1..WINDOW_SPAN_MAX */
	enum distinct distinct; /* what is measured: counts, or different values of a field */
	__u32 group_max;
	__u32 flow_max;
	__u32 cell_max; /* a power of two */
	__u64 seed;     /* for hashing; no result depends on it */
};

struct window;

/* What a group holds in the window. All zero: nothing. */
struct window_group {
	__u64 measure; /* what thresholds look at: the count, or the different values */
	__u64 count;
	__u64 rest;         /* part of the count whose flows did not fit */
	__u64 first_second; /* of the oldest and the newest count */
	__u64 last_second;
};

/* Since the start. */
struct window_stats {
	size_t groups;          /* now */
	__u64 evidence_dropped; /* counted, but without their flow, or in an earlier second of it */
	__u64 groups_dropped;   /* not counted: no room for their group */
};

/* 0, -EINVAL where a bound is impossible, -ENOMEM. */
int window_new(const struct window_cfg *cfg, struct window **ret);
void window_free(struct window *window); /* NULL is fine */

/* Forgets everything but the statistics; time goes on from where it was. */
void window_clear(struct window *window);

/*
 * Moves time on: from now on the window holds second - span + 1 .. second. A second before the
 * present one changes nothing.
 */
void window_advance(struct window *window, __u64 second);

/*
 * Counts a record in the present second. Where memory ran out, what did not fit is in the
 * statistics, in this order: flows go first (the count stays exact), then, with no cell left, the
 * count joins an earlier second of the same flow or group (it leaves the window early, never
 * late), then groups. *ret: the group's measure after it. 0, or -ENOMEM (the same as a full bound).
 */
int window_add(struct window *window, const struct group_key *key, const struct record *record,
	       __u64 *ret);

void window_find(const struct window *window, const struct group_key *key,
		 struct window_group *ret);

/* Calls fn for each flow of the group, the newest flow first; the flow is valid during the call. */
void window_each_flow(const struct window *window, const struct group_key *key,
		      void (*fn)(const struct flow *flow, __u64 count, void *arg), void *arg);

/*
 * Cuts the time from the group's first to its last second into `slices` equal parts and writes
 * how much was counted in each. All zero where the group holds nothing.
 */
void window_slice(const struct window *window, const struct group_key *key, __u64 *ret,
		  size_t slices);

/*
 * What a window is made of: what one flow counted in one second, or, where flow is NULL, what a
 * group counted without flows. Cells are numbered in the order of time, and numbers wrap.
 */
struct window_cell {
	__u32 number;
	__u64 second;
	__u64 count;
	const struct group_key *group;
	const struct flow *flow;
};

/*
 * Calls fn for the cells from this number on, the oldest first, until it returns false. Only cells
 * of the present second grow, as long as the window has room.
 */
void window_each_cell(const struct window *window, __u32 from,
		      bool (*fn)(const struct window_cell *cell, void *arg), void *arg);
/* Numbers: of the oldest one, of the first one of the present second, of the next new one. */
__u32 window_oldest_cell(const struct window *window);
__u32 window_present_cell(const struct window *window);
__u32 window_next_cell(const struct window *window);

__u64 window_cell_second(const struct window *window, __u32 number); /* of one that is there */

/* The first and the present second that the window holds. */
__u64 window_first(const struct window *window);
__u64 window_second(const struct window *window);

/*
 * Counts in the present second what was a cell, as window_add() does. False where there was no room
 * for all of it.
 */
bool window_put(struct window *window, const struct group_key *key, const struct flow *flow,
		__u64 count);

void window_stats(const struct window *window, struct window_stats *ret);

#endif
