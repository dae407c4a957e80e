/* SPDX-License-Identifier: GPL-2.0-only */
/* What a window consists of: for the files that make it, not for those that use it. */
#ifndef CORE_WINDOW_STATE_H
#define CORE_WINDOW_STATE_H

#include "core/window.h"

struct group {
	__u32 next;
	struct group_key key;
	__u32 cell_first; /* the oldest and the newest cell; a group without cells does not exist */
	__u32 cell_last;
	__u32 cell_rest; /* newest cell without a flow, where rest is not 0 */
	struct flow_list flows;
	__u64 count;
	__u64 rest;
};

/* Cells are numbered in the order of time; the number's low bits are the place in the ring. */
struct cell {
	__u64 count;
	__u32 second; /* low 32 bits */
	__u32 group;
	__u32 flow; /* or TABLE_NONE: a bare count */
	__u32 next; /* the group's next newer cell */
};

struct window {
	struct window_cfg cfg;
	__u64 second;
	struct table groups;
	struct flows flows;
	struct cell *cells;
	__u32 cell_capacity;
	__u32 cell_oldest; /* number of the oldest one */
	__u32 cell_count;
	int err; /* -ENOMEM seen while a record is added */
	__u64 evidence_dropped;
	__u64 groups_dropped;
};

static inline struct cell *cell_at(const struct window *window, __u32 number)
{
	return &window->cells[number & (window->cell_capacity - 1)];
}

static inline struct group *group_at(const struct window *window, __u32 i)
{
	return table_at(&window->groups, i);
}

static inline __u64 measure_of(const struct window *window, const struct group *group)
{
	return window->cfg.distinct == DISTINCT_NONE ? group->count : group->flows.distinct;
}

#endif
