/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bytes that come too early: their segment overtook another, or that one was lost and will be sent
 * again. They are held, in blocks of the sequence space, until the hole before them is filled; then
 * they are read as if they had come just then. So within HOLD_SPAN blocks order does not matter.
 */
#ifndef BPF_HOLD_H
#define BPF_HOLD_H

#include "flow.bpf.h"

/* From the block of `next` to that of seq. */
static __always_inline __u32 hold_distance(const struct http1_flow *flow, __u32 seq)
{
	return (seq / HOLD_BLOCK - flow->next / HOLD_BLOCK) & (~0U / HOLD_BLOCK);
}

static __always_inline void hold_set_key(struct scratch *s, __u32 seq)
{
	s->hold_key.flow = s->flow_key;
	s->hold_key.isn = s->run.flow.isn;
	s->hold_key.block = seq / HOLD_BLOCK;
}

/* The block at hold_key, made where there is none. */
static __always_inline struct hold *hold_get(struct scratch *s)
{
	struct hold *hold = bpf_map_lookup_elem(&holds, &s->hold_key);
	__u32 zero = 0;
	const struct hold *empty;

	if (hold)
		return hold;
	empty = bpf_map_lookup_elem(&empty_holds, &zero);
	if (!empty)
		return NULL;
	count_insert(&holds, &s->hold_key, empty);
	return bpf_map_lookup_elem(&holds, &s->hold_key);
}

/* Notes that bytes [from, to) of the block are there. False: it has too many pieces. */
static __always_inline bool hold_mark(struct scratch *s, struct hold *hold, __u32 from, __u32 to)
{
	struct flow_lock *lock = flow_lock_of(&s->flow_key);
	__u32 next = s->run.flow.next, read = 0;
	bool marked = false;

	if (!lock)
		return false;
	if (s->hold_key.block == next / HOLD_BLOCK)
		read = next % HOLD_BLOCK;
	bpf_spin_lock(&lock->lock);
	for (int i = 0; i < HOLD_RANGES; i++) {
		struct hold_range *range = &hold->range[i];

		marked = true;
		if (range->from <= from && to <= range->to)
			break;
		if (range->to <= read) { /* empty, or not needed any more */
			range->from = from;
			range->to = to;
			range->ack = s->run.ack;
			break;
		}
		if (range->to == from && range->ack == s->run.ack) {
			range->to = to;
			break;
		}
		marked = false;
	}
	bpf_spin_unlock(&lock->lock);
	return marked;
}

/* Remembers that something is held: what to do next. run.pos: how much of the segment. */
__noinline int hold_commit(void)
{
	struct scratch *s = scratch_get();
	struct http1_flow *flow;
	struct totals *t;
	__u32 last, was_held;

	if (!s)
		return HTTP_DONE;
	t = count_totals(s->epoch & 1);
	if (!t)
		return HTTP_DONE;
	if (s->run.pos < s->run.len)
		count_add(t, COUNT_HTTP_GAP);
	if (!s->run.pos)
		return HTTP_DONE;
	flow = &s->run.flow;
	last = s->run.seq + s->run.pos - 1;
	was_held = flow->flags & HTTP1_HELD;
	if (!was_held ||
	    (__u8)(flow->hold_last - flow->next / HOLD_BLOCK) < hold_distance(flow, last))
		flow->hold_last = last / HOLD_BLOCK;
	flow->flags |= HTTP1_HELD;
	switch (flow_store(s)) {
	case FLOW_OUTRUN:
		/* Perhaps the hole was filled just now. */
		return flow_place(s, s->run.ack);
	case FLOW_REFUSED:
		count_add(t, COUNT_FLOWS_REFUSED);
		return HTTP_DONE;
	case FLOW_STORED:
		break;
	}
	if (!was_held)
		count_add(t, COUNT_HTTP_HOLE_OPENED);
	return HTTP_DONE;
}

/* Nothing that is held is still to come: what to do next. */
static __always_inline int hold_close(struct scratch *s, struct totals *t)
{
	s->run.flow.flags &= ~(HTTP1_HELD | HTTP1_PASSED);
	if (flow_store(s) == FLOW_STORED)
		count_add(t, COUNT_HTTP_HOLE_CLOSED);
	return HTTP_DONE;
}

/* What a block has for `next`: HOLD_FOUND, then run has it. */
enum hold_look { HOLD_NONE, HOLD_FOUND, HOLD_LATER };

static __always_inline enum hold_look hold_look(struct scratch *s, const struct hold *hold)
{
	__u32 at = s->run.flow.next % HOLD_BLOCK, to = 0, ack = 0;
	enum hold_look look = HOLD_NONE;
	struct flow_lock *lock = flow_lock_of(&s->flow_key);

	if (!lock)
		return HOLD_NONE;
	bpf_spin_lock(&lock->lock);
	for (int i = 0; i < HOLD_RANGES; i++) {
		const struct hold_range *range = &hold->range[i];

		if (range->to <= at)
			continue;
		if (range->from > at) {
			look = HOLD_LATER;
			continue;
		}
		to = range->to;
		ack = range->ack;
		break;
	}
	bpf_spin_unlock(&lock->lock);
	if (!to)
		return look;
	s->run.seq = s->run.flow.next;
	s->run.ack = ack;
	s->run.len = to - at;
	s->run.pos = 0;
	s->run.window_pos = 0;
	s->run.window_len = 0;
	return HOLD_FOUND;
}

/* run.flow was just stored, and has the flag HTTP1_HELD: what to do next. */
__noinline int hold_release(void)
{
	struct scratch *s = scratch_get();
	struct http1_flow *flow;
	const struct hold *hold;
	enum hold_look look;
	struct totals *t;
	__u8 left;

	if (!s)
		return HTTP_DONE;
	t = count_totals(s->epoch & 1);
	if (!t)
		return HTTP_DONE;
	flow = &s->run.flow;
	if (s->is_held && s->hold_key.block != flow->next / HOLD_BLOCK)
		bpf_map_delete_elem(&holds, &s->hold_key);
	s->is_held = 0;
	left = flow->hold_last - flow->next / HOLD_BLOCK;
	if (flow->state >= HTTP1_OPAQUE || left >= HOLD_SPAN)
		return hold_close(s, t);
	hold_set_key(s, flow->next);
	hold = bpf_map_lookup_elem(&holds, &s->hold_key);
	look = hold ? hold_look(s, hold) : HOLD_NONE;
	if (look == HOLD_FOUND) {
		s->is_held = 1;
		return HTTP_READ;
	}
	if (look == HOLD_LATER || left)
		return HTTP_DONE;
	/* The last block: evicted, or read to its end. */
	if (!hold)
		count_add(t, COUNT_HTTP_GAP);
	return hold_close(s, t);
}

/* Copies n (1..HTTP1_WINDOW) held bytes at run.pos into run.window. 0, or -1 if they are gone. */
__noinline int hold_load(__u32 n)
{
	struct scratch *s = scratch_get();
	const struct hold *hold;
	const __u8 *from;
	__u32 at;

	if (!s)
		return -1;
	hold = bpf_map_lookup_elem(&holds, &s->hold_key);
	if (!hold)
		return -1;
	at = (s->run.seq + s->run.pos) % HOLD_BLOCK;
	from = hold->bytes + at;
	for (__u32 i = 0; i < HTTP1_WINDOW && i < n; i += 8)
		*(__u64 *)(s->run.window + i) = *(const __u64 *)(from + i);
	return 0;
}

/*
 * Holds the segment for one kind of hook. keep(ctx, off, to, n) copies n (1..HOLD_PIECE) bytes of
 * the packet at off, 0 on success.
 */
#define HOLD_DEFINE(name, ctx_type, keep)                                                        \
	/* Holds the piece at run.pos that lies in one block. 1: done. */                        \
	__noinline int hold_piece_##name(ctx_type *ctx)                                          \
	{                                                                                        \
		struct scratch *s = scratch_get();                                               \
		__u32 seq, at, n, room;                                                          \
		struct hold *hold;                                                               \
                                                                                                 \
		if (!s)                                                                          \
			return 0;                                                                \
		seq = s->run.seq + s->run.pos;                                                   \
		hold_set_key(s, seq);                                                            \
		hold = hold_get(s);                                                              \
		if (!hold)                                                                       \
			return 0;                                                                \
		at = seq % HOLD_BLOCK;                                                           \
		n = s->run.len - s->run.pos;                                                     \
		room = HOLD_BLOCK - at;                                                          \
		if (n > room)                                                                    \
			n = room;                                                                \
		if (n > HOLD_PIECE)                                                              \
			n = HOLD_PIECE;                                                          \
		n--;                                                                             \
		PARSE_KEEP(n);                                                                   \
		n = (n & (HOLD_PIECE - 1)) + 1;                                                  \
		if (keep(ctx, s->packet.payload_off + s->run.pos, hold->bytes + at, n) ||        \
		    !hold_mark(s, hold, at, at + n))                                             \
			return 0;                                                                \
		s->run.pos += n;                                                                 \
		return 1;                                                                        \
	}                                                                                        \
                                                                                                 \
	__noinline int hold_segment_##name(ctx_type *ctx)                                        \
	{                                                                                        \
		struct scratch *s = scratch_get();                                               \
                                                                                                 \
		if (!s)                                                                          \
			return HTTP_DONE;                                                        \
		s->run.pos = 0;                                                                  \
		for (int i = 0; i < HOLD_SPAN * (HOLD_BLOCK / HOLD_PIECE); i++) {                \
			if (s->run.pos >= s->run.len ||                                          \
			    hold_distance(&s->run.flow, s->run.seq + s->run.pos) >= HOLD_SPAN || \
			    !hold_piece_##name(ctx))                                             \
				break;                                                           \
		}                                                                                \
		return hold_commit();                                                            \
	}

#endif
