/* SPDX-License-Identifier: GPL-2.0-only */
/* Flows of groups: one entry for each, linked into its group's list, sharing counted values. */
#include "core/flows.h"

#include <errno.h>
#include <string.h>

/* One different value of a group, held by the flows that have it. */
struct value_key {
	__u32 group;
	struct addr addr;
	__u16 port;
	__u16 pad;
};

struct value {
	__u32 next;
	struct value_key key;
	__u32 flows;
};

void flows_init(struct flows *flows, enum distinct distinct, __u32 max, __u64 seed)
{
	table_init(&flows->entries, sizeof(struct flow_entry), offsetof(struct flow_entry, key),
		   sizeof(struct flow_key), max, seed);
	table_init(&flows->values, sizeof(struct value), offsetof(struct value, key),
		   sizeof(struct value_key), max, seed);
	flows->distinct = distinct;
	flows->group_max = max / 4 + (max % 4 != 0);
}

void flows_clear(struct flows *flows)
{
	table_clear(&flows->entries);
	table_clear(&flows->values);
}

void flow_list_init(struct flow_list *list)
{
	*list = (struct flow_list){ .first = TABLE_NONE };
}

__u32 flows_find(const struct flows *flows, const struct flow_list *list,
		 const struct flow_key *key)
{
	/* often it is the newest one, and looking there costs fewer cache misses */
	if (list->first != TABLE_NONE &&
	    memcmp(&flow_at(flows, list->first)->key, key, sizeof(*key)) == 0)
		return list->first;
	return table_find(&flows->entries, key);
}

static int value_take(struct flows *flows, struct flow_list *list, const struct flow_key *from,
		      __u32 *ret)
{
	struct value_key key = { .group = from->group };
	__u32 i = TABLE_NONE;
	int err;

	if (flows->distinct == DISTINCT_SOURCE)
		key.addr = from->flow.source;
	else if (flows->distinct == DISTINCT_DESTINATION)
		key.addr = from->flow.destination;
	else if (flows->distinct == DISTINCT_PORT)
		key.port = from->flow.port;
	if (flows->distinct != DISTINCT_NONE) {
		i = table_find(&flows->values, &key);
		if (i == TABLE_NONE) {
			err = table_add(&flows->values, &key, &i);
			if (err)
				return err;
			list->distinct++;
		}
		((struct value *)table_at(&flows->values, i))->flows++;
	}
	*ret = i;
	return 0;
}

static void value_drop(struct flows *flows, struct flow_list *list, __u32 i)
{
	struct value *value;

	if (i == TABLE_NONE)
		return;
	value = table_at(&flows->values, i);
	if (--value->flows)
		return;
	table_remove(&flows->values, i);
	list->distinct--;
}

int flows_add(struct flows *flows, struct flow_list *list, const struct flow_key *key, __u32 *ret)
{
	struct flow_entry *flow;
	__u32 value, i;
	int err;

	if (list->count >= flows->group_max)
		return -ENOSPC;
	err = value_take(flows, list, key, &value);
	if (err)
		return err;
	err = table_add(&flows->entries, key, &i);
	if (err) {
		value_drop(flows, list, value);
		return err;
	}
	flow = flow_at(flows, i);
	flow->value = value;
	flow->before = TABLE_NONE;
	flow->after = list->first;
	if (list->first != TABLE_NONE)
		flow_at(flows, list->first)->before = i;
	list->first = i;
	list->count++;
	*ret = i;
	return 0;
}

void flows_remove(struct flows *flows, struct flow_list *list, __u32 i)
{
	const struct flow_entry *flow = flow_at(flows, i);

	value_drop(flows, list, flow->value);
	if (flow->before == TABLE_NONE)
		list->first = flow->after;
	else
		flow_at(flows, flow->before)->after = flow->after;
	if (flow->after != TABLE_NONE)
		flow_at(flows, flow->after)->before = flow->before;
	list->count--;
	table_remove(&flows->entries, i);
}
