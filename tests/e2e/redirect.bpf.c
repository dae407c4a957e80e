/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What Cilium and its like do with packets: they take them from one device to another past the
 * host's stack. Of IPv4; what is for no pod goes on as it was.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define TCX_NEXT (-1)

struct pod {
	__u32 ifindex; /* the host's end of its pair */
	__u8 mac[ETH_ALEN];
	__u8 pad[2];
};

/* Pods of this node by address. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __be32);
	__type(value, struct pod);
} pods SEC(".maps");

/* 0: the uplink's ifindex. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} uplink SEC(".maps");

/* Packets: 0 left to the stack, 1 to a pod, 2 out. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 3);
	__type(key, __u32);
	__type(value, __u64);
} did SEC(".maps");

static __always_inline int count(__u32 what, int verdict)
{
	__u64 *packets = bpf_map_lookup_elem(&did, &what);

	if (packets)
		__sync_fetch_and_add(packets, 1);
	return verdict;
}

static __always_inline int redirect(struct __sk_buff *skb, int from_pod)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct ethhdr *eth = data;
	struct iphdr *ip = data + sizeof(*eth);
	__u32 zero = 0, *out = bpf_map_lookup_elem(&uplink, &zero);
	const struct pod *pod;

	if ((void *)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP) || !out)
		return TCX_NEXT;
	pod = bpf_map_lookup_elem(&pods, &ip->daddr);
	if (pod) {
		__builtin_memcpy(eth->h_dest, pod->mac, ETH_ALEN);
		return count(1, bpf_redirect_peer(pod->ifindex, 0));
	}
	/* 10.77.1.x is the node itself. */
	if (from_pod && (ip->daddr & bpf_htonl(0xffffff00)) != bpf_htonl(0x0a4d0100))
		return count(2, bpf_redirect_neigh(*out, NULL, 0, 0));
	return count(0, TCX_NEXT);
}

SEC("tc")
int from_pod(struct __sk_buff *skb)
{
	return redirect(skb, 1);
}

SEC("tc")
int from_outside(struct __sk_buff *skb)
{
	return redirect(skb, 0);
}

char _license[] SEC("license") = "GPL";
