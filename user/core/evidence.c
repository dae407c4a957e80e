/* SPDX-License-Identifier: GPL-2.0-only */
/* Sums a group's flows up by each of their fields and keeps the most frequent values. */
#include "core/evidence.h"

#include <errno.h>
#include <string.h>

#define DIM_HOST    DIM_MAX /* destinations without their port: for causes and influence */
#define TALLY_COUNT (DIM_MAX + 1)
#define SLICES      10

struct tally_key {
	struct addr addr;
	__u16 port;
	__u16 code;
};

struct tally_entry {
	__u32 next;
	struct tally_key key;
	__u64 count;
};

struct gathering {
	const struct places *places;
	struct evidence *evidence;
	struct table tally[TALLY_COUNT];
	__u64 rest[TALLY_COUNT]; /* what found no memory, or is not known */
	int err;
};

static void tally(struct gathering *g, unsigned int dim, struct tally_key key, __u64 count)
{
	struct table *table = &g->tally[dim];
	__u32 i = table_find(table, &key);

	if (i == TABLE_NONE && table_add(table, &key, &i)) {
		g->rest[dim] += count;
		g->err = -ENOMEM;
		return;
	}
	((struct tally_entry *)table_at(table, i))->count += count;
}

/* An address of zeroes is none that is known: it stands for what could not be read, or for many. */
static void tally_addr(struct gathering *g, unsigned int dim, const struct addr *addr, __u16 port,
		       __u64 count)
{
	static const struct addr unknown;

	if (memcmp(addr, &unknown, sizeof(unknown)) != 0)
		tally(g, dim, (struct tally_key){ .addr = *addr, .port = port }, count);
	else
		g->rest[dim] += count;
}

static void take_flow(const struct flow *flow, __u64 count, void *arg)
{
	struct gathering *g = arg;
	struct evidence *evidence = g->evidence;

	evidence->known += count;
	if (places_is_internal(g->places, &flow->source) &&
	    !places_is_internal(g->places, &flow->destination))
		evidence->outward += count;
	tally_addr(g, DIM_SOURCE, &flow->source, 0, count);
	tally_addr(g, DIM_DESTINATION, &flow->destination, flow->port, count);
	tally_addr(g, DIM_HOST, &flow->destination, 0, count);
	if (flow->port)
		tally(g, DIM_PORT, (struct tally_key){ .port = flow->port }, count);
	if (evidence->feed == FEED_HTTP) {
		if (flow->code / 100 == 4)
			evidence->client_errors += count;
		tally(g, DIM_STATUS, (struct tally_key){ .code = flow->code }, count);
		return;
	}
	if (flow->code)
		tally(g, DIM_REASON, (struct tally_key){ .code = flow->code }, count);
	if (flow->hook)
		tally(g, DIM_HOOK, (struct tally_key){ .code = flow->hook }, count);
	if (flow->chain)
		tally(g, DIM_CHAIN, (struct tally_key){ .code = flow->chain }, count);
}

/* Does a come before b? The higher count; then the lower value. */
static bool precedes(const struct top_entry *a, const struct top_entry *b)
{
	int order;

	if (a->count != b->count)
		return a->count > b->count;
	order = memcmp(&a->addr, &b->addr, sizeof(a->addr));
	if (order)
		return order < 0;
	return a->port != b->port ? a->port < b->port : a->code < b->code;
}

static void top_insert(struct top *top, const struct top_entry *entry)
{
	size_t at = top->count;

	if (at == ALERT_TOP_MAX) {
		if (!precedes(entry, &top->entry[at - 1])) {
			top->rest += entry->count;
			return;
		}
		at--;
		top->rest += top->entry[at].count;
	} else {
		top->count++;
	}
	for (; at && precedes(entry, &top->entry[at - 1]); at--)
		top->entry[at] = top->entry[at - 1];
	top->entry[at] = *entry;
}

static void top_fill(struct top *top, const struct table *table, __u64 rest)
{
	__u32 i;

	*top = (struct top){ .rest = rest, .distinct = table->live, .distinct_at_least = rest > 0 };
	for (i = 0; i < table->used; i++) {
		const struct tally_entry *entry = table_at(table, i);

		top_insert(top, &(struct top_entry){ .addr = entry->key.addr,
						     .port = entry->key.port,
						     .code = entry->key.code,
						     .count = entry->count });
	}
}

/* Steady: the standard deviation of the tenths is at most half of their mean. */
static bool is_steady(const struct window *window, const struct group_key *key)
{
	double sum = 0, squares = 0;
	__u64 slices[SLICES];
	size_t i;

	window_slice(window, key, slices, SLICES);
	for (i = 0; i < SLICES; i++) {
		sum += (double)slices[i];
		squares += (double)slices[i] * (double)slices[i];
	}
	/* variance <= mean^2 / 4, times SLICES^2 */
	return sum > 0 && squares * SLICES - sum * sum <= sum * sum / 4;
}

static bool has_dimension(enum feed feed, unsigned int dim)
{
	if (feed == FEED_HTTP)
		return dim != DIM_REASON && dim != DIM_HOOK && dim != DIM_CHAIN;
	return dim != DIM_STATUS;
}

int evidence_gather(const struct window *window, const struct group_key *key, enum feed feed,
		    const struct places *places, __u64 seed, struct evidence *ret)
{
	struct gathering g = { .places = places, .evidence = ret };
	struct window_group group;
	unsigned int dim;

	*ret = (struct evidence){ .feed = feed };
	for (dim = 0; dim < TALLY_COUNT; dim++)
		table_init(&g.tally[dim], sizeof(struct tally_entry),
			   offsetof(struct tally_entry, key), sizeof(struct tally_key),
			   WINDOW_FLOW_MAX, seed);
	window_each_flow(window, key, take_flow, &g);
	window_find(window, key, &group);
	for (dim = 0; dim < TALLY_COUNT; dim++) {
		struct top *top = dim == DIM_HOST ? &ret->host : &ret->top[dim];

		if (has_dimension(feed, dim))
			top_fill(top, &g.tally[dim], g.rest[dim] + group.rest);
		table_clear(&g.tally[dim]);
	}
	ret->steady = is_steady(window, key);
	return g.err;
}

struct addr evidence_main_source(const struct top *sources)
{
	__u64 sum = sources->rest;
	size_t i;

	for (i = 0; i < sources->count; i++)
		sum += sources->entry[i].count;
	if (sources->count && sources->entry[0].count >= sum - sources->entry[0].count)
		return sources->entry[0].addr;
	return (struct addr){ { 0 } };
}
