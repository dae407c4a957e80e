/* SPDX-License-Identifier: GPL-2.0-only */
/* Packed counts: what is packed comes back, and other bytes are refused. */
#include "tests/unit/core.h"
#include "store/chunk.h"

#include <errno.h>
#include <math.h>

static void chunks_come_back(void **state)
{
	unsigned char bytes[CHUNK_BYTES_MAX];
	struct chunk chunk = { 0 }, back;
	__u64 rng = 5;
	size_t i, len;
	int round;

	for (round = 0; round < 500; round++) {
		for (i = 0; i < CHUNK_SLOTS; i++) {
			__u64 r = random_next(&rng);

			chunk.slot[i] = (struct chunk_slot){ .seen = r % 3 };
			if (!chunk.slot[i].seen)
				continue;
			chunk.slot[i].count = (double)(random_next(&rng) >> (11 + r % 53));
			chunk.slot[i].coverage = r % 5 ? 1 : (double)(r / 15 % 255) / 255;
		}
		chunk.slot[round % CHUNK_SLOTS].seen = true;
		len = chunk_pack(&chunk, bytes);
		assert_in_range(len, 1, CHUNK_BYTES_MAX);
		assert_int_equal(chunk_unpack(bytes, len, &back), 0);
		for (i = 0; i < CHUNK_SLOTS; i++) {
			assert_int_equal(back.slot[i].seen, chunk.slot[i].seen);
			assert_true(back.slot[i].count == chunk.slot[i].count);
			assert_true(fabs(back.slot[i].coverage - chunk.slot[i].coverage) < 0.004);
		}
		chunk = (struct chunk){ 0 };
	}
}

static void chunks_hold_what_can_be(void **state)
{
	struct chunk chunk = { .slot[0] = { true, 1e300, 2 },
			       .slot[1] = { true, -5, -1 },
			       .slot[2] = { true, 2.9, 0.5 } };
	unsigned char bytes[CHUNK_BYTES_MAX];
	size_t i, len;

	for (i = 3; i < CHUNK_SLOTS; i++)
		chunk.slot[i] = (struct chunk_slot){ true, 1e300, 0.5 };
	len = chunk_pack(&chunk, bytes);
	assert_in_range(len, 1, CHUNK_BYTES_MAX);
	assert_int_equal(chunk_unpack(bytes, len, &chunk), 0);
	assert_true(chunk.slot[0].count == (double)CHUNK_COUNT_MAX && chunk.slot[0].coverage == 1);
	assert_true(chunk.slot[1].count == 0 && chunk.slot[1].coverage == 0);
	assert_true(chunk.slot[2].count == 2);
}

static void other_bytes_are_no_chunk(void **state)
{
	unsigned char bytes[CHUNK_SLOTS + 1] = { 0 };
	struct chunk chunk;

	assert_int_equal(chunk_unpack("", 0, &chunk), -EINVAL);
	assert_int_equal(chunk_unpack("\x80", 1, &chunk), -EINVAL);     /* cut */
	assert_int_equal(chunk_unpack("\x02", 1, &chunk), -EINVAL);     /* no coverage */
	assert_int_equal(chunk_unpack("\x02\xff", 2, &chunk), -EINVAL); /* it is whole */
	assert_int_equal(chunk_unpack("\xff\xff\xff\xff\xff\xff\xff\xff\x01", 9, &chunk), -EINVAL);
	assert_int_equal(chunk_unpack("\xff\xff\xff\xff\xff\xff\xff\x7f", 8, &chunk), -EINVAL);
	assert_int_equal(chunk_unpack(bytes, CHUNK_SLOTS + 1, &chunk), -EINVAL);
	assert_int_equal(chunk_unpack(bytes, CHUNK_SLOTS, &chunk), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chunks_come_back),
		cmocka_unit_test(chunks_hold_what_can_be),
		cmocka_unit_test(other_bytes_are_no_chunk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
