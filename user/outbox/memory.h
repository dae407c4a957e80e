/* SPDX-License-Identifier: GPL-2.0-only */
/* Records that are not in the store: just made, or it can't be written. Bounded. */
#ifndef OUTBOX_MEMORY_H
#define OUTBOX_MEMORY_H

#include "record/formed.h"

#define MEMORY_RECORDS_MAX 1024
#define MEMORY_BYTES_MAX   (16 << 20)

struct kept {
	struct formed formed;
	__u64 serial;  /* from 1 on; never given twice */
	__u32 waiting; /* a bit for each way that has not taken it */
	bool held;     /* for a digest: it waits for no way */
	bool digest;   /* what was held before it is told by it */
};

/* The oldest first. Zero to begin with. */
struct memory {
	struct kept *kept;
	size_t count, capacity;
	size_t bytes;
	__u64 serial;
};

/*
 * Takes the record over. Where there is no room, one that waits for nobody goes, else the oldest of
 * the lowest priority: *ret_lost is for which ways one was lost by that (perhaps this one itself).
 * -ENOMEM: it is lost.
 */
int memory_add(struct memory *memory, const struct kept *kept, __u32 *ret_lost);

/* The oldest of this lane (alarms or others) that waits for this way, or NULL. */
struct kept *memory_next(struct memory *memory, unsigned int way, bool alarm);

/* NULL: it is gone. */
struct kept *memory_find(struct memory *memory, __u64 serial);

/* Forgets all, or those that wait for nobody. */
void memory_clear(struct memory *memory);
void memory_forget_sent(struct memory *memory);

#endif
