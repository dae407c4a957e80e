/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A bounded hash table of equal entries in one array: entries are named by index, not by pointer.
 */
#ifndef CORE_TABLE_H
#define CORE_TABLE_H

#include <stddef.h>
#include <linux/types.h>

#define TABLE_NONE 0xffffffffU

/*
 * Every entry is a struct whose first member is `__u32 next` (the table's own) and which holds its
 * key as key_size bytes at key_offset. Keys are compared and hashed as bytes: padding must be zero.
 */
struct table {
	unsigned char *entries;
	__u32 *heads;
	size_t entry_size;
	size_t key_offset;
	size_t key_size;
	__u32 max;      /* most entries that may live at once */
	__u32 capacity; /* entries that there is memory for; also the number of heads; a power of
			   two */
	__u32 used;     /* entries ever taken into use; removed ones wait in the list `free` */
	__u32 live;
	__u32 free;
	__u64 seed; /* of the hash: unknown to who chooses the keys, it keeps chains short */
};

/* Nothing is allocated before the first entry. max: 1..2^31. */
void table_init(struct table *table, size_t entry_size, size_t key_offset, size_t key_size,
		__u32 max, __u64 seed);

/* Removes every entry and frees all memory; the table can be used again. */
void table_clear(struct table *table);

/* The index of the entry with this key, or TABLE_NONE. */
__u32 table_find(const struct table *table, const void *key);

/*
 * Adds an entry with this key, which must not be there yet; all else in it is zero. May move the
 * entries: pointers from table_at() end here. -ENOSPC where max live already, -ENOMEM.
 */
int table_add(struct table *table, const void *key, __u32 *ret);

void table_remove(struct table *table, __u32 i);

/* The entry itself; valid until the next table_add() or table_clear(). */
static inline void *table_at(const struct table *table, __u32 i)
{
	return table->entries + (size_t)i * table->entry_size;
}

#endif
