/* SPDX-License-Identifier: GPL-2.0-only */
/* Behind which interfaces other machines are. */
#ifndef KERNEL_UPLINKS_H
#define KERNEL_UPLINKS_H

#include "kernel/links.h"
#include "kernel/loader.h"

/* Tells the loaded programs which of these interfaces they are. -errno where some can't be told. */
int uplinks_tell(const struct loader *loader, const struct interfaces *interfaces);

#endif
