/* SPDX-License-Identifier: GPL-2.0-only */
/* FNV-1a with 128 bits: draft-eastlake-fnv-17, sections 2 and 5. */
#include "core/id.h"

#include <stdio.h>
#include <string.h>

#define OFFSET_HIGH 0x6c62272e07bb0142ULL
#define OFFSET_LOW  0x62b821756295c58dULL
#define PRIME       ((unsigned __int128)1 << 88 | 0x13b)

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

void id_make(const struct id_of *of, char ret[ALERT_ID_LEN + 1])
{
	unsigned __int128 hash = (unsigned __int128)OFFSET_HIGH << 64 | OFFSET_LOW;
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
	snprintf(ret, ALERT_ID_LEN + 1, "%016llx%016llx", (unsigned long long)(hash >> 64),
		 (unsigned long long)hash);
}
