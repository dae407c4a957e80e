/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernel structures, cut down to the members that are read. CO-RE relocates them by name against
 * the running kernel. Packet programs take nothing from here but those of connection tracking,
 * which they read only where the kernel has them.
 */
#ifndef BPF_KERNEL_H
#define BPF_KERNEL_H

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common {
	unsigned int inum;
};

struct net {
	struct ns_common ns;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct net_device {
	int ifindex;
	possible_net_t nd_net;
	void *rx_handler; /* of a bridge, a bond, macvlan... that this device is a port of */
};

struct sock_common {
	possible_net_t skc_net;
};

struct sock {
	struct sock_common __sk_common;
	void *sk_filter;
};

struct dst_entry {
	struct net_device *dev;
	unsigned short flags;
};

struct rtable {
	struct dst_entry dst;
	__u16 rt_type;
	__u8 rt_is_input;
};

struct rt6_info {
	struct dst_entry dst;
	__u32 rt6i_flags;
};

struct sk_buff {
	struct net_device *dev;
	struct sock *sk;
	char cb[48];
	unsigned long _skb_refdst;
	int skb_iif;
	unsigned int len;
	unsigned int data_len;
	__be16 protocol;
	__u16 network_header;
	__u16 mac_header;
	unsigned char *head;
	unsigned char *data;
};

/* Registers where a kprobe stands: of a function's first argument, and of the stack. */
#ifdef __TARGET_ARCH_arm64
struct pt_regs {
	__u64 regs[31];
	__u64 sp;
};
#define REGS_FIRST(ctx) ((ctx)->regs[0])
#define REGS_RETURNED   0 /* bytes that returning takes from the stack */
#else
struct pt_regs {
	unsigned long di;
	unsigned long sp;
};
#define REGS_FIRST(ctx) ((ctx)->di)
#define REGS_RETURNED   8
#endif

struct nf_hook_state {
	__u8 hook;
};

/* Connection tracking (net/netfilter/nf_conntrack_tuple.h). */
union nf_inet_addr {
	__u32 all[4];
};

union nf_conntrack_man_proto {
	__be16 all;
};

struct nf_conntrack_man {
	union nf_inet_addr u3;
	union nf_conntrack_man_proto u;
	__u16 l3num; /* AF_INET, AF_INET6 */
};

struct nf_conntrack_tuple {
	struct nf_conntrack_man src;
	struct {
		union nf_inet_addr u3;
		union {
			__be16 all;
		} u;
	} dst;
};

struct nf_conntrack_tuple_hash {
	struct nf_conntrack_tuple tuple;
};

struct nf_conn {
	struct nf_conntrack_tuple_hash tuplehash[2]; /* of the first packet; of what answers it */
};

#pragma clang attribute pop

/* Options of bpf_*_ct_lookup(), as they were in 5.18; newer kernels still take them. */
struct bpf_ct_opts {
	__s32 netns_id; /* -1: the context's */
	__s32 error;
	__u8 l4proto;
	__u8 dir;
	__u8 reserved[2];
};

#endif
