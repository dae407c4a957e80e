/* SPDX-License-Identifier: GPL-2.0-only */
/* Records that are not in the store. */
#include "outbox/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static size_t size_of(const struct kept *kept)
{
	return kept->formed.entry.len + strlen(kept->formed.ecs);
}

static void drop(struct memory *memory, size_t i)
{
	memory->bytes -= size_of(&memory->kept[i]);
	formed_clear(&memory->kept[i].formed);
	memory->count--;
	memmove(&memory->kept[i], &memory->kept[i + 1],
		(memory->count - i) * sizeof(memory->kept[0]));
}

/* Does a go before b, where one has to? Both stand in the order of time, a before b. */
static bool goes_first(const struct kept *b, const struct kept *a)
{
	if (!a->waiting != !b->waiting)
		return !b->waiting;
	return b->formed.entry.priority > a->formed.entry.priority;
}

/* False: the new one itself has to go. */
static bool make_room(struct memory *memory, const struct kept *kept, __u32 *ret_lost)
{
	size_t victim = 0;

	for (size_t i = 1; i < memory->count; i++)
		if (goes_first(&memory->kept[i], &memory->kept[victim]))
			victim = i;
	if (goes_first(kept, &memory->kept[victim])) {
		*ret_lost |= kept->waiting;
		return false;
	}
	*ret_lost |= memory->kept[victim].waiting;
	drop(memory, victim);
	return true;
}

static int grow(struct memory *memory)
{
	size_t capacity = memory->capacity ? memory->capacity * 2 : 16;
	struct kept *kept = realloc(memory->kept, capacity * sizeof(*kept));

	if (!kept)
		return -ENOMEM;
	memory->kept = kept;
	memory->capacity = capacity;
	return 0;
}

int memory_add(struct memory *memory, const struct kept *kept, __u32 *ret_lost)
{
	struct kept added = *kept;

	*ret_lost = 0;
	while (memory->count && (memory->count >= MEMORY_RECORDS_MAX ||
				 memory->bytes + size_of(kept) > MEMORY_BYTES_MAX)) {
		if (make_room(memory, kept, ret_lost))
			continue;
		formed_clear(&added.formed);
		return 0;
	}
	if (memory->count == memory->capacity && grow(memory)) {
		formed_clear(&added.formed);
		return -ENOMEM;
	}
	added.serial = ++memory->serial;
	memory->bytes += size_of(&added);
	memory->kept[memory->count++] = added;
	return 0;
}

struct kept *memory_next(struct memory *memory, unsigned int way, bool alarm)
{
	for (size_t i = 0; i < memory->count; i++)
		if (memory->kept[i].waiting & 1U << way && memory->kept[i].formed.alarm == alarm)
			return &memory->kept[i];
	return NULL;
}

struct kept *memory_find(struct memory *memory, __u64 serial)
{
	for (size_t i = 0; i < memory->count; i++)
		if (memory->kept[i].serial == serial)
			return &memory->kept[i];
	return NULL;
}

void memory_forget_sent(struct memory *memory)
{
	for (size_t i = memory->count; i; i--)
		if (!memory->kept[i - 1].waiting)
			drop(memory, i - 1);
}

void memory_clear(struct memory *memory)
{
	while (memory->count)
		drop(memory, memory->count - 1);
	free(memory->kept);
	memory->kept = NULL;
	memory->capacity = 0;
}
