/* SPDX-License-Identifier: GPL-2.0-only */
/* Which chain denied a packet, by the visit that chains.bpf.c keeps of it. */
#ifndef BPF_CHAIN_H
#define BPF_CHAIN_H

#include "maps.bpf.h"

/* Of the kernel's pointer `from`, the member at this offset. */
#define CHAIN_READ(to, from, offset) \
	bpf_probe_read_kernel(to, sizeof(*(to)), (const void *)((from) + (offset)))

/* Netfilter's number of a hook, which depends on the family (linux/netfilter.h). */
static __always_inline __u8 chain_hook(__u8 family, __u32 number)
{
	if (family == CHAIN_NETDEV)
		return number ? HOOK_EGRESS : HOOK_INGRESS;
	if (family == CHAIN_ARP)
		return number == 0 ? HOOK_INPUT : number == 1 ? HOOK_OUTPUT : HOOK_FORWARD;
	if (number == 5) /* of family inet */
		return HOOK_INGRESS;
	return number < 5 ? HOOK_PREROUTING + number : HOOK_UNKNOWN;
}

static __always_inline void chain_read_nft(struct chain_key *key, __u64 chain)
{
	__u64 table = 0, name = 0;
	__u32 number = 0;

	CHAIN_READ(&name, chain, chain_layout.chain_name);
	bpf_probe_read_kernel_str(key->chain, sizeof(key->chain), (const void *)name);
	CHAIN_READ(&table, chain, chain_layout.chain_table);
	CHAIN_READ(&name, table, chain_layout.table_name);
	bpf_probe_read_kernel_str(key->table, sizeof(key->table), (const void *)name);
	CHAIN_READ(&key->family, table, chain_layout.table_family);
	key->family = key->family >> chain_layout.table_family_shift & CHAIN_FAMILY_MASK;
	CHAIN_READ(&number, chain - chain_layout.base_chain, chain_layout.base_number);
	key->hook = chain_hook(key->family, number);
}

static __always_inline void chain_read_xt(struct chain_key *key, __u64 table, __u64 state)
{
	__u8 number = 0;

	bpf_probe_read_kernel_str(key->table, sizeof(key->table),
				  (const void *)(table + chain_layout.xt_name));
	CHAIN_READ(&key->family, table, chain_layout.xt_family);
	bpf_probe_read_kernel(&number, sizeof(number),
			      &((const struct nf_hook_state *)state)->hook);
	key->hook = chain_hook(key->family, number);
	key->family |= CHAIN_XTABLES;
}

/*
 * The number that this run has for a chain: of CPU and order, so that none is given twice. 0: there
 * is no room for more.
 */
static __always_inline __u32 chain_number(struct drop_scratch *s)
{
	const __u32 *known = bpf_map_lookup_elem(&chains, &s->chain);
	__u32 number;

	if (known)
		return *known;
	number = (bpf_get_smp_processor_id() + 1) << 16 | (++s->chains_named & 0xffff);
	if (!bpf_map_update_elem(&chains, &s->chain, &number, BPF_NOEXIST))
		return number;
	known = bpf_map_lookup_elem(&chains, &s->chain);
	return known ? *known : 0;
}

/* s->chain is the one that the packet is in; its number, or 0: it is in none that is known. */
static __always_inline __u32 chain_find(struct drop_scratch *s, __u64 skb)
{
	struct chain_visits *set = visit_set(skb);
	struct chain_visit visit;

	if (!set)
		return 0;
	visit = set->way[set->way[0].skb != skb];
	if (visit.skb != skb)
		return 0;
	visit_forget(set, skb);
	__builtin_memset(&s->chain, 0, sizeof(s->chain));
	if (visit.state)
		chain_read_xt(&s->chain, visit.of, visit.state);
	else
		chain_read_nft(&s->chain, visit.of);
	return chain_number(s);
}

#endif
