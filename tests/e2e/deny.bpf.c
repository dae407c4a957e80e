/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Somebody else's programs that deny, and count by whom and whereto: TCP and UDP to the ports 7900
 * to 7999, IPv4 and IPv6, without VLANs and extension headers.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct deny_key {
	__u8 source[16], destination[16]; /* IPv4: the first four bytes */
	__u32 family, proto, port;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct deny_key);
	__type(value, __u64);
} denied SEC(".maps");

/* All packets that a program saw. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} seen SEC(".maps");

static __always_inline int count(struct deny_key *key)
{
	__u64 *packets, zero = 0;

	bpf_map_update_elem(&denied, key, &zero, BPF_NOEXIST);
	packets = bpf_map_lookup_elem(&denied, key);
	if (packets)
		__sync_fetch_and_add(packets, 1);
	return 1;
}

static __always_inline int judge_ports(struct deny_key *key, const __be16 *ports, const void *end)
{
	if ((const void *)(ports + 2) > end ||
	    (key->proto != IPPROTO_TCP && key->proto != IPPROTO_UDP))
		return 0;
	key->port = bpf_ntohs(ports[1]);
	return key->port >= 7900 && key->port <= 7999 && count(key);
}

/* From the IP header on: is it denied? */
static __always_inline int judge_ip(const void *ip, const void *end)
{
	const struct ipv6hdr *v6 = ip;
	const struct iphdr *v4 = ip;
	struct deny_key key = {};

	if ((const void *)(v4 + 1) > end)
		return 0;
	if (v4->version == 4 && v4->ihl == 5) {
		key.family = 4;
		key.proto = v4->protocol;
		__builtin_memcpy(key.source, &v4->saddr, 4);
		__builtin_memcpy(key.destination, &v4->daddr, 4);
		return judge_ports(&key, ip + sizeof(*v4), end);
	}
	if (v4->version != 6 || (const void *)(v6 + 1) > end)
		return 0;
	key.family = 6;
	key.proto = v6->nexthdr;
	__builtin_memcpy(key.source, &v6->saddr, 16);
	__builtin_memcpy(key.destination, &v6->daddr, 16);
	return judge_ports(&key, ip + sizeof(*v6), end);
}

static __always_inline int judge_frame(const void *data, const void *end)
{
	const struct ethhdr *eth = data;
	__u32 zero = 0;
	__u64 *packets = bpf_map_lookup_elem(&seen, &zero);

	if (packets)
		__sync_fetch_and_add(packets, 1);
	if ((const void *)(eth + 1) > end)
		return 0;
	if (eth->h_proto != bpf_htons(ETH_P_IP) && eth->h_proto != bpf_htons(ETH_P_IPV6))
		return 0;
	return judge_ip(eth + 1, end);
}

/* As the network policy agents of clouds do: accepting ends the classification, too. */
SEC("tc")
int deny_tc(struct __sk_buff *skb)
{
	const void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;

	return judge_frame(data, end) ? TC_ACT_SHOT : TC_ACT_OK;
}

SEC("xdp")
int deny_xdp(struct xdp_md *ctx)
{
	const void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	return judge_frame(data, end) ? XDP_DROP : XDP_PASS;
}

SEC("cgroup_skb/egress")
int deny_egress(struct __sk_buff *skb)
{
	return !judge_ip((void *)(long)skb->data, (void *)(long)skb->data_end);
}

SEC("cgroup_skb/ingress")
int deny_ingress(struct __sk_buff *skb)
{
	return !judge_ip((void *)(long)skb->data, (void *)(long)skb->data_end);
}

char _license[] SEC("license") = "GPL";
