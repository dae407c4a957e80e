/* SPDX-License-Identifier: GPL-2.0-only */
/* Packets that the kernel drops, from the kfree_skb tracepoint. */
#ifndef BPF_DROP_H
#define BPF_DROP_H

#include "chain.bpf.h"
#include "denial.bpf.h"
#include "place.bpf.h"

#define DROP_NO_HEADER 0xffff /* skb->network_header that was never set */

static __always_inline struct drop_scratch *drop_scratch_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&drop_scratches, &zero);
}

/* Of the device that the packet was routed to. */
static __always_inline __u32 drop_route_netns(const struct sk_buff *skb)
{
	struct place_route route = place_route(skb);
	const struct net *net = NULL;
	__u32 inum = 0;

	if (route.dev && !bpf_probe_read_kernel(&net, sizeof(net), &route.dev->nd_net.net))
		bpf_probe_read_kernel(&inum, sizeof(inum), &net->ns.inum);
	return inum;
}

/* Inode number of the packet's network namespace: its device's, else its socket's, else its
 * route's, or 0. */
static __always_inline __u32 drop_netns(const struct sk_buff *skb)
{
	const struct net_device *dev = skb->dev;
	const struct sock *sk = skb->sk;

	if (dev)
		return dev->nd_net.net->ns.inum;
	if (sk)
		return sk->__sk_common.skc_net.net->ns.inum;
	return drop_route_netns(skb);
}

/*
 * s->headers -> s->packet; a global function, verified once. Of a tunnel, the packet outside: that
 * is what was judged, and what is inside is whatever its sender likes.
 */
__noinline int parse_dropped(__u32 have, __u32 len)
{
	struct drop_scratch *s = drop_scratch_get();
	struct parse_view view = { .have = have, .frame_len = len };

	int result;

	if (!s || have > PARSE_WINDOW)
		return PARSE_TRUNCATED;
	view.buf = s->headers;
	result = parse_layer(&view, PARSE_START_IP, 0, &s->packet);
	return result == PARSE_TUNNEL ? PARSE_OK : result;
}

/*
 * Copies the network header and what follows it in the linear part. L4 is found from the IP header:
 * skb->transport_header may not be set yet. Result: enum parse_result.
 */
static __always_inline __u32 drop_read(struct drop_scratch *s, const struct sk_buff *skb)
{
	const unsigned char *head = skb->head, *data = skb->data;
	__u32 linear = skb->len - skb->data_len, len, have;
	__u16 network = skb->network_header;
	__s64 ahead;

	if (skb->protocol != PARSE_BE16(0x0800) && skb->protocol != PARSE_BE16(0x86dd))
		return PARSE_NOT_IP;
	if (network == DROP_NO_HEADER)
		return PARSE_NOT_IP;
	/* `data` may stand at the Ethernet header, at the IP header, or behind it. */
	ahead = data - (head + network);
	if (ahead < -0xffff || ahead > 0xffff)
		return PARSE_MALFORMED;
	len = skb->len + ahead;
	have = linear + ahead;
	if ((__s32)have < 1)
		return PARSE_TRUNCATED;
	if (have > PARSE_WINDOW)
		have = PARSE_WINDOW;
	PARSE_KEEP(have);
	if (have < 1 || have > PARSE_WINDOW)
		return PARSE_TRUNCATED;
	if (bpf_probe_read_kernel(s->headers, have, head + network))
		return PARSE_TRUNCATED;
	return parse_dropped(have, len);
}

static __always_inline void drop_count(struct drop_scratch *s, struct totals *t, __u32 which,
				       const struct sk_buff *skb, __u32 reason, __u8 class)
{
	__u8 hook = HOOK_UNKNOWN;
	__u32 result;

	__builtin_memset(&s->packet, 0, sizeof(s->packet));
	result = drop_read(s, skb);
	if (result == PARSE_OK)
		count_add(t, COUNT_DROP_UNDERSTOOD);
	else
		count_unparsed(t, COUNT_DROP_PARSE_TRUNCATED, result);
	/* What could not be read is a deny all the same, with zeroes where nothing is known. */
	__builtin_memset(&s->key, 0, sizeof(s->key));
	s->key.source = s->packet.source;
	s->key.destination = s->packet.destination;
	s->key.port = s->packet.destination_port;
	s->key.proto = s->packet.proto;
	s->key.netns = all_netns ? drop_netns(skb) : own_netns;
	s->key.reason = reason;
	s->key.class = class;
	if (follow_chains && reason_hook[reason] == HOOK_MAX) {
		s->key.chain = chain_find(s, (__u64)skb);
		hook = s->key.chain ? s->chain.hook : HOOK_UNKNOWN;
	}
	place_set(&s->key, skb, reason_hook[reason], hook);
	attempt_is_dropped(&s->packet, class);
	denied_note(&s->packet, class);
	if (count_drop(which, &s->key, skb->len))
		count_drop_event(t, &s->key, s->packet.source_port);
}

/* Why a packet was freed that the kernel gives no reason for. */
static __always_inline __u32 drop_site_reason(__u64 location, __u32 reason)
{
	const volatile struct drop_site *sites = drop_sites[drop_site_set & 1];
	__u32 at = 0;

#pragma unroll
	for (__u32 step = SW_SITES_MAX / 2; step; step /= 2)
		if (location > sites[at + step].start)
			at += step;
	return location > sites[at].start && location <= sites[at].end ? sites[at].reason : reason;
}

/* A socket that has no filter of its own refused: a program of its cgroup, or a security module. */
static __always_inline bool drop_is_cgroup(__u64 socket)
{
	const struct sock *sk = (const struct sock *)socket;
	void *filter = NULL;

	return sk && !bpf_probe_read_kernel(&filter, sizeof(filter), &sk->sk_filter) && !filter;
}

/* ctx: the tracepoint's arguments; which there are is known when the program is loaded. */
static __always_inline __u32 drop_reason(const __u64 *ctx)
{
	__u32 reason = 0;

	if (!has_drop_reason) {
		__u64 skb = ctx[0];

		reason = drop_site_reason(ctx[1], 0);
		if (!reason && has_hook_marks && bpf_map_lookup_elem(&hook_marks, &skb))
			return SW_REASON_NETFILTER;
		return reason;
	}
	reason = ctx[2];
	if (reason == reason_unspecified)
		return drop_site_reason(ctx[1], reason);
	if (has_drop_socket && reason == reason_socket_filter && drop_is_cgroup(ctx[3]))
		return SW_REASON_CGROUP_INGRESS;
	return reason < SW_REASON_OWN ? reason : SW_REASON_FOREIGN;
}

static __always_inline int see_drop(const struct sk_buff *skb, __u32 reason)
{
	__u32 which = epoch & 1;
	struct drop_scratch *s;
	struct totals *t;
	__u8 class;

	/* By reason first: most frees are nobody's decision, and this tracepoint is hot. */
	if (reason >= SW_REASON_MAX)
		return 0;
	class = reason_class[reason];
	if (class == CLASS_IGNORED)
		return 0;
	t = count_totals(which);
	if (!t)
		return 0;
	if (!all_netns && drop_netns(skb) != own_netns) {
		count_add(t, COUNT_DROP_OTHER_NETNS);
		return 0;
	}
	if (class >= CLASS_MAX)
		return 0;
	t->drop_class[class]++;
	t->drop_reason[reason]++;
	if (class == CLASS_OTHER && !key_other_drops)
		return 0;
	s = drop_scratch_get();
	if (!s)
		return 0;
	if (s->busy) {
		count_add(t, COUNT_DROP_BUSY);
		return 0;
	}
	s->busy = 1;
	count_add(t, COUNT_PACKETS_DROP);
	drop_count(s, t, which, skb, reason, class);
	s->busy = 0;
	return 0;
}

#endif
