/* SPDX-License-Identifier: GPL-2.0-only */
/* The only code that touches the counting maps: totals, epochs, ring buffer. */
#ifndef BPF_COUNT_H
#define BPF_COUNT_H

#include "maps.bpf.h"

/* Of two addresses, from what else is to count. Its upper bits are the better ones. */
static __always_inline __u64 hash_ends(const struct addr *a, const struct addr *b, __u64 hash)
{
	for (int i = 0; i < 4; i++)
		hash = (hash ^ ((__u64)a->w[i] << 32 | b->w[i])) * 0x9e3779b97f4a7c15ULL;
	return hash;
}

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

/* What is known of a key before it is looked for. */
enum count_hint {
	KEY_ABSENT = 1, /* it is not there */
	KEY_LIGHT = 2,  /* in a flood it is one of many that come once */
};

/*
 * May a key that is new in this epoch have an entry? While half of the room is free, any may; after
 * that a draw decides, against odds that rise as the room goes. Who sends much draws often, is in
 * soon, and counted exactly from there; of a flood of sources that come once, few are. The last
 * part is for merged keys. Of keys that are known as light, a few are taken as samples.
 */
static __always_inline bool count_admit(__u32 used, __u32 room, __u32 hint)
{
	__u32 against = 0;

	if (hint & KEY_LIGHT)
		return used < room / 16;
	if (used < room / 2)
		return true;
	if (used < room / 4 * 3)
		against = 15;
	else if (used < room / 8 * 7)
		against = 63;
	else if (used < room / 16 * 15)
		against = 255;
	return against && !(bpf_get_prandom_u32() & against);
}

enum count_result { COUNT_ADDED, COUNT_FOUND, COUNT_REFUSED };

/* Adds a key that was not there a moment ago, with `first` as its value. */
static __always_inline enum count_result count_new(void *map, const void *key, const void *first,
						   __u32 *used, void **ret)
{
	if (!count_insert(map, key, first)) {
		__sync_fetch_and_add(used, 1);
		return COUNT_ADDED;
	}
	/* Another CPU was first? */
	*ret = bpf_map_lookup_elem(map, key);
	return *ret ? COUNT_FOUND : COUNT_REFUSED;
}

/* Finds the key's value, or adds the key where there is room for it. hint: of enum count_hint. */
static __always_inline enum count_result count_find(void *map, const void *key, const void *first,
						    __u32 hint, __u32 room, __u32 *used, void **ret)
{
	*ret = hint & KEY_ABSENT ? NULL : bpf_map_lookup_elem(map, key);
	if (*ret)
		return COUNT_FOUND;
	if (!count_admit(*(volatile __u32 *)used, room, hint))
		return COUNT_REFUSED;
	return count_new(map, key, first, used, ret);
}

static __always_inline void count_raise(__u64 *n, __u64 by)
{
	if (shared_counts)
		__sync_fetch_and_add(n, by);
	else
		*n += by;
}

/*
 * Adds one response to its key; where there is no room for it, to the key without the client. What
 * can't be kept shows as totals minus entries. Changes the key.
 */
static __always_inline void count_http(__u32 which, struct http_key *key)
{
	void *map = bpf_map_lookup_elem(&http_epochs, &which), *value = NULL;
	__u32 *used = keys_used[which & 1][KEYS_HTTP];
	struct http_value one = { .count = 1 };
	enum count_result result;

	if (!map)
		return;
	result = count_find(map, key, &one, 0, http_room, used, &value);
	if (result == COUNT_REFUSED) {
		__builtin_memset(&key->client, 0, sizeof(key->client));
		key->merged = MERGED_SOURCE;
		value = bpf_map_lookup_elem(map, key);
		result = value ? COUNT_FOUND : count_new(map, key, &one, used, &value);
	}
	if (result == COUNT_FOUND)
		count_raise(&((struct http_value *)value)->count, 1);
}

/*
 * The key that a packet is counted under whose own key has no room: without the source (a flood of
 * forged sources), without destination and port (one source that looks everywhere), or without
 * both. Where neither of the first two is there yet, chance decides which is made: the one that
 * does not help is not found again.
 */
static __always_inline enum count_result count_merged(void *map, struct drop_key *key,
						      const struct drop_value *first, __u32 *used,
						      void **ret)
{
	struct addr source = key->source, none = {};
	bool full = *(volatile __u32 *)used >= drop_room;

	key->merged = MERGED_SOURCE;
	key->source = none;
	*ret = bpf_map_lookup_elem(map, key);
	if (*ret)
		return COUNT_FOUND;
	if (!full && bpf_get_prandom_u32() & 1)
		return count_new(map, key, first, used, ret);
	key->merged = MERGED_DESTINATION;
	key->source = source;
	key->destination = none;
	key->port = 0;
	*ret = bpf_map_lookup_elem(map, key);
	if (*ret)
		return COUNT_FOUND;
	if (!full)
		return count_new(map, key, first, used, ret);
	key->merged = MERGED_SOURCE | MERGED_DESTINATION;
	key->source = none;
	*ret = bpf_map_lookup_elem(map, key);
	return *ret ? COUNT_FOUND : count_new(map, key, first, used, ret);
}

/* The key's place in drop_marks. Who finds keys of one place gains nothing but their look-up. */
static __always_inline __u32 drop_place(const struct drop_key *key)
{
	__u64 hash = (__u64)key->source.w[3] << 32 | key->destination.w[3];

	hash ^= (__u64)key->source.w[1] << 48 ^ (__u64)key->source.w[2] << 16 ^ key->port;
	return hash * 0x9e3779b97f4a7c15ULL >> 48 & (DROP_MARKS - 1);
}

/* As many packets at a place in this epoch and the last make a key that sends much. */
#define COUNT_HEAVY 8

/*
 * What the marks say of a key at this place; counts the packet while keys are refused. Two CPUs at
 * once may forget one hit, or that a key is there: then it is found when it is added.
 */
static __always_inline __u32 count_see_place(volatile __u8 *mark, const volatile __u8 *before,
					     __u32 used, bool crowded)
{
	__u32 seen = *mark, hint = seen & MARK_KEY ? 0 : KEY_ABSENT;

	if (!crowded && used < drop_room / 2)
		return hint;
	if ((seen & MARK_HITS) != MARK_HITS)
		*mark = seen + 1;
	seen = (seen & MARK_HITS) + (*before & MARK_HITS);
	return crowded && seen < COUNT_HEAVY ? hint | KEY_LIGHT : hint;
}

/*
 * Adds one packet to its key, or to a merged one. True where the key is new in this epoch, and then
 * it is as it was.
 */
static __always_inline bool count_drop(__u32 which, struct drop_key *key, __u64 bytes)
{
	void *map = bpf_map_lookup_elem(&drop_epochs, &which), *value = NULL;
	struct drop_value one = { .packets = 1, .bytes = bytes };
	__u32 set = which, place = drop_place(key), hint, *used;
	enum count_result result;
	volatile __u8 *mark;

	if (!map)
		return false;
	/* Before 5.11 a bounded number loses its bounds when it is spilled; pointers do not. */
	PARSE_KEEP(set);
	PARSE_KEEP(place);
	set &= 1;
	place &= DROP_MARKS - 1;
	used = keys_used[set][KEYS_DROPS];
	mark = &drop_marks[set][place];
	hint = count_see_place(mark, &drop_marks[set ^ 1][place], *(volatile __u32 *)used,
			       ((volatile __u32 *)keys_used[set ^ 1][KEYS_DROPS])[USED_CROWDED]);
	PARSE_KEEP(used);
	PARSE_KEEP(mark);
	result = count_find(map, key, &one, hint, drop_room, used, &value);
	if (result != COUNT_REFUSED && hint & KEY_ABSENT)
		*mark |= MARK_KEY;
	if (result == COUNT_ADDED)
		return true;
	if (result == COUNT_REFUSED) {
		if (!((volatile __u32 *)used)[USED_CROWDED])
			used[USED_CROWDED] = 1;
		result = count_merged(map, key, &one, used, &value);
	}
	if (result == COUNT_FOUND) {
		count_raise(&((struct drop_value *)value)->packets, 1);
		count_raise(&((struct drop_value *)value)->bytes, bytes);
	}
	return false;
}

/* Submits an event, or counts that there was no room. The caller has asked count_ring_admit(). */
static __always_inline void count_event(struct totals *t, const void *event, __u64 size,
					__u64 flags)
{
	if (bpf_ringbuf_output(&events, (void *)event, size, flags))
		count_add(t, COUNT_RING_DROPPED);
	else
		count_add(t, COUNT_RING_SENT);
}

/* The same for the first packet of a drop key. */
static __always_inline void count_drop_event(struct totals *t, const struct drop_key *key,
					     __be16 source_port)
{
	struct event event = {};
	__u64 flags;

	if (!count_ring_admit(t, &flags))
		return;
	event.time_ns = bpf_ktime_get_boot_ns();
	event.source = key->source;
	event.destination = key->destination;
	event.source_port = source_port;
	event.destination_port = key->port;
	event.code = key->reason;
	event.type = EVENT_DROP;
	event.proto = key->proto;
	event.ifindex = key->in_ifindex ? key->in_ifindex : key->out_ifindex;
	event.class = key->class;
	event.hook = key->hook;
	count_event(t, &event, sizeof(event), flags);
}

#endif
