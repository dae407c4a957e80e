/* SPDX-License-Identifier: GPL-2.0-only */
/* A configuration that takes the place of another one: what of it a running sensor can't change. */
#include <string.h>

#include "config/config.h"

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool same_texts(char *const *a, char *const *b)
{
	size_t i;

	if (!a || !b)
		return (!a || !*a) && (!b || !*b);
	for (i = 0; a[i] && b[i]; i++)
		if (strcmp(a[i], b[i]) != 0)
			return false;
	return a[i] == b[i];
}

static bool same_nets(const struct net *a, size_t a_count, const struct net *b, size_t b_count)
{
	size_t i;

	if (a_count != b_count)
		return false;
	for (i = 0; i < a_count; i++)
		if (!addr_equal(&a[i].addr, &b[i].addr) || a[i].prefix_len != b[i].prefix_len)
			return false;
	return true;
}

static bool same_webhook(const struct config *a, const struct config *b)
{
	return same_text(a->webhook.url, b->webhook.url) &&
	       same_text(a->webhook.ca, b->webhook.ca) &&
	       same_text(a->webhook.token_file, b->webhook.token_file) &&
	       a->webhook.timeout_ns == b->webhook.timeout_ns;
}

static bool same_kubernetes(const struct config *a, const struct config *b)
{
	return a->kubernetes.names == b->kubernetes.names &&
	       same_text(a->kubernetes.url, b->kubernetes.url) &&
	       same_text(a->kubernetes.token, b->kubernetes.token) &&
	       same_text(a->kubernetes.ca, b->kubernetes.ca) &&
	       a->kubernetes.refresh_ns == b->kubernetes.refresh_ns;
}

#define SWAP(a, b)                           \
	do {                                 \
		__typeof__(a) swapped = (a); \
		(a) = (b);                   \
		(b) = swapped;               \
	} while (0)

/* What stands in the loaded programs and their maps. */
static void keep_programs(struct config *next, struct config *running, config_say_fn say, void *arg)
{
	if (next->memory_budget != running->memory_budget)
		say("memory_budget", arg);
	SWAP(next->memory_budget, running->memory_budget);
	if (next->keep_attached != running->keep_attached)
		say("keep_attached", arg);
	SWAP(next->keep_attached, running->keep_attached);
	if (next->drops.netns != running->drops.netns)
		say("drops.netns", arg);
	if (next->drops.chains != running->drops.chains)
		say("drops.chains", arg);
	SWAP(next->drops, running->drops);
	if (next->http.count != running->http.count ||
	    next->http.evidence != running->http.evidence ||
	    next->http.require_reverse != running->http.require_reverse ||
	    !same_nets(next->http.cluster_cidrs, next->http.cluster_cidr_count,
		       running->http.cluster_cidrs, running->http.cluster_cidr_count))
		say("http", arg);
	SWAP(next->http, running->http);
	if (!same_nets(next->trusted_proxies, next->trusted_proxy_count, running->trusted_proxies,
		       running->trusted_proxy_count))
		say("trusted_proxies", arg);
	SWAP(next->trusted_proxies, running->trusted_proxies);
	SWAP(next->trusted_proxy_count, running->trusted_proxy_count);
}

/* What is opened once. */
static void keep_files(struct config *next, struct config *running, config_say_fn say, void *arg)
{
	if (!same_text(next->state, running->state))
		say("state", arg);
	SWAP(next->state, running->state);
	if (next->resolve != running->resolve)
		say("resolve", arg);
	SWAP(next->resolve, running->resolve);
	if (!same_texts(next->geoip, running->geoip))
		say("geoip", arg);
	SWAP(next->geoip, running->geoip);
	if (!same_kubernetes(next, running))
		say("kubernetes", arg);
	SWAP(next->kubernetes, running->kubernetes);
	if (same_webhook(next, running)) /* who uses the texts need not be told */
		SWAP(next->webhook, running->webhook);
}

void config_keep(struct config *next, struct config *running, config_say_fn say, void *arg)
{
	keep_programs(next, running, say, arg);
	keep_files(next, running, say, arg);
}

bool config_same_outlets(const struct config *a, const struct config *b)
{
	return a->journald == b->journald && same_webhook(a, b);
}
