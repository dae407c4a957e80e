/* SPDX-License-Identifier: GPL-2.0-only */
/* Attaching one program to one interface: tcx, clsact, XDP; and watching it promiscuously. */
#ifndef KERNEL_ATTACH_H
#define KERNEL_ATTACH_H

#include <stdbool.h>
#include <linux/types.h>

/* Our handle among the filters of a priority. Never 1: the AWS network policy agent's. */
#define ATTACH_CLSACT_HANDLE 0x5357

/*
 * One attachment. What hangs on an fd vanishes with it, so also with the process; a filter must be
 * removed.
 */
struct attachment {
	int fd;      /* link of tcx, XDP; socket of promiscuous mode; -1 for clsact */
	int prog_fd; /* clsact: the loader's */
	int ifindex;
	bool egress;
	__u32 priority; /* clsact */
};

/* Does the kernel have tcx (6.6)? Tried with the program at an interface that can't exist. */
bool attach_has_tcx(int prog_fd);

/* At the head of the tcx programs, so that others' verdicts don't hide packets from us. */
int attach_tcx(int prog_fd, int ifindex, bool egress, struct attachment *ret);

/*
 * A direct-action filter of priority 1 and our own handle; where another kind of filter holds the
 * priority or our handle, the lowest free one. Those of ours (by handle and program name) that a
 * killed process left are removed.
 */
int attach_clsact(int prog_fd, int ifindex, bool egress, struct attachment *ret);

/*
 * Puts a filter of attach_clsact() again, so that it is the last added, which runs first. Where
 * that fails the old one may be gone. -ENODEV: so is the interface.
 */
int attach_clsact_again(struct attachment *attachment);

/* Does no other filter run before this one? -errno: it can't be known, or the interface is gone. */
int attach_clsact_is_first(const struct attachment *attachment, bool *ret);

/* -EBUSY: another program is there, *blocker is its id (0 unknown). */
int attach_xdp(int prog_fd, int ifindex, bool generic, struct attachment *ret, __u32 *blocker);

/*
 * Promiscuous mode: the interface also takes frames that are for other hosts. -EPERM: CAP_NET_RAW
 * is missing.
 */
int attach_promiscuous(int ifindex, struct attachment *ret);

void attach_remove(const struct attachment *attachment);

#endif
