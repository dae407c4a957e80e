/* SPDX-License-Identifier: GPL-2.0-only */
/* What a rule counts, as a number: counts that were kept belong to a rule that counts the same. */
#include "core/rules.h"

#include <string.h>

/* FNV-1a, 64 bits (Fowler, Noll, Vo): members one by one, since structures have padding. */
struct hash {
	__u64 value;
};

static void add_bytes(struct hash *hash, const void *bytes, size_t len)
{
	const unsigned char *at = bytes;
	size_t i;

	for (i = 0; i < len; i++)
		hash->value = (hash->value ^ at[i]) * 0x100000001b3ULL;
}

/* The lowest byte first, on every machine. */
static void add_number(struct hash *hash, __u64 number)
{
	unsigned char bytes[8];
	int i;

	for (i = 0; i < 8; i++)
		bytes[i] = (unsigned char)(number >> (8 * i));
	add_bytes(hash, bytes, sizeof(bytes));
}

static void add_ranges(struct hash *hash, const struct range *ranges, size_t count)
{
	size_t i;

	add_number(hash, count);
	for (i = 0; i < count; i++)
		add_number(hash, (__u64)ranges[i].first << 16 | ranges[i].last);
}

static void add_addrs(struct hash *hash, const struct addr_match *match)
{
	size_t i;

	add_number(hash, match->count);
	for (i = 0; i < match->count; i++) {
		const struct addr_term *term = &match->term[i];

		add_number(hash, term->kind);
		if (term->kind == ADDR_NET) {
			add_bytes(hash, &term->net.addr, sizeof(term->net.addr));
			add_number(hash, term->net.prefix_len);
		} else if (term->kind == ADDR_LIST) {
			/* its number changes with the lists that stand before it */
			if (term->name)
				add_bytes(hash, term->name, strlen(term->name) + 1);
			else
				add_number(hash, term->list);
		}
	}
}

__u64 rule_definition(const struct rule *rule)
{
	struct hash hash = { 0xcbf29ce484222325ULL };
	const struct match *match = &rule->match;
	size_t i;

	add_number(&hash, rule->feed);
	add_number(&hash, rule->group_by);
	add_ranges(&hash, match->status, match->status_count);
	add_addrs(&hash, &match->source);
	add_addrs(&hash, &match->destination);
	add_ranges(&hash, match->port, match->port_count);
	add_number(&hash, match->proto);
	add_number(&hash, match->classes);
	add_number(&hash, match->hooks);
	add_number(&hash, match->reason_count);
	for (i = 0; i < match->reason_count; i++)
		add_bytes(&hash, match->reason[i], strlen(match->reason[i]) + 1);
	add_addrs(&hash, &rule->except.either);
	add_addrs(&hash, &rule->except.source);
	add_addrs(&hash, &rule->except.destination);
	return hash.value;
}

bool rule_counts_alike(const struct rule *a, const struct rule *b)
{
	if (a->kind != b->kind || rule_definition(a) != rule_definition(b))
		return false;
	if (a->kind == RULE_ANOMALY)
		return a->anomaly.bucket_ns == b->anomaly.bucket_ns;
	return a->threshold.window_ns == b->threshold.window_ns &&
	       a->threshold.distinct == b->threshold.distinct;
}
