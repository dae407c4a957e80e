/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sliding windows: groups and their flows hold running sums, a ring of cells knows when counts
 * leave.
 */
#include "core/window_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CELLS_FIRST 64

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
	window->cell_oldest += window->cell_count; /* no number is given twice */
	window->cell_count = 0;
}

void window_free(struct window *window)
{
	if (!window)
		return;
	window_clear(window);
	free(window);
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

/* Counts in the present second; false where there is no room for all of it. */
static bool count(struct window *window, const struct group_key *key, const struct flow *made_of,
		  __u64 count, __u32 *ret_group)
{
	__u32 group = table_find(&window->groups, key), flow = TABLE_NONE;
	struct flow_key flow_key;

	*ret_group = group;
	window->err = 0;
	if (!count)
		return true;
	if (group == TABLE_NONE && !group_new(window, key, &group))
		return false;
	*ret_group = group;
	if (!made_of)
		return add_bare(window, group, TABLE_NONE, count);
	flow_key = (struct flow_key){ .group = group, .flow = *made_of };
	flow = flows_find(&window->flows, &group_at(window, group)->flows, &flow_key);
	return add_evidence(window, group, flow, &flow_key, count) ||
	       add_bare(window, group, flow, count);
}

int window_add(struct window *window, const struct group_key *key, const struct record *record,
	       __u64 *ret)
{
	__u64 most = record->count < WINDOW_COUNT_MAX ? record->count : WINDOW_COUNT_MAX;
	const struct flow flow = {
		.source = record->source,
		.destination = record->destination,
		.port = record->port,
		.code = record->code,
		.hook = record->hook,
		.chain = record->chain,
	};
	__u32 group;

	if (!count(window, key, &flow, most, &group))
		window->groups_dropped += most;
	*ret = group == TABLE_NONE ? 0 : measure_of(window, group_at(window, group));
	return window->err;
}

bool window_put(struct window *window, const struct group_key *key, const struct flow *flow,
		__u64 number)
{
	__u32 group;

	return count(window, key, flow, number, &group);
}
