/* SPDX-License-Identifier: GPL-2.0-only */
/* Sliding windows: what they hold. */
#include "core/window_state.h"

#include <string.h>

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

__u64 window_second(const struct window *window)
{
	return window->second;
}

__u64 window_first(const struct window *window)
{
	return window->second < window->cfg.span ? 0 : window->second - window->cfg.span + 1;
}

__u32 window_oldest_cell(const struct window *window)
{
	return window->cell_oldest;
}

__u32 window_present_cell(const struct window *window)
{
	__u32 first = 0, end = window->cell_count, middle;

	while (first < end) {
		middle = first + (end - first) / 2;
		if (cell_at(window, window->cell_oldest + middle)->second == (__u32)window->second)
			end = middle;
		else
			first = middle + 1;
	}
	return window->cell_oldest + first;
}

__u64 window_cell_second(const struct window *window, __u32 number)
{
	return full_second(window, cell_at(window, number)->second);
}

__u32 window_next_cell(const struct window *window)
{
	return window->cell_oldest + window->cell_count;
}

static struct window_cell describe(const struct window *window, __u32 number)
{
	const struct cell *cell = cell_at(window, number);

	return (struct window_cell){
		.number = number,
		.second = full_second(window, cell->second),
		.count = cell->count,
		.group = &group_at(window, cell->group)->key,
		.flow = cell->flow == TABLE_NONE ? NULL
						 : &flow_at(&window->flows, cell->flow)->key.flow,
	};
}

void window_each_cell(const struct window *window, __u32 from,
		      bool (*fn)(const struct window_cell *cell, void *arg), void *arg)
{
	struct window_cell cell;
	__u32 at = from - window->cell_oldest; /* numbers wrap */

	/* what lies before the oldest one is no more */
	for (at = at < 0x80000000U ? at : 0; at < window->cell_count; at++) {
		cell = describe(window, window->cell_oldest + at);
		if (!fn(&cell, arg))
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
