/* SPDX-License-Identifier: GPL-2.0-only */
/* Attaching one program to one interface: tcx, clsact, XDP; and watching it promiscuously. */
#ifndef KERNEL_ATTACH_H
#define KERNEL_ATTACH_H

#include <stdbool.h>
#include <linux/types.h>

#include "kernel/keep.h"

/* Our handle among the filters of a priority. Never 1: the AWS network policy agent's. */
#define ATTACH_CLSACT_HANDLE 0x5357

enum attachment_kind { ATTACHED_TCX, ATTACHED_CLSACT, ATTACHED_XDP, ATTACHED_PROMISCUOUS };

/*
 * One attachment. What hangs on an fd vanishes with it, so also with the process; a filter must be
 * removed.
 */
struct attachment {
	enum attachment_kind kind;
	int fd; /* link of tcx or XDP, -1 if it could not be put again; -1 for clsact; promiscuous
		   mode: the loader's socket */
	int prog_fd; /* the loader's */
	int ifindex;
	bool egress;
	bool generic;            /* XDP */
	__u32 priority;          /* clsact */
	char pin[KEEP_PATH_MAX]; /* where the link is pinned; empty: nowhere */
};

/* Of an attachment: does it still hang there, and does nobody's program run before ours? */
struct attachment_place {
	bool attached;
	bool first;
	__u32 before; /* tcx: id of the program that runs before ours, 0 unknown */
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

/* Removes filters of ours in one direction, whoever left them. How many, or -errno. */
int attach_remove_filters(int ifindex, bool egress);

/*
 * Takes an attachment away, where it is still there, and puts it again: a filter is then the last
 * added, which runs first; a tcx program is at the head. Where that fails the old one may be gone.
 * -ENODEV: so is the interface. -EBUSY: another XDP program is there.
 */
int attach_again(struct attachment *attachment);

/* Where it stands now. -errno: it can't be known, or the interface is gone. */
int attach_look(const struct attachment *attachment, struct attachment_place *ret);

/* -EBUSY: another program is there, *blocker is its id (0 unknown). */
int attach_xdp(int prog_fd, int ifindex, bool generic, struct attachment *ret, __u32 *blocker);

/*
 * A socket for promiscuous mode, which receives nothing. -EPERM: CAP_NET_RAW is missing; it is not
 * needed any more once there is a socket.
 */
int attach_promiscuous_socket(void);

/* Promiscuous mode, as long as the socket lives: frames for other hosts are taken too. */
int attach_promiscuous(int socket_fd, int ifindex, struct attachment *ret);

/* Id of a program; 0 where it can't be known. */
__u32 attach_program_id(int prog_fd);

/* Name of a program by its id, as far as that may be asked (CAP_SYS_ADMIN); else "". */
#define ATTACH_NAME_MAX 16
void attach_program_name(__u32 id, char ret[ATTACH_NAME_MAX]);

/*
 * The link of this kind, pinned by the process before, or its filter: its program gives way to
 * ours at once. Else -errno: another must be attached.
 */
int attach_take_over(struct keep *keep, enum attachment_kind kind, int prog_fd, int ifindex,
		     bool egress, struct attachment *ret);

/* Pins the link, so that it outlives the process. Filters do that by themselves. -errno. */
int attach_pin(struct keep *keep, struct attachment *attachment);

/* Takes it away; or, where it can outlive the process, leaves it as it is. */
void attach_remove(struct attachment *attachment);
void attach_leave(struct attachment *attachment);

#endif
