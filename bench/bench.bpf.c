/* SPDX-License-Identifier: GPL-2.0-only */
/* The product's programs once more, with a sequence number that advances from run to run. */
#include "../bpf/spikewatch.bpf.c"

/*
 * Bytes by which each run is behind the one before; a packet without it would be a retransmission.
 */
__u32 advance_by = 0;
__u32 advance_seq = 0;

/* Writes the next sequence number into a TCP segment over IPv4 without options. */
static __always_inline void advance(void *data, void *end)
{
	__u8 *seq = (__u8 *)data + 14 + 20 + 4;

	if ((void *)(seq + 4) > end)
		return;
	*(__be32 *)seq = PARSE_BE32(advance_seq);
	advance_seq += advance_by;
}

SEC("tc")
int empty_tc(struct __sk_buff *skb)
{
	return TC_ACT_UNSPEC;
}

/*
 * Work of the same kind as the product's that never changes: what it takes tells how fast the
 * machine is now.
 */
SEC("tc")
int reference_tc(struct __sk_buff *skb)
{
	struct flow_key key = { .zone = 1 };
	struct scratch *s = scratch_get();

	if (!s)
		return TC_ACT_UNSPEC;
	for (int i = 0; i < 8; i++) {
		key.client_port = i;
		if (bpf_map_lookup_elem(&flows, &key) ||
		    bpf_skb_load_bytes(skb, i, s->run.window, 32))
			return TC_ACT_UNSPEC;
	}
	return TC_ACT_UNSPEC;
}

SEC("tc")
int advance_tc(struct __sk_buff *skb)
{
	advance((void *)(long)skb->data, (void *)(long)skb->data_end);
	return TC_ACT_UNSPEC;
}

SEC("tc")
int response_tc(struct __sk_buff *skb)
{
	advance((void *)(long)skb->data, (void *)(long)skb->data_end);
	return see_tc(skb, HOOK_INGRESS, PARSE_START_ETHERNET);
}

SEC("xdp")
int empty_xdp(struct xdp_md *xdp)
{
	return XDP_PASS;
}

SEC("xdp")
int advance_xdp(struct xdp_md *xdp)
{
	advance((void *)(long)xdp->data, (void *)(long)xdp->data_end);
	return XDP_PASS;
}

SEC("xdp")
int response_xdp(struct xdp_md *xdp)
{
	advance((void *)(long)xdp->data, (void *)(long)xdp->data_end);
	return see_xdp(xdp, false);
}

SEC("tp_btf/kfree_skb")
int empty_drop(__u64 *ctx)
{
	return 0;
}
