/* SPDX-License-Identifier: GPL-2.0-only */
/* Any bytes as packed counts: what is taken comes back the same when it is packed again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/chunk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char bytes[CHUNK_BYTES_MAX];
	struct chunk first, second;
	size_t i, len;

	if (chunk_unpack(data, size, &first))
		return 0;
	len = chunk_pack(&first, bytes);
	if (!len)
		return 0; /* nothing was seen: such a chunk is not written */
	if (chunk_unpack(bytes, len, &second))
		abort();
	for (i = 0; i < CHUNK_SLOTS; i++)
		if (first.slot[i].seen != second.slot[i].seen ||
		    first.slot[i].count != second.slot[i].count ||
		    first.slot[i].coverage != second.slot[i].coverage)
			abort();
	return 0;
}
