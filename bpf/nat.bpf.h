/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel's connection tracking knows of a connection behind NAT: so its true ends are
 * known where only one side of the gateway is watched.
 */
#ifndef BPF_NAT_H
#define BPF_NAT_H

#include "request.bpf.h"

/* Linux 5.18; nf_conntrack may be a module. Called only where has_ct_lookup says that it is there.
 */
struct nf_conn *bpf_skb_ct_lookup(struct __sk_buff *ctx, struct bpf_sock_tuple *tuple,
				  __u32 tuple_len, struct bpf_ct_opts *opts,
				  __u32 opts_len) __ksym __weak;
struct nf_conn *bpf_xdp_ct_lookup(struct xdp_md *ctx, struct bpf_sock_tuple *tuple, __u32 tuple_len,
				  struct bpf_ct_opts *opts, __u32 opts_len) __ksym __weak;
void bpf_ct_release(struct nf_conn *ct) __ksym __weak;

static __always_inline bool is_ipv4(const struct addr *addr)
{
	return !addr->w[0] && !addr->w[1] && addr->w[2] == PARSE_BE32(0xffff);
}

/*
 * The tuple of packets from one end of reverse_key to the other. Its length, by which the kernel
 * knows the family.
 */
static __always_inline __u32 nat_fill(const struct scratch *s, bool by_server,
				      struct bpf_sock_tuple *ret)
{
	const struct flow_key *key = &s->reverse_key;
	const struct addr *from = by_server ? &key->server : &key->client,
			  *to = by_server ? &key->client : &key->server;
	__be16 from_port = by_server ? key->server_port : key->client_port,
	       to_port = by_server ? key->client_port : key->server_port;

	if (is_ipv4(from)) {
		ret->ipv4.saddr = from->w[3];
		ret->ipv4.daddr = to->w[3];
		ret->ipv4.sport = from_port;
		ret->ipv4.dport = to_port;
		return sizeof(ret->ipv4);
	}
	for (int i = 0; i < 4; i++) {
		ret->ipv6.saddr[i] = from->w[i];
		ret->ipv6.daddr[i] = to->w[i];
	}
	ret->ipv6.sport = from_port;
	ret->ipv6.dport = to_port;
	return sizeof(ret->ipv6);
}

static __always_inline void nat_read(const struct nf_conntrack_man *man, struct addr *addr,
				     __be16 *port)
{
	*port = man->u.all;
	if (man->l3num == AF_INET) {
		addr->w[0] = addr->w[1] = 0;
		addr->w[2] = PARSE_BE32(0xffff);
		addr->w[3] = man->u3.all[0];
		return;
	}
	for (int i = 0; i < 4; i++)
		addr->w[i] = man->u3.all[i];
}

/*
 * Sets joined_key to the connection's ends: who sent its first packet, and who sends what answers
 * that. Where it belongs to no packet, `zone` is the same at every hook.
 */
static __always_inline void nat_join(struct scratch *s, const struct nf_conn *ct)
{
	const struct nf_conntrack_tuple *there = &ct->tuplehash[0].tuple,
					*back = &ct->tuplehash[1].tuple;
	struct flow_key *joined = &s->joined_key;

	nat_read(&there->src, &joined->client, &joined->client_port);
	nat_read(&back->src, &joined->server, &joined->server_port);
	joined->zone = 0;
	if ((there->dst.u3.all[3] != back->src.u3.all[3] ||
	     there->dst.u3.all[0] != back->src.u3.all[0] || there->dst.u.all != back->src.u.all) &&
	    (back->dst.u3.all[3] != there->src.u3.all[3] ||
	     back->dst.u3.all[0] != there->src.u3.all[0] || back->dst.u.all != there->src.u.all))
		joined->zone = 1 | (there->dst.u3.all[0] ^ there->dst.u3.all[3] ^
				    back->dst.u3.all[0] ^ back->dst.u3.all[3] ^
				    ((__u32)there->dst.u.all << 16 | back->dst.u.all));
}

/*
 * nat_begin_...() makes the flow that request_see() asked for, under the names that connection
 * tracking has for it. The packet may carry the names of either side of the gateway; those of the
 * servers' side are only found as the answers' tuple.
 */
#define NAT_DEFINE(name, ctx_type, lookup)                                                    \
	/* Looks for the packet's tuple, or for that of its answers. 1: joined_key is set. */ \
	__noinline int nat_ask_##name(ctx_type *ctx, __u32 by_server)                         \
	{                                                                                     \
		struct bpf_ct_opts opts = { .netns_id = -1, .l4proto = IPPROTO_TCP };         \
		struct scratch *s = scratch_get();                                            \
		struct bpf_sock_tuple tuple = {};                                             \
		struct nf_conn *ct;                                                           \
                                                                                              \
		if (!s || !has_ct_lookup)                                                     \
			return 0;                                                             \
		if (nat_fill(s, by_server, &tuple) == sizeof(tuple.ipv4))                     \
			ct = lookup(ctx, &tuple, sizeof(tuple.ipv4), &opts, sizeof(opts));    \
		else                                                                          \
			ct = lookup(ctx, &tuple, sizeof(tuple.ipv6), &opts, sizeof(opts));    \
		if (!ct)                                                                      \
			return 0;                                                             \
		nat_join(s, ct);                                                              \
		bpf_ct_release(ct);                                                           \
		return 1;                                                                     \
	}                                                                                     \
                                                                                              \
	__noinline int nat_begin_##name(ctx_type *ctx)                                        \
	{                                                                                     \
		return request_begin(nat_ask_##name(ctx, 0) || nat_ask_##name(ctx, 1));       \
	}

#endif
