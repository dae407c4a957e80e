/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sliding windows: groups and their flows hold running sums, a ring of cells knows when counts
 * leave.
 */
#include "core/window.h"
#include "core/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CELLS_FIRST 64

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

int window_new(const struct window_cfg *cfg, struct window **ret)
{
	struct window *window;

	if (!cfg->span || cfg->span > WINDOW_SPAN_MAX || !cfg->group_max || !cfg->flow_max ||
	    cfg->cell_max < CELLS_FIRST || cfg->cell_max & (cfg->cell_max - 1))
		return -EINVAL;
	window = calloc(1, sizeof(*window));
	if (!window)
		return -ENOMEM;
	window->cfg = *cfg;
	table_init(&window->groups, sizeof(struct group), offsetof(struct group, key),
		   sizeof(struct group_key), cfg->group_max, cfg->seed);
	flows_init(&window->flows, cfg->distinct, cfg->flow_max, cfg->seed);
	*ret = window;
	return 0;
}

void window_clear(struct window *window)
{
	table_clear(&window->groups);
	flows_clear(&window->flows);
	free(window->cells);
	window->cells = NULL;
	window->cell_capacity = 0;
	window->cell_count = 0;
}

void window_free(struct window *window)
{
	if (!window)
		return;
	window_clear(window);
	free(window);
}

static struct cell *cell_at(const struct window *window, __u32 number)
{
	return &window->cells[number & (window->cell_capacity - 1)];
}

static struct group *group_at(const struct window *window, __u32 i)
{
	return table_at(&window->groups, i);
}

static bool is_now(const struct window *window, __u32 number)
{
	return cell_at(window, number)->second == (__u32)window->second;
}

/* The oldest cell leaves the window, and with it its flow and its group if it was their last. */
static void cell_expire(struct window *window)
{
	const struct cell *cell = cell_at(window, window->cell_oldest);
	struct group *group = group_at(window, cell->group);

	group->count -= cell->count;
	if (cell->flow == TABLE_NONE) {
		group->rest -= cell->count;
	} else {
		struct flow_entry *flow = flow_at(&window->flows, cell->flow);

		flow->count -= cell->count;
		if (!flow->count)
			flows_remove(&window->flows, &group->flows, cell->flow);
	}
	if (group->cell_last == window->cell_oldest)
		table_remove(&window->groups, cell->group);
	else
		group->cell_first = cell->next;
	window->cell_oldest++;
	window->cell_count--;
}

void window_advance(struct window *window, __u64 second)
{
	__u64 moved;

	if (second <= window->second)
		return;
	moved = second - window->second;
	window->second = second;
	if (moved >= window->cfg.span) {
		window_clear(window);
		return;
	}
	while (window->cell_count &&
	       (__u32)second - cell_at(window, window->cell_oldest)->second >= window->cfg.span)
		cell_expire(window);
	if (!window->cell_count && window->cells)
		window_clear(window); /* gives memory back after a busy time */
}

/* Is there a cell to take, or can there be one? Afterwards cell_push() cannot fail. */
static bool cell_reserve(struct window *window)
{
	__u32 capacity = window->cell_capacity ? window->cell_capacity * 2 : CELLS_FIRST;
	__u32 i, number, old = window->cell_capacity;
	struct cell *cells;

	if (window->cell_count < old)
		return true;
	if (capacity > window->cfg.cell_max)
		return false;
	cells = realloc(window->cells, capacity * sizeof(*cells));
	if (!cells) {
		window->err = -ENOMEM;
		return false;
	}
	/* One more bit of the number now names the place: half of the cells move up by `old`. */
	for (i = 0; i < window->cell_count; i++) {
		number = window->cell_oldest + i;
		if (number & old)
			cells[number & (capacity - 1)] = cells[number & (old - 1)];
	}
	window->cells = cells;
	window->cell_capacity = capacity;
	return true;
}

static __u32 cell_push(struct window *window, __u32 group_index, __u32 flow, __u64 count)
{
	struct group *group = group_at(window, group_index);
	__u32 number = window->cell_oldest + window->cell_count++;

	*cell_at(window, number) = (struct cell){
		.count = count,
		.second = (__u32)window->second,
		.group = group_index,
		.flow = flow,
	};
	if (group->count)
		cell_at(window, group->cell_last)->next = number;
	else
		group->cell_first = number;
	group->cell_last = number;
	return number;
}

static void count_flow(struct window *window, struct group *group, __u32 i, __u64 count)
{
	struct flow_entry *flow = flow_at(&window->flows, i);

	cell_at(window, flow->cell)->count += count;
	flow->count += count;
	group->count += count;
}

static void count_rest(struct window *window, struct group *group, __u64 count)
{
	cell_at(window, group->cell_rest)->count += count;
	group->rest += count;
	group->count += count;
	window->evidence_dropped += count;
}

/* May one more cell, or one more flow, be spent on evidence? */
static bool evidence_fits(struct window *window)
{
	return window->cell_count < window->cfg.cell_max / 4 * 3 && cell_reserve(window);
}

static bool flow_new(struct window *window, __u32 group_index, const struct flow_key *key,
		     __u32 *ret)
{
	int err = flows_add(&window->flows, &group_at(window, group_index)->flows, key, ret);

	if (err == -ENOMEM)
		window->err = err;
	return !err;
}

/* Counts with the flow, in the present second; false where there is no room for that. */
static bool add_evidence(struct window *window, __u32 group_index, __u32 flow,
			 const struct flow_key *key, __u64 count)
{
	__u32 number;

	if (flow == TABLE_NONE || !is_now(window, flow_at(&window->flows, flow)->cell)) {
		if (!evidence_fits(window))
			return false;
		if (flow == TABLE_NONE && !flow_new(window, group_index, key, &flow))
			return false;
		number = cell_push(window, group_index, flow, 0);
		flow_at(&window->flows, flow)->cell = number;
	}
	count_flow(window, group_at(window, group_index), flow, count);
	return true;
}

/* Counts without the flow, or if need be in an earlier second; false where nothing is possible. */
static bool add_bare(struct window *window, __u32 group_index, __u32 flow, __u64 count)
{
	struct group *group = group_at(window, group_index);

	if (group->rest && is_now(window, group->cell_rest)) {
		count_rest(window, group, count);
		return true;
	}
	if (cell_reserve(window)) {
		group->cell_rest = cell_push(window, group_index, TABLE_NONE, 0);
		count_rest(window, group, count);
		return true;
	}
	if (group->rest) {
		count_rest(window, group, count);
		return true;
	}
	if (flow == TABLE_NONE)
		return false;
	count_flow(window, group, flow, count);
	window->evidence_dropped += count;
	return true;
}

static bool group_new(struct window *window, const struct group_key *key, __u32 *ret)
{
	int err = cell_reserve(window) ? table_add(&window->groups, key, ret) : -ENOSPC;

	if (err == -ENOMEM)
		window->err = err;
	if (!err)
		flow_list_init(&group_at(window, *ret)->flows);
	return !err;
}

static __u64 measure_of(const struct window *window, const struct group *group)
{
	return window->cfg.distinct == DISTINCT_NONE ? group->count : group->flows.distinct;
}

int window_add(struct window *window, const struct group_key *key, const struct record *record,
	       __u64 *ret)
{
	__u64 count = record->count < WINDOW_COUNT_MAX ? record->count : WINDOW_COUNT_MAX;
	struct flow_key flow_key = {
		.flow = { .source = record->source,
			  .destination = record->destination,
			  .port = record->port,
			  .code = record->code,
			  .hook = record->hook },
	};
	__u32 group = table_find(&window->groups, key), flow = TABLE_NONE;
	int err;

	window->err = 0;
	if (count && group == TABLE_NONE && !group_new(window, key, &group)) {
		window->groups_dropped += count;
		count = 0;
	}
	if (count) {
		flow_key.group = group;
		flow = flows_find(&window->flows, &group_at(window, group)->flows, &flow_key);
		if (!add_evidence(window, group, flow, &flow_key, count) &&
		    !add_bare(window, group, flow, count))
			window->groups_dropped += count;
	}
	err = window->err;
	*ret = group == TABLE_NONE ? 0 : measure_of(window, group_at(window, group));
	return err;
}

static __u64 full_second(const struct window *window, __u32 second)
{
	return window->second - (__u32)((__u32)window->second - second);
}

void window_find(const struct window *window, const struct group_key *key, struct window_group *ret)
{
	__u32 i = table_find(&window->groups, key);
	const struct group *group;

	*ret = (struct window_group){ 0 };
	if (i == TABLE_NONE)
		return;
	group = group_at(window, i);
	ret->measure = measure_of(window, group);
	ret->count = group->count;
	ret->rest = group->rest;
	ret->first_second = full_second(window, cell_at(window, group->cell_first)->second);
	ret->last_second = full_second(window, cell_at(window, group->cell_last)->second);
}

void window_each_flow(const struct window *window, const struct group_key *key,
		      void (*fn)(const struct flow *flow, __u64 count, void *arg), void *arg)
{
	__u32 group = table_find(&window->groups, key), i;

	if (group == TABLE_NONE)
		return;
	for (i = group_at(window, group)->flows.first; i != TABLE_NONE;
	     i = flow_at(&window->flows, i)->after)
		fn(&flow_at(&window->flows, i)->key.flow, flow_at(&window->flows, i)->count, arg);
}

void window_slice(const struct window *window, const struct group_key *key, __u64 *ret,
		  size_t slices)
{
	__u32 i = table_find(&window->groups, key), first, length, number;
	const struct group *group;

	memset(ret, 0, slices * sizeof(*ret));
	if (i == TABLE_NONE)
		return;
	group = group_at(window, i);
	first = cell_at(window, group->cell_first)->second;
	length = cell_at(window, group->cell_last)->second - first + 1;
	for (number = group->cell_first;; number = cell_at(window, number)->next) {
		const struct cell *cell = cell_at(window, number);

		ret[(__u64)(cell->second - first) * slices / length] += cell->count;
		if (number == group->cell_last)
			break;
	}
}

void window_stats(const struct window *window, struct window_stats *ret)
{
	*ret = (struct window_stats){
		.groups = window->groups.live,
		.evidence_dropped = window->evidence_dropped,
		.groups_dropped = window->groups_dropped,
	};
}
