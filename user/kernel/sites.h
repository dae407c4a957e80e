/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the kernel frees denied packets without saying why: address ranges of its functions. */
#ifndef KERNEL_SITES_H
#define KERNEL_SITES_H

#include <stdbool.h>
#include <stdio.h>

#include "spikewatch_abi.h"

/* In the order of addresses. */
struct sites {
	struct drop_site site[SW_SITES_MAX];
	__u32 count;
};

/*
 * From a file as /proc/kallsyms, which is read twice, from its beginning. all: of a kernel without
 * reasons; else those of NFQUEUE alone. -EPERM: the addresses are hidden (kptr_restrict, no
 * CAP_SYSLOG). -ENOENT: none of the functions is there.
 */
int sites_from(FILE *symbols, bool all, struct sites *ret);

#endif
