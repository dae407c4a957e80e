/* SPDX-License-Identifier: GPL-2.0-only */
/* The only code that touches the counting maps: totals, epochs, ring buffer. */
#ifndef BPF_COUNT_H
#define BPF_COUNT_H

#include "maps.bpf.h"

static __always_inline struct totals *count_totals(__u32 which)
{
	return bpf_map_lookup_elem(&totals, &which);
}

static __always_inline void count_add(struct totals *t, enum sw_counter counter)
{
	t->n[counter]++;
}

/* Counts why a packet was not understood; first: the counter of PARSE_TRUNCATED. */
static __always_inline void count_unparsed(struct totals *t, enum sw_counter first, __u32 result)
{
	__u32 why = result - PARSE_TRUNCATED;

	PARSE_KEEP(why);
	if (why < PARSE_RESULTS - PARSE_TRUNCATED)
		t->n[first + why]++;
}

/* May one more event go out in this epoch? Counts it; *flags is how to submit it. */
static __always_inline bool count_ring_admit(struct totals *t, __u64 *flags)
{
	__u64 sent = t->n[COUNT_RING_SENT];

	if (sent >= ring_budget) {
		count_add(t, COUNT_RING_OVER_BUDGET);
		return false;
	}
	/*
	 * The first of an epoch is the doorbell; a wake-up for each would cost more than the event.
	 */
	*flags = sent ? BPF_RB_NO_WAKEUP : BPF_RB_FORCE_WAKEUP;
	return true;
}

/*
 * Adds an entry that is not there. Before 6.4 (d7ba4cc900bf) the kernel's own functions return int,
 * and what the program sees of a negative number is its lower half: so does the int here.
 */
static __always_inline int count_insert(void *map, const void *key, const void *value)
{
	return bpf_map_update_elem(map, key, value, BPF_NOEXIST);
}

/* Adds one response to its key. What can't be kept shows as totals minus entries. */
static __always_inline void count_http(__u32 which, const struct http_key *key)
{
	void *map = bpf_map_lookup_elem(&http_epochs, &which);
	struct http_value *value, one = { .count = 1 };

	if (!map)
		return;
	value = bpf_map_lookup_elem(map, key);
	if (!value) {
		if (count_insert(map, key, &one) != -EEXIST)
			return;
		/* Another CPU was first. */
		value = bpf_map_lookup_elem(map, key);
		if (!value)
			return;
	}
	if (shared_counts)
		__sync_fetch_and_add(&value->count, 1);
	else
		value->count++;
}

/* Adds one packet to its key. True where the key is new in this epoch. */
static __always_inline bool count_drop(__u32 which, const struct drop_key *key, __u64 bytes)
{
	void *map = bpf_map_lookup_elem(&drop_epochs, &which);
	struct drop_value *value, one = { .packets = 1, .bytes = bytes };

	if (!map)
		return false;
	value = bpf_map_lookup_elem(map, key);
	if (!value) {
		if (count_insert(map, key, &one) != -EEXIST)
			return true;
		value = bpf_map_lookup_elem(map, key);
		if (!value)
			return false;
	}
	if (shared_counts) {
		__sync_fetch_and_add(&value->packets, 1);
		__sync_fetch_and_add(&value->bytes, bytes);
	} else {
		value->packets++;
		value->bytes += bytes;
	}
	return false;
}

/* Submits an event, or counts that there was no room. The caller has asked count_ring_admit(). */
static __always_inline void count_event(struct totals *t, const struct event *event, __u64 flags)
{
	if (bpf_ringbuf_output(&events, (void *)event, sizeof(*event), flags))
		count_add(t, COUNT_RING_DROPPED);
	else
		count_add(t, COUNT_RING_SENT);
}

#endif
