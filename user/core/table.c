/* SPDX-License-Identifier: GPL-2.0-only */
/* A bounded hash table of equal entries in one array, chained by index. */
#include "core/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CAPACITY_FIRST 16

/* Odd numbers with about as many ones as zeroes, from the golden ratio and from the root of 3. */
#define MIX_A 0x9e3779b97f4a7c15ULL
#define MIX_B 0xbb67ae8584caa73bULL

static __u64 fold(__u64 a, __u64 b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (__u64)product ^ (__u64)(product >> 64);
}

static __u32 slot(const struct table *table, const void *key)
{
	const unsigned char *byte = key;
	size_t left = table->key_size;
	__u64 word, hash = table->seed ^ MIX_A;

	for (; left >= sizeof(word); left -= sizeof(word), byte += sizeof(word)) {
		memcpy(&word, byte, sizeof(word));
		hash = fold(hash ^ word, MIX_B);
	}
	for (word = 0; left; left--)
		word = word << 8 | *byte++;
	hash = fold(hash ^ word, MIX_B);
	return (__u32)fold(hash ^ table->seed, MIX_A) & (table->capacity - 1);
}

static __u32 *next_of(const struct table *table, __u32 i)
{
	return table_at(table, i);
}

static void *key_of(const struct table *table, __u32 i)
{
	return (unsigned char *)table_at(table, i) + table->key_offset;
}

void table_init(struct table *table, size_t entry_size, size_t key_offset, size_t key_size,
		__u32 max, __u64 seed)
{
	*table = (struct table){
		.entry_size = entry_size,
		.key_offset = key_offset,
		.key_size = key_size,
		.max = max,
		.free = TABLE_NONE,
		.seed = seed,
	};
}

void table_clear(struct table *table)
{
	free(table->entries);
	free(table->heads);
	table_init(table, table->entry_size, table->key_offset, table->key_size, table->max,
		   table->seed);
}

__u32 table_find(const struct table *table, const void *key)
{
	__u32 i;

	if (!table->live)
		return TABLE_NONE;
	i = table->heads[slot(table, key)];
	while (i != TABLE_NONE && memcmp(key_of(table, i), key, table->key_size) != 0)
		i = *next_of(table, i);
	return i;
}

static void chain(struct table *table, __u32 i)
{
	__u32 *head = &table->heads[slot(table, key_of(table, i))];

	*next_of(table, i) = *head;
	*head = i;
}

/* Called when every entry that there is memory for is alive, so all of them are chained again. */
static int grow(struct table *table)
{
	__u32 capacity = table->capacity ? table->capacity * 2 : CAPACITY_FIRST;
	unsigned char *entries;
	__u32 *heads;
	__u32 i;

	heads = malloc(capacity * sizeof(*heads));
	if (!heads)
		return -ENOMEM;
	entries = realloc(table->entries, capacity * table->entry_size);
	if (!entries) {
		free(heads);
		return -ENOMEM;
	}
	free(table->heads);
	table->entries = entries;
	table->heads = heads;
	table->capacity = capacity;
	memset(heads, 0xff, capacity * sizeof(*heads)); /* TABLE_NONE everywhere */
	for (i = 0; i < table->used; i++)
		chain(table, i);
	return 0;
}

int table_add(struct table *table, const void *key, __u32 *ret)
{
	__u32 i = table->free;
	int err;

	if (table->live >= table->max)
		return -ENOSPC;
	if (i == TABLE_NONE) {
		if (table->used == table->capacity) {
			err = grow(table);
			if (err)
				return err;
		}
		i = table->used++;
	} else {
		table->free = *next_of(table, i);
	}
	memset(table_at(table, i), 0, table->entry_size);
	memcpy(key_of(table, i), key, table->key_size);
	chain(table, i);
	table->live++;
	*ret = i;
	return 0;
}

void table_remove(struct table *table, __u32 i)
{
	__u32 *link = &table->heads[slot(table, key_of(table, i))];

	while (*link != i)
		link = next_of(table, *link);
	*link = *next_of(table, i);
	*next_of(table, i) = table->free;
	table->free = i;
	table->live--;
}
