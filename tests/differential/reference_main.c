/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The reference in C for test_agree.py. Standard input: a segment is two bytes (is it the client's?
 * a SYN?), sequence number and length as 32 bits each (the host's order), and its bytes; a length
 * of 2^32 - 1 ends a connection. Prints a line a connection: offset and status of each final
 * response.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/fuzz/reference.h"

#define MOST 65536
#define ENDS 0xffffffffu

static struct reference_segment segments[MOST];
static size_t count;

static void answer(void)
{
	struct reference reference;

	reference_read(segments, count, &reference);
	for (size_t i = 0; i < reference.count; i++)
		if (reference.responses[i].status >= 200)
			printf("%zu:%u ", reference.responses[i].start,
			       reference.responses[i].status);
	putchar('\n');
	reference_free(&reference);
	while (count)
		free((void *)segments[--count].bytes);
}

static void add(const uint8_t *flags, const uint32_t *numbers)
{
	uint8_t *bytes = malloc(numbers[1] + 1);

	assert(bytes && count < MOST);
	if (fread(bytes, 1, numbers[1], stdin) != numbers[1])
		abort();
	segments[count++] = (struct reference_segment){
		.by_client = flags[0],
		.syn = flags[1],
		.seq = numbers[0],
		.bytes = bytes,
		.len = numbers[1],
	};
}

int main(void)
{
	uint32_t numbers[2];
	uint8_t flags[2];

	while (fread(flags, sizeof(flags), 1, stdin) == 1) {
		if (fread(numbers, sizeof(numbers), 1, stdin) != 1)
			abort();
		if (numbers[1] == ENDS)
			answer();
		else
			add(flags, numbers);
	}
	return 0;
}
