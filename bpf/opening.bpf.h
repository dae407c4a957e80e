/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who opened a connection, as its SYN has said: that is the client. What it says is taken for a
 * request, odd as it may be, and what the other end says never is.
 */
#ifndef BPF_OPENING_H
#define BPF_OPENING_H

#include "asked.bpf.h"

enum opening_role {
	OPENING_UNKNOWN, /* no SYN passed, or another connection has taken its place since */
	OPENING_SERVER,
	OPENING_CLIENT,
};

/*
 * The place of the packet's connection, which its sender opened, or else the other end: these are
 * two places. *ret_mark tells it from others that share the place.
 */
static __always_inline __u32 *opening_place(const struct packet *p, bool by_sender, __u32 *ret_mark)
{
	const struct addr *client = by_sender ? &p->source : &p->destination;
	const struct addr *server = by_sender ? &p->destination : &p->source;
	__u64 hash = by_sender ? (__u64)p->source_port << 16 | p->destination_port
			       : (__u64)p->destination_port << 16 | p->source_port;
	__u64 n;

	hash = hash_ends(client, server, hash);
	*ret_mark = 1 | hash >> 20;
	n = hash >> 48;
	PARSE_KEEP(n);
	return &openings[n % OPENINGS];
}

/* A client sends a SYN; a server's acknowledges it. */
static __always_inline void opening_see_syn(const struct packet *p)
{
	__u32 mark, *place = opening_place(p, !(p->tcp_flags & PARSE_TCP_ACK), &mark);

	*place = mark;
}

/* Who is the packet's sender? Returns enum opening_role. */
__noinline int opening_role(void)
{
	struct scratch *s = scratch_get();
	const __u32 *place;
	__u32 mark;

	if (!s)
		return OPENING_UNKNOWN;
	place = opening_place(&s->packet, true, &mark);
	if (*place == mark)
		return OPENING_CLIENT;
	place = opening_place(&s->packet, false, &mark);
	return *place == mark ? OPENING_SERVER : OPENING_UNKNOWN;
}

#endif
