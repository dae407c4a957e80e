/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Flows in their map: by which names they are found, where a segment stands in one, and how a
 * changed one is stored.
 */
#ifndef BPF_FLOW_H
#define BPF_FLOW_H

#include "found.bpf.h"
#include "opening.bpf.h"

/* What to do with the segment next. */
#define HTTP_DONE 0
#define HTTP_READ 1
#define HTTP_HOLD 2 /* keep it for later: hold.bpf.h */
#define HTTP_SCAN 3 /* look through its requests, then request_scanned() */
#define HTTP_ASK  4 /* a request that begins a flow: nat.bpf.h */
/* Load the first bytes, then http_begin(): */
#define HTTP_RESYNC 5 /* framing was lost */
#define HTTP_UNSURE 6 /* the flow is not confirmed yet */
#define HTTP_AHEAD  7 /* there is a hole before it */
#define HTTP_BEFORE 8 /* it may be the request that the flow should have begun with */
#define HTTP_NEW    9 /* there is no flow */

/* Sets flow_key: the packet's sender is the server. */
static __always_inline void flow_set_key(struct scratch *s)
{
	s->flow_key.client = s->packet.destination;
	s->flow_key.server = s->packet.source;
	s->flow_key.client_port = s->packet.destination_port;
	s->flow_key.server_port = s->packet.source_port;
	s->flow_key.zone = 0;
}

/*
 * NAT gives one connection two tuples. Each is a name of the same flow: an alias, whose value is
 * the flow's key. Addresses stand in its carry, ports and zone in `left`.
 */
_Static_assert(offsetof(struct flow_key, client_port) == sizeof(((struct http1_flow *)0)->carry),
	       "an alias holds the addresses");
_Static_assert(sizeof(struct flow_key) == offsetof(struct flow_key, client_port) + sizeof(__u64),
	       "an alias holds the ports");

static __always_inline void flow_make_alias(struct http1_flow *alias, const struct flow_key *of)
{
	__builtin_memset(alias, 0, sizeof(*alias));
	alias->state = HTTP1_ALIAS;
	__builtin_memcpy(alias->carry, of, sizeof(alias->carry));
	__builtin_memcpy(&alias->left, &of->client_port, sizeof(alias->left));
}

static __always_inline void flow_read_alias(const struct http1_flow *alias, struct flow_key *ret)
{
	__builtin_memcpy(ret, alias->carry, sizeof(alias->carry));
	__builtin_memcpy(&ret->client_port, &alias->left, sizeof(alias->left));
}

/*
 * The flow that *key names; *key is then its own key. An alias of a flow that is gone goes too:
 * NULL, and *key as it was.
 */
static __always_inline struct http1_flow *flow_find(struct flow_key *key)
{
	struct http1_flow *flow = bpf_map_lookup_elem(&flows, key);
	struct flow_key name;

	if (!flow || flow->state != HTTP1_ALIAS)
		return flow;
	name = *key;
	flow_read_alias(flow, key);
	flow = bpf_map_lookup_elem(&flows, key);
	if (flow && flow->state != HTTP1_ALIAS)
		return flow;
	*key = name;
	bpf_map_delete_elem(&flows, key);
	return NULL;
}

/*
 * A SYN begins a new connection on a tuple that was used before; one sent again does not. Of a name
 * only the name goes: another client may have the flow by now.
 */
__noinline int flow_see_syn(void)
{
	struct scratch *s = scratch_get();
	const struct http1_flow *flow;

	if (!s)
		return 0;
	opening_see_syn(&s->packet);
	flow = bpf_map_lookup_elem(&flows, &s->flow_key);
	if (!flow)
		return 0;
	if (flow->state == HTTP1_ALIAS) {
		flow_read_alias(flow, &s->joined_key);
		flow = bpf_map_lookup_elem(&flows, &s->joined_key);
	}
	if (!flow || flow->isn != s->packet.seq)
		bpf_map_delete_elem(&flows, &s->flow_key);
	return 0;
}

/*
 * Where requests are not seen, an opaque flow remembers how far it was seen: a retransmission must
 * not pass for a new response. Without the lock: should another CPU find the next response at the
 * same moment, a wrong header_end at worst hides one response to HEAD.
 */
static __always_inline void flow_note_seen(struct http1_flow *flow, __u32 end)
{
	if ((__s32)(end - flow->header_end) > 0)
		flow->header_end = end;
}

/* The flow of the other direction: there this packet's sender is the client. */
static __always_inline struct http1_flow *flow_reverse(struct scratch *s)
{
	s->reverse_key.client = s->flow_key.server;
	s->reverse_key.server = s->flow_key.client;
	s->reverse_key.client_port = s->flow_key.server_port;
	s->reverse_key.server_port = s->flow_key.client_port;
	s->reverse_key.zone = 0;
	return flow_find(&s->reverse_key);
}

/* Sets run to the packet's segment. */
static __always_inline void run_packet(struct scratch *s)
{
	s->run.seq = s->packet.seq;
	s->run.ack = s->packet.ack;
	s->run.len = s->packet.payload_len;
	s->run.pos = 0;
	s->run.window_pos = 0;
	s->run.window_len = 0;
	s->found_count = 0;
	s->is_held = 0;
}

/* Places the segment at work against run.flow, which was just copied. */
static __always_inline int flow_place(struct scratch *s, __u32 ack)
{
	struct http1_flow *flow = &s->run.flow;
	__s32 behind = flow->next - s->run.seq;

	s->run.pos = 0;
	switch (http1_place(flow, s->run.seq, ack, s->run.len, require_reverse)) {
	case HTTP1_READ:
		s->run.pos = behind > 0 ? behind : 0;
		return HTTP_READ;
	case HTTP1_TRY_RESYNC:
		if (flow->state != HTTP1_OPAQUE)
			s->run.pos = flow->header_end - s->run.seq;
		return HTTP_RESYNC;
	case HTTP1_UNSURE:
		return HTTP_UNSURE;
	case HTTP1_AHEAD:
		return s->is_held ? HTTP_DONE : HTTP_AHEAD;
	default:
		return HTTP_DONE;
	}
}

/* What became of a change. */
enum flow_stored { FLOW_STORED, FLOW_OUTRUN, FLOW_REFUSED };

/* Stores run.flow if the flow is still as it was copied; else copies it once more. */
static __always_inline enum flow_stored flow_store(struct scratch *s)
{
	enum flow_stored stored = FLOW_OUTRUN;
	struct http1_flow *flow;
	struct flow_lock *lock;
	int err;

	flow = bpf_map_lookup_elem(&flows, &s->flow_key);
	if (!flow) {
		err = count_insert(&flows, &s->flow_key, &s->run.flow);
		if (!err)
			return FLOW_STORED;
		if (err != -EEXIST)
			return FLOW_REFUSED;
		flow = bpf_map_lookup_elem(&flows, &s->flow_key);
	}
	lock = flow_lock_of(&s->flow_key);
	if (!flow || !lock)
		return FLOW_REFUSED;
	bpf_spin_lock(&lock->lock);
	if (!s->is_new && flow->turn == s->run.flow.turn && flow->state != HTTP1_ALIAS) {
		s->run.flow.turn++;
		*flow = s->run.flow;
		stored = FLOW_STORED;
	} else {
		s->run.flow = *flow;
	}
	bpf_spin_unlock(&lock->lock);
	return stored;
}

/*
 * A body begins like a response, and nobody knows whether it is one: HEAD may have been asked for.
 * It stays a body, but that is told, and what is asked for next will be known.
 */
static __always_inline int flow_doubt(struct scratch *s)
{
	struct totals *t = count_totals(s->epoch & 1);
	__u32 last_ack = s->run.flow.last_ack;

	s->run.flow.flags &= ~HTTP1_MAYBE_HEAD;
	s->run.flow.flags |= HTTP1_DOUBTED;
	if (flow_store(s) != FLOW_STORED)
		last_ack = s->run.ack; /* placed anew, against the flow as it is now */
	else if (t)
		count_add(t, COUNT_HTTP_UNCLEAR);
	return flow_place(s, last_ack);
}

#endif
