/* SPDX-License-Identifier: GPL-2.0-only */
/* Program entry points. None ever changes a packet's fate: TC_ACT_UNSPEC (= TCX_NEXT), XDP_PASS. */
#include <stdbool.h>
#include <stddef.h>
#include "vmlinux.h"
#include "kernel.bpf.h"
#include <bpf/bpf_helpers.h>
#include "defs.bpf.h"
#include "http.bpf.h"
#include "linear.bpf.h"
#include "drop.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* --- tc ------------------------------------------------------------------------------------- */

static __always_inline int load_tc(struct __sk_buff *skb, struct scratch *s, __u32 off, __u32 n)
{
	/* Never direct access: a local sender's payload is not in the linear part. */
	return bpf_skb_load_bytes(skb, off, s->run.window, n);
}

static __always_inline int keep_tc(struct __sk_buff *skb, __u32 off, __u8 *to, __u32 n)
{
	return bpf_skb_load_bytes(skb, off, to, n);
}

NAT_DEFINE(tc, struct __sk_buff, bpf_skb_ct_lookup)
HTTP_DEFINE(tc, struct __sk_buff, load_tc, keep_tc, nat_begin_tc)
DENIAL_DEFINE(tc, struct __sk_buff, load_tc)
SPEECH_DEFINE(tc, struct __sk_buff, load_tc)

/* What is to be done with a packet further on. */
enum todo { TODO_NOTHING, TODO_HTTP, TODO_CONNECTION, TODO_DENIAL, TODO_QUIC };

/* Counts what became of the headers. */
static __always_inline enum todo judge_headers(struct scratch *s, struct totals *t, __u32 result)
{
	struct packet *p = &s->packet;

	if (result != PARSE_OK) {
		count_unparsed(t, COUNT_PARSE_TRUNCATED, result);
		return TODO_NOTHING;
	}
	count_add(t, COUNT_UNDERSTOOD);
	if (p->proto != PARSE_PROTO_TCP) {
		if (speech_may_be_quic(p))
			return TODO_QUIC;
		return denial_is_icmp(p) ? TODO_DENIAL : TODO_NOTHING;
	}
	if (p->tcp_flags & (PARSE_TCP_SYN | PARSE_TCP_RST))
		return TODO_CONNECTION;
	if (!p->payload_len)
		return TODO_NOTHING;
	flow_set_key(s);
	return TODO_HTTP;
}

/* A segment with SYN or RST. What data it may have is no part of the stream for HTTP. */
static __always_inline void see_connection(struct scratch *s)
{
	if (follow_attempts)
		attempt_see();
	if (s->packet.tcp_flags & PARSE_TCP_SYN) {
		flow_set_key(s);
		flow_see_syn();
	}
}

/* A layer of s->headers -> s->packet; a global function, so that it is verified once for both. */
__noinline int parse_copied(__u32 have, __u32 frame_len, __u32 off, __u32 start)
{
	struct scratch *s = scratch_get();
	struct parse_view view = { .have = have, .frame_len = frame_len, .inner = off > 0 };

	if (!s || have > PARSE_WINDOW)
		return PARSE_TRUNCATED;
	view.buf = s->headers;
	return parse_layer(&view, start, off, &s->packet);
}

/* s->headers -> s->packet, through a tunnel. */
__noinline int parse_headers(__u32 have, __u32 frame_len, __u32 start)
{
	struct scratch *s = scratch_get();
	struct parse_view view = { .have = have, .frame_len = frame_len };
	int result;

	if (!s)
		return PARSE_TRUNCATED;
	result = parse_copied(have, frame_len, 0, start);
	if (result != PARSE_TUNNEL)
		return result;
	view = parse_inside(&view, &s->packet);
	return parse_copied(view.have, view.frame_len, s->packet.payload_off, s->packet.tunneled);
}

/* In 64 bits: clang 19 takes the halves of packet pointers otherwise, which verifiers refuse. */
static __always_inline __u32 bytes_between(const void *start, const void *end)
{
	__u64 n = end - start;

	PARSE_KEEP(n);
	return n;
}

/* The linear part -> s->packet, without a copy: most packets need no more than that. */
static __always_inline int parse_linear(const void *data, const void *end, __u32 frame_len,
					__u32 start)
{
	struct scratch *s = scratch_get();
	struct parse_view view = {
		.buf = data, .end = end, .direct = true, .frame_len = frame_len
	};

	if (!s)
		return PARSE_TRUNCATED;
	return parse_layer(&view, start, 0, &s->packet);
}

__noinline int parse_linear_tc(struct __sk_buff *skb, __u32 start)
{
	return parse_linear((void *)(long)skb->data, (void *)(long)skb->data_end, skb->len, start);
}

__noinline int parse_linear_xdp(struct xdp_md *xdp, __u32 frame_len)
{
	return parse_linear((void *)(long)xdp->data, (void *)(long)xdp->data_end, frame_len,
			    PARSE_START_ETHERNET);
}

static __always_inline int parse_tc(struct __sk_buff *skb, struct scratch *s, __u32 start)
{
	__u32 len = skb->len, have = parse_bound(len);
	int result = parse_linear_tc(skb, start);

	if (result != PARSE_NEEDS_COPY)
		return result;
	if (!len || bpf_skb_load_bytes(skb, 0, s->headers, have))
		return PARSE_TRUNCATED;
	return parse_headers(have, len, start);
}

static __always_inline int see_tc(struct __sk_buff *skb, enum sw_hook hook, enum parse_start start)
{
	__u32 which = epoch & 1, result;
	struct totals *t = count_totals(which);
	struct scratch *s = scratch_get();
	enum todo todo;

	if (!s || !t)
		return TC_ACT_UNSPEC;
	t->n[COUNT_PACKETS_INGRESS + hook - HOOK_INGRESS]++;
	s->epoch = which;
	s->hook = hook;
	result = parse_tc(skb, s, start);
	/*
	 * Behind somebody's generic XDP program with frags the Ethernet header is gone (seen
	 * on 6.18): the kernel knows that this is IP, the bytes don't.
	 */
	if (result == PARSE_NOT_IP && !s->packet.tunneled && start == PARSE_START_ETHERNET &&
	    (skb->protocol == PARSE_BE16(0x0800) || skb->protocol == PARSE_BE16(0x86dd)))
		result = parse_tc(skb, s, PARSE_START_IP);
	todo = judge_headers(s, t, result);
	if (todo == TODO_NOTHING)
		return TC_ACT_UNSPEC;
	s->ifindex = skb->ifindex;
	if (server_side)
		s->origin = hook == HOOK_EGRESS ? skb->ingress_ifindex : skb->ifindex;
	if (todo == TODO_HTTP)
		http_payload_tc(skb);
	else if (todo == TODO_CONNECTION)
		see_connection(s);
	else if (todo == TODO_DENIAL)
		denial_see_tc(skb);
	else
		speech_quic_tc(skb);
	return TC_ACT_UNSPEC;
}

SEC("tc")
int sw_ingress(struct __sk_buff *skb)
{
	return see_tc(skb, HOOK_INGRESS, PARSE_START_ETHERNET);
}

SEC("tc")
int sw_egress(struct __sk_buff *skb)
{
	return see_tc(skb, HOOK_EGRESS, PARSE_START_ETHERNET);
}

/* The same for devices whose packets begin with the IP header: tun, WireGuard, PPP. */
SEC("tc")
int sw_ingress_l3(struct __sk_buff *skb)
{
	return see_tc(skb, HOOK_INGRESS, PARSE_START_IP);
}

SEC("tc")
int sw_egress_l3(struct __sk_buff *skb)
{
	return see_tc(skb, HOOK_EGRESS, PARSE_START_IP);
}

/* --- XDP: direct access, for kernels without bpf_xdp_load_bytes (before 5.18) ---------------- */

/* Kernels that need this program have no look-up either. */
static __always_inline int begin_xdp(struct xdp_md *xdp)
{
	return request_begin(0);
}

HTTP_DEFINE(xdp, struct xdp_md, load_xdp, keep_xdp, begin_xdp)
DENIAL_DEFINE(xdp, struct xdp_md, load_xdp)
SPEECH_DEFINE(xdp, struct xdp_md, load_xdp)

/* --- XDP with frags: multi-buffer packets --------------------------------------------------- */

static __always_inline int load_xdp_frags(struct xdp_md *xdp, struct scratch *s, __u32 off, __u32 n)
{
	return bpf_xdp_load_bytes(xdp, off, s->run.window, n);
}

static __always_inline int keep_xdp_frags(struct xdp_md *xdp, __u32 off, __u8 *to, __u32 n)
{
	return bpf_xdp_load_bytes(xdp, off, to, n);
}

NAT_DEFINE(xdp_frags, struct xdp_md, bpf_xdp_ct_lookup)
HTTP_DEFINE(xdp_frags, struct xdp_md, load_xdp_frags, keep_xdp_frags, nat_begin_xdp_frags)
DENIAL_DEFINE(xdp_frags, struct xdp_md, load_xdp_frags)
SPEECH_DEFINE(xdp_frags, struct xdp_md, load_xdp_frags)

static __always_inline int parse_xdp(struct xdp_md *xdp, struct scratch *s, bool frags)
{
	const void *data = (void *)(long)xdp->data, *end = (void *)(long)xdp->data_end;
	__u32 len = frags ? bpf_xdp_get_buff_len(xdp) : bytes_between(data, end),
	      have = parse_bound(len);
	int result = parse_linear_xdp(xdp, len);

	if (result != PARSE_NEEDS_COPY)
		return result;
	if (frags ? bpf_xdp_load_bytes(xdp, 0, s->headers, have) : copy_headers(xdp, have))
		return PARSE_TRUNCATED;
	return parse_headers(have, len, PARSE_START_ETHERNET);
}

static __always_inline int see_xdp(struct xdp_md *xdp, bool frags)
{
	__u32 which = epoch & 1;
	struct totals *t = count_totals(which);
	struct scratch *s = scratch_get();
	enum todo todo;

	if (!s || !t)
		return XDP_PASS;
	count_add(t, COUNT_PACKETS_XDP);
	s->epoch = which;
	s->hook = HOOK_XDP;
	todo = judge_headers(s, t, parse_xdp(xdp, s, frags));
	if (todo == TODO_NOTHING)
		return XDP_PASS;
	s->ifindex = xdp->ingress_ifindex;
	s->origin = s->ifindex;
	if (todo == TODO_CONNECTION)
		see_connection(s);
	else if (todo == TODO_HTTP && frags)
		http_payload_xdp_frags(xdp);
	else if (todo == TODO_HTTP)
		http_payload_xdp(xdp);
	else if (todo == TODO_DENIAL && frags)
		denial_see_xdp_frags(xdp);
	else if (todo == TODO_DENIAL)
		denial_see_xdp(xdp);
	else if (frags)
		speech_quic_xdp_frags(xdp);
	else
		speech_quic_xdp(xdp);
	return XDP_PASS;
}

SEC("xdp")
int sw_xdp(struct xdp_md *xdp)
{
	return see_xdp(xdp, false);
}

SEC("xdp.frags")
int sw_xdp_frags(struct xdp_md *xdp)
{
	return see_xdp(xdp, true);
}

/* --- drops ----------------------------------------------------------------------------------- */

/*
 * Around nf_hook_slow(skb, ...): who has neither reasons nor symbols knows by the mark that
 * netfilter freed the packet. By address, as hooks nest (a reject sends a packet) and tasks move.
 */
SEC("?fentry/nf_hook_slow")
int sw_hook_enter(__u64 *ctx)
{
	__u64 skb = ctx[0];
	__u32 one = 1;

	bpf_map_update_elem(&hook_marks, &skb, &one, BPF_ANY);
	return 0;
}

SEC("?fexit/nf_hook_slow")
int sw_hook_leave(__u64 *ctx)
{
	__u64 skb = ctx[0];

	bpf_map_delete_elem(&hook_marks, &skb);
	return 0;
}

/*
 * The same by kprobes, where there is no fentry. A return has no arguments, but its stack is where
 * it was.
 */
SEC("?kprobe/nf_hook_slow")
int sw_hook_probe(struct pt_regs *ctx)
{
	__u64 skb = REGS_FIRST(ctx), stack = ctx->sp;
	__u32 one = 1;

	bpf_map_update_elem(&hook_frames, &stack, &skb, BPF_ANY);
	bpf_map_update_elem(&hook_marks, &skb, &one, BPF_ANY);
	return 0;
}

SEC("?kretprobe/nf_hook_slow")
int sw_hook_return(struct pt_regs *ctx)
{
	__u64 stack = ctx->sp - REGS_RETURNED, skb, *frame;

	frame = bpf_map_lookup_elem(&hook_frames, &stack);
	if (!frame)
		return 0;
	skb = *frame;
	bpf_map_delete_elem(&hook_frames, &stack);
	bpf_map_delete_elem(&hook_marks, &skb);
	return 0;
}

/*
 * TP_PROTO(struct sk_buff *skb, void *location[, enum skb_drop_reason reason[, struct sock
 * *rx_sk]])
 */
SEC("tp_btf/kfree_skb")
int sw_drop(__u64 *ctx)
{
	if (drop_owner != drop_generation)
		return 0;
	return see_drop((struct sk_buff *)ctx[0], drop_reason(ctx));
}
