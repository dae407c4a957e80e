/* SPDX-License-Identifier: GPL-2.0-only */
/* FNV-1a with 128 bits: draft-eastlake-fnv-17, sections 2 and 5. */
#include "core/id.h"

#include <stdio.h>
#include <string.h>

#define OFFSET ((unsigned __int128)0x6c62272e07bb0142ULL << 64 | 0x62b821756295c58dULL)
#define PRIME  ((unsigned __int128)1 << 88 | 0x13b)

static unsigned __int128 take_bytes(unsigned __int128 hash, const void *bytes, size_t len)
{
	const unsigned char *byte = bytes;

	while (len--)
		hash = (hash ^ *byte++) * PRIME;
	return hash;
}

/* The machine's byte order must not show in an id. */
static unsigned __int128 take_number(unsigned __int128 hash, __u64 number)
{
	unsigned char bytes[8];
	size_t i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(number >> 8 * i);
	return take_bytes(hash, bytes, sizeof(bytes));
}

static void print(unsigned __int128 hash, char ret[ALERT_ID_LEN + 1])
{
	snprintf(ret, ALERT_ID_LEN + 1, "%016llx%016llx", (unsigned long long)(hash >> 64),
		 (unsigned long long)hash);
}

void id_make(const struct id_of *of, char ret[ALERT_ID_LEN + 1])
{
	unsigned __int128 hash = OFFSET;
	const char *name = of->rule->id ? of->rule->id : "";
	const struct group_key *group = of->group;

	hash = take_bytes(hash, name, strlen(name) + 1);
	hash = take_bytes(hash, &group->source, sizeof(group->source));
	hash = take_bytes(hash, &group->destination, sizeof(group->destination));
	hash = take_number(hash, (__u64)group->port << 16 | group->code);
	hash = take_number(hash, of->start_wall_ns / 1000000000);
	hash = take_number(hash, of->serial);
	if (of->serial)
		hash = take_number(hash, of->action);
	print(hash, ret);
}

void id_make_of_words(const char *const *words, __u64 wall_ns, char ret[ALERT_ID_LEN + 1])
{
	unsigned __int128 hash = OFFSET;

	for (; *words; words++)
		hash = take_bytes(hash, *words, strlen(*words) + 1);
	print(take_number(hash, wall_ns), ret);
}
