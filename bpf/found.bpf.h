/* SPDX-License-Identifier: GPL-2.0-only */
/* What was found in a segment: kept until the commit, then counted. */
#ifndef BPF_FOUND_H
#define BPF_FOUND_H

#include "asked.bpf.h"
#include "cluster.bpf.h"

/* is_first: it was found first, so it began at error_seq. */
static __always_inline void http_send_event(struct scratch *s, struct totals *t, __u32 status,
					    bool is_first)
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
	event.code = status;
	event.type = EVENT_HTTP_ERROR;
	event.proto = PARSE_PROTO_TCP;
	event.ifindex = s->ifindex;
	event.hook = s->hook;
	if (keep_requests && is_first && asked_find(s)) {
		s->error.event = event;
		count_event(t, &s->error, sizeof(s->error), flags);
		return;
	}
	count_event(t, &event, sizeof(event), flags);
}

static __always_inline void http_count_response(struct scratch *s, struct totals *t, __u32 status,
						bool is_first)
{
	__u32 class = status / 100 & 7;

	PARSE_KEEP(class);
	if (class < 1 || class > 5)
		return;
	if (server_side && cluster_counts_elsewhere(s, &s->flow_key.server)) {
		count_add(t, COUNT_HTTP_ELSEWHERE);
		return;
	}
	t->n[COUNT_HTTP_1XX + class - 1]++;
	if (class == 1)
		return; /* not a final response (RFC 9110 15.2) */
	s->http_key.client = s->flow_key.client;
	s->http_key.server = s->flow_key.server;
	s->http_key.port = s->flow_key.server_port;
	s->http_key.status = class >= 4 ? status : 0;
	s->http_key.merged = 0;
	__builtin_memset(s->http_key.pad, 0, sizeof(s->http_key.pad));
	count_http(s->epoch, &s->http_key);
	if (class >= 4)
		http_send_event(s, t, status, is_first);
}

/* Counts what was found n-th. */
__noinline int http_count_found(__u32 n)
{
	struct scratch *s = scratch_get();
	struct totals *t;
	__u32 what;

	if (!s || n >= FOUND_MAX)
		return 0;
	t = count_totals(s->epoch & 1);
	if (!t)
		return 0;
	what = s->found[n];
	switch (what) {
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
	case HTTP1_RESYNC:
		count_add(t, COUNT_HTTP_RESYNC);
		break;
	case HTTP1_UNCLEAR:
		count_add(t, COUNT_HTTP_UNCLEAR);
		break;
	case HTTP1_ABANDONED:
		count_add(t, COUNT_HTTP_GAP);
		count_add(t, COUNT_HTTP_HOLE_CLOSED);
		break;
	default:
		http_count_response(s, t, what, !n);
	}
	return 0;
}

/* Keeps what a step brought until the commit. */
static __always_inline void http_keep(struct scratch *s, __u32 what)
{
	__u32 n = s->found_count;

	PARSE_KEEP(n);
	if (n >= FOUND_MAX)
		return;
	if (keep_requests && what >= 400) {
		s->run.flow.flags |= HTTP1_ERRED;
		if (!n)
			s->error_seq = s->run.line_seq;
	}
	s->found[n] = what;
	s->found_count = n + 1;
}

#endif
