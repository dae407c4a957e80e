/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Makes packets for flood.c: a UDP datagram from a source of its own, into the stack. And the far
 * end of a wire, which takes packets off without a drop.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

#include "flood.h"

/* The packet; its source is 0, and its IP header's checksum is right for that. */
struct flood_packet packet = {};
/* Sources that are drawn evenly; they begin at FLOOD_FIRST. */
const volatile __u32 sources = 1;
/* Of FLOOD_SLOTS packets, which come from which heavy source (1..FLOOD_HEAVY); 0: none. */
const volatile __u8 slots[FLOOD_SLOTS] = {};

/* Packets of each heavy source; one CPU runs the program at a time. */
__u64 heavy_sent[FLOOD_HEAVY + 1] = {};

static __always_inline __u16 checksum_with(__u16 checksum, __u32 source)
{
	__u32 sum = (__u16)~checksum + (source >> 16) + (source & 0xffff);

	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (__u16)~sum;
}

SEC("xdp")
int flood_make(struct xdp_md *xdp)
{
	struct flood_packet *p = (void *)(long)xdp->data;
	__u32 heavy, source, random = bpf_get_prandom_u32();

	if ((void *)(p + 1) > (void *)(long)xdp->data_end)
		return XDP_DROP;
	heavy = slots[random % FLOOD_SLOTS];
	if (heavy > FLOOD_HEAVY)
		return XDP_DROP;
	heavy_sent[heavy]++;
	source = heavy ? FLOOD_FIRST_HEAVY + heavy : FLOOD_FIRST + bpf_get_prandom_u32() % sources;
	/* All of it: the page was a packet before, and routing has changed that. */
	__builtin_memcpy(p, &packet, sizeof(*p));
	p->checksum = __builtin_bswap16(checksum_with(__builtin_bswap16(packet.checksum), source));
	p->source = __builtin_bswap32(source);
	return XDP_PASS;
}

/* On the interface that packets are made at: veth's receiving side is set up where a program is. */
SEC("xdp")
int flood_pass(struct xdp_md *xdp)
{
	return XDP_PASS;
}

SEC("tc")
int flood_take(struct __sk_buff *skb)
{
	return TC_ACT_STOLEN;
}

char _license[] SEC("license") = "GPL";
