/* SPDX-License-Identifier: GPL-2.0-only */
/* Buckets of wall-clock time, aligned to UTC: which one a batch falls into, and which has ended. */
#ifndef CORE_BUCKETS_H
#define CORE_BUCKETS_H

#include <stdbool.h>
#include <linux/types.h>

/*
 * How much of a bucket was seen: all of it if gaps are no more than this part of it, else what they
 * leave; nothing of the first one after the start and of one in which the wall clock stepped.
 */
#define BUCKETS_GAP_PART 100

/*
 * A quiet time without batches (a replay) ends that many empty buckets at once at most: more would
 * teach a baseline nothing, its memory is shorter.
 */
#define BUCKETS_EMPTY_MAX 1000

/*
 * A batch is put as a whole into the bucket of its end: buckets much longer than batches are meant.
 */
struct buckets {
	__u64 length_ns;
	bool started;
	bool cut;     /* not seen from its beginning */
	__u64 index;  /* of the present bucket: since the epoch */
	__u64 gap_ns; /* within the present bucket */
};

/* The bucket that has ended, and the empty ones between it and the present one. */
struct bucket_end {
	__u64 start_wall_ns;
	double coverage; /* 0..1 */
	__u64 empty;     /* and seen as a whole; at most BUCKETS_EMPTY_MAX */
};

void buckets_init(struct buckets *buckets, __u64 length_ns);

/*
 * Takes a batch that ended at wall_ns. stepped: the wall clock jumped since the batch before.
 * Returns whether a bucket ended before it, and then fills *ret. A wall clock that goes back a
 * little without a step stays in its bucket.
 */
bool buckets_move(struct buckets *buckets, __u64 wall_ns, bool stepped, __u64 gap_ns,
		  struct bucket_end *ret);

__u64 buckets_start_wall_ns(const struct buckets *buckets);

#endif
