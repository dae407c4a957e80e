/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The few UAPI constants that vmlinux.h cannot carry: macros and anonymous enumerators are not in
 * BTF.
 */
#ifndef BPF_DEFS_H
#define BPF_DEFS_H

/* <linux/bpf.h> */
#define BPF_ANY     0
#define BPF_NOEXIST 1

#define BPF_F_NO_PREALLOC (1U << 0)
#define BPF_F_INNER_MAP   (1U << 12)

#define BPF_RB_NO_WAKEUP    (1ULL << 0)
#define BPF_RB_FORCE_WAKEUP (1ULL << 1)

/* <linux/pkt_cls.h>: go on as if this program were not there; the same number as TCX_NEXT. */
#define TC_ACT_UNSPEC (-1)

/* <linux/socket.h>, <linux/in.h> */
#define AF_INET     2
#define IPPROTO_TCP 6

/* <linux/errno.h> */
#define EEXIST 17

#endif
