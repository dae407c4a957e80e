/* SPDX-License-Identifier: GPL-2.0-only */
/* Rules: which records they look at, and how those are grouped. */
#include "core/rules.h"

#include <stdlib.h>
#include <string.h>

static void free_list(char **list)
{
	size_t i;

	for (i = 0; list && list[i]; i++)
		free(list[i]);
	free(list);
}

void rule_clear(struct rule *rule)
{
	size_t i;

	free(rule->id);
	free(rule->title);
	free(rule->category);
	free(rule->summary);
	free(rule->description);
	free_list(rule->false_positives);
	free_list(rule->references);
	free_list(rule->tags);
	for (i = 0; i < rule->match.reason_count; i++)
		free(rule->match.reason[i]);
	memset(rule, 0, sizeof(*rule));
}

size_t rule_resolve_reasons(struct rule *rule, const struct reason_names *names)
{
	struct match *match = &rule->match;
	size_t i, number, unknown = 0;

	memset(match->reason_set, 0, sizeof(match->reason_set));
	for (i = 0; i < match->reason_count; i++) {
		bool found = false;

		for (number = 0; number < SW_REASON_MAX; number++) {
			const char *name = names->name[number];

			if (!name || strcmp(name, match->reason[i]) != 0)
				continue;
			match->reason_set[number / 8] |= (__u8)(1U << number % 8);
			found = true;
		}
		unknown += !found;
	}
	return unknown;
}

static bool term_holds(const struct addr_term *term, const struct places *places,
		       const struct addr *addr)
{
	switch (term->kind) {
	case ADDR_INTERNAL:
		return places_is_internal(places, addr);
	case ADDR_EXTERNAL:
		return !places_is_internal(places, addr);
	case ADDR_NET:
		return net_contains(&term->net, addr);
	case ADDR_LIST:
		return term->list < places->list_count &&
		       netset_find(places->lists[term->list], addr) >= 0;
	}
	return false;
}

static bool any_term_holds(const struct addr_match *match, const struct places *places,
			   const struct addr *addr)
{
	size_t i;

	for (i = 0; i < match->count; i++)
		if (term_holds(&match->term[i], places, addr))
			return true;
	return false;
}

static bool in_ranges(const struct range *ranges, size_t count, __u16 value)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (value >= ranges[i].first && value <= ranges[i].last)
			return true;
	return count == 0;
}

static bool in_mask(__u32 mask, unsigned int bit)
{
	return !mask || (bit < 32 && (mask >> bit & 1));
}

static bool reason_holds(const struct match *match, __u16 code)
{
	if (!match->reason_count)
		return true;
	return code < SW_REASON_MAX && (match->reason_set[code / 8] >> code % 8 & 1);
}

static bool excepted(const struct except *except, const struct places *places,
		     const struct record *record)
{
	return any_term_holds(&except->either, places, &record->source) ||
	       any_term_holds(&except->either, places, &record->destination) ||
	       any_term_holds(&except->source, places, &record->source) ||
	       any_term_holds(&except->destination, places, &record->destination);
}

bool rule_match(const struct rule *rule, const struct places *places, const struct record *record)
{
	const struct match *match = &rule->match;

	if (record->feed != rule->feed)
		return false;
	if (!in_ranges(match->status, match->status_count, record->code) ||
	    !in_ranges(match->port, match->port_count, record->port) ||
	    !in_mask(match->classes, record->class) || !in_mask(match->hooks, record->hook) ||
	    (match->proto && match->proto != record->proto) || !reason_holds(match, record->code))
		return false;
	if (match->source.count && !any_term_holds(&match->source, places, &record->source))
		return false;
	if (match->destination.count &&
	    !any_term_holds(&match->destination, places, &record->destination))
		return false;
	return !excepted(&rule->except, places, record);
}

void rule_group(const struct rule *rule, const struct record *record, struct group_key *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (rule->group_by & GROUP_SOURCE)
		ret->source = record->source;
	if (rule->group_by & GROUP_DESTINATION)
		ret->destination = record->destination;
	if (rule->group_by & GROUP_PORT)
		ret->port = record->port;
	if (rule->group_by & GROUP_REASON)
		ret->code = record->code;
}
