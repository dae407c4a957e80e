/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers, addresses and bytes, one after the other, as short as they are; and back, checked. */
#ifndef SNAPSHOT_PACK_H
#define SNAPSHOT_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#include "spikewatch_abi.h"

/* Bytes that grow as they are written. All zero: none. */
struct pack {
	unsigned char *bytes;
	size_t len, capacity;
	bool failed; /* memory ran out: what is there is of no use */
};

void pack_free(struct pack *pack);
/* Begins again, in the same memory. */
void pack_restart(struct pack *pack);

void pack_number(struct pack *pack, __u64 number); /* 7 bits a byte, the lowest first */
void pack_real(struct pack *pack, double real);
void pack_bytes(struct pack *pack, const void *bytes, size_t len);
void pack_addr(struct pack *pack, const struct addr *addr); /* 5 bytes for IPv4, 17 for IPv6 */

/* Bytes that are read and may hold anything. After the first failure all else reads as zero. */
struct unpack {
	const unsigned char *at, *end;
	bool failed; /* cut, or out of bounds */
};

/* 0..most */
__u64 unpack_number(struct unpack *unpack, __u64 most);
/* least..most; never what is not a number */
double unpack_real(struct unpack *unpack, double least, double most);
void unpack_bytes(struct unpack *unpack, void *ret, size_t len);
void unpack_addr(struct unpack *unpack, struct addr *ret);

/* 64 bits of FNV-1a: finds damage, not malice. */
__u64 pack_hash(const void *bytes, size_t len);

#endif
