/* SPDX-License-Identifier: GPL-2.0-only */
/* Incidents as bytes: open ones with what was told of them last, and those that are remembered. */
#include "core/incident_state.h"
#include "snapshot/parts.h"

#include <stdlib.h>
#include <string.h>

/* A count or a sum of counts: no window holds more. */
#define COUNT_MAX (1ULL << 63)

/* Numbers of chains mean something in one run only. */
#define KEPT_DIMENSIONS DIM_CHAIN

enum {
	INCIDENT_SUPPRESSED = 1 << 0,
	INCIDENT_KNOWN = 1 << 1,
	INCIDENT_CALM = 1 << 2,
	INCIDENT_TOLD = 1 << 3,
	INCIDENT_FLAGS = (1 << 4) - 1,
};

/* Only what the rule groups by: the rest is zero, in what comes back too. */
void group_pack(struct pack *pack, const struct rule *rule, const struct group_key *group)
{
	if (rule->group_by & GROUP_SOURCE)
		pack_addr(pack, &group->source);
	if (rule->group_by & GROUP_DESTINATION)
		pack_addr(pack, &group->destination);
	if (rule->group_by & GROUP_PORT)
		pack_number(pack, group->port);
	if (rule->group_by & GROUP_REASON)
		pack_number(pack, group->code);
}

void group_unpack(struct unpack *unpack, const struct rule *rule, struct group_key *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (rule->group_by & GROUP_SOURCE)
		unpack_addr(unpack, &ret->source);
	if (rule->group_by & GROUP_DESTINATION)
		unpack_addr(unpack, &ret->destination);
	if (rule->group_by & GROUP_PORT)
		ret->port = (__u16)unpack_number(unpack, 0xffff);
	if (rule->group_by & GROUP_REASON)
		ret->code = (__u16)unpack_number(unpack, 0xffff);
}

void sample_pack(struct pack *pack, const struct alert_sample *sample)
{
	pack_number(pack, sample->wall_ns);
	pack_addr(pack, &sample->source);
	pack_addr(pack, &sample->destination);
	pack_number(pack, sample->source_port);
	pack_number(pack, sample->port);
	pack_number(pack, sample->code);
	pack_number(pack, sample->proto);
}

void sample_unpack(struct unpack *unpack, struct alert_sample *ret)
{
	ret->wall_ns = unpack_number(unpack, TIME_MAX_NS);
	unpack_addr(unpack, &ret->source);
	unpack_addr(unpack, &ret->destination);
	ret->source_port = (__u16)unpack_number(unpack, 0xffff);
	ret->port = (__u16)unpack_number(unpack, 0xffff);
	ret->code = (__u16)unpack_number(unpack, 0xffff);
	ret->proto = (__u8)unpack_number(unpack, 0xff);
}

static void entry_pack(struct pack *pack, const struct top_entry *entry)
{
	pack_addr(pack, &entry->addr);
	pack_number(pack, entry->port);
	pack_number(pack, entry->code);
	pack_number(pack, entry->count);
}

static void entry_unpack(struct unpack *unpack, struct top_entry *ret)
{
	unpack_addr(unpack, &ret->addr);
	ret->port = (__u16)unpack_number(unpack, 0xffff);
	ret->code = (__u16)unpack_number(unpack, 0xffff);
	ret->count = unpack_number(unpack, COUNT_MAX);
}

static void top_pack(struct pack *pack, const struct top *top)
{
	size_t i;

	pack_number(pack, top->count);
	for (i = 0; i < top->count; i++)
		entry_pack(pack, &top->entry[i]);
	pack_number(pack, top->rest);
	pack_number(pack, top->distinct);
	pack_number(pack, top->distinct_at_least);
}

static void top_unpack(struct unpack *unpack, struct top *ret)
{
	size_t i;

	ret->count = unpack_number(unpack, ALERT_TOP_MAX);
	for (i = 0; i < ret->count; i++)
		entry_unpack(unpack, &ret->entry[i]);
	ret->rest = unpack_number(unpack, COUNT_MAX);
	ret->distinct = unpack_number(unpack, COUNT_MAX);
	ret->distinct_at_least = unpack_number(unpack, 1);
}

static void told_pack(struct pack *pack, const struct told *told)
{
	size_t i, len = strlen(told->cause_says);

	for (i = 0; i < KEPT_DIMENSIONS; i++)
		top_pack(pack, &told->top[i]);
	pack_number(pack, told->sample_count);
	for (i = 0; i < told->sample_count; i++)
		sample_pack(pack, &told->sample[i]);
	pack_number(pack, told->influencer_count);
	for (i = 0; i < told->influencer_count; i++) {
		pack_number(pack, told->influencer[i].dimension);
		entry_pack(pack, &told->influencer[i].value);
		pack_real(pack, told->influencer[i].influence);
	}
	pack_number(pack, told->cause);
	pack_number(pack, len);
	pack_bytes(pack, told->cause_says, len);
}

/* What a cause says is written by this program: letters, digits, spaces. */
static void says_unpack(struct unpack *unpack, char ret[ALERT_TEXT])
{
	size_t i, len = unpack_number(unpack, ALERT_TEXT - 1);

	unpack_bytes(unpack, ret, len);
	ret[len] = '\0';
	for (i = 0; i < len; i++)
		if (ret[i] < ' ' || ret[i] > '~')
			unpack->failed = true;
}

static void told_unpack(struct unpack *unpack, struct told *ret)
{
	size_t i;

	for (i = 0; i < KEPT_DIMENSIONS; i++)
		top_unpack(unpack, &ret->top[i]);
	ret->sample_count = unpack_number(unpack, ALERT_SAMPLES_MAX);
	for (i = 0; i < ret->sample_count; i++)
		sample_unpack(unpack, &ret->sample[i]);
	ret->influencer_count = unpack_number(unpack, ALERT_TOP_MAX);
	for (i = 0; i < ret->influencer_count; i++) {
		ret->influencer[i].dimension = unpack_number(unpack, KEPT_DIMENSIONS - 1);
		entry_unpack(unpack, &ret->influencer[i].value);
		ret->influencer[i].influence = unpack_real(unpack, 0, 1);
	}
	ret->cause = unpack_number(unpack, CAUSE_BEACON_OR_EXFILTRATION);
	says_unpack(unpack, ret->cause_says);
}

static void incident_pack(struct pack *pack, const struct rule *rule,
			  const struct incident *incident)
{
	bool calm = incident->calm_ns != NOT_CALM;

	group_pack(pack, rule, &incident->key);
	pack_number(pack, (incident->suppressed ? INCIDENT_SUPPRESSED : 0) |
				  (incident->known ? INCIDENT_KNOWN : 0) |
				  (calm ? INCIDENT_CALM : 0) |
				  (incident->told ? INCIDENT_TOLD : 0));
	pack_number(pack, incident->serial);
	pack_number(pack, incident->known_causes);
	pack_addr(pack, &incident->known_source);
	pack_number(pack, incident->known_ns);
	pack_number(pack, incident->known_peak);
	pack_number(pack, incident->start_wall_ns);
	pack_number(pack, incident->end_wall_ns);
	if (calm)
		pack_number(pack, incident->calm_ns);
	pack_number(pack, incident->peak);
	pack_number(pack, incident->told_peak);
	pack_number(pack, incident->told_ns);
	pack_real(pack, incident->peak_score);
	if (incident->told)
		told_pack(pack, incident->told);
}

/* The caller frees ret->told in any case. */
static void incident_unpack(struct unpack *unpack, const struct bounds *bounds, bool closed,
			    struct incident *ret)
{
	__u64 flags;

	*ret = (struct incident){ .state = closed ? CLOSED : OPEN };
	group_unpack(unpack, bounds->rule, &ret->key);
	flags = unpack_number(unpack, INCIDENT_FLAGS);
	ret->suppressed = flags & INCIDENT_SUPPRESSED;
	ret->known = flags & INCIDENT_KNOWN;
	ret->serial = (__u32)unpack_number(unpack, 0xffffffff);
	ret->known_causes = (__u8)unpack_number(unpack, (2U << CAUSE_BEACON_OR_EXFILTRATION) - 1);
	unpack_addr(unpack, &ret->known_source);
	ret->known_ns = unpack_number(unpack, bounds->now_ns);
	ret->known_peak = unpack_number(unpack, COUNT_MAX);
	ret->start_wall_ns = unpack_number(unpack, TIME_MAX_NS);
	ret->end_wall_ns = unpack_number(unpack, TIME_MAX_NS);
	ret->calm_ns = flags & INCIDENT_CALM ? unpack_number(unpack, bounds->now_ns) : NOT_CALM;
	ret->peak = unpack_number(unpack, COUNT_MAX);
	ret->told_peak = unpack_number(unpack, COUNT_MAX);
	ret->told_ns = unpack_number(unpack, bounds->now_ns);
	ret->peak_score = unpack_real(unpack, 0, 100);
	if (unpack->failed || !(flags & INCIDENT_TOLD))
		return;
	ret->told = calloc(1, sizeof(*ret->told));
	if (ret->told)
		told_unpack(unpack, ret->told);
	if (!ret->told || closed) /* a closed one has nothing more to tell */
		unpack->failed = true;
}

void incidents_pack(struct pack *pack, const struct incidents *incidents, bool closed)
{
	const struct rule *rule = incidents->cfg.rule;
	__u32 i;

	if (!closed) {
		pack_number(pack, incidents->open_count);
		for (i = 0; i < incidents->open_count; i++)
			incident_pack(pack, rule, incident_at(incidents, incidents->open[i]));
		return;
	}
	pack_number(pack, incidents_remembered(incidents));
	for (i = incidents->closed_first; i != TABLE_NONE; i = incident_at(incidents, i)->after)
		incident_pack(pack, rule, incident_at(incidents, i));
}

void incidents_unpack(struct unpack *unpack, struct incidents *incidents, bool closed,
		      const struct bounds *bounds)
{
	__u64 count = unpack_number(unpack, incidents->cfg.max);
	struct incident incident;

	for (; count && !unpack->failed; count--) {
		incident_unpack(unpack, bounds, closed, &incident);
		if (!unpack->failed && incidents_put(incidents, &incident))
			unpack->failed = true;
		if (unpack->failed)
			free(incident.told);
	}
}
