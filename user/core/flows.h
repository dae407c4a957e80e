/* SPDX-License-Identifier: GPL-2.0-only */
/* What groups' counts were made of: flows, each group's in a list, and their different values. */
#ifndef CORE_FLOWS_H
#define CORE_FLOWS_H

#include "core/rules.h"
#include "core/table.h"

/* What a count was made of. Compared as bytes: padding is zero. */
struct flow {
	struct addr source;
	struct addr destination;
	__u16 port;
	__u16 code;
	__u8 hook;
	__u8 pad[1];
	__u16 chain;
};

/* A flow belongs to one group, named by a number that the caller chooses. */
struct flow_key {
	__u32 group;
	struct flow flow;
};

struct flow_entry {
	__u32 next; /* the table's */
	struct flow_key key;
	__u32 before; /* the group's list */
	__u32 after;
	__u32 value; /* index of its value, where different ones are counted */
	__u32 cell;  /* the window's: its newest cell */
	__u64 count; /* the window's: what its cells hold */
};

/* A group's flows, the newest first. */
struct flow_list {
	__u32 first;
	__u32 count;
	__u32 distinct; /* different values of the field that is measured */
};

struct flows {
	struct table entries;
	struct table values;
	enum distinct distinct;
	__u32 group_max; /* flows that one group may have */
};

/* At most max flows, of which one group may have a quarter. Allocates nothing yet. */
void flows_init(struct flows *flows, enum distinct distinct, __u32 max, __u64 seed);
/* Removes all and frees all memory; the caller forgets its lists. */
void flows_clear(struct flows *flows);
void flow_list_init(struct flow_list *list);

/* An index for flow_at(), or TABLE_NONE. */
__u32 flows_find(const struct flows *flows, const struct flow_list *list,
		 const struct flow_key *key);
/* -ENOSPC where a bound is reached, -ENOMEM. The flow must not be there yet. */
int flows_add(struct flows *flows, struct flow_list *list, const struct flow_key *key, __u32 *ret);
void flows_remove(struct flows *flows, struct flow_list *list, __u32 i);

/* Valid until the next flows_add() or flows_clear(). */
static inline struct flow_entry *flow_at(const struct flows *flows, __u32 i)
{
	return table_at(&flows->entries, i);
}

#endif
