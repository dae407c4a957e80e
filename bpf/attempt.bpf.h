/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Attempts to connect, from SYN to answer. One is followed from where it has passed this host: at
 * egress, behind its firewall and NAT; or at a tap, which sees what passed elsewhere. It ends with
 * SYN and ACK, with a reset (class refused), with an ICMP error that denies it, with a drop by this
 * host behind the hook; or user space finds that nothing came (class unanswered).
 */
#ifndef BPF_ATTEMPT_H
#define BPF_ATTEMPT_H

#include "flow.bpf.h"

/* A key of class and reason at s->drop_key, for this packet's interface. */
static __always_inline void deny_begin(struct scratch *s, __u8 class, __u16 reason)
{
	__builtin_memset(&s->drop_key, 0, sizeof(s->drop_key));
	s->drop_key.netns = own_netns;
	s->drop_key.out_ifindex = s->ifindex; /* on the way to who denies */
	s->drop_key.class = class;
	s->drop_key.reason = reason;
}

static __always_inline void deny_count(struct scratch *s, struct totals *t, __u32 bytes,
				       __be16 source_port)
{
	__u32 class = s->drop_key.class, reason = s->drop_key.reason;

	if (class >= CLASS_MAX || reason >= SW_REASON_MAX)
		return;
	t->drop_class[class]++;
	t->drop_reason[reason]++;
	if (count_drop(s->epoch & 1, &s->drop_key, bytes))
		count_drop_event(t, &s->drop_key, source_port);
}

/* The attempt at s->attempt_key ended as *attempt says. */
static __always_inline void attempt_deny(struct scratch *s, struct totals *t,
					 const struct attempt *attempt, __u8 class, __u16 reason)
{
	deny_begin(s, class, reason);
	s->drop_key.out_ifindex = attempt->ifindex;
	s->drop_key.source = attempt->source;
	s->drop_key.destination = s->attempt_key.destination;
	s->drop_key.port = s->attempt_key.port;
	s->drop_key.proto = PARSE_PROTO_TCP;
	deny_count(s, t, attempt->bytes, s->attempt_key.source_port);
}

static __always_inline bool attempt_has_passed(const struct scratch *s)
{
	return s->hook == HOOK_EGRESS || bpf_map_lookup_elem(&taps, &s->ifindex);
}

/* A SYN: a new attempt, or one that is sent again. */
static __always_inline void attempt_begin(struct scratch *s, struct totals *t)
{
	const struct packet *p = &s->packet;
	struct attempt *old;

	s->attempt_key.source = p->source;
	s->attempt_key.destination = p->destination;
	s->attempt_key.source_port = p->source_port;
	s->attempt_key.port = p->destination_port;
	old = bpf_map_lookup_elem(&attempts, &s->attempt_key);
	if (old && old->seq == p->seq) {
		old->last_s = tick;
		return;
	}
	/* Its sender has given the former one up. */
	if (old && !old->is_told)
		attempt_deny(s, t, old, CLASS_UNANSWERED, SW_REASON_NO_ANSWER);
	s->attempt.source = p->source;
	s->attempt.seq = p->seq;
	s->attempt.first_s = s->attempt.last_s = tick;
	s->attempt.ifindex = s->ifindex;
	s->attempt.bytes = p->payload_off + p->payload_len;
	s->attempt.is_told = 0;
	count_add(t, COUNT_ATTEMPTS);
	if (bpf_map_update_elem(&attempts, &s->attempt_key, &s->attempt, BPF_ANY))
		count_add(t, COUNT_ATTEMPTS_UNTRACKED);
}

/* SYN and ACK, or a reset, from the server. Whoever deletes the attempt counts it. */
static __always_inline void attempt_end(struct scratch *s, struct totals *t)
{
	const struct packet *p = &s->packet;
	const struct attempt *attempt;

	s->attempt_key.source = p->destination;
	s->attempt_key.destination = p->source;
	s->attempt_key.source_port = p->destination_port;
	s->attempt_key.port = p->source_port;
	attempt = bpf_map_lookup_elem(&attempts, &s->attempt_key);
	if (!attempt || p->ack != attempt->seq + 1)
		return;
	s->attempt = *attempt;
	if (bpf_map_delete_elem(&attempts, &s->attempt_key))
		return;
	if (p->tcp_flags & PARSE_TCP_SYN)
		count_add(t, COUNT_ATTEMPTS_ANSWERED);
	else if (!s->attempt.is_told)
		attempt_deny(s, t, &s->attempt, CLASS_REFUSED, SW_REASON_TCP_RESET);
}

/* A segment with SYN or RST. */
__noinline int attempt_see(void)
{
	struct scratch *s = scratch_get();
	struct totals *t = s ? count_totals(s->epoch & 1) : NULL;
	__u8 flags;

	if (!t)
		return 0;
	s->attempt_key.pad = 0;
	flags = s->packet.tcp_flags & (PARSE_TCP_SYN | PARSE_TCP_RST | PARSE_TCP_ACK);
	if (flags == PARSE_TCP_SYN) {
		if (attempt_has_passed(s))
			attempt_begin(s, t);
	} else if (flags & PARSE_TCP_ACK && !(s->packet.payload_len && flags & PARSE_TCP_RST)) {
		attempt_end(s, t);
	}
	return 0;
}

/* This host drops a packet. A SYN that it denies behind the hook was denied by nobody else. */
static __always_inline void attempt_is_dropped(const struct packet *p, __u8 class)
{
	struct attempt_key key = {};

	if (!follow_attempts || class != CLASS_FIREWALL || p->proto != PARSE_PROTO_TCP ||
	    !(p->tcp_flags & PARSE_TCP_SYN))
		return;
	key.source = p->source;
	key.destination = p->destination;
	key.source_port = p->source_port;
	key.port = p->destination_port;
	bpf_map_delete_elem(&attempts, &key);
}

#endif
