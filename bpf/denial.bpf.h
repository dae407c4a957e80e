/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the network says about denials: an ICMP error that calls a packet prohibited, a SYN that is
 * answered by a reset (attempt.bpf.h), or by nothing.
 */
#ifndef BPF_DENIAL_H
#define BPF_DENIAL_H

#include "attempt.bpf.h"
#include "denied.bpf.h"

/* Before the quoted packet (RFC 792, RFC 4443 3.1). */
#define DENIAL_HEADER 8
/* So long the interface that heard of a flow's denial first is the one that counts them. */
#define DENIAL_OWNED_S 10

static __always_inline bool denial_is_icmp(const struct packet *p)
{
	return p->proto == PARSE_PROTO_ICMP || p->proto == PARSE_PROTO_ICMPV6;
}

/* enum sw_reason of an ICMP error; 0: it is none that denies. */
static __always_inline __u16 denial_reason(__u8 proto, __u8 type, __u8 code)
{
	if (proto == PARSE_PROTO_ICMP) {
		if (type != 3) /* destination unreachable (RFC 792, RFC 1122 3.2.2.1, RFC 1812) */
			return 0;
		switch (code) {
		case 9:
			return SW_REASON_NET_PROHIBITED;
		case 10:
			return SW_REASON_HOST_PROHIBITED;
		case 13:
			return SW_REASON_ADMIN_PROHIBITED;
		default:
			return 0;
		}
	}
	if (type != 1) /* destination unreachable (RFC 4443 3.1) */
		return 0;
	switch (code) {
	case 1:
		return SW_REASON_ADMIN_PROHIBITED;
	case 5:
		return SW_REASON_POLICY_FAIL;
	case 6:
		return SW_REASON_REJECT_ROUTE;
	default:
		return 0;
	}
}

static __always_inline bool is_same_addr(const struct addr *a, const struct addr *b)
{
	return !((a->w[0] ^ b->w[0]) | (a->w[1] ^ b->w[1]) | (a->w[2] ^ b->w[2]) |
		 (a->w[3] ^ b->w[3]));
}

/*
 * Has another interface heard the same? A message passes several where they are stacked: a bridge
 * and its port, a tunnel and the device that carries it.
 */
static __always_inline bool denial_is_repeated(struct scratch *s)
{
	const struct packet *quote = &s->quote;
	const struct addr *by = &s->packet.source;
	const struct denier *first;

	s->attempt_key.source = quote->source;
	s->attempt_key.destination = quote->destination;
	s->attempt_key.source_port = quote->source_port;
	s->attempt_key.port = quote->destination_port;
	s->attempt_key.pad = quote->proto ^ by->w[0] ^ by->w[1] ^ by->w[2] ^ by->w[3];
	first = bpf_map_lookup_elem(&deniers, &s->attempt_key);
	if (first && first->ifindex != s->ifindex && tick - first->last_s < DENIAL_OWNED_S)
		return true;
	if (first && first->ifindex == s->ifindex && first->last_s == tick)
		return false;
	s->denier.ifindex = s->ifindex;
	s->denier.last_s = tick;
	bpf_map_update_elem(&deniers, &s->attempt_key, &s->denier, BPF_ANY);
	return false;
}

/* run.window has the first `have` bytes of an ICMP message: its quote. A global function. */
__noinline int denial_parse(__u32 have)
{
	struct scratch *s = scratch_get();
	struct parse_view view = {};

	if (!s || have <= DENIAL_HEADER || have > PARSE_WINDOW)
		return PARSE_TRUNCATED;
	view.buf = s->run.window + DENIAL_HEADER;
	view.have = have - DENIAL_HEADER;
	view.frame_len = s->packet.payload_len - DENIAL_HEADER;
	return parse_quote(&view, &s->quote);
}

/* run.window has the first `have` bytes of an ICMP message. */
__noinline int denial_read(__u32 have)
{
	struct scratch *s = scratch_get();
	struct totals *t;
	__u32 result;
	__u16 reason;

	if (!s)
		return 0;
	reason = denial_reason(s->packet.proto, s->run.window[0], s->run.window[1]);
	t = count_totals(s->epoch & 1);
	if (!reason || !t)
		return 0;
	result = denial_parse(have);
	if (result == PARSE_TRUNCATED || result == PARSE_NOT_IP || result == PARSE_MALFORMED) {
		count_add(t, COUNT_DENIAL_UNREADABLE);
		return 0;
	}
	/* An error goes to who sent the packet (RFC 1122 3.2.2): nobody is denied in another's
	 * name. */
	if (!is_same_addr(&s->packet.destination, &s->quote.source)) {
		count_add(t, COUNT_DENIAL_MISDIRECTED);
		return 0;
	}
	if (denied_is_known(&s->quote) || denial_is_repeated(s)) {
		count_add(t, COUNT_DENIAL_REPEATED);
		return 0;
	}
	s->attempt_key.pad = 0;
	if (follow_attempts && s->quote.proto == PARSE_PROTO_TCP)
		bpf_map_delete_elem(&attempts, &s->attempt_key); /* that was the answer */
	deny_begin(s, CLASS_PROHIBITED, reason);
	s->drop_key.source = s->quote.source;
	s->drop_key.destination = s->quote.destination;
	s->drop_key.port = s->quote.destination_port;
	s->drop_key.proto = s->quote.proto;
	deny_count(s, t, s->quote.payload_len, s->quote.source_port);
	return 0;
}

/*
 * An ICMP message at one kind of hook. load() is HTTP_DEFINE's. What this host sends itself is not
 * looked at: that is a drop of its own, or was looked at when it came in.
 */
#define DENIAL_DEFINE(name, ctx_type, load)                                                 \
	__noinline int denial_see_##name(ctx_type *ctx)                                     \
	{                                                                                   \
		struct scratch *s = scratch_get();                                          \
		__u32 n;                                                                    \
                                                                                            \
		if (!s || s->hook == HOOK_EGRESS || s->packet.payload_len <= DENIAL_HEADER) \
			return 0;                                                           \
		n = parse_bound(s->packet.payload_len);                                     \
		if (load(ctx, s, s->packet.payload_off, n))                                 \
			return 0;                                                           \
		return denial_read(n);                                                      \
	}

#endif
