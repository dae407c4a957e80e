/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What clients asked for: the first line of a request, kept until its answer is known, and told
 * with an error's event where it is certain that it is this request's.
 *
 * Kept are a connection's first request, which is looked through anyway, and those behind an error:
 * clients to whom nothing is refused cost nothing more. Certain is an answer that begins where the
 * request acknowledged, if nothing else was unanswered then. A segment that is not exactly one
 * request leaves that open for what follows: no later request of its connection is kept.
 */
#ifndef BPF_ASKED_H
#define BPF_ASKED_H

#include "count.bpf.h"
#include "http1.h"

static __always_inline struct scratch *scratch_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&scratches, &zero);
}

static __always_inline bool is_same_key(const struct flow_key *a, const struct flow_key *b)
{
	const __u64 *x = (const void *)a, *y = (const void *)b;

	return !((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) | (x[3] ^ y[3]) | (x[4] ^ y[4]));
}

static __always_inline __u32 flow_hash(const struct flow_key *key)
{
	__u32 n = key->client_port ^ key->server_port ^ key->client.w[3] ^ key->server.w[3];

	return n ^ n >> 16;
}

static __always_inline struct flow_lock *flow_lock_of(const struct flow_key *key)
{
	__u32 n = flow_hash(key) % FLOW_LOCKS;

	return bpf_map_lookup_elem(&flow_locks, &n);
}

_Static_assert(SW_ASKED_PLACES % FLOW_LOCKS == 0, "flows that share a place share a lock");

static __always_inline struct asked *asked_place(const struct flow_key *key)
{
	__u32 n = flow_hash(key) % SW_ASKED_PLACES;

	return bpf_map_lookup_elem(&asked, &n);
}

/* A request was met; whether it is kept will be seen. */
static __always_inline void asked_begin(struct scratch *s)
{
	s->asked.len = 0;
	s->asked_next = 1;
}

/* The segment's first window is in run.window. */
static __always_inline void asked_take(struct scratch *s)
{
	__u32 len = s->run.window_len;

	for (int i = 0; i < SW_REQUEST_LINE; i += HTTP1_LINE)
		http1_copy_line(s->asked.line + i, s->run.window + i);
	s->asked.len = len < SW_REQUEST_LINE ? len : SW_REQUEST_LINE;
}

/* Is the segment at work, which was looked through, exactly one request? */
static __always_inline bool asked_is_one(const struct scratch *s)
{
	return http1_asks_whole(&s->run) && s->run.asks.count == 1 && s->run.pos == s->run.len;
}

/* Keeps the request at work for the flow's next answer. */
static __always_inline void asked_keep(struct scratch *s, const struct flow_key *key)
{
	struct flow_lock *lock = flow_lock_of(key);
	struct asked *place = asked_place(key);

	if (!lock || !place || !s->asked.len)
		return;
	s->asked.flow = *key;
	s->asked.ack = s->run.ack;
	bpf_spin_lock(&lock->lock);
	*place = s->asked;
	bpf_spin_unlock(&lock->lock);
}

/* Is it known what the error at error_seq of flow_key answers? Then it is in s->error. */
static __always_inline bool asked_find(struct scratch *s)
{
	struct flow_lock *lock = flow_lock_of(&s->flow_key);
	struct asked *place = asked_place(&s->flow_key);

	if (!lock || !place)
		return false;
	bpf_spin_lock(&lock->lock);
	s->asked = *place;
	bpf_spin_unlock(&lock->lock);
	if (s->asked.ack != s->error_seq || !s->asked.len ||
	    !is_same_key(&s->asked.flow, &s->flow_key))
		return false;
	s->error.len = s->asked.len;
	s->error.pad = 0;
	for (int i = 0; i < SW_REQUEST_LINE; i += HTTP1_LINE)
		http1_copy_line(s->error.line + i, s->asked.line + i);
	return true;
}

#endif
