/* SPDX-License-Identifier: GPL-2.0-only */
/* Counts of buckets that follow each other, packed: what one row of the store holds. */
#ifndef STORE_CHUNK_H
#define STORE_CHUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#define CHUNK_SLOTS     96 /* a day of 15 minutes */
#define CHUNK_COUNT_MAX ((1ULL << 53) - 1)
#define CHUNK_BYTES_MAX (CHUNK_SLOTS * 9)

struct chunk_slot {
	bool seen;       /* the bucket was closed, and something of it seen */
	double count;    /* as it was seen: not scaled */
	double coverage; /* 0..1, in steps of 1/255 */
};

struct chunk {
	struct chunk_slot slot[CHUNK_SLOTS];
};

/*
 * One slot after the other, without those not seen at the end: a varint (7 bits a byte, the lowest
 * first) of 0 for a slot that was not seen, else of 2 count + 1, or of 2 count + 2 and one byte,
 * the coverage in 255ths, where that is less than 1. Counts are cut to whole ones, at most
 * CHUNK_COUNT_MAX. Returns the length.
 */
size_t chunk_pack(const struct chunk *chunk, unsigned char buf[CHUNK_BYTES_MAX]);

/* -EINVAL: chunk_pack() does not write such bytes. */
int chunk_unpack(const void *bytes, size_t len, struct chunk *ret);

#endif
