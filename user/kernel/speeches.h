/* SPDX-License-Identifier: GPL-2.0-only */
/* Connections by server and by what they speak: takes them out of the map of the programs. */
#ifndef KERNEL_SPEECHES_H
#define KERNEL_SPEECHES_H

#include "spikewatch_abi.h"

typedef void speeches_fn(void *arg, const struct speech_key *key, const struct speech *speech);

/*
 * Hands each server's connections since the last call to take(). What is counted at the same moment
 * may be missed. -errno of bpf(2).
 */
int speeches_take(int fd, speeches_fn *take, void *arg);

#endif
