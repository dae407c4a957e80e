/* SPDX-License-Identifier: GPL-2.0-only */
/* Which interfaces are watched, and how. */
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "sensor/plan.h"

static bool is_glob(const char *name)
{
	return strpbrk(name, "*?[") != NULL;
}

bool plan_is_name(const char *name)
{
	return strcmp(name, "auto") != 0 && !is_glob(name);
}

bool plan_wants_auto(const struct config *config)
{
	for (size_t i = 0; i < config->interface_count; i++)
		if (!strcmp(config->interfaces[i].name, "auto"))
			return true;
	return false;
}

bool plan_wants_tap(const struct config *config)
{
	for (size_t i = 0; i < config->interface_count; i++)
		if (config->interfaces[i].role == ROLE_TAP)
			return true;
	return false;
}

const char *plan_why_not(const struct config *config, const struct interfaces *interfaces,
			 const struct interface *interface)
{
	const char *why = links_why_not_auto(interfaces, interface);

	return why && plan_wants_auto(config) ? why : "not asked for by interfaces:";
}

static bool entry_fits(const struct config_interface *entry, const struct interfaces *interfaces,
		       const struct interface *interface)
{
	if (!strcmp(entry->name, "auto"))
		return links_is_auto(interfaces, interface);
	if (is_glob(entry->name))
		return interface->flags & IFF_UP && !fnmatch(entry->name, interface->name, 0);
	return !strcmp(entry->name, interface->name);
}

static const char *find_unknown(const struct config *config, const struct interfaces *interfaces)
{
	for (size_t i = 0; i < config->interface_count; i++) {
		const char *name = config->interfaces[i].name;

		if (plan_is_name(name) && !links_find(interfaces, name))
			return name;
	}
	return NULL;
}

int plan_make(const struct config *config, const struct interfaces *interfaces, struct plan *ret)
{
	struct plan plan = { .unknown = find_unknown(config, interfaces) };

	plan.entries = calloc(interfaces->count + 1, sizeof(*plan.entries));
	if (!plan.entries)
		return -ENOMEM;
	for (size_t i = 0; i < interfaces->count; i++) {
		const struct interface *interface = &interfaces->list[i];

		for (size_t k = 0; k < config->interface_count; k++) {
			const struct config_interface *entry = &config->interfaces[k];
			struct plan_entry *planned = &plan.entries[plan.count];

			if (!entry_fits(entry, interfaces, interface))
				continue;
			planned->interface = interface;
			planned->named = plan_is_name(entry->name);
			planned->tap = entry->role == ROLE_TAP;
			planned->asked = entry->attach;
			if (planned->asked == ATTACH_AUTO)
				planned->asked = config->attach;
			if (planned->asked == ATTACH_AUTO)
				planned->asked = ATTACH_TC;
			plan.count++;
			break;
		}
	}
	*ret = plan;
	return 0;
}

void plan_clear(struct plan *plan)
{
	free(plan->entries);
	memset(plan, 0, sizeof(*plan));
}

/* Entries stand as the interfaces do, by ascending ifindex. */
const struct plan_entry *plan_find(const struct plan *plan, int ifindex)
{
	size_t low = 0, high = plan->count;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (plan->entries[mid].interface->ifindex < ifindex)
			low = mid + 1;
		else
			high = mid;
	}
	if (low < plan->count && plan->entries[low].interface->ifindex == ifindex)
		return &plan->entries[low];
	return NULL;
}

int plan_mode(const struct plan_entry *entry, bool has_tcx, enum loader_mode *ret)
{
	enum attach_mode asked = entry->asked;

	if ((asked == ATTACH_XDP || asked == ATTACH_XDP_GENERIC) &&
	    link_layer_of(entry->interface) != LINK_ETHERNET)
		asked = ATTACH_TC;
	switch (asked) {
	case ATTACH_CLSACT:
		*ret = MODE_CLSACT;
		return 0;
	case ATTACH_XDP:
		*ret = MODE_XDP;
		return 0;
	case ATTACH_XDP_GENERIC:
		*ret = MODE_XDP_GENERIC;
		return 0;
	case ATTACH_TCX:
		if (!has_tcx)
			return -EOPNOTSUPP;
		*ret = MODE_TCX;
		return 0;
	default:
		*ret = has_tcx ? MODE_TCX : MODE_CLSACT;
		return 0;
	}
}
