/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What connections speak, by server: so that it can be said what share of them nobody can read
 * here. Only what begins a connection is looked at.
 */
#ifndef BPF_SPEECH_H
#define BPF_SPEECH_H

#include "request.bpf.h"

/* A TLS record with a handshake message (RFC 8446 5.1), which is a ClientHello (4). */
#define TLS_HANDSHAKE    22
#define TLS_CLIENT_HELLO 1
/* The first eight bytes of HTTP/2's preface (RFC 9113 3.4) as a number: "PRI * HT". */
#define HTTP2_PREFACE 0x5448202a20495250ULL
/* QUIC: a datagram with a client's first packet is no shorter (RFC 9000 14.1). */
#define QUIC_LEAST 1200
#define QUIC_HEAD  8
#define QUIC_V1    PARSE_BE32(1)
#define QUIC_V2    PARSE_BE32(0x6b3343cf) /* RFC 9369 */

/* Counts a connection with the server at speech_key. kind: enum sw_speech. */
__noinline int speech_count(__u32 kind)
{
	struct scratch *s = scratch_get();
	struct speech *known;
	struct totals *t;

	PARSE_KEEP(kind);
	if (!s || kind >= SPEECH_MAX)
		return 0;
	t = count_totals(s->epoch & 1);
	if (!t)
		return 0;
	t->n[COUNT_SPOKEN_HTTP1 + kind]++;
	known = bpf_map_lookup_elem(&speeches, &s->speech_key);
	if (!known) {
		count_insert(&speeches, &s->speech_key, &s->no_speech);
		known = bpf_map_lookup_elem(&speeches, &s->speech_key);
	}
	if (known)
		__sync_fetch_and_add(&known->count[kind], 1);
	return 0;
}

static __always_inline void speech_set_key(struct scratch *s, const struct addr *server,
					   __be16 port)
{
	s->speech_key.server = *server;
	s->speech_key.port = port;
	s->speech_key.pad = 0;
}

/*
 * Counts the connection that the packet begins, whose sender is the client: once, though other
 * hooks see it too and clients repeat it. a, b: what all those have in common.
 */
static __always_inline void speech_begin(struct scratch *s, __u32 kind, __u32 a, __u32 b)
{
	const struct flow_note *note;
	__u64 now = bpf_ktime_get_boot_ns();

	s->note_key.seq = a;
	s->note_key.ack = b;
	s->note_key.is_response = 1 + kind; /* above 1: none of NAT's notes */
	note = bpf_map_lookup_elem(&notes, &s->note_key);
	if (note && now - note->time_ns < NOTE_NS)
		return;
	s->note.time_ns = now;
	bpf_map_update_elem(&notes, &s->note_key, &s->note, BPF_ANY);
	speech_set_key(s, &s->packet.destination, s->packet.destination_port);
	speech_count(kind);
}

/* No HTTP, and no flow: does TLS begin here? */
__noinline int speech_see_tls(void)
{
	struct scratch *s = scratch_get();

	if (s && s->run.window_len >= 6 && s->run.window[1] == 3 &&
	    s->run.window[5] == TLS_CLIENT_HELLO)
		speech_begin(s, SPEECH_TLS, s->run.seq, s->run.ack);
	return HTTP_DONE;
}

/* It looks like a request: is it the preface of HTTP/2? */
__noinline int speech_see_preface(void)
{
	struct scratch *s = scratch_get();

	if (s && s->run.window_len >= 8 && http1_u64(s->run.window) == HTTP2_PREFACE)
		speech_begin(s, SPEECH_HTTP2, s->run.seq, s->run.ack);
	return 0;
}

/* May it be a client's first datagram of QUIC? What follows soon is shorter, or not for the server.
 */
static __always_inline bool speech_may_be_quic(const struct packet *p)
{
	return p->proto == PARSE_PROTO_UDP && p->destination_port == PARSE_BE16(443) &&
	       p->payload_len >= QUIC_LEAST;
}

/* The datagram's head is in run.window: an Initial packet (RFC 9000 17.2.2)? */
__noinline int speech_see_quic(void)
{
	struct scratch *s = scratch_get();
	__u32 version, ports;
	__u8 first;

	if (!s)
		return 0;
	first = s->run.window[0] & 0xf0;
	version = parse_u32(s->run.window + 1);
	if (!(first == 0xc0 && version == QUIC_V1) && !(first == 0xd0 && version == QUIC_V2))
		return 0;
	ports = (__u32)s->packet.source_port << 16 | s->packet.destination_port;
	speech_begin(s, SPEECH_QUIC, s->packet.source.w[3] ^ s->packet.destination.w[3] << 1,
		     ports);
	return 0;
}

/* speech_quic_...() for one kind of hook. load() is HTTP_DEFINE's. */
#define SPEECH_DEFINE(name, ctx_type, load)                               \
	__noinline int speech_quic_##name(ctx_type *ctx)                  \
	{                                                                 \
		struct scratch *s = scratch_get();                        \
                                                                          \
		if (!s || load(ctx, s, s->packet.payload_off, QUIC_HEAD)) \
			return 0;                                         \
		return speech_see_quic();                                 \
	}

#endif
