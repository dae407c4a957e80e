/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which interfaces are watched, and how: the configuration's words against the interfaces there
 * are.
 */
#ifndef SENSOR_PLAN_H
#define SENSOR_PLAN_H

#include "config/config.h"
#include "kernel/links.h"
#include "kernel/loader.h"

struct plan_entry {
	const struct interface *interface;
	enum attach_mode asked; /* never ATTACH_AUTO */
	bool tap;               /* a copy of traffic comes in, and nothing goes out */
	bool named; /* by its own name: that it can't be watched is the user's to know */
};

struct plan {
	struct plan_entry *entries;
	size_t count;
	const char *unknown; /* a name in the configuration that no interface has, or NULL */
};

/*
 * The first entry of the configuration that fits an interface decides. Names that are neither
 * "auto" nor globs must exist: else *ret has `unknown`. -ENOMEM. The plan points into both.
 */
int plan_make(const struct config *config, const struct interfaces *interfaces, struct plan *ret);
void plan_clear(struct plan *plan);

/* The entry of an interface, or NULL. */
const struct plan_entry *plan_find(const struct plan *plan, int ifindex);

/* Why an interface has no entry, in a few words. */
const char *plan_why_not(const struct config *config, const struct interfaces *interfaces,
			 const struct interface *interface);

/* Is it a name of one interface: neither "auto" nor a glob? */
bool plan_is_name(const char *name);

bool plan_wants_auto(const struct config *config);
bool plan_wants_tap(const struct config *config);

/*
 * The mode for an entry on this kernel: tc is tcx where there is one. A device without an Ethernet
 * header takes no XDP: it gets tc. -EOPNOTSUPP: tcx was asked for and is not there.
 */
int plan_mode(const struct plan_entry *entry, bool has_tcx, enum loader_mode *ret);

#endif
