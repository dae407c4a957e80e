/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A bad wire between two devices: loses, duplicates and holds back TCP segments, in thousandths.
 *
 * Attached to the ingress of both devices, whose indices differ in the last bit. Held packets go to
 * the device HOLD, where wire_hold.py takes and later sends them.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define TCP_FLAGS 13 /* offset of the octet with the flags */
#define TCP_SYN   0x02

static __u32 rolls;

/* 0..999, the same row of them for the same seed. Two CPUs that roll at once may get the same. */
static __u32 dice(void)
{
	__u32 x = (rolls++ + SEED) * 0x9e3779b9;

	x = (x ^ x >> 16) * 0x85ebca6b;
	x = (x ^ x >> 13) * 0xc2b2ae35;
	return (x ^ x >> 16) % 1000;
}

/* A SYN passes: TCP sends one again only after a second. */
static int is_fair_game(struct __sk_buff *skb)
{
	__u32 at = ETH_HLEN, proto_at;
	__u8 proto, byte;

	if (skb->protocol == bpf_htons(ETH_P_IP))
		proto_at = at + offsetof(struct iphdr, protocol);
	else if (skb->protocol == bpf_htons(ETH_P_IPV6))
		proto_at = at + offsetof(struct ipv6hdr, nexthdr);
	else
		return 0;
	if (bpf_skb_load_bytes(skb, proto_at, &proto, 1) || proto != IPPROTO_TCP ||
	    bpf_skb_load_bytes(skb, at, &byte, 1))
		return 0;
	at += byte >> 4 == 4 ? (byte & 0x0f) * 4 : sizeof(struct ipv6hdr);
	return !bpf_skb_load_bytes(skb, at + TCP_FLAGS, &byte, 1) && !(byte & TCP_SYN);
}

SEC("tc")
int wire(struct __sk_buff *skb)
{
	__u32 out = skb->ifindex ^ 1;

	if (is_fair_game(skb)) {
		if (dice() < LOST)
			return TC_ACT_SHOT;
		/* A duplicate follows at once, or later. */
		if (dice() < DUPLICATED)
			bpf_clone_redirect(skb, dice() < 500 ? HOLD : out, 0);
		if (dice() < HELD)
			out = HOLD;
	}
	return bpf_redirect(out, 0);
}

char _license[] SEC("license") = "GPL";
