/* SPDX-License-Identifier: GPL-2.0-only */
/* Behind which interfaces other machines are. */
#ifndef KERNEL_UPLINKS_H
#define KERNEL_UPLINKS_H

#include "kernel/links.h"
#include "kernel/loader.h"

/*
 * Is another machine behind this interface? By its kind: hardware, tunnels, VLANs, bonds; not
 * loopback, dummy, bridges and pairs (veth, netkit), whose other end is a pod of this machine. But
 * one of `defaults` (ifindexes) is, whatever it is made of: a default route leads out by it.
 */
bool uplinks_has(const struct interface *interface, const int defaults[2]);

/* The interfaces of the default routes, of IPv4 and of IPv6; 0: there is none. */
void uplinks_defaults(int ret[2]);

/* Tells the loaded programs which of these interfaces they are. -errno where some can't be told. */
int uplinks_tell(const struct loader *loader, const struct interfaces *interfaces);

#endif
