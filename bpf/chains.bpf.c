/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * In which chain of nftables, or table of iptables, a packet is: around the functions that run
 * them. An object of its own, as each of these programs is loaded alone, where its kernel function
 * is there.
 *
 * Newer kernels (7ea0522ef81a, 6.7) free what nftables denies inside nft_do_chain(), others once it
 * has returned: so a visit begins before, and a denied packet's stays after.
 */
#include <stdbool.h>
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#include "visit.bpf.h"

#define NF_VERDICT_MASK 0xff
#define NF_DROP         0

struct nft_pktinfo {
	struct sk_buff *skb;
} __attribute__((preserve_access_index));

/* ipt_do_table(priv, skb, state), before 5.16 (skb, state, table). */
const volatile bool table_is_first = false;

static __always_inline int visit_begin(__u64 skb, __u64 of, __u64 state)
{
	struct chain_visits *set = visit_set(skb);
	struct chain_visit *visit;

	if (!set)
		return 0;
	visit = &set->way[set->way[0].skb && set->way[0].skb != skb];
	visit->skb = skb;
	visit->of = of;
	visit->state = state;
	return 0;
}

static __always_inline int visit_end(__u64 skb, __u32 verdict)
{
	if ((verdict & NF_VERDICT_MASK) != NF_DROP)
		visit_forget(visit_set(skb), skb);
	return 0;
}

/* unsigned int nft_do_chain(struct nft_pktinfo *pkt, void *priv) */
SEC("?fentry/nft_do_chain")
int sw_nft_enter(__u64 *ctx)
{
	return visit_begin((__u64)((const struct nft_pktinfo *)ctx[0])->skb, ctx[1], 0);
}

SEC("?fexit/nft_do_chain")
int sw_nft_leave(__u64 *ctx)
{
	return visit_end((__u64)((const struct nft_pktinfo *)ctx[0])->skb, ctx[2]);
}

/* Old verifiers and new ones want arguments at constant places: so all are read. */
static __always_inline int table_begin(const volatile __u64 *ctx)
{
	__u64 a = ctx[0], b = ctx[1], c = ctx[2];

	return table_is_first ? visit_begin(b, a, c) : visit_begin(a, c, b);
}

static __always_inline int table_end(const volatile __u64 *ctx)
{
	__u64 a = ctx[0], b = ctx[1];

	return visit_end(table_is_first ? b : a, ctx[3]);
}

SEC("?fentry/ipt_do_table")
int sw_ipt_enter(__u64 *ctx)
{
	return table_begin(ctx);
}

SEC("?fexit/ipt_do_table")
int sw_ipt_leave(__u64 *ctx)
{
	return table_end(ctx);
}

SEC("?fentry/ip6t_do_table")
int sw_ip6t_enter(__u64 *ctx)
{
	return table_begin(ctx);
}

SEC("?fexit/ip6t_do_table")
int sw_ip6t_leave(__u64 *ctx)
{
	return table_end(ctx);
}

char LICENSE[] SEC("license") = "GPL";
