/* SPDX-License-Identifier: GPL-2.0-only */
/* TCP segments from a server against flow state: finds responses, claims and counts them. */
#ifndef BPF_HTTP_H
#define BPF_HTTP_H

#include "count.bpf.h"

/*
 * Steps that one segment may take: 8,192, in two loops so that each is verified once. A 64 KB
 * super-packet of one-byte chunks needs some 22,000: what exceeds the budget is counted as such.
 */
#define HTTP_BATCHES	 64
#define HTTP_BATCH_STEPS 128

static __always_inline struct scratch *scratch_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&scratches, &zero);
}

static struct http1_run *http1_current(void)
{
	struct scratch *s = scratch_get();

	return s ? &s->run : NULL;
}

static __always_inline void http_send_event(struct scratch *s, struct totals *t)
{
	struct event event = {};
	__u64 flags;

	if (!count_ring_admit(t, &flags))
		return;
	event.time_ns = bpf_ktime_get_boot_ns();
	event.source = s->flow_key.client;
	event.destination = s->flow_key.server;
	event.source_port = s->flow_key.client_port;
	event.destination_port = s->flow_key.server_port;
	event.code = s->run.flow.status;
	event.type = EVENT_HTTP_ERROR;
	event.proto = PARSE_PROTO_TCP;
	event.ifindex = s->ifindex;
	event.hook = s->hook;
	count_event(t, &event, flags);
}

/* The status line at run.line_seq: counted by whoever claims it first. */
static __always_inline void http_count_response(struct scratch *s, struct totals *t)
{
	__u32 status = s->run.flow.status, class = status / 100, one = 1;

	s->claim.flow = s->flow_key;
	s->claim.seq = s->run.line_seq;
	s->claim.pad = 0;
	if (bpf_map_update_elem(&claims, &s->claim, &one, BPF_NOEXIST) == -EEXIST) {
		count_add(t, COUNT_HTTP_CLAIM_LOST);
		return;
	}
	class &= 7;
	if (class < 1 || class > 5)
		return;
	t->n[COUNT_HTTP_1XX + class - 1]++;
	if (class == 1)
		return; /* not a final response (RFC 9110 15.2) */
	s->http_key.client = s->flow_key.client;
	s->http_key.server = s->flow_key.server;
	s->http_key.port = s->flow_key.server_port;
	s->http_key.status = class >= 4 ? status : 0;
	s->http_key.pad = 0;
	count_http(s->epoch, &s->http_key);
	if (class >= 4)
		http_send_event(s, t);
}

/* Counts what the last step brought. */
__noinline int http_take_event(void)
{
	struct scratch *s = scratch_get();
	struct totals *t;

	if (!s)
		return 0;
	t = count_totals(s->epoch & 1);
	if (!t)
		return 0;
	switch (s->run.event) {
	case HTTP1_RESPONSE:
		http_count_response(s, t);
		break;
	case HTTP1_BAD_STATUS:
		count_add(t, COUNT_HTTP_BAD_STATUS);
		break;
	case HTTP1_BAD_LENGTH:
		count_add(t, COUNT_HTTP_BAD_LENGTH);
		break;
	case HTTP1_BAD_CHUNK:
		count_add(t, COUNT_HTTP_BAD_CHUNK);
		break;
	case HTTP1_WENT_OPAQUE:
		count_add(t, COUNT_HTTP_OPAQUE);
		break;
	}
	return 0;
}

/* What http_open() says. */
#define HTTP_SKIP   0
#define HTTP_READ   1
#define HTTP_RESYNC 2 /* load the first bytes, then http_retry() */
#define HTTP_CREATE 3 /* load the first bytes, then http_create() */

/* A SYN from the server begins a new connection on a tuple that was used before. */
static __always_inline void http_see_syn(struct scratch *s)
{
	struct http1_flow *flow = bpf_map_lookup_elem(&flows, &s->flow_key);
	__u32 isn = s->packet.seq;

	if (!flow || (flow->flags & HTTP1_HAS_ISN && flow->isn == isn))
		return;
	flow->flags = HTTP1_HAS_ISN;
	flow->isn = isn;
	flow->last_ack = s->packet.ack - 1;
	http1_start(flow, isn + 1);
}

static __always_inline int http_resume(struct scratch *s, const struct http1_flow *flow)
{
	__s32 behind = flow->next - s->packet.seq;

	s->run.flow = *flow;
	s->base = s->run.flow.next;
	s->run.pos = behind > 0 ? behind : 0;
	return HTTP_READ;
}

/* Looks the segment's flow up and places the segment. */
__noinline int http_open(void)
{
	struct scratch *s = scratch_get();
	const struct http1_flow *flow;
	struct totals *t;

	if (!s)
		return HTTP_SKIP;
	s->run.seq = s->packet.seq;
	s->run.ack = s->packet.ack;
	s->run.len = s->packet.payload_len;
	s->run.window_pos = 0;
	s->run.window_len = 0;
	flow = bpf_map_lookup_elem(&flows, &s->flow_key);
	if (!flow)
		return HTTP_CREATE;
	switch (http1_place(flow, s->run.seq, s->run.ack, s->run.len)) {
	case HTTP1_READ:
		return http_resume(s, flow);
	case HTTP1_TRY_RESYNC:
		return HTTP_RESYNC;
	case HTTP1_GAP:
		t = count_totals(s->epoch & 1);
		if (t)
			count_add(t, COUNT_HTTP_GAP);
		return HTTP_SKIP;
	default:
		return HTTP_SKIP;
	}
}

/* The first bytes of the payload are in run.window: is this a status line of a flow that is known? */
__noinline int http_retry(void)
{
	struct scratch *s = scratch_get();
	struct http1_flow *flow;
	struct totals *t;
	__u32 seq;

	if (!s)
		return HTTP_SKIP;
	flow = bpf_map_lookup_elem(&flows, &s->flow_key);
	t = count_totals(s->epoch & 1);
	if (!flow || !t)
		return HTTP_SKIP;
	seq = s->run.seq;
	if (http1_is_start(s->run.window, s->run.window_len)) {
		/* Directly behind a header block that answered HEAD nothing was lost. */
		if (seq != flow->header_end)
			count_add(t, COUNT_HTTP_RESYNC);
		s->run.flow = *flow;
		s->base = s->run.flow.next;
		http1_start(&s->run.flow, seq);
		s->run.pos = 0;
		return HTTP_READ;
	}
	/* As if the client had sent nothing new: last_ack = ack is what says so. */
	switch (http1_place(flow, seq, flow->last_ack, s->run.len)) {
	case HTTP1_READ:
		return http_resume(s, flow);
	case HTTP1_GAP:
		count_add(t, COUNT_HTTP_GAP);
		return HTTP_SKIP;
	default:
		return HTTP_SKIP;
	}
}

/* No state: made only where the payload begins with a status line, or with a part of one. */
__noinline int http_create(void)
{
	struct scratch *s = scratch_get();
	struct totals *t;

	if (!s || !http1_is_start(s->run.window, s->run.window_len))
		return HTTP_SKIP;
	t = count_totals(s->epoch & 1);
	if (!t)
		return HTTP_SKIP;
	__builtin_memset(&s->run.flow, 0, sizeof(s->run.flow));
	http1_start(&s->run.flow, s->run.seq);
	s->run.flow.last_ack = s->run.ack;
	s->run.pos = 0;
	count_add(t, COUNT_FLOWS_CREATED);
	return HTTP_READ;
}

/*
 * Writes the state back. Two CPUs may work on one flow at once; both counted through claims, and the
 * one that read further has the state that matters. A resync may go back, if nobody else moved on.
 */
__noinline int http_close(__u32 out_of_budget)
{
	struct scratch *s = scratch_get();
	struct http1_flow *flow;
	struct totals *t;
	__u32 next;

	if (!s)
		return 0;
	t = count_totals(s->epoch & 1);
	if (!t)
		return 0;
	if (out_of_budget) {
		count_add(t, COUNT_HTTP_BUDGET);
		s->run.flow.state = HTTP1_OPAQUE;
		s->run.flow.carry_len = 0;
		s->run.pos = s->run.len;
	}
	next = s->run.seq + s->run.pos;
	s->run.flow.next = next;
	flow = bpf_map_lookup_elem(&flows, &s->flow_key);
	if (!flow) {
		if (bpf_map_update_elem(&flows, &s->flow_key, &s->run.flow, BPF_ANY))
			count_add(t, COUNT_FLOWS_REFUSED);
		return 0;
	}
	if (flow->isn != s->run.flow.isn)
		return 0;
	if (flow->next != s->base && (__s32)(next - flow->next) <= 0)
		return 0;
	*flow = s->run.flow;
	return 0;
}

/* Cold: a payload could not be read although the packet has it. */
__noinline int http_unreadable(void)
{
	struct scratch *s = scratch_get();
	struct totals *t = s ? count_totals(s->epoch & 1) : NULL;

	if (t)
		count_add(t, COUNT_HTTP_UNREADABLE);
	return 0;
}

/*
 * The loops for one kind of hook. load(ctx, off, n) copies n (1..HTTP1_WINDOW) bytes of the packet
 * at off into run.window, 0 on success. Each function is global: verified once.
 */
#define HTTP_DEFINE(name, ctx_type, load)                                                          \
	static __always_inline int http_load_##name(ctx_type *ctx, struct scratch *s, __u32 n)     \
	{                                                                                          \
		/* n is 1..HTTP1_WINDOW: the mask shows it to the verifiers of 5.10 and 6.1. */    \
		n--;                                                                               \
		PARSE_KEEP(n);                                                                     \
		n = (n & (HTTP1_WINDOW - 1)) + 1;                                                  \
		if (load(ctx, s, s->packet.payload_off + s->run.pos, n))                           \
			return -1;                                                                 \
		s->run.window_pos = s->run.pos;                                                    \
		s->run.window_len = n;                                                             \
		return 0;                                                                          \
	}                                                                                          \
                                                                                                   \
	/* 1: go on; 0: done; -1: the payload can't be read. */                                    \
	__noinline int http_advance_##name(ctx_type *ctx)                                          \
	{                                                                                          \
		struct scratch *s = scratch_get();                                                 \
		__u32 n;                                                                           \
		int more;                                                                          \
                                                                                                   \
		if (!s)                                                                            \
			return 0;                                                                  \
		n = http1_want(&s->run);                                                           \
		if (n && http_load_##name(ctx, s, n)) {                                            \
			http_unreadable();                                                         \
			s->run.flow.state = HTTP1_OPAQUE;                                          \
			s->run.pos = s->run.len;                                                   \
			return 0;                                                                  \
		}                                                                                  \
		more = http1_step();                                                               \
		if (s->run.event)                                                                  \
			http_take_event();                                                         \
		return more;                                                                       \
	}                                                                                          \
                                                                                                   \
	__noinline int http_batch_##name(ctx_type *ctx)                                            \
	{                                                                                          \
		for (int i = 0; i < HTTP_BATCH_STEPS; i++)                                         \
			if (!http_advance_##name(ctx))                                             \
				return 0;                                                          \
		return 1;                                                                          \
	}                                                                                          \
                                                                                                   \
	__noinline int http_payload_##name(ctx_type *ctx)                                          \
	{                                                                                          \
		struct scratch *s = scratch_get();                                                 \
		int todo = http_open(), i;                                                         \
		__u32 n;                                                                           \
                                                                                                   \
		if (!s || todo == HTTP_SKIP)                                                       \
			return 0;                                                                  \
		if (todo != HTTP_READ) {                                                           \
			s->run.pos = 0;                                                            \
			n = s->run.len;                                                            \
			if (n > HTTP1_WINDOW)                                                      \
				n = HTTP1_WINDOW;                                                  \
			if (http_load_##name(ctx, s, n)) {                                         \
				http_unreadable();                                                 \
				return 0;                                                          \
			}                                                                          \
			todo = todo == HTTP_CREATE ? http_create() : http_retry();                 \
			if (todo != HTTP_READ)                                                     \
				return 0;                                                          \
		}                                                                                  \
		for (i = 0; i < HTTP_BATCHES; i++)                                                 \
			if (!http_batch_##name(ctx))                                               \
				break;                                                             \
		http_close(i == HTTP_BATCHES);                                                     \
		return 0;                                                                          \
	}

#endif
