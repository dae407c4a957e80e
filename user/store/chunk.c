/* SPDX-License-Identifier: GPL-2.0-only */
/* Counts <-> bytes; the bytes may come from a damaged file. */
#include "store/chunk.h"

#include <errno.h>
#include <math.h>

#define WHOLE 255 /* coverage 1 */

static size_t put_varint(__u64 value, unsigned char *at)
{
	size_t len = 0;

	for (; value >= 0x80; value >>= 7)
		at[len++] = 0x80 | (value & 0x7f);
	at[len++] = (unsigned char)value;
	return len;
}

static __u64 whole_count(double count)
{
	return count > 0 ? (__u64)fmin(count, (double)CHUNK_COUNT_MAX) : 0;
}

/* In 255ths; what is not whole is never rounded up to it. */
static int whole_coverage(double coverage)
{
	if (coverage >= 1)
		return WHOLE;
	return coverage > 0 ? (int)fmin(coverage * WHOLE + 0.5, WHOLE - 1) : 0;
}

static size_t put_slot(const struct chunk_slot *slot, unsigned char *at)
{
	int coverage = whole_coverage(slot->coverage);
	__u64 count = whole_count(slot->count);
	size_t len;

	if (!slot->seen)
		return put_varint(0, at);
	if (coverage == WHOLE)
		return put_varint(2 * count + 1, at);
	len = put_varint(2 * count + 2, at);
	at[len++] = (unsigned char)coverage;
	return len;
}

size_t chunk_pack(const struct chunk *chunk, unsigned char buf[CHUNK_BYTES_MAX])
{
	size_t count = CHUNK_SLOTS, len = 0, i;

	while (count && !chunk->slot[count - 1].seen)
		count--;
	for (i = 0; i < count; i++)
		len += put_slot(&chunk->slot[i], buf + len);
	return len;
}

/* Returns what follows; NULL: it is cut, or too large. */
static const unsigned char *take_varint(const unsigned char *at, const unsigned char *end,
					__u64 *ret)
{
	unsigned int shift;

	*ret = 0;
	for (shift = 0; at < end && shift < 56; shift += 7) {
		*ret |= (__u64)(*at & 0x7f) << shift;
		if (!(*at++ & 0x80))
			return at;
	}
	return NULL;
}

int chunk_unpack(const void *bytes, size_t len, struct chunk *ret)
{
	const unsigned char *at = bytes, *end;
	struct chunk chunk = { 0 };
	size_t i;

	if (!len) /* a chunk is written with its first bucket */
		return -EINVAL;
	end = at + len;
	for (i = 0; at < end; i++) {
		struct chunk_slot *slot = &chunk.slot[i];
		__u64 value, count;

		if (i == CHUNK_SLOTS)
			return -EINVAL;
		at = take_varint(at, end, &value);
		if (!at || value > 2 * CHUNK_COUNT_MAX + 2)
			return -EINVAL;
		slot->seen = value > 0;
		if (!slot->seen)
			continue;
		count = (value - 1) / 2;
		slot->count = (double)count;
		slot->coverage = 1;
		if (value % 2)
			continue;
		if (at == end || *at == WHOLE)
			return -EINVAL;
		slot->coverage = *at++ / (double)WHOLE;
	}
	*ret = chunk;
	return 0;
}
