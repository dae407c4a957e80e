/* SPDX-License-Identifier: GPL-2.0-only */
/* Drop reasons of the running kernel: their numbers differ between kernels, their names do not. */
#ifndef KERNEL_REASONS_H
#define KERNEL_REASONS_H

#include <stdbool.h>

#include "core/batch.h"

struct reasons {
	bool known;                /* kfree_skb of this kernel tells a reason */
	bool socket;               /* and the receiving socket */
	__u32 unspecified;         /* number of the reason that is none */
	__u32 netfilter;           /* number of NETFILTER_DROP */
	__u32 socket_filter;       /* number of that of socket filters and cgroup programs */
	unsigned int count;        /* how many reasons this kernel has */
	struct reason_names names; /* without the SKB_DROP_REASON_ prefix; owned */
	__u8 class[SW_REASON_MAX]; /* enum sw_class */
	__u8 hook[SW_REASON_MAX];  /* enum sw_hook; HOOK_MAX: the packet tells it */
};

/*
 * Reads names and numbers from the kernel's BTF. A kernel without reasons (5.10, 5.15) is no error:
 * known is false then. -ENOENT without BTF, -ENOMEM. The caller frees with reasons_clear().
 */
int reasons_read(struct reasons *ret);

/* The same from a given BTF. */
struct btf;
int reasons_from_btf(const struct btf *btf, struct reasons *ret);
void reasons_clear(struct reasons *reasons);

#endif
