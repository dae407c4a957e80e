/* SPDX-License-Identifier: GPL-2.0-only */
/* A window's cells as bytes: what each flow counted in each second. */
#include "snapshot/parts.h"

/* A cell, and what it has in common with the one before. */
enum {
	CELL_FLOW = 1 << 0, /* it has one */
	CELL_SAME_SOURCE = 1 << 1,
	CELL_SAME_DESTINATION = 1 << 2,
	CELL_SAME_REST = 1 << 3, /* port, code, hook */
	CELL_SAME_SECOND = 1 << 4,
	CELL_FLAGS = (1 << 5) - 1,
};

/* Cells of one window: no more than 2^20, so their sum cannot overflow. */
#define COUNT_MAX (1ULL << 43)

struct cursor {
	struct pack *pack;
	const struct rule *rule;
	__u32 end;
	__u64 second;
	struct flow flow;
	__u64 *last;
};

static bool same_rest(const struct flow *a, const struct flow *b)
{
	return a->port == b->port && a->code == b->code && a->hook == b->hook;
}

static __u8 flags_of(const struct cursor *cursor, const struct window_cell *cell)
{
	const struct flow *flow = cell->flow, *before = &cursor->flow;
	__u8 flags = cell->second == cursor->second ? CELL_SAME_SECOND : 0;

	if (!flow)
		return flags;
	flags |= CELL_FLOW;
	if (addr_equal(&flow->source, &before->source))
		flags |= CELL_SAME_SOURCE;
	if (addr_equal(&flow->destination, &before->destination))
		flags |= CELL_SAME_DESTINATION;
	if (same_rest(flow, before))
		flags |= CELL_SAME_REST;
	return flags;
}

static void pack_flow(struct pack *pack, __u8 flags, const struct flow *flow)
{
	if (!(flags & CELL_SAME_SOURCE))
		pack_addr(pack, &flow->source);
	if (!(flags & CELL_SAME_DESTINATION))
		pack_addr(pack, &flow->destination);
	if (flags & CELL_SAME_REST)
		return;
	pack_number(pack, flow->port);
	pack_number(pack, flow->code);
	pack_number(pack, flow->hook);
}

static bool pack_cell(const struct window_cell *cell, void *arg)
{
	struct cursor *cursor = arg;
	struct pack *pack = cursor->pack;
	__u8 flags = flags_of(cursor, cell);

	if (cell->number == cursor->end)
		return false;
	pack_bytes(pack, &flags, sizeof(flags));
	if (!(flags & CELL_SAME_SECOND))
		pack_number(pack, cell->second - cursor->second);
	pack_number(pack, cell->count < COUNT_MAX ? cell->count : COUNT_MAX);
	if (cell->flow) {
		pack_flow(pack, flags, cell->flow);
		cursor->flow = *cell->flow;
	} else {
		group_pack(pack, cursor->rule, cell->group);
	}
	cursor->second = cell->second;
	*cursor->last = cell->second;
	return true;
}

void cells_pack(struct pack *pack, const struct watch *watch, __u32 from, __u32 to, __u64 *ret_last)
{
	struct cursor cursor = { .pack = pack, .rule = watch->rule, .end = to, .last = ret_last };

	window_each_cell(watch->window, from, pack_cell, &cursor);
}

static void unpack_flow(struct unpack *unpack, __u8 flags, struct flow *flow)
{
	if (!(flags & CELL_SAME_SOURCE))
		unpack_addr(unpack, &flow->source);
	if (!(flags & CELL_SAME_DESTINATION))
		unpack_addr(unpack, &flow->destination);
	if (flags & CELL_SAME_REST)
		return;
	flow->port = (__u16)unpack_number(unpack, 0xffff);
	flow->code = (__u16)unpack_number(unpack, 0xffff);
	flow->hook = (__u8)unpack_number(unpack, 0xff);
}

/* The group that a flow's records belonged to. */
static void group_of(const struct rule *rule, const struct flow *flow, struct group_key *ret)
{
	const struct record record = {
		.source = flow->source,
		.destination = flow->destination,
		.port = flow->port,
		.code = flow->code,
	};

	rule_group(rule, &record, ret);
}

void cells_unpack(struct unpack *unpack, struct watch *watch, __u64 least, __u64 most)
{
	struct flow flow = { .pad = { 0 } };
	struct group_key group;
	__u64 second = 0, count;
	__u8 flags;

	while (unpack->at < unpack->end && !unpack->failed) {
		unpack_bytes(unpack, &flags, sizeof(flags));
		if (!(flags & CELL_SAME_SECOND) && most >= second)
			second += unpack_number(unpack, most - second);
		count = unpack_number(unpack, COUNT_MAX);
		if (flags & CELL_FLOW) {
			unpack_flow(unpack, flags, &flow);
			group_of(watch->rule, &flow, &group);
		} else {
			group_unpack(unpack, watch->rule, &group);
		}
		if (flags & ~CELL_FLAGS || !count || second < least || second > most)
			unpack->failed = true;
		if (unpack->failed)
			return;
		window_advance(watch->window, second);
		window_put(watch->window, &group, flags & CELL_FLOW ? &flow : NULL, count);
	}
}
