/* SPDX-License-Identifier: GPL-2.0-only */
/* Baselines by group, bounded in number. */
#include "core/baselines.h"

#include <errno.h>

void baselines_init(struct baselines *baselines, const struct anomaly_cfg *cfg, __u32 max,
		    __u64 seed)
{
	baselines->cfg = *cfg;
	table_init(&baselines->table, sizeof(struct baseline), offsetof(struct baseline, key),
		   sizeof(struct group_key), max, seed);
}

struct baseline *baselines_at(const struct baselines *baselines, __u32 place)
{
	struct baseline *entry = table_at(&baselines->table, place);

	return entry->anomaly ? entry : NULL;
}

static void forget(struct baselines *baselines, __u32 place)
{
	struct baseline *entry = table_at(&baselines->table, place);

	anomaly_free(entry->anomaly);
	entry->anomaly = NULL; /* what is removed keeps its bytes */
	table_remove(&baselines->table, place);
}

void baselines_clear(struct baselines *baselines)
{
	__u32 i;

	for (i = 0; i < baselines_places(baselines); i++)
		if (baselines_at(baselines, i))
			forget(baselines, i);
	table_clear(&baselines->table);
}

struct baseline *baselines_find(const struct baselines *baselines, const struct group_key *key)
{
	__u32 i = table_find(&baselines->table, key);

	return i == TABLE_NONE ? NULL : table_at(&baselines->table, i);
}

/* Room for one more, at the cost of who was idle longest. */
static void make_room(struct baselines *baselines)
{
	__u32 i, most = 0, place = TABLE_NONE;

	for (i = 0; i < baselines_places(baselines); i++) {
		const struct baseline *entry = baselines_at(baselines, i);

		if (entry && entry->idle > most) {
			most = entry->idle;
			place = i;
		}
	}
	if (place != TABLE_NONE)
		forget(baselines, place);
	else
		baselines->crowded = true;
}

int baselines_reach(struct baselines *baselines, const struct group_key *key, struct baseline **ret)
{
	__u32 i = table_find(&baselines->table, key);
	struct anomaly *anomaly;
	int err;

	if (i != TABLE_NONE) {
		*ret = table_at(&baselines->table, i);
		return 0;
	}
	if (baselines->table.live >= baselines->table.max && !baselines->crowded)
		make_room(baselines);
	if (baselines->table.live >= baselines->table.max) {
		baselines->dropped++;
		return -ENOSPC;
	}
	err = anomaly_new(&baselines->cfg, &anomaly);
	if (err)
		return err;
	err = table_add(&baselines->table, key, &i);
	if (err) {
		anomaly_free(anomaly);
		return err;
	}
	*ret = table_at(&baselines->table, i);
	(*ret)->anomaly = anomaly;
	(*ret)->score.learning = true;
	return 0;
}

void baseline_begin(struct baseline *entry)
{
	entry->first_wall_ns = 0;
	entry->last_wall_ns = 0;
	entry->look_again = 0;
}

void baselines_age(struct baselines *baselines)
{
	__u32 i;

	baselines->crowded = false;
	for (i = 0; i < baselines_places(baselines); i++) {
		const struct baseline *entry = baselines_at(baselines, i);

		if (entry && entry->idle >= BASELINES_IDLE_MAX)
			forget(baselines, i);
	}
}
