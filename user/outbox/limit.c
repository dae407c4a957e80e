/* SPDX-License-Identifier: GPL-2.0-only */
/* A token bucket, and what is counted of the records for which it had no token. */
#include "outbox/limit.h"
#include "record/party.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TOKEN_NS    (1000000000ULL / LIMIT_RATE)
#define FULL_NS     (TOKEN_NS * LIMIT_RATE)
#define SOURCES_MAX 64

struct held_rule {
	char *id;
	__u64 count;   /* held, and not told yet */
	__u64 sent_ns; /* when an alarm of it was sent; 0 never */
};

struct limit {
	__u64 credit_ns, last_ns;
	bool holding;
	__u64 since_ns; /* CLOCK_BOOTTIME */
	__u64 first_wall_ns, last_wall_ns, count, alarms;
	unsigned int severity;
	struct held_rule *rules;
	size_t rule_count, rule_capacity;
	struct digest_source source[SOURCES_MAX];
	size_t source_count;
};

int limit_new(struct limit **ret)
{
	struct limit *limit = calloc(1, sizeof(*limit));

	if (!limit)
		return -ENOMEM;
	limit->credit_ns = FULL_NS;
	*ret = limit;
	return 0;
}

void limit_free(struct limit *limit)
{
	if (!limit)
		return;
	for (size_t i = 0; i < limit->rule_count; i++)
		free(limit->rules[i].id);
	free(limit->rules);
	free(limit);
}

static void refill(struct limit *limit, __u64 now_ns)
{
	__u64 passed_ns = now_ns > limit->last_ns ? now_ns - limit->last_ns : 0;

	limit->credit_ns += passed_ns < FULL_NS ? passed_ns : FULL_NS;
	if (limit->credit_ns > FULL_NS)
		limit->credit_ns = FULL_NS;
	limit->last_ns = now_ns;
}

static bool take_token(struct limit *limit, bool alarm)
{
	__u64 least_ns = alarm ? TOKEN_NS : TOKEN_NS * (LIMIT_RESERVE + 1);

	if (limit->credit_ns < least_ns)
		return false;
	limit->credit_ns -= TOKEN_NS;
	return true;
}

/* NULL: no memory for one more; its records are counted with those of other rules. */
static struct held_rule *find_rule(struct limit *limit, const char *id)
{
	struct held_rule *rules;

	for (size_t i = 0; i < limit->rule_count; i++)
		if (!strcmp(limit->rules[i].id, id))
			return &limit->rules[i];
	if (limit->rule_count == limit->rule_capacity) {
		size_t capacity = limit->rule_capacity ? limit->rule_capacity * 2 : 16;

		rules = realloc(limit->rules, capacity * sizeof(*rules));
		if (!rules)
			return NULL;
		limit->rules = rules;
		limit->rule_capacity = capacity;
	}
	rules = &limit->rules[limit->rule_count];
	*rules = (struct held_rule){ .id = strdup(id) };
	if (!rules->id)
		return NULL;
	limit->rule_count++;
	return rules;
}

static void hold(struct limit *limit, struct held_rule *rule, bool alarm, __u64 wall_ns,
		 __u64 now_ns)
{
	if (!limit->holding)
		limit->since_ns = now_ns;
	limit->holding = true;
	if (!limit->count || wall_ns < limit->first_wall_ns)
		limit->first_wall_ns = wall_ns;
	if (!limit->count || wall_ns > limit->last_wall_ns)
		limit->last_wall_ns = wall_ns;
	limit->count++;
	limit->alarms += alarm;
	if (rule)
		rule->count++;
}

/*
 * The frequent ones of a stream: Misra and Gries, "Finding repeated elements", 1982. A count is at
 * least that much; who makes more than 1/65 of all is there.
 */
static void count_source(struct limit *limit, const struct addr *addr)
{
	size_t left = 0;

	for (size_t i = 0; i < limit->source_count; i++)
		if (addr_equal(&limit->source[i].addr, addr)) {
			limit->source[i].count++;
			return;
		}
	if (limit->source_count < SOURCES_MAX) {
		limit->source[limit->source_count++] = (struct digest_source){ .addr = *addr,
									       .count = 1 };
		return;
	}
	for (size_t i = 0; i < limit->source_count; i++)
		if (--limit->source[i].count)
			limit->source[left++] = limit->source[i];
	limit->source_count = left;
}

bool limit_passes(struct limit *limit, const struct alert *alert, __u64 now_ns)
{
	bool alarm = record_is_alarm(alert);
	struct held_rule *rule = find_rule(limit, alert->rule->id);
	struct party party;
	bool passes;

	refill(limit, now_ns);
	passes = take_token(limit, alarm) ||
		 (alarm && rule && (!rule->sent_ns || now_ns - rule->sent_ns >= LIMIT_WINDOW_NS));
	if (passes && alarm && rule)
		rule->sent_ns = now_ns;
	if (passes)
		return true;
	hold(limit, rule, alarm, alert->wall_ns, now_ns);
	if (alert->rule->severity > limit->severity)
		limit->severity = alert->rule->severity;
	party_blamed(alert, DIM_SOURCE, &party);
	if (party_is_one(&party))
		count_source(limit, &party.addr[0]);
	return false;
}

void limit_add_held(struct limit *limit, const char *rule, bool alarm, __u64 wall_ns, __u64 now_ns)
{
	hold(limit, find_rule(limit, rule), alarm, wall_ns, now_ns);
}

static int more_first(const void *a, const void *b)
{
	const struct held_rule *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return strcmp(x->id, y->id);
}

static int more_sources_first(const void *a, const void *b)
{
	const struct digest_source *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return memcmp(&x->addr, &y->addr, sizeof(x->addr));
}

bool limit_due(struct limit *limit, __u64 now_ns, bool at_end, struct digest *ret)
{
	__u64 told = 0;

	if (!limit->holding || (!at_end && now_ns - limit->since_ns < LIMIT_WINDOW_NS))
		return false;
	*ret = (struct digest){
		.first_wall_ns = limit->first_wall_ns,
		.last_wall_ns = limit->last_wall_ns,
		.count = limit->count,
		.alarms = limit->alarms,
		.severity = limit->severity,
	};
	if (limit->rule_count)
		qsort(limit->rules, limit->rule_count, sizeof(limit->rules[0]), more_first);
	qsort(limit->source, limit->source_count, sizeof(limit->source[0]), more_sources_first);
	for (size_t i = 0; i < limit->rule_count && i < DIGEST_RULES_MAX; i++) {
		if (!limit->rules[i].count)
			break;
		ret->rule[ret->rule_count++] = (struct digest_rule){ limit->rules[i].id,
								     limit->rules[i].count };
		told += limit->rules[i].count;
	}
	ret->other_rules = limit->count - told;
	for (size_t i = 0; i < limit->source_count && i < DIGEST_SOURCES_MAX; i++)
		ret->source[ret->source_count++] = limit->source[i];
	return true;
}

void limit_told(struct limit *limit)
{
	for (size_t i = 0; i < limit->rule_count; i++)
		limit->rules[i].count = 0;
	limit->source_count = 0;
	limit->count = limit->alarms = 0;
	limit->severity = 0;
	limit->holding = false;
}
