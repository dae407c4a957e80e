/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What clients ask: which response answers HEAD or CONNECT. A request that stands alone in its
 * segment, with nothing unanswered in front of it, says so at once. Where requests overlap, or are
 * cut, the client's side is a flow of its own, which the same machine reads: both sides are
 * numbered, and what a request says waits in `asked` for the response of its number.
 */
#ifndef BPF_ASKED_H
#define BPF_ASKED_H

#include "flow.bpf.h"

/*
 * Begins to read the client's side with the packet's segment, whose first request has this number.
 * answers_key and asked_key.isn are those of its answers' flow. alone: nothing is in front of it.
 * What to do next.
 */
static __always_inline int asked_begin(struct scratch *s, const struct http1_flow *answers,
				       __u32 number, bool alone)
{
	s->name_key = s->flow_key;
	flow_turn_key(&s->answers_key, &s->flow_key);
	if (answers->flags & HTTP1_MATCHED) {
		const struct http1_flow *old = bpf_map_lookup_elem(&flows, &s->flow_key);

		if (old && old->flags & HTTP1_CLIENT && old->isn == answers->client_isn) {
			/* It is read already, under the name that it had before NAT. */
			flow_name(&s->name_key, &s->flow_key);
			return HTTP_DONE;
		}
	}
	s->run.pos = 0;
	http1_init(&s->run.flow, s->run.seq);
	s->run.flow.flags = HTTP1_CLIENT | HTTP1_CONFIRMED;
	s->run.flow.number = number;
	s->asked_first = number;
	s->asked_alone = alone;
	s->is_new = 1;
	return HTTP_READ;
}

/*
 * run.flow is what asked_begin() began, and it has read the segment, or (more) a part. 0: it was
 * one request and nothing else, so the answers' flow knows all, and the client's side is not kept.
 */
__noinline int asked_is_needed(__u32 more)
{
	struct scratch *s = scratch_get();
	const struct http1_flow *old;
	struct http1_flow *answers;
	struct flow_lock *lock;
	bool alone;

	if (!s)
		return 0;
	alone = s->asked_alone && !more && s->run.flow.state == HTTP1_STATUS &&
		!s->run.flow.carry_len && s->run.flow.number == s->asked_first + 1;
	answers = bpf_map_lookup_elem(&flows, &s->answers_key);
	lock = flow_lock_of(&s->answers_key);
	if (!answers || !lock)
		return 0;
	bpf_spin_lock(&lock->lock);
	if (answers->state != HTTP1_ALIAS && answers->isn == s->asked_key.isn) {
		if (alone) {
			answers->asked = s->run.flow.number;
			answers->asked_end = s->run.flow.next;
		} else {
			answers->client_isn = s->run.flow.isn;
			answers->flags |= HTTP1_MATCHED;
		}
		answers->turn++;
	}
	bpf_spin_unlock(&lock->lock);
	if (alone)
		return 0;
	if (!is_same_key(&s->name_key, &s->flow_key))
		flow_name(&s->name_key, &s->flow_key);
	old = bpf_map_lookup_elem(&flows, &s->flow_key);
	if (old && (old->isn != s->run.flow.isn || !(old->flags & HTTP1_CLIENT)))
		bpf_map_delete_elem(&flows, &s->flow_key); /* of an older connection */
	return 1;
}

/*
 * A request with nothing in front of it begins the segment, and run.flow is the client's side: that
 * goes on here if bytes before are missing, and both sides have one numbering again.
 */
static __always_inline void asked_align(struct scratch *s, struct totals *t,
					struct http1_flow *answers)
{
	struct flow_lock *lock = flow_lock_of(&s->answers_key);
	struct http1_flow *flow = &s->run.flow;
	__s32 behind = flow->next - s->run.seq;

	if (flow->state == HTTP1_OPAQUE || behind < 0) {
		if (flow->flags & HTTP1_HELD)
			count_add(t, COUNT_HTTP_HOLE_CLOSED);
		http1_start(flow, s->run.seq);
	} else if (behind) {
		return; /* sent again: it was numbered before */
	}
	if (!lock || (answers->flags & HTTP1_MATCHED && answers->number == flow->number &&
		      answers->client_isn == flow->isn))
		return;
	bpf_spin_lock(&lock->lock);
	if (answers->state != HTTP1_ALIAS) {
		answers->number = flow->number;
		answers->client_isn = flow->isn;
		answers->flags |= HTTP1_MATCHED;
		answers->turn++;
	}
	bpf_spin_unlock(&lock->lock);
}

/* A step had an event: notes what a client asks, finds what a response answers, keeps the rest. */
__noinline int asked_see_event(void)
{
	struct scratch *s = scratch_get();
	struct http1_flow *flow;
	const __u32 *found;
	__u32 due = 0;

	if (!s)
		return 0;
	flow = &s->run.flow;
	if (flow->flags & HTTP1_CLIENT) {
		if (s->run.event == HTTP1_ASKED_HEAD)
			due = HTTP1_HEAD_DUE;
		else if (s->run.event == HTTP1_ASKED_CONNECT)
			due = HTTP1_CONNECT_DUE;
		s->asked_key.client_isn = flow->isn;
		s->asked_key.number = flow->number;
		if (due)
			bpf_map_update_elem(&asked, &s->asked_key, &due, BPF_ANY);
		return 0;
	}
	if (s->run.event != HTTP1_RESPONSE) {
		http_keep(s, s->run.event);
		return 0;
	}
	http_keep(s, s->run.status);
	if (!(flow->flags & HTTP1_MATCHED))
		return 0;
	s->asked_key.isn = flow->isn;
	s->asked_key.client_isn = flow->client_isn;
	s->asked_key.number = flow->number;
	found = bpf_map_lookup_elem(&asked, &s->asked_key);
	if (found)
		flow->flags |= *found & (HTTP1_HEAD_DUE | HTTP1_CONNECT_DUE);
	return 0;
}

#endif
