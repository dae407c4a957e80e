/* SPDX-License-Identifier: GPL-2.0-only */
/* Closes epochs and reads them. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "core/requests.h"
#include "kernel/drain_state.h"

#define SECOND_NS 1000000000ULL
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
	err = drain_size_chunk(drain, DRAIN_CHUNK);
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

static int take_record(void *arg, const struct record *record)
{
	struct drain *drain = arg;

	if (drain_make_room(drain, 1))
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
	err = drain_read_totals(drain, old);
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
		err = drain_read_http(drain, old);
		failed = failed ? failed : err;
	}
	if (drops || err) {
		err = drain_read_drops(drain, old);
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
