/* SPDX-License-Identifier: GPL-2.0-only */
/* The filters of a clsact qdisc, as rtnetlink lists them. */
#ifndef KERNEL_FILTERS_H
#define KERNEL_FILTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#define FILTERS_MAX 64

/*
 * Priorities of the filters in one direction of an interface that have this handle and whose
 * program's name starts with `name`: how ours are told from those of others without a look at other
 * people's programs, which would take CAP_SYS_ADMIN. Returns how many, or -errno.
 */
int filters_find(int ifindex, bool egress, __u32 handle, const char *name,
		 __u32 ret_priorities[FILTERS_MAX]);

/* Of a filter with a handle and a name: is there one, and does it run first? */
struct filters_place {
	bool found, first;
};

/*
 * rtnetlink lists filters in the order in which they run: by priority, and within one the last
 * added first. -errno.
 */
int filters_look(int ifindex, bool egress, __u32 handle, const char *name,
		 struct filters_place *ret);

#endif
