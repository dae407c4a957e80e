/* SPDX-License-Identifier: GPL-2.0-only */
/* Where a packet was when it was dropped: its hook and its interfaces, from its own state. */
#ifndef BPF_PLACE_H
#define BPF_PLACE_H

#include "maps.bpf.h"

#define PLACE_DST_PTR       (~1UL) /* SKB_DST_PTRMASK */
#define PLACE_DST_METADATA  0x0080
#define PLACE_RTN_LOCAL     2
#define PLACE_RTN_MULTICAST 5 /* between them: broadcast, anycast */
#define PLACE_RTF_LOCAL     0x80000000
#define PLACE_RTF_ANYCAST   0x00100000

/* What routing decided; all zero: nothing yet. */
struct place_route {
	const struct dst_entry *dst;
	const struct net_device *dev;
	__u32 ifindex;
};

#define PLACE_READ(to, from) bpf_probe_read_kernel(to, sizeof(*(to)), from)

/* What routing decided for the packet. Pointers out of _skb_refdst can only be read by helpers. */
static __always_inline struct place_route place_route(const struct sk_buff *skb)
{
	const struct dst_entry *dst = (const struct dst_entry *)(skb->_skb_refdst & PLACE_DST_PTR);
	struct place_route route = {};
	__u16 flags = 0;

	if (!dst || PLACE_READ(&flags, &dst->flags) || flags & PLACE_DST_METADATA)
		return route;
	if (PLACE_READ(&route.dev, &dst->dev) || !route.dev)
		return route;
	PLACE_READ(&route.ifindex, &route.dev->ifindex);
	route.dst = dst;
	return route;
}

static __always_inline bool place_is_local(const struct sk_buff *skb, const struct dst_entry *dst,
					   const struct addr *to)
{
	__u32 flags = 0;
	__u16 type = 0;

	if (skb->protocol == PARSE_BE16(0x0800)) {
		PLACE_READ(&type, &((const struct rtable *)dst)->rt_type);
		return type >= PLACE_RTN_LOCAL && type <= PLACE_RTN_MULTICAST;
	}
	PLACE_READ(&flags, &((const struct rt6_info *)dst)->rt6i_flags);
	return flags & (PLACE_RTF_LOCAL | PLACE_RTF_ANYCAST) ||
	       (to->w[0] & PARSE_BE32(0xff000000)) == PARSE_BE32(0xff000000);
}

/*
 * Not routed yet. IP begins by writing its interface where other layers keep their own things. A
 * port's packet may also have been the bridge's: that is not told.
 */
static __always_inline __u8 place_unrouted(const struct sk_buff *skb)
{
	const struct net_device *dev = skb->dev;
	__u32 iif = 0;

	if (!dev || !skb->skb_iif)
		return HOOK_UNKNOWN;
	PLACE_READ(&iif, (const __u32 *)skb->cb);
	if (iif == (__u32)skb->skb_iif)
		return HOOK_PREROUTING;
	return dev->rx_handler ? HOOK_UNKNOWN : HOOK_INGRESS;
}

/*
 * Is this no route that a packet was received by, but one to its sender? That is what a reject in
 * prerouting looks up, to answer. IPv6 does not tell them apart.
 */
static __always_inline bool place_is_way_back(const struct sk_buff *skb,
					      const struct dst_entry *dst)
{
	__u8 is_input = 1;

	if (skb->protocol == PARSE_BE16(0x0800))
		PLACE_READ(&is_input, &((const struct rtable *)dst)->rt_is_input);
	return !is_input;
}

/* Netfilter's hook. */
static __always_inline __u8 place_hook(const struct sk_buff *skb, const struct place_route *route,
				       const struct addr *to)
{
	const struct net_device *dev = skb->dev;
	__u64 mac = skb->data - skb->head;
	__u32 ifindex = dev ? dev->ifindex : 0, in = skb->skb_iif;
	bool leaves = ifindex == route->ifindex;

	if (skb->protocol != PARSE_BE16(0x0800) && skb->protocol != PARSE_BE16(0x86dd))
		return HOOK_UNKNOWN;
	/* The next link header is there already. */
	if (skb->mac_header == mac && skb->network_header > mac)
		return HOOK_EGRESS;
	if (!route->dst)
		return place_unrouted(skb);
	if (!in)
		return leaves ? HOOK_POSTROUTING : HOOK_OUTPUT;
	if (place_is_local(skb, route->dst, to))
		return HOOK_INPUT;
	if (ifindex == in && place_is_way_back(skb, route->dst))
		return HOOK_PREROUTING;
	return leaves && ifindex != in ? HOOK_POSTROUTING : HOOK_FORWARD;
}

/* hook: what the reason tells, or HOOK_MAX: netfilter's. in_chain: what the chain tells, or 0. */
static __always_inline void place_set(struct drop_key *key, const struct sk_buff *skb, __u8 hook,
				      __u8 in_chain)
{
	const struct net_device *dev = skb->dev;
	struct place_route route = {};

	key->in_ifindex = skb->skb_iif;
	if (hook == HOOK_MAX) {
		route = place_route(skb);
		hook = in_chain ? in_chain : place_hook(skb, &route, &key->destination);
	}
	key->hook = hook;
	if (hook == HOOK_FORWARD || hook == HOOK_OUTPUT)
		key->out_ifindex = route.ifindex;
	else if (hook == HOOK_XDP || hook == HOOK_INGRESS)
		key->in_ifindex = dev ? dev->ifindex : 0;
	else if (dev && dev->ifindex != skb->skb_iif)
		key->out_ifindex = dev->ifindex;
}

#endif
