/* SPDX-License-Identifier: GPL-2.0-only */
/* The drain's state, for its own files. */
#ifndef KERNEL_DRAIN_STATE_H
#define KERNEL_DRAIN_STATE_H

#include "kernel/attempts.h"
#include "kernel/chains.h"
#include "kernel/drain.h"

/* Entries asked for in one bpf(2) call; grows where a hash bucket holds more. */
#define DRAIN_CHUNK 4096
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

/* Room for so many entries in one bpf(2) call. -ENOMEM. */
int drain_size_chunk(struct drain *drain, size_t chunk);

/* Room for so many more records. -ENOMEM. */
int drain_make_room(struct drain *drain, size_t more);

/* What an epoch counted, which no program writes any more; emptied. -errno of bpf(2), -ENOMEM. */
int drain_read_totals(struct drain *drain, __u32 old);
int drain_read_http(struct drain *drain, __u32 old);
int drain_read_drops(struct drain *drain, __u32 old);

#endif
