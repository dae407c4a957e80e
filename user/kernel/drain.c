/* SPDX-License-Identifier: GPL-2.0-only */
/* Closes epochs and reads them. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "core/requests.h"
#include "kernel/attempts.h"
#include "kernel/chains.h"
#include "kernel/drain.h"

/* Entries asked for in one bpf(2) call; grows where a hash bucket holds more. */
#define CHUNK_ENTRIES 4096
#define SECOND_NS     1000000000ULL
/* As many events as the ring buffer holds; what is beyond them in an epoch is no sample. */
#define SAMPLES_ROOM 4096

struct drain {
	struct loader_maps maps;
	const struct reasons *reasons;
	struct ring_buffer *ring;
	unsigned int cpus;
	__u64 start_ns;
	__u64 event_ns; /* what the time of events is; 0: what they say */
	size_t events;
	struct record *records;
	size_t record_count, record_room;
	struct totals totals;
	struct totals *cpu_totals; /* one for each possible CPU */
	void *keys, *values;
	size_t chunk;
	struct attempts attempts;
	struct chain_index chains;
	__u32 keys_read[FEED_MAX]; /* in the last epoch */
	struct sample samples[SAMPLES_ROOM];
	size_t sample_count;
};

static void take_sample(const struct reasons *reasons, const struct event *event,
			struct sample *ret)
{
	*ret = (struct sample){
		.time_ns = event->time_ns,
		.source = event->source,
		.destination = event->destination,
		.ifindex = event->ifindex,
		.source_port = ntohs(event->source_port),
		.port = ntohs(event->destination_port),
		.code = event->code,
		.feed = FEED_HTTP,
	};
	if (event->type != EVENT_DROP)
		return;
	ret->feed = FEED_DROP;
	ret->proto = event->proto;
	ret->class = event->class;
	ret->hook = event->hook;
}

static int take_event(void *arg, void *data, size_t size)
{
	const struct http_event *error = data;
	struct drain *drain = arg;
	struct sample *sample;

	if (size < sizeof(struct event))
		return 0;
	drain->events++;
	if (drain->sample_count == SAMPLES_ROOM)
		return 0;
	sample = &drain->samples[drain->sample_count++];
	take_sample(drain->reasons, data, sample);
	if (sample->feed == FEED_HTTP && size >= sizeof(*error) && error->len <= SW_REQUEST_LINE)
		request_text(error->line, error->len, drain->maps.queries, sample->request);
	if (drain->event_ns)
		sample->time_ns = drain->event_ns;
	return 0;
}

static int size_chunk(struct drain *drain, size_t chunk)
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

int drain_new(const struct loader *loader, const struct reasons *reasons, __u64 now_ns,
	      struct drain **ret)
{
	struct drain *drain = calloc(1, sizeof(*drain));
	int cpus = libbpf_num_possible_cpus(), err = -ENOMEM;

	if (!drain)
		return -ENOMEM;
	if (cpus < 0) {
		err = cpus;
		goto out;
	}
	loader_maps(loader, &drain->maps);
	drain->attempts.fd = drain->maps.attempts;
	drain->attempts.netns = drain->maps.netns;
	chain_index_init(&drain->chains, drain->maps.chains);
	drain->reasons = reasons;
	drain->cpus = cpus;
	drain->start_ns = now_ns;
	if (drain->maps.since_ns && drain->maps.since_ns < now_ns) {
		drain->start_ns = drain->maps.since_ns;
		drain->attempts.left = 1; /* or more: they were begun before */
	}
	drain_set_time(drain, now_ns);
	drain->cpu_totals = calloc(cpus, sizeof(*drain->cpu_totals));
	if (!drain->cpu_totals)
		goto out;
	err = size_chunk(drain, CHUNK_ENTRIES);
	if (err)
		goto out;
	drain->ring = ring_buffer__new(drain->maps.events, take_event, drain, NULL);
	if (!drain->ring) {
		err = -errno;
		goto out;
	}
	*ret = drain;
	return 0;
out:
	drain_free(drain);
	return err;
}

void drain_free(struct drain *drain)
{
	if (!drain)
		return;
	ring_buffer__free(drain->ring);
	chain_index_clear(&drain->chains);
	free(drain->cpu_totals);
	free(drain->records);
	free(drain->keys);
	free(drain->values);
	free(drain);
}

int drain_fd(const struct drain *drain)
{
	return ring_buffer__epoll_fd(drain->ring);
}

int drain_take_events(struct drain *drain)
{
	int err;

	drain->events = 0;
	err = ring_buffer__consume(drain->ring);
	return err < 0 ? err : (int)drain->events;
}

int drain_take_events_at(struct drain *drain, __u64 time_ns)
{
	int count;

	drain->event_ns = time_ns;
	count = drain_take_events(drain);
	drain->event_ns = 0;
	return count;
}

void drain_set_time(struct drain *drain, __u64 now_ns)
{
	*drain->maps.tick = now_ns / SECOND_NS;
}

/*
 * The programs go on in the other set; then waits until none can still be in the old one. A
 * map-in-map update makes the kernel call synchronize_rcu() before it returns (since Linux 4.20,
 * maybe_wait_bpf_programs()), so the same inner map is put where it is already.
 */
static int flip(struct drain *drain, __u32 *ret_old)
{
	__u32 old = *drain->maps.epoch & 1;
	int err;

	/* What the last epoch in this set knew has served the one that ends. */
	memset(drain->maps.drop_marks[!old], 0, DROP_MARKS);
	drain->maps.drops_used[!old][USED_CROWDED] = 0;
	__atomic_add_fetch((__u32 *)drain->maps.epoch, 1, __ATOMIC_SEQ_CST);
	*ret_old = old;
	if (drain->maps.quiet)
		return 0;
	err = bpf_map_update_elem(drain->maps.http_epochs, &old, &drain->maps.http_counts[old],
				  BPF_ANY);
	return err;
}

static int read_totals(struct drain *drain, __u32 old)
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

static int room_for(struct drain *drain, size_t more)
{
	size_t need = drain->record_count + more, room = drain->record_room;
	struct record *records;

	if (need <= room)
		return 0;
	while (room < need)
		room = room ? room * 2 : CHUNK_ENTRIES;
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
			err = size_chunk(drain, drain->chunk * 2);
			if (err)
				return err;
			continue;
		}
		if (err && err != -ENOENT)
			return err;
		if (room_for(drain, n))
			return -ENOMEM;
		take(drain, drain->keys, drain->values, n, per_key);
		if (err == -ENOENT) {
			*used = 0;
			return 0;
		}
		in = &position;
	}
}

static int take_record(void *arg, const struct record *record)
{
	struct drain *drain = arg;

	if (room_for(drain, 1))
		return -ENOMEM;
	drain->records[drain->record_count++] = *record;
	drain->totals.drop_class[record->class] += record->count;
	drain->totals.drop_reason[record->code] += record->count;
	return 0;
}

static __u64 sum(const __u64 *from, unsigned int first, unsigned int last)
{
	__u64 total = 0;

	for (unsigned int i = first; i <= last; i++)
		total += from[i];
	return total;
}

static void tell_loss(const struct drain *drain, __u64 responses, __u64 drops, struct loss *ret)
{
	const __u64 *n = drain->totals.n;
	__u64 opened = n[COUNT_HTTP_HOLE_OPENED], closed = n[COUNT_HTTP_HOLE_CLOSED];

	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < drain->record_count; i++) {
		const struct record *r = &drain->records[i];

		if (r->feed == FEED_HTTP)
			responses -= r->count;
		else
			drops -= r->count;
		if (r->merged)
			ret->merged[r->feed] += r->count;
	}
	ret->evicted[FEED_HTTP] = responses;
	ret->evicted[FEED_DROP] = drops;
	/* Packets that may have held a response: what is no IP, or too short for TCP, did not. */
	ret->unparsed[FEED_HTTP] = n[COUNT_PARSE_TRUNCATED] + n[COUNT_PARSE_IP_FRAGMENT] +
				   n[COUNT_PARSE_EXT_HEADER_LIMIT] + n[COUNT_PARSE_VLAN_LIMIT] +
				   sum(n, COUNT_HTTP_GAP, COUNT_HTTP_NO_REVERSE) +
				   n[COUNT_HTTP_UNREADABLE];
	/* One that closes in a later epoch was told as a loss by then, and stays one. */
	if (opened > closed)
		ret->unparsed[FEED_HTTP] += opened - closed;
	/* A fragment's addresses are known. */
	ret->unparsed[FEED_DROP] = sum(n, COUNT_DROP_PARSE_TRUNCATED, COUNT_DROP_PARSE_L4_SHORT) -
				   n[COUNT_DROP_PARSE_IP_FRAGMENT] + n[COUNT_DENIAL_UNREADABLE] +
				   n[COUNT_ATTEMPTS_UNTRACKED];
}

int drain_epoch(struct drain *drain, __u64 now_ns, __u64 wall_ns, struct batch *ret)
{
	__u64 responses = 0, drops = 0;
	__u32 old;
	int err, failed;

	drain->record_count = 0;
	chain_index_begin(&drain->chains);
	memset(drain->keys_read, 0, sizeof(drain->keys_read));
	/* Before the flip: the first event of the new epoch must find somebody who waits for it. */
	drain_take_events(drain);
	failed = flip(drain, &old);
	err = read_totals(drain, old);
	failed = failed ? failed : err;
	drain_set_time(drain, now_ns);
	if (!err)
		err = attempts_sweep(&drain->attempts, now_ns / SECOND_NS,
				     drain->totals.n[COUNT_ATTEMPTS], take_record, drain);
	failed = failed ? failed : err;
	responses = sum(drain->totals.n, COUNT_HTTP_2XX, COUNT_HTTP_5XX);
	drops = drain->totals.n[COUNT_PACKETS_DROP] +
		sum(drain->totals.drop_class, CLASS_PROHIBITED, CLASS_REFUSED);
	/* Walking the buckets of an empty map costs a millisecond: not ten times a second. */
	if (responses || err) {
		size_t before = drain->record_count;

		err = read_counts(drain, drain->maps.http_counts[old], take_http,
				  drain->maps.http_used[old]);
		drain->keys_read[FEED_HTTP] = drain->record_count - before;
		failed = failed ? failed : err;
	}
	if (drops || err) {
		size_t before = drain->record_count;

		err = read_counts(drain, drain->maps.drop_counts[old], take_drops,
				  drain->maps.drops_used[old]);
		drain->keys_read[FEED_DROP] = drain->record_count - before;
		failed = failed ? failed : err;
	}
	*ret = (struct batch){
		.start_ns = drain->start_ns,
		.end_ns = now_ns,
		.wall_ns = wall_ns,
		.records = drain->records,
		.record_count = drain->record_count,
		.samples = drain->samples,
		.sample_count = drain->sample_count,
		.totals = &drain->totals,
	};
	tell_loss(drain, responses, drops, &ret->loss);
	if (now_ns - drain->start_ns > DRAIN_STALL_NS)
		ret->loss.gap_ns = now_ns - drain->start_ns - DRAIN_STALL_NS;
	drain->start_ns = now_ns;
	*drain->maps.kept_until_ns = now_ns;
	drain->sample_count = 0;
	return failed;
}

const struct chain_names *drain_chain_names(const struct drain *drain)
{
	return &drain->chains.names;
}

void drain_usage(const struct drain *drain, struct usage ret[USAGE_MAX])
{
	ret[USAGE_HTTP] = (struct usage){
		.map = "http_counts",
		.entries = drain->keys_read[FEED_HTTP],
		.capacity = drain->maps.entries,
	};
	ret[USAGE_DROPS] = (struct usage){
		.map = "drop_counts",
		.entries = drain->keys_read[FEED_DROP],
		.capacity = drain->maps.drop_entries,
	};
	ret[USAGE_ATTEMPTS] = (struct usage){};
	if (drain->attempts.fd >= 0)
		ret[USAGE_ATTEMPTS] = (struct usage){
			.map = "attempts",
			.entries = drain->attempts.left,
			.capacity = drain->maps.attempt_entries,
		};
}
