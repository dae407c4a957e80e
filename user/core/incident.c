/* SPDX-License-Identifier: GPL-2.0-only */
/* Incidents: which are open, which are remembered, and when they close. */
#include "core/incident_state.h"

#include <errno.h>
#include <stdlib.h>

int incidents_new(const struct incidents_cfg *cfg, struct incidents **ret)
{
	struct incidents *incidents = calloc(1, sizeof(*incidents));

	if (!incidents)
		return -ENOMEM;
	incidents->cfg = *cfg;
	incidents->closed_first = incidents->closed_last = TABLE_NONE;
	table_init(&incidents->table, sizeof(struct incident), offsetof(struct incident, key),
		   sizeof(struct group_key), cfg->max, cfg->seed);
	*ret = incidents;
	return 0;
}

void incidents_clear(struct incidents *incidents)
{
	size_t i;

	for (i = 0; i < incidents->open_count; i++)
		free(incident_at(incidents, incidents->open[i])->told);
	incidents->open_count = 0;
	incidents->closed_first = incidents->closed_last = TABLE_NONE;
	table_clear(&incidents->table);
}

void incidents_free(struct incidents *incidents)
{
	if (!incidents)
		return;
	incidents_clear(incidents);
	free(incidents->open);
	free(incidents);
}

static void closed_append(struct incidents *incidents, __u32 i)
{
	incidents->closed_changes++;
	incident_at(incidents, i)->before = incidents->closed_last;
	incident_at(incidents, i)->after = TABLE_NONE;
	if (incidents->closed_last == TABLE_NONE)
		incidents->closed_first = i;
	else
		incident_at(incidents, incidents->closed_last)->after = i;
	incidents->closed_last = i;
}

static void closed_unlink(struct incidents *incidents, __u32 i)
{
	const struct incident *incident = incident_at(incidents, i);

	incidents->closed_changes++;
	if (incident->before == TABLE_NONE)
		incidents->closed_first = incident->after;
	else
		incident_at(incidents, incident->before)->after = incident->after;
	if (incident->after == TABLE_NONE)
		incidents->closed_last = incident->before;
	else
		incident_at(incidents, incident->after)->before = incident->before;
}

static void forget_closed(struct incidents *incidents)
{
	__u32 i = incidents->closed_first;

	closed_unlink(incidents, i);
	table_remove(&incidents->table, i);
}

/* Room for one more in the list of open ones. */
static int open_reserve(struct incidents *incidents)
{
	size_t capacity = incidents->open_capacity ? incidents->open_capacity * 2 : 16;
	__u32 *open;

	if (incidents->open_count < incidents->open_capacity)
		return 0;
	open = realloc(incidents->open, capacity * sizeof(*open));
	if (!open)
		return -ENOMEM;
	incidents->open = open;
	incidents->open_capacity = capacity;
	return 0;
}

int incidents_raise(struct incidents *incidents, const struct group_key *key)
{
	__u32 i = table_find(&incidents->table, key);
	struct incident *incident;
	int err;

	if (i != TABLE_NONE && incident_at(incidents, i)->state != CLOSED)
		return 0;
	err = open_reserve(incidents);
	if (err)
		return err;
	if (i == TABLE_NONE) {
		if (incidents->table.live >= incidents->cfg.max &&
		    incidents->closed_first != TABLE_NONE)
			forget_closed(incidents);
		err = table_add(&incidents->table, key, &i);
		if (err) {
			incidents->dropped++;
			return err;
		}
	} else {
		closed_unlink(incidents, i);
	}
	incident = incident_at(incidents, i);
	incident->state = RAISED;
	incident->serial = 0;
	incident->peak = 0;
	incident->peak_score = 0;
	incident->calm_ns = NOT_CALM;
	incidents->open[incidents->open_count++] = i;
	return 0;
}

int incidents_put(struct incidents *incidents, const struct incident *from)
{
	struct incident *incident;
	int err = open_reserve(incidents);
	__u32 i;

	if (err)
		return err;
	if (table_find(&incidents->table, &from->key) != TABLE_NONE)
		return -EEXIST;
	err = table_add(&incidents->table, &from->key, &i);
	if (err)
		return err;
	incident = incident_at(incidents, i);
	i = incident->next;
	*incident = *from;
	incident->next = i; /* the table's own */
	i = table_find(&incidents->table, &from->key);
	if (from->state == CLOSED)
		closed_append(incidents, i);
	else
		incidents->open[incidents->open_count++] = i;
	return 0;
}

/* True where the incident has closed. */
static bool judge_one(struct incidents *incidents, __u32 i)
{
	struct incident *incident = incident_at(incidents, i);
	struct standing standing = { 0 };

	incidents->cfg.stand(&incident->key, &standing, incidents->cfg.watch_arg);
	if (standing.count > incident->peak)
		incident->peak = standing.count;
	if (standing.count)
		incident->end_wall_ns = standing.last_wall_ns;
	if (incident->state == RAISED)
		incident_open_raised(incidents, incident, &standing);
	else
		incident_grow(incidents, incident, &standing);
	if (!incident->suppressed)
		incident->known_peak = incident->peak;

	if (!standing.calm)
		incident->calm_ns = NOT_CALM;
	else if (incident->calm_ns == NOT_CALM)
		incident->calm_ns = incidents->now_ns;
	if (!standing.calm || incidents->now_ns - incident->calm_ns < incidents->cfg.calm_ns)
		return false;
	incident_tell_close(incidents, incident, &standing);
	incident->state = CLOSED;
	closed_append(incidents, i);
	return true;
}

void incidents_judge(struct incidents *incidents, __u64 now_ns, __u64 wall_ns)
{
	size_t i, kept = 0;

	incidents->now_ns = now_ns;
	incidents->wall_ns = wall_ns;
	for (i = 0; i < incidents->open_count; i++) {
		__u32 index = incidents->open[i];

		if (!judge_one(incidents, index))
			incidents->open[kept++] = index;
	}
	incidents->open_count = kept;
	while (incidents->closed_first != TABLE_NONE &&
	       now_ns - incident_at(incidents, incidents->closed_first)->known_ns >=
		       incidents->cfg.rule->suppress_ns)
		forget_closed(incidents);
}

void incidents_adopt(struct incidents *incidents, const struct rule *rule, void *watch_arg)
{
	incidents->cfg.rule = rule;
	incidents->cfg.watch_arg = watch_arg;
}

void incidents_end(struct incidents *incidents, __u64 now_ns, __u64 wall_ns)
{
	struct standing standing = { 0 };
	size_t i;

	incidents->now_ns = now_ns;
	incidents->wall_ns = wall_ns;
	for (i = 0; i < incidents->open_count; i++) {
		struct incident *incident = incident_at(incidents, incidents->open[i]);

		incidents->cfg.stand(&incident->key, &standing, incidents->cfg.watch_arg);
		if (incident->state == OPEN)
			incident_tell_close(incidents, incident, &standing);
		incident->state = CLOSED;
		closed_append(incidents, incidents->open[i]);
	}
	incidents->open_count = 0;
}

size_t incidents_open(const struct incidents *incidents)
{
	return incidents->open_count;
}

size_t incidents_remembered(const struct incidents *incidents)
{
	return incidents->table.live - incidents->open_count;
}

__u64 incidents_dropped(const struct incidents *incidents)
{
	return incidents->dropped;
}
