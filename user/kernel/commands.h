/* SPDX-License-Identifier: GPL-2.0-only */
/* Which commands of bpf(2) a sensor needs once all is loaded. */
#ifndef KERNEL_COMMANDS_H
#define KERNEL_COMMANDS_H

#include <stddef.h>
#include <linux/types.h>

/*
 * To read maps, and to attach the loaded programs to interfaces that come later. Not to load
 * programs, to make maps, or to look at those of others.
 */
const __u32 *commands_running(size_t *ret_count);

#endif
