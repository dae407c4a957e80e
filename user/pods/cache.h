/* SPDX-License-Identifier: GPL-2.0-only */
/* Which pod has which address, and had it until a moment ago. */
#ifndef PODS_CACHE_H
#define PODS_CACHE_H

#include "pods/pod.h"
#include "record/record.h"

/*
 * At most: 65,536 pods and as many addresses, 16 MiB of names: 30 MiB. 10,000 pods of usual names
 * take about 4 MiB.
 */
#define PODS_MAX      65536
#define PODS_TEXT_MAX (16U << 20)
/* Who has left an address is named by it for so long, unless another takes it. */
#define PODS_KEEP_NS (600 * 1000000000ULL)

struct pods;

struct pods_counts {
	size_t pods, addresses;
	__u64 refused; /* pods that found no room */
};

/* seed: unknown to who makes pods. -ENOMEM. Times are CLOCK_BOOTTIME. */
int pods_new(__u64 seed, struct pods **ret);
void pods_free(struct pods *pods); /* NULL is fine */

/*
 * The pod is as it says, and was perhaps known otherwise. An address goes from the pod that has it
 * to one that is POD_HERE. until_ns: how long that may be believed, 0: until something else is
 * told. -ENOMEM, -ENOSPC (counted): it is not known.
 */
int pods_put(struct pods *pods, const struct pod *pod, __u64 until_ns, __u64 now_ns);

/* It is deleted; one that is not known is fine. */
void pods_remove(struct pods *pods, const char uid[POD_UID_MAX], __u64 now_ns);

/* All are told anew: those that are not put between begin and end are deleted with end. */
void pods_begin(struct pods *pods);
void pods_end(struct pods *pods, __u64 now_ns);

/* Nobody has this address until then, as far as is known; nothing where somebody has. */
void pods_put_nobody(struct pods *pods, const struct addr *addr, __u64 until_ns);

/* Frees what is kept no longer. */
void pods_expire(struct pods *pods, __u64 now_ns);

/* The texts are valid until something is put, removed or expires. */
bool pods_find(const struct pods *pods, const struct addr *addr, __u64 now_ns,
	       struct addr_pod *ret);

/* Until when what is known of an address may be believed; ~0: no end is known; 0: nothing is. */
__u64 pods_known_until(const struct pods *pods, const struct addr *addr);

struct pods_counts pods_count(const struct pods *pods);

#endif
