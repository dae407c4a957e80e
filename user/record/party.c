/* SPDX-License-Identifier: GPL-2.0-only */
/* Whom an alert is about: the addresses and the port of its two sides. */
#include "record/party.h"

#include <assert.h>
#include <string.h>

static void add(struct party *party, const struct addr *addr)
{
	for (size_t i = 0; i < party->count; i++)
		if (addr_equal(&party->addr[i], addr))
			return;
	if (party->count < ALERT_TOP_MAX)
		party->addr[party->count++] = *addr;
}

static bool from_group(const struct alert *alert, enum dimension side, struct party *ret)
{
	const struct group_key *group = &alert->group;

	assert(side == DIM_SOURCE || side == DIM_DESTINATION);
	if (!(alert->rule->group_by & (side == DIM_SOURCE ? GROUP_SOURCE : GROUP_DESTINATION)))
		return false;
	add(ret, side == DIM_SOURCE ? &group->source : &group->destination);
	return true;
}

void party_seen(const struct alert *alert, enum dimension side, struct party *ret)
{
	const struct top *top = &alert->top[side];

	memset(ret, 0, sizeof(*ret));
	if (from_group(alert, side, ret))
		return;
	for (size_t i = 0; i < top->count; i++)
		add(ret, &top->entry[i].addr);
	if (top->distinct > top->count)
		ret->others = top->distinct - top->count;
	else if (top->rest)
		ret->others = 1;
	ret->at_least = top->distinct_at_least;
}

void party_blamed(const struct alert *alert, enum dimension side, struct party *ret)
{
	if (alert->rule->kind != RULE_ANOMALY) {
		party_seen(alert, side, ret);
		return;
	}
	memset(ret, 0, sizeof(*ret));
	if (from_group(alert, side, ret))
		return;
	for (size_t i = 0; i < alert->anomaly.influencer_count; i++)
		if (alert->anomaly.influencer[i].dimension == side)
			add(ret, &alert->anomaly.influencer[i].value.addr);
}

bool party_is_one(const struct party *party)
{
	return party->count == 1 && !party->others && !party->at_least;
}

/* The port that all entries of a complete list have in common. */
static __u16 common_port(const struct top *top)
{
	if (!top->count || top->rest || top->distinct > top->count || top->distinct_at_least)
		return 0;
	for (size_t i = 1; i < top->count; i++)
		if (top->entry[i].port != top->entry[0].port)
			return 0;
	return top->entry[0].port;
}

static __u16 influencer_port(const struct alert *alert)
{
	__u16 port = 0;

	for (size_t i = 0; i < alert->anomaly.influencer_count; i++) {
		const struct influencer *in = &alert->anomaly.influencer[i];

		if (in->dimension != DIM_PORT && in->dimension != DIM_DESTINATION)
			continue;
		if (port && in->value.port != port)
			return 0;
		port = in->value.port;
	}
	return port;
}

__u16 party_port(const struct alert *alert)
{
	if (alert->rule->group_by & GROUP_PORT)
		return alert->group.port;
	if (alert->rule->kind == RULE_ANOMALY)
		return influencer_port(alert);
	if (alert->top[DIM_PORT].count)
		return common_port(&alert->top[DIM_PORT]);
	return common_port(&alert->top[DIM_DESTINATION]);
}
