/* SPDX-License-Identifier: GPL-2.0-only */
/* How many entries each map has. */
#ifndef KERNEL_SIZES_H
#define KERNEL_SIZES_H

#include <stdbool.h>
#include <linux/types.h>

/* Entries of each map as they follow from the budget. */
struct sizes {
	__u32 flows;
	__u32 counts; /* each of the two counting maps of HTTP */
	__u32 drops;  /* each of those of drops */
	__u32 notes;
	__u32 holds;    /* blocks of 1 KiB */
	__u32 attempts; /* where they are followed */
	bool shared; /* by all CPUs are the counting maps: the budget is too small for one each */
	__u64 bytes; /* about what all maps take */
};

/* Map sizes for a budget and a number of possible CPUs. */
void sizes_fit(__u64 memory_budget, unsigned int possible_cpus, struct sizes *ret);

/* A replay's: the least that serves. */
void sizes_for_replay(struct sizes *sizes, unsigned int possible_cpus);

#endif
