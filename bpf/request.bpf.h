/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requests: they say where the next response begins, and which tuples NAT has made of one
 * connection.
 *
 * NAT changes addresses and ports, but no sequence numbers: what begins a flow at one hook and has
 * the numbers of what began another at an earlier one is the same segment. Both tuples become names
 * of one flow, of the client as it was seen before NAT and the server as it was seen behind it. So
 * whichever hook sees a response first counts it, and with the true addresses.
 */
#ifndef BPF_REQUEST_H
#define BPF_REQUEST_H

#include "flow.bpf.h"

/* A note is found microseconds later; a request that was dropped in between comes again. */
#define NOTE_NS 10000000000ULL

/* Steps through a window of requests: two a line. */
#define HTTP_SCAN_STEPS 128

/*
 * Looks for the same segment at an earlier hook, by another name than `key`; leaves a note of this
 * one otherwise. True: s->note is the earlier one. The same hook has not seen it twice: that is
 * somebody else's segment.
 */
static __always_inline bool note_exchange(struct scratch *s, const struct flow_key *key,
					  __u32 is_response)
{
	const struct flow_note *note;
	__u64 now = bpf_ktime_get_boot_ns();

	s->note_key.seq = s->run.seq;
	s->note_key.ack = s->run.ack;
	s->note_key.is_response = is_response;
	note = bpf_map_lookup_elem(&notes, &s->note_key);
	if (note && (note->ifindex != s->ifindex || note->hook != s->hook) &&
	    now - note->time_ns < NOTE_NS && !is_same_key(&note->key, key)) {
		s->note = *note;
		return true;
	}
	s->note.key = *key;
	s->note.time_ns = now;
	s->note.ifindex = s->ifindex;
	s->note.hook = s->hook;
	bpf_map_update_elem(&notes, &s->note_key, &s->note, BPF_ANY);
	return false;
}

/* Sets joined_key: the client of one name, the server of the other. */
static __always_inline void join_keys(struct scratch *s, const struct flow_key *client,
				      const struct flow_key *server)
{
	struct flow_key *joined = &s->joined_key;

	joined->client = client->client;
	joined->client_port = client->client_port;
	joined->server = server->server;
	joined->server_port = server->server_port;
	joined->zone = 0;
	/* No packet has this tuple, or an unrelated one: NAT allows what we must keep apart. */
	if (!is_same_key(joined, client) && !is_same_key(joined, server))
		joined->zone = 1 | (client->server.w[3] ^ server->client.w[3] ^
				    ((__u32)server->client_port << 16 | client->server_port));
}

/* Makes `key` a name of joined_key. */
static __always_inline void join_name(struct scratch *s, const struct flow_key *key)
{
	struct http1_flow alias;

	flow_make_alias(&alias, &s->joined_key);
	bpf_map_update_elem(&flows, key, &alias, BPF_ANY);
}

/*
 * The segment was seen before, as s->note says: joins that flow and the name it has here. False
 * where that flow is gone. run.flow is overwritten.
 */
__noinline int join_flows(__u32 is_response)
{
	struct scratch *s = scratch_get();
	const struct flow_key *here;
	struct http1_flow *flow;
	struct flow_lock *lock;
	struct totals *t;

	if (!s)
		return 0;
	here = is_response ? &s->flow_key : &s->reverse_key;
	flow = bpf_map_lookup_elem(&flows, &s->note.key);
	if (!flow)
		return 0;
	if (flow->state == HTTP1_ALIAS) {
		/* A third name. */
		flow_read_alias(flow, &s->joined_key);
		join_name(s, here);
		return 1;
	}
	if (is_response)
		join_keys(s, here, &s->note.key);
	else
		join_keys(s, &s->note.key, here);
	t = count_totals(s->epoch & 1);
	lock = flow_lock_of(&s->note.key);
	if (!t || !lock)
		return 0;
	if (!is_same_key(&s->joined_key, &s->note.key)) {
		bpf_spin_lock(&lock->lock);
		s->run.flow = *flow;
		bpf_spin_unlock(&lock->lock);
		if (bpf_map_update_elem(&flows, &s->joined_key, &s->run.flow, BPF_ANY))
			return 0;
		join_name(s, &s->note.key);
	}
	if (!is_same_key(&s->joined_key, here))
		join_name(s, here);
	count_add(t, COUNT_FLOWS_JOINED);
	return 1;
}

/* What a request says of a flow that is there. */
static __always_inline void request_meets(struct scratch *s, struct totals *t,
					  struct http1_flow *flow, __u32 due)
{
	__s32 passed = s->run.ack - flow->next;
	__u32 old_flags = flow->flags, flags = old_flags;
	bool moves = false, points = false, is_next = false;
	struct flow_lock *lock;

	if (!(old_flags & HTTP1_CONFIRMED)) {
		/*
		 * It moves on with its requests, but not for one that was sent before the first
		 * bytes of the answer arrived: those may be in the carry.
		 */
		moves = -(__u32)passed > HTTP1_LINE;
		is_next = moves || http1_is_next(flow, s->run.seq, s->run.ack);
	} else if (flow->state == HTTP1_OPAQUE ? passed >= 0
					       : flow->state < HTTP1_OPAQUE && passed > 0) {
		/*
		 * Framing is lost, or bytes are missing: here it can be taken up again. Not at an
		 * old acknowledgement, where what was counted would be counted again.
		 */
		flags |= HTTP1_PASSED;
		points = flow->header_end != s->run.ack;
	} else {
		/* Is nothing else unanswered? */
		is_next = http1_is_next(flow, s->run.seq, s->run.ack);
	}
	s->asked_next = is_next;
	if (keep_requests) {
		/* Not that answer's request once more, and sent before the answer began? */
		if (!is_next && (__s32)(s->run.seq - flow->last_ack) > 0)
			flags |= HTTP1_MANY;
	}
	if (is_next)
		flags |= due & HTTP1_CONNECT_DUE;
	if (!moves && !points && flags == old_flags)
		return;
	lock = flow_lock_of(&s->reverse_key);
	if (!lock)
		return;
	if (moves) {
		/* An answer came that no hook saw. */
		if (passed > 0 && flow->answer != HTTP1_OTHER)
			count_add(t, COUNT_HTTP_GAP);
		if (old_flags & HTTP1_HELD)
			count_add(t, COUNT_HTTP_HOLE_CLOSED);
	}
	bpf_spin_lock(&lock->lock);
	if (!((flow->flags ^ old_flags) & HTTP1_CONFIRMED) && flow->state != HTTP1_ALIAS) {
		if (moves) {
			http1_start(flow, s->run.ack);
			flow->last_ack = s->run.seq;
			flow->flags |= due & HTTP1_SURE;
		}
		if (points)
			flow->header_end = s->run.ack;
		flow->flags |= flags & (HTTP1_PASSED | HTTP1_CONNECT_DUE | HTTP1_MANY);
		flow->turn++;
	}
	bpf_spin_unlock(&lock->lock);
}

/*
 * May what looks like a request begin a flow? Words may be a bad request, which is answered too, or
 * any other text: those of who opened the connection are taken. Where nobody knows who did, a usual
 * method must be there, or a path behind the word and the higher port, which is the client's.
 */
static __always_inline bool request_is_clients(struct scratch *s, __u32 asks)
{
	switch (opening_role()) {
	case OPENING_CLIENT:
		s->method_due |= HTTP1_SURE;
		return true;
	case OPENING_SERVER:
		return false;
	default:
		return asks == HTTP1_ASKS ||
		       (asks == HTTP1_PATH &&
			PARSE_BE16(s->packet.source_port) > PARSE_BE16(s->packet.destination_port));
	}
}

/*
 * Is it worth the time to look through the segment of a flow? Most clients send one request at a
 * time; of that only HEAD matters, and what is kept.
 */
static __always_inline bool request_is_worth(const struct scratch *s, const struct http1_flow *flow,
					     __u32 asks)
{
	__u32 flags = flow->flags;

	if ((__s32)(s->run.seq - flow->last_ack) < 0 ||
	    (flow->queue > HTTP1_NOTHING_ASKED && (__s32)(s->run.seq - flow->asked) < 0))
		return false; /* once more */
	if (s->method_due & HTTP1_HEAD_ASKED)
		return true;
	if (keep_requests && s->asked_next &&
	    (flags & (HTTP1_ERRED | HTTP1_MANY | HTTP1_PIPELINED)) == HTTP1_ERRED)
		return true;
	/* Words may be a body's, but not where the next request is due. */
	return (asks >= HTTP1_PATH || (flow->queue && s->run.seq == flow->asked)) &&
	       (!s->asked_next || flags & (HTTP1_PIPELINED | HTTP1_DOUBTED));
}

/*
 * The segment looks like a request (asks: enum http1_request): where it acknowledges, the answer
 * begins. What to do next.
 */
__noinline int request_see(__u32 asks)
{
	struct scratch *s = scratch_get();
	struct http1_flow *flow;
	struct totals *t;

	if (!s)
		return HTTP_DONE;
	t = count_totals(s->epoch & 1);
	if (!t)
		return HTTP_DONE;
	s->method_due = http1_method_due();
	s->is_request = asks == HTTP1_ASKS;
	if (asks == HTTP1_ASKS)
		s->method_due |= HTTP1_SURE;
	if (keep_requests)
		asked_begin(s);
	flow = flow_reverse(s);
	if (!flow) {
		if (!request_is_clients(s, asks))
			return HTTP_DONE;
		return note_exchange(s, &s->reverse_key, 0) && join_flows(0) ? HTTP_DONE
									     : HTTP_SCAN;
	}
	request_meets(s, t, flow, s->method_due);
	return request_is_worth(s, flow, asks) ? HTTP_SCAN : HTTP_DONE;
}

/* Looks at a window of a segment of requests. */
__noinline int request_look(void)
{
	for (int i = 0; i < HTTP_SCAN_STEPS; i++)
		if (!http1_ask_step())
			break;
	return 0;
}

/* The segment was looked through: what it asks for is in run.asks. What to do next. */
__noinline int request_scanned(void)
{
	struct scratch *s = scratch_get();
	struct http1_flow *flow;
	struct flow_lock *lock;
	__u32 due;

	if (!s)
		return HTTP_DONE;
	due = keep_requests && !asked_is_one(s) ? HTTP1_MANY : 0;
	s->method_due |= due;
	flow = bpf_map_lookup_elem(&flows, &s->reverse_key);
	if (!flow)
		return HTTP_ASK;
	if (keep_requests && s->asked_next && !(flow->flags & (HTTP1_MANY | HTTP1_PIPELINED)))
		asked_keep(s, &s->reverse_key);
	lock = flow_lock_of(&s->reverse_key);
	if (!lock)
		return HTTP_DONE;
	bpf_spin_lock(&lock->lock);
	if (flow->state != HTTP1_ALIAS) {
		flow->flags |= due;
		http1_ask(flow, &s->run, s->is_request);
		flow->turn++;
	}
	bpf_spin_unlock(&lock->lock);
	return HTTP_DONE;
}

/*
 * Makes the flow that a request begins. joined: under joined_key, which is another name than the
 * packet's or the same. Returns HTTP_DONE.
 */
__noinline int request_begin(__u32 joined)
{
	struct scratch *s = scratch_get();
	const struct http1_flow *flow;
	struct totals *t;
	int err;

	if (!s)
		return HTTP_DONE;
	t = count_totals(s->epoch & 1);
	if (!t)
		return HTTP_DONE;
	if (!joined)
		s->joined_key = s->reverse_key;
	http1_init(&s->run.flow, s->run.ack);
	s->run.flow.last_ack = s->run.seq;
	s->run.flow.flags = s->method_due & ~HTTP1_HEAD_ASKED;
	http1_ask(&s->run.flow, &s->run, true);
	/* Another hook made it just now; or it is of an older connection, whose end nobody saw. */
	flow = bpf_map_lookup_elem(&flows, &s->joined_key);
	if (!flow || flow->isn != s->run.flow.isn || flow->state == HTTP1_ALIAS) {
		err = bpf_map_update_elem(&flows, &s->joined_key, &s->run.flow, BPF_ANY);
		count_add(t, err ? COUNT_FLOWS_REFUSED : COUNT_FLOWS_CREATED);
		if (keep_requests)
			asked_keep(s, &s->joined_key);
	}
	if (!is_same_key(&s->joined_key, &s->reverse_key)) {
		join_name(s, &s->reverse_key);
		count_add(t, COUNT_FLOWS_JOINED);
	}
	return HTTP_DONE;
}

#endif
