/* SPDX-License-Identifier: GPL-2.0-only */
/* What the words of a rule's addresses mean on a host: zones and lists as sets of networks. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"

static int add_nets(struct netset *set, const struct net *nets, size_t count, int value)
{
	size_t i;
	int err = 0;

	for (i = 0; !err && i < count; i++)
		err = netset_add(set, &nets[i], value);
	return err;
}

/* "connected": a network that is written out in the other zone stays there. */
static int add_connected(struct netset *set, const struct net *nets, size_t count, int value)
{
	size_t i;
	int err = 0;

	for (i = 0; !err && i < count; i++) {
		err = netset_add(set, &nets[i], value);
		if (err == -EEXIST)
			err = 0;
	}
	return err;
}

static int make_zones(const struct config *config, const struct net *connected,
		      size_t connected_count, struct places *places)
{
	const struct config_nets *internal = &config->internal, *external = &config->external;
	int err;

	err = netset_new(&places->zones);
	if (!err)
		err = add_nets(places->zones, internal->nets, internal->count, ZONE_INTERNAL);
	if (!err)
		err = add_nets(places->zones, external->nets, external->count, ZONE_EXTERNAL);
	if (!err && internal->connected)
		err = add_connected(places->zones, connected, connected_count, ZONE_INTERNAL);
	if (!err && external->connected)
		err = add_connected(places->zones, connected, connected_count, ZONE_EXTERNAL);
	return err;
}

/* Appends an empty list. */
static int add_list(struct places *places)
{
	int err = netset_new(&places->lists[places->list_count]);

	if (err)
		return err;
	places->list_count++;
	return 0;
}

static int add_self(struct places *places, const struct addr *self, size_t self_count)
{
	size_t i;
	int err;

	err = add_list(places);
	for (i = 0; !err && i < self_count; i++) {
		const struct net net = { .addr = self[i], .prefix_len = 128 };

		err = netset_add(places->lists[PLACES_SELF], &net, 0);
	}
	return err;
}

static bool has_expired(const struct config_list_entry *entry, __u64 now_s)
{
	return entry->until_s && entry->until_s < now_s;
}

size_t config_expired(const struct config *config, __u64 now_s)
{
	size_t i, k, count = 0;

	for (i = 0; i < config->list_count; i++)
		for (k = 0; k < config->lists[i].count; k++)
			count += has_expired(&config->lists[i].entries[k], now_s);
	return count;
}

static int add_configured(struct places *places, const struct config_list *list, __u64 now_s)
{
	size_t i;
	int err;

	err = add_list(places);
	for (i = 0; !err && i < list->count; i++) {
		const struct config_list_entry *entry = &list->entries[i];

		if (!has_expired(entry, now_s))
			err = netset_add(places->lists[places->list_count - 1], &entry->net, 0);
	}
	return err;
}

int config_places(const struct config *config, const struct addr *self, size_t self_count,
		  const struct net *connected, size_t connected_count, __u64 now_s,
		  struct places *ret)
{
	struct places places = { 0 };
	size_t i;
	int err = -ENOMEM;

	places.lists = calloc(config->list_count + 1, sizeof(struct netset *));
	if (!places.lists)
		goto out;
	err = make_zones(config, connected, connected_count, &places);
	if (err)
		goto out;
	err = add_self(&places, self, self_count);
	for (i = 0; !err && i < config->list_count; i++)
		err = add_configured(&places, &config->lists[i], now_s);
	if (err)
		goto out;
	*ret = places;
	return 0;
out:
	places_clear(&places);
	return err;
}
