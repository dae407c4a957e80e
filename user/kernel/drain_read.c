/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads and empties the kernel's maps of an epoch that is over. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "kernel/drain_state.h"

int drain_size_chunk(struct drain *drain, size_t chunk)
{
	size_t value = sizeof(struct drop_value) * (drain->maps.shared ? 1 : drain->cpus);
	void *keys = reallocarray(drain->keys, chunk, sizeof(struct drop_key));
	void *values;

	if (!keys)
		return -ENOMEM;
	drain->keys = keys;
	values = reallocarray(drain->values, chunk, value);
	if (!values)
		return -ENOMEM;
	drain->values = values;
	drain->chunk = chunk;
	return 0;
}

int drain_read_totals(struct drain *drain, __u32 old)
{
	const size_t words = sizeof(struct totals) / sizeof(__u64);
	__u64 *sum = (__u64 *)&drain->totals;
	int err;

	memset(&drain->totals, 0, sizeof(drain->totals));
	err = bpf_map_lookup_elem(drain->maps.totals, &old, drain->cpu_totals);
	if (err)
		return err;
	for (unsigned int cpu = 0; cpu < drain->cpus; cpu++) {
		const __u64 *one = (const __u64 *)&drain->cpu_totals[cpu];

		for (size_t i = 0; i < words; i++)
			sum[i] += one[i];
	}
	memset(drain->cpu_totals, 0, drain->cpus * sizeof(*drain->cpu_totals));
	return bpf_map_update_elem(drain->maps.totals, &old, drain->cpu_totals, BPF_ANY);
}

int drain_make_room(struct drain *drain, size_t more)
{
	size_t need = drain->record_count + more, room = drain->record_room;
	struct record *records;

	if (need <= room)
		return 0;
	while (room < need)
		room = room ? room * 2 : DRAIN_CHUNK;
	records = reallocarray(drain->records, room, sizeof(*records));
	if (!records)
		return -ENOMEM;
	drain->records = records;
	drain->record_room = room;
	return 0;
}

static void take_http(struct drain *drain, const void *keys, const void *values, size_t n,
		      unsigned int per_key)
{
	const struct http_value *value = values;
	const struct http_key *key = keys;

	for (size_t i = 0; i < n; i++, key++) {
		struct record *r = &drain->records[drain->record_count];

		memset(r, 0, sizeof(*r));
		for (unsigned int k = 0; k < per_key; k++)
			r->count += (value++)->count;
		r->feed = FEED_HTTP;
		r->source = key->client;
		r->destination = key->server;
		r->port = ntohs(key->port);
		r->code = key->status;
		r->merged = key->merged;
		drain->record_count++;
	}
}

static __u16 chain_of(struct drain *drain, const struct drop_key *key)
{
	if (key->chain)
		return chain_index_find(&drain->chains, key->chain);
	return key->reason == drain->reasons->netfilter ? CHAIN_UNKNOWN : CHAIN_NONE;
}

static void take_drops(struct drain *drain, const void *keys, const void *values, size_t n,
		       unsigned int per_key)
{
	const struct drop_value *value = values;
	const struct drop_key *key = keys;

	for (size_t i = 0; i < n; i++, key++) {
		struct record *r = &drain->records[drain->record_count];

		memset(r, 0, sizeof(*r));
		for (unsigned int k = 0; k < per_key; k++, value++) {
			r->count += value->packets;
			r->bytes += value->bytes;
		}
		r->feed = FEED_DROP;
		r->source = key->source;
		r->destination = key->destination;
		r->netns = key->netns;
		r->in_ifindex = key->in_ifindex;
		r->out_ifindex = key->out_ifindex;
		r->port = ntohs(key->port);
		r->code = key->reason;
		r->proto = key->proto;
		r->class = key->class;
		r->hook = key->hook;
		r->merged = key->merged;
		r->chain = chain_of(drain, key);
		drain->record_count++;
	}
}

typedef void (*take_fn)(struct drain *, const void *, const void *, size_t, unsigned int);

/* Reads and empties one counting map, which no program writes any more; *used: its keys. */
static int read_counts(struct drain *drain, int fd, take_fn take, __u32 *used)
{
	unsigned int per_key = drain->maps.shared ? 1 : drain->cpus;
	void *in = NULL;
	__u32 position;

	for (;;) {
		__u32 n = drain->chunk;
		int err = bpf_map_lookup_and_delete_batch(fd, in, &position, drain->keys,
							  drain->values, &n, NULL);

		/* A hash bucket holds more than the buffer. */
		if (err == -ENOSPC) {
			err = drain_size_chunk(drain, drain->chunk * 2);
			if (err)
				return err;
			continue;
		}
		if (err && err != -ENOENT)
			return err;
		if (drain_make_room(drain, n))
			return -ENOMEM;
		take(drain, drain->keys, drain->values, n, per_key);
		if (err == -ENOENT) {
			*used = 0;
			return 0;
		}
		in = &position;
	}
}

int drain_read_http(struct drain *drain, __u32 old)
{
	size_t before = drain->record_count;
	int err = read_counts(drain, drain->maps.http_counts[old], take_http,
			      drain->maps.http_used[old]);

	drain->keys_read[FEED_HTTP] = drain->record_count - before;
	return err;
}

int drain_read_drops(struct drain *drain, __u32 old)
{
	size_t before = drain->record_count;
	int err = read_counts(drain, drain->maps.drop_counts[old], take_drops,
			      drain->maps.drops_used[old]);

	drain->keys_read[FEED_DROP] = drain->record_count - before;
	return err;
}
