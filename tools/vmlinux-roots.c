/* SPDX-License-Identifier: GPL-2.0-only */
/* One global per type that bpf/ takes from vmlinux.h; see tools/make-vmlinux.sh. */
#include "vmlinux-full.h"

/* The types that every libbpf header expects. */
__u8 root_u8;
__u16 root_u16;
__u32 root_u32;
__u64 root_u64;
__s8 root_s8;
__s16 root_s16;
__s32 root_s32;
__s64 root_s64;
__be16 root_be16;
__be32 root_be32;
__wsum root_wsum;
_Bool root_bool;

/* What the hooks are given. */
struct __sk_buff *root_sk_buff;
struct xdp_md *root_xdp_md;
enum xdp_action root_xdp_action;
struct bpf_spin_lock *root_spin_lock;
struct bpf_sock_tuple *root_sock_tuple;

/* Numbers of the bpf(2) API. */
enum bpf_map_type root_map_type;
