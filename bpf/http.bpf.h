/* SPDX-License-Identifier: GPL-2.0-only */
/* TCP segments from a server against flow state: finds responses and counts each once. */
#ifndef BPF_HTTP_H
#define BPF_HTTP_H

#include "nat.bpf.h"
#include "speech.bpf.h"
#include "hold.bpf.h"

/*
 * Two CPUs may see one flow at once, at two hooks. Each copies the flow's state, reads its segment,
 * and then commits: if the flow is still what it was, the new state is stored and what was found is
 * counted. Otherwise another CPU has moved on, what was found is thrown away, and the segment is
 * placed against the flow as it is now. So each response is counted exactly once, by whoever
 * committed it.
 */

/*
 * Steps that one segment may take: 7,680, in two loops so that each is verified once, with a
 * commit after each batch. A 64 KB super-packet of one-byte chunks needs some 11,000; held bytes
 * are read at one's cost too. What exceeds the budget is counted as such.
 */
#define HTTP_BATCHES     64
#define HTTP_BATCH_STEPS 120
/* Windows of a segment of requests that are looked at. */
#define HTTP_SCANS 16

static struct http1_run *http1_current(void)
{
	struct scratch *s = scratch_get();

	return s ? &s->run : NULL;
}

/* Looks the segment's flow up and places the segment. */
__noinline int http_open(void)
{
	struct scratch *s = scratch_get();
	struct http1_flow *flow;
	struct flow_lock *lock;
	__u32 seq, len;
	__s32 behind;

	if (!s)
		return HTTP_DONE;
	run_packet(s);
	s->is_new = 0;
	s->is_answer = 0;
	seq = s->packet.seq;
	len = s->packet.payload_len;
	flow = flow_find(&s->flow_key);
	if (!flow)
		return HTTP_NEW;
	/* Most segments of a body end here: one word says that they were read, without the lock. */
	behind = flow->next - seq;
	if (behind >= (__s32)len && !http1_answers_head(flow, seq, len)) {
		s->run.flow.flags = flow->flags;
		return flow->flags & (HTTP1_CONFIRMED | HTTP1_SURE) ? HTTP_DONE : HTTP_BEFORE;
	}
	if (flow->state == HTTP1_TUNNEL)
		return HTTP_DONE;
	/* And most of an opaque flow here. */
	if (flow->state == HTTP1_OPAQUE &&
	    !http1_may_resync(flow, seq, s->run.ack, require_reverse)) {
		if (!require_reverse)
			flow_note_seen(flow, seq + len);
		return HTTP_DONE;
	}
	lock = flow_lock_of(&s->flow_key);
	if (!lock)
		return HTTP_DONE;
	bpf_spin_lock(&lock->lock);
	s->run.flow = *flow;
	bpf_spin_unlock(&lock->lock);
	if (s->run.flow.state == HTTP1_OPAQUE && !require_reverse)
		flow_note_seen(flow, seq + len);
	return flow_place(s, s->run.ack);
}

/* A status line where none is due: what is it? */
__noinline int http_meet_status(__u32 todo)
{
	struct scratch *s = scratch_get();
	const struct http1_flow *reverse;
	struct totals *t;

	if (!s)
		return HTTP_DONE;
	t = count_totals(s->epoch & 1);
	reverse = flow_reverse(s);
	/* From the client of a flow, or of a connection: the body of a request. */
	if (!t || (reverse && (todo == HTTP_NEW || reverse->flags & HTTP1_CONFIRMED)))
		return HTTP_DONE;
	if (!reverse && opening_role() == OPENING_CLIENT)
		return HTTP_DONE;
	if (require_reverse) {
		count_add(t, todo == HTTP_NEW ? COUNT_HTTP_NO_REVERSE : COUNT_HTTP_GAP);
		return HTTP_DONE;
	}
	if (todo == HTTP_NEW) {
		if (note_exchange(s, &s->flow_key, 1) && join_flows(1))
			return HTTP_DONE; /* read at the earlier hook */
		http1_init(&s->run.flow, s->run.seq);
		s->run.flow.flags = HTTP1_HEAD_ASKED;
		s->is_new = 1;
	} else {
		http1_start(&s->run.flow, s->run.seq);
		http_keep(s, HTTP1_RESYNC);
	}
	s->run.flow.last_ack = s->run.ack;
	return HTTP_READ;
}

/* Begin at a status line: after bytes that are missing, where framing was lost, or after HEAD. */
static __always_inline int http_restart(struct scratch *s, bool is_resync)
{
	struct http1_flow *flow = &s->run.flow;

	if (is_resync)
		http_keep(s, HTTP1_RESYNC);
	if (flow->flags & HTTP1_HELD)
		http_keep(s, HTTP1_ABANDONED);
	http1_start(flow, s->run.seq + s->run.pos);
	return HTTP_READ;
}

/*
 * There is a hole before the segment, which is held until the hole is filled. Where the client has
 * what is missing here, the answer to its next request begins where it said, and nowhere else: a
 * body may imitate it at the start of any other segment.
 */
static __always_inline int http_meet_hole(struct scratch *s, bool is_start)
{
	struct http1_flow *flow = &s->run.flow;
	bool confirmed = flow->flags & HTTP1_CONFIRMED;
	struct totals *t;

	if (is_start && confirmed &&
	    http1_may_resync(flow, s->run.seq, s->run.ack, require_reverse))
		return http_restart(s, true);
	if (!confirmed && (!require_reverse || flow->answer == HTTP1_OTHER))
		return is_start && !(require_reverse && http1_is_request())
			       ? http_meet_status(HTTP_AHEAD)
			       : HTTP_DONE;
	if (hold_distance(flow, s->run.seq) < HOLD_SPAN)
		return HTTP_HOLD;
	t = count_totals(s->epoch & 1);
	if (t && (confirmed || is_start))
		count_add(t, COUNT_HTTP_GAP);
	return HTTP_DONE;
}

/* The first bytes of the payload, or those at run.pos, are in run.window: what do they begin? */
__noinline int http_begin(__u32 todo)
{
	struct scratch *s = scratch_get();
	struct http1_flow *flow;
	bool is_start;

	if (!s)
		return HTTP_DONE;
	flow = &s->run.flow;
	is_start = http1_is_start(s->run.window, s->run.window_len);
	if (todo == HTTP_RESYNC) {
		bool maybe_head = http1_answers_head(flow, s->run.seq, s->run.len);

		if (is_start && maybe_head && !http1_is_heads(flow, s->run.ack))
			return flow_doubt(s);
		flow->flags &= ~HTTP1_MAYBE_HEAD;
		/* The flow goes on as if the client had sent nothing new. */
		return is_start ? http_restart(s, !maybe_head) : flow_place(s, flow->last_ack);
	}
	if (todo == HTTP_NEW) {
		/* "HEAD" and "HTTP" begin alike: where requests are seen, it is for them to say. */
		int asks = require_reverse || !is_start ? http1_is_request() : HTTP1_NO_REQUEST;

		if (asks) {
			if (s->run.window[0] == 'P')
				speech_see_preface();
			return request_see(asks);
		}
		if (is_start)
			return http_meet_status(HTTP_NEW);
		return s->run.window[0] == TLS_HANDSHAKE ? speech_see_tls() : HTTP_DONE;
	}
	if (todo == HTTP_UNSURE && is_start) {
		s->is_answer = 1;
		return HTTP_READ;
	}
	if (!(flow->flags & HTTP1_CONFIRMED) && !is_start &&
	    (todo == HTTP_UNSURE || !(flow->flags & HTTP1_SURE)) && http1_is_method() &&
	    opening_role() != OPENING_SERVER) {
		/*
		 * What was taken for a request was none: this is the client. Or a body that begins
		 * so has overtaken its status line, if what asked for it was a request indeed.
		 */
		bpf_map_delete_elem(&flows, &s->flow_key);
		flow_set_key(s);
		return request_see(HTTP1_ASKS);
	}
	if (todo == HTTP_BEFORE)
		return HTTP_DONE;
	if (todo == HTTP_AHEAD)
		return http_meet_hole(s, is_start);
	flow->answer = HTTP1_OTHER;
	flow_store(s);
	return HTTP_DONE;
}

/* Commits what was read so far. more: the segment has not ended. What to do next. */
__noinline int http_commit(__u32 more)
{
	struct scratch *s = scratch_get();
	struct totals *t;
	__u32 count;

	if (!s)
		return HTTP_DONE;
	t = count_totals(s->epoch & 1);
	if (!t)
		return HTTP_DONE;
	s->run.flow.next = s->run.seq + s->run.pos;
	count = s->found_count;
	s->found_count = 0;
	switch (flow_store(s)) {
	case FLOW_OUTRUN:
		s->is_new = 0;
		count_add(t, COUNT_HTTP_CLAIM_LOST);
		return flow_place(s, s->run.ack);
	case FLOW_REFUSED:
		/* Every hook would count what no hook can remember: nobody does. */
		count_add(t, COUNT_FLOWS_REFUSED);
		return HTTP_DONE;
	case FLOW_STORED:
		break;
	}
	if (s->is_new)
		count_add(t, COUNT_FLOWS_CREATED);
	s->is_new = 0;
	if (s->is_answer && s->run.flow.flags & HTTP1_CONFIRMED) {
		speech_set_key(s, &s->flow_key.server, s->flow_key.server_port);
		speech_count(SPEECH_HTTP1);
	}
	s->is_answer = 0;
	for (__u32 i = 0; i < FOUND_MAX && i < count; i++)
		http_count_found(i);
	if (more)
		return HTTP_READ;
	return s->run.flow.flags & HTTP1_HELD ? hold_release() : HTTP_DONE;
}

/* The budget is used up: framing is lost until a resync. */
__noinline int http_give_up(void)
{
	struct scratch *s = scratch_get();
	struct totals *t = s ? count_totals(s->epoch & 1) : NULL;

	if (!t)
		return 0;
	count_add(t, COUNT_HTTP_BUDGET);
	http1_go_opaque(&s->run, HTTP1_NONE);
	return http_commit(0);
}

/* Cold: a payload could not be read although the packet has it. */
__noinline int http_unreadable(void)
{
	struct scratch *s = scratch_get();
	struct totals *t = s ? count_totals(s->epoch & 1) : NULL;

	if (t)
		count_add(t, COUNT_HTTP_UNREADABLE);
	return 0;
}

/*
 * The loops for one kind of hook. load(ctx, off, n) copies n (1..HTTP1_WINDOW) bytes of the packet
 * at off into run.window, keep() is HOLD_DEFINE's, begin() makes a flow (nat_begin_...). Each
 * function is global: verified once.
 */
#define HTTP_DEFINE(name, ctx_type, load, keep, begin)                                            \
	HOLD_DEFINE(name, ctx_type, keep)                                                         \
                                                                                                  \
	static __always_inline int http_load_##name(ctx_type *ctx, struct scratch *s, __u32 n)    \
	{                                                                                         \
		/* n is 1..HTTP1_WINDOW: the mask shows it to the verifiers of 5.10 and 6.1. */   \
		n--;                                                                              \
		PARSE_KEEP(n);                                                                    \
		n = (n & (HTTP1_WINDOW - 1)) + 1;                                                 \
		if (s->is_held ? hold_load(n)                                                     \
			       : load(ctx, s, s->packet.payload_off + s->run.pos, n))             \
			return -1;                                                                \
		s->run.window_pos = s->run.pos;                                                   \
		s->run.window_len = n;                                                            \
		return 0;                                                                         \
	}                                                                                         \
                                                                                                  \
	/* One step. 1: go on; 0: the segment is read. */                                         \
	__noinline int http_advance_##name(ctx_type *ctx)                                         \
	{                                                                                         \
		struct scratch *s = scratch_get();                                                \
		__u32 n;                                                                          \
		int more;                                                                         \
                                                                                                  \
		if (!s)                                                                           \
			return 0;                                                                 \
		n = http1_want(&s->run);                                                          \
		if (n && http_load_##name(ctx, s, n)) {                                           \
			http_unreadable();                                                        \
			http1_go_opaque(&s->run, HTTP1_NONE);                                     \
			return 0;                                                                 \
		}                                                                                 \
		more = http1_step();                                                              \
		if (s->run.event)                                                                 \
			http_keep(s,                                                              \
				  s->run.event == HTTP1_RESPONSE ? s->run.status : s->run.event); \
		return more;                                                                      \
	}                                                                                         \
                                                                                                  \
	__noinline int http_batch_##name(ctx_type *ctx)                                           \
	{                                                                                         \
		for (int i = 0; i < HTTP_BATCH_STEPS; i++)                                        \
			if (!http_advance_##name(ctx))                                            \
				return 0;                                                         \
		return 1;                                                                         \
	}                                                                                         \
                                                                                                  \
	/* Loads the first bytes, or those at run.pos: enough for a status line, most have none.  \
	 */                                                                                       \
	__noinline int http_first_##name(ctx_type *ctx)                                           \
	{                                                                                         \
		struct scratch *s = scratch_get();                                                \
		__u32 n;                                                                          \
                                                                                                  \
		if (!s)                                                                           \
			return -1;                                                                \
		n = s->run.len - s->run.pos;                                                      \
		if (n > HTTP1_LINE)                                                               \
			n = HTTP1_LINE;                                                           \
		return http_load_##name(ctx, s, n);                                               \
	}                                                                                         \
                                                                                                  \
	/* Looks through the requests of a segment: run.asks. */                                  \
	__noinline int http_scan_##name(ctx_type *ctx)                                            \
	{                                                                                         \
		struct scratch *s = scratch_get();                                                \
                                                                                                  \
		if (!s)                                                                           \
			return 0;                                                                 \
		__builtin_memset(&s->run.asks, 0, sizeof(s->run.asks));                           \
		for (int i = 0; i < HTTP_SCANS && s->run.pos < s->run.len; i++) {                 \
			__u32 n = s->run.len - s->run.pos;                                        \
                                                                                                  \
			if (n > HTTP1_WINDOW)                                                     \
				n = HTTP1_WINDOW;                                                 \
			if (http_load_##name(ctx, s, n))                                          \
				return 0;                                                         \
			if (keep_requests && !i)                                                  \
				asked_take(s);                                                    \
			request_look();                                                           \
		}                                                                                 \
		return 0;                                                                         \
	}                                                                                         \
                                                                                                  \
	__noinline int http_payload_##name(ctx_type *ctx)                                         \
	{                                                                                         \
		int todo = http_open();                                                           \
                                                                                                  \
		for (int i = 0; i < HTTP_BATCHES; i++) {                                          \
			if (todo >= HTTP_RESYNC) {                                                \
				if (http_first_##name(ctx)) {                                     \
					http_unreadable();                                        \
					return 0;                                                 \
				}                                                                 \
				todo = http_begin(todo);                                          \
			}                                                                         \
			if (todo == HTTP_READ)                                                    \
				todo = http_commit(http_batch_##name(ctx));                       \
			else if (todo == HTTP_HOLD)                                               \
				todo = hold_segment_##name(ctx);                                  \
			else if (todo == HTTP_SCAN)                                               \
				todo = (http_scan_##name(ctx), request_scanned());                \
			else if (todo == HTTP_ASK)                                                \
				todo = begin(ctx);                                                \
			else if (todo == HTTP_DONE)                                               \
				return 0;                                                         \
		}                                                                                 \
		if (todo != HTTP_DONE)                                                            \
			http_give_up();                                                           \
		return 0;                                                                         \
	}

#endif
