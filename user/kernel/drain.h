/* SPDX-License-Identifier: GPL-2.0-only */
/* Closes epochs: flips the kernel's counting maps, reads the quiet set, hands out a batch. */
#ifndef KERNEL_DRAIN_H
#define KERNEL_DRAIN_H

#include "core/batch.h"
#include "kernel/loader.h"
#include "kernel/reasons.h"

/* An epoch longer than this is a stall: coverage says so (DESIGN: life of a packet, 5). */
#define DRAIN_STALL_NS 2000000000ULL

struct drain;

/* Reads what the loader's maps hold. The loader and the reasons must outlive the drain. */
int drain_new(const struct loader *loader, const struct reasons *reasons, __u64 now_ns,
	      struct drain **ret);
void drain_free(struct drain *drain); /* NULL is fine */

/* Readable when the first event of an epoch rings: see drain_take_events(). */
int drain_fd(const struct drain *drain);

/*
 * Empties the ring buffer; the events are samples of the next batch, up to 4,096 of them. How many
 * events there were, or -errno. Ends the samples of the last batch.
 */
int drain_take_events(struct drain *drain);

/* The same, where the events are of a packet that was captured at time_ns. */
int drain_take_events_at(struct drain *drain, __u64 time_ns);

/* From now on it is this second for the programs. Each drain_epoch() says it too. */
void drain_set_time(struct drain *drain, __u64 now_ns);

/*
 * Ends the epoch and reads it: times are CLOCK_BOOTTIME and CLOCK_REALTIME. The batch's memory is
 * the drain's, valid until the next call of any of its functions. -errno of bpf(2): what could be
 * read is in the batch all the same, the rest of that epoch is counted as evicted.
 */
int drain_epoch(struct drain *drain, __u64 now_ns, __u64 wall_ns, struct batch *ret);

/* Names that records' chains have, of all batches so far. They are the drain's. */
const struct chain_names *drain_chain_names(const struct drain *drain);

/* How full a map was. */
struct usage {
	const char *map; /* NULL: there is none */
	__u32 entries;
	__u32 capacity;
};

enum { USAGE_HTTP, USAGE_DROPS, USAGE_ATTEMPTS, USAGE_MAX };

/* Of the maps that programs fill and the drain empties, in the epoch that was closed last. */
void drain_usage(const struct drain *drain, struct usage ret[USAGE_MAX]);

#endif
