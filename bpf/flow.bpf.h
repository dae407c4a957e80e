/* SPDX-License-Identifier: GPL-2.0-only */
/* Flows: what begins one, what ends it, and its other direction. */
#ifndef BPF_FLOW_H
#define BPF_FLOW_H

#include "found.bpf.h"

static __always_inline struct flow_lock *http_lock_of(const struct flow_key *key)
{
	__u32 n = key->client_port ^ key->server_port ^ key->client.w[3] ^ key->server.w[3];

	n = (n ^ n >> 16) % FLOW_LOCKS;
	return bpf_map_lookup_elem(&flow_locks, &n);
}

/* A SYN begins a new connection on a tuple that was used before; one sent again does not. */
static __always_inline void http_see_syn(struct scratch *s)
{
	const struct http1_flow *flow = bpf_map_lookup_elem(&flows, &s->flow_key);

	if (flow && flow->isn != s->packet.seq)
		bpf_map_delete_elem(&flows, &s->flow_key);
}

/*
 * An opaque flow remembers how far it was seen, for a retransmission must not pass for a new
 * response. Without the lock: should another CPU find the next response at the same moment, a wrong
 * header_end at worst hides one response to HEAD.
 */
static __always_inline void http_note_seen(struct http1_flow *flow, __u32 end)
{
	if ((__s32)(end - flow->header_end) > 0)
		flow->header_end = end;
}

/* The flow of the other direction: there this packet's sender is the client. */
static __always_inline struct http1_flow *http_reverse(struct scratch *s)
{
	s->reverse_key.client = s->flow_key.server;
	s->reverse_key.server = s->flow_key.client;
	s->reverse_key.client_port = s->flow_key.server_port;
	s->reverse_key.server_port = s->flow_key.client_port;
	s->reverse_key.zone = 0;
	return bpf_map_lookup_elem(&flows, &s->reverse_key);
}

/* The segment looks like a request: where it acknowledges, the answer begins. Returns HTTP_DONE. */
__noinline int http_expect(void)
{
	struct scratch *s = scratch_get();
	struct http1_flow *flow;
	struct flow_lock *lock;
	struct totals *t;
	int err;

	if (!s)
		return 0;
	flow = http_reverse(s);
	if (!flow) {
		t = count_totals(s->epoch & 1);
		http1_init(&s->run.flow, s->run.ack);
		s->run.flow.last_ack = s->run.seq;
		err = count_insert(&flows, &s->reverse_key, &s->run.flow);
		if (t && err != -EEXIST)
			count_add(t, err ? COUNT_FLOWS_REFUSED : COUNT_FLOWS_CREATED);
		return 0;
	}
	/*
	 * A flow that is not confirmed moves on with its requests, but not for one that was sent
	 * before the first bytes of the answer arrived: those may be in the carry.
	 */
	if (flow->flags & HTTP1_CONFIRMED || flow->next - s->run.ack <= HTTP1_LINE)
		return 0;
	lock = http_lock_of(&s->reverse_key);
	if (!lock)
		return 0;
	bpf_spin_lock(&lock->lock);
	if (!(flow->flags & HTTP1_CONFIRMED)) {
		http1_start(flow, s->run.ack);
		flow->last_ack = s->run.seq;
		flow->turn++;
	}
	bpf_spin_unlock(&lock->lock);
	return 0;
}

#endif
