/* SPDX-License-Identifier: GPL-2.0-only */
/* Where netfilter has a packet: written by chains.bpf.c, read by sw_drop. */
#ifndef BPF_VISIT_H
#define BPF_VISIT_H

/* Packets that a CPU may have with netfilter at a time: hooks nest, and softirqs come between. */
#define VISIT_SETS 16
#define VISIT_WAYS 2

struct chain_visit {
	__u64 skb;   /* 0: none */
	__u64 of;    /* struct nft_chain, or xt_table where there is a state */
	__u64 state; /* struct nf_hook_state; 0: of nftables */
};

struct chain_visits {
	struct chain_visit way[VISIT_WAYS];
};

/*
 * Hash of the packet's address -> where it is. Written by sw_*_enter and sw_*_leave, forgotten by
 * sw_drop. When both ways are taken, a visit is lost: of that packet the chain is not known.
 * 768 B per CPU.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, VISIT_SETS);
	__type(key, __u32);
	__type(value, struct chain_visits);
} chain_visits SEC(".maps");

/* The kernel's packets lie 256 bytes apart. */
static __always_inline struct chain_visits *visit_set(__u64 skb)
{
	__u32 set = skb >> 8 & (VISIT_SETS - 1);

	return bpf_map_lookup_elem(&chain_visits, &set);
}

static __always_inline void visit_forget(struct chain_visits *set, __u64 skb)
{
	if (!set)
		return;
	if (set->way[0].skb == skb)
		set->way[0].skb = 0;
	if (set->way[1].skb == skb)
		set->way[1].skb = 0;
}

#endif
