/* SPDX-License-Identifier: GPL-2.0-only */
/* Fits the maps into the memory budget. */
#include "spikewatch_abi.h"

#include "kernel/sizes.h"

/* Least entries per possible CPU: before 6.16 each CPU hoards 128 free nodes of an LRU map. */
#define LRU_ENTRIES_PER_CPU 256
#define LRU_ENTRIES_LEAST   1024
/*
 * A replay reads the counts after a bounded number of packets, so they need little room; to read
 * them costs a walk through all of it.
 */
#define REPLAY_ENTRIES 8192
/*
 * More would not tell more of a flood (who sends much is in within the first few thousand keys),
 * and a larger map costs a packet up to twice as much: it no longer fits the CPU's cache.
 */
#define DROP_ENTRIES_MAX 16384

/* What the kernel takes per entry: struct htab_elem with its LRU node, rounded key, value. */
#define BYTES_ELEM    56
#define BYTES_FLOW    (BYTES_ELEM + 40 + 64)
#define BYTES_NOTE    (BYTES_ELEM + 16 + 56)
#define BYTES_HOLD    (BYTES_ELEM + 48 + 2112)
#define BYTES_ATTEMPT (BYTES_ELEM + sizeof(struct attempt_key) + sizeof(struct attempt))
#define BYTES_ASKED   (SW_ASKED_PLACES * 184)
#define BYTES_DENIER  (BYTES_ELEM + sizeof(struct attempt_key) + 8)
#define BYTES_SPEECH  (BYTES_ELEM + 24 + sizeof(struct speech))
#define NOTES_LEAST   4096
/* Of the budget, what out-of-order bytes may take. */
#define HOLDS_SHARE 16
#define HOLDS_LEAST 512
/* And attempts to connect. */
#define ATTEMPTS_SHARE    16
#define BYTES_HTTP_KEY    (BYTES_ELEM + sizeof(struct http_key))
#define BYTES_DROP_KEY    (BYTES_ELEM + sizeof(struct drop_key))
#define BYTES_PERCPU_SLOT 8 /* pointer to the per-CPU values */

static __u64 bytes_per_drop(unsigned int cpus)
{
	if (!cpus)
		return BYTES_DROP_KEY + sizeof(struct drop_value);
	return BYTES_DROP_KEY + BYTES_PERCPU_SLOT + cpus * sizeof(struct drop_value);
}

static __u64 bytes_per_share(unsigned int cpus)
{
	__u64 http = BYTES_HTTP_KEY;

	if (cpus)
		http += BYTES_PERCPU_SLOT + cpus * sizeof(struct http_value);
	else
		http += sizeof(struct http_value);
	/* Two flows for each entry of the counting maps, of which there are two sets. */
	return 2 * BYTES_FLOW + 2 * http + 2 * bytes_per_drop(cpus);
}

static __u32 largest_power(__u64 limit, __u32 least)
{
	__u32 power = least;

	while (power < 1U << 22 && (__u64)power * 2 <= limit)
		power *= 2;
	return power;
}

void sizes_fit(__u64 memory_budget, unsigned int possible_cpus, struct sizes *ret)
{
	__u64 share = bytes_per_share(possible_cpus);
	__u64 least = (__u64)LRU_ENTRIES_PER_CPU * possible_cpus, fixed;

	ret->notes = least > NOTES_LEAST ? least : NOTES_LEAST;
	ret->holds = largest_power(memory_budget / HOLDS_SHARE / BYTES_HOLD, HOLDS_LEAST);
	ret->attempts = largest_power(memory_budget / ATTEMPTS_SHARE / BYTES_ATTEMPT,
				      LRU_ENTRIES_LEAST);
	fixed = (__u64)ret->notes * (BYTES_NOTE + BYTES_DENIER + BYTES_SPEECH) +
		(__u64)ret->holds * BYTES_HOLD + (__u64)ret->attempts * BYTES_ATTEMPT + BYTES_ASKED;
	memory_budget -= fixed < memory_budget ? fixed : memory_budget;
	ret->shared = memory_budget / share < least;
	if (ret->shared)
		share = bytes_per_share(0);
	ret->counts = largest_power(memory_budget / share, LRU_ENTRIES_LEAST);
	ret->flows = ret->counts * 2;
	ret->drops = ret->counts < DROP_ENTRIES_MAX ? ret->counts : DROP_ENTRIES_MAX;
	ret->bytes = ret->counts * share + fixed -
		     2 * (ret->counts - ret->drops) *
			     bytes_per_drop(ret->shared ? 0 : possible_cpus);
}

void sizes_for_replay(struct sizes *sizes, unsigned int possible_cpus)
{
	__u32 entries = REPLAY_ENTRIES;

	while (entries < LRU_ENTRIES_PER_CPU * possible_cpus)
		entries *= 2;
	if (entries < sizes->counts)
		sizes->counts = entries;
	if (entries < sizes->drops)
		sizes->drops = entries;
}
