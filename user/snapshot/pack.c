/* SPDX-License-Identifier: GPL-2.0-only */
/* Values as bytes, the same on every machine. */
#include "snapshot/pack.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#define CAPACITY_FIRST 4096
#define NUMBER_MAX     10 /* bytes of 64 bits, 7 a byte */

static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

void pack_free(struct pack *pack)
{
	free(pack->bytes);
	*pack = (struct pack){ 0 };
}

void pack_restart(struct pack *pack)
{
	pack->len = 0;
	pack->failed = false;
}

/* Where len more bytes may be written; NULL: there is no memory. */
static unsigned char *reserve(struct pack *pack, size_t len)
{
	size_t capacity = pack->capacity ? pack->capacity : CAPACITY_FIRST;
	unsigned char *bytes;

	if (pack->failed)
		return NULL;
	if (pack->capacity - pack->len >= len)
		return pack->bytes + pack->len;
	while (capacity - pack->len < len)
		capacity *= 2;
	bytes = realloc(pack->bytes, capacity);
	if (!bytes) {
		pack->failed = true;
		return NULL;
	}
	pack->bytes = bytes;
	pack->capacity = capacity;
	return bytes + pack->len;
}

void pack_number(struct pack *pack, __u64 number)
{
	unsigned char *at = reserve(pack, NUMBER_MAX);

	if (!at)
		return;
	for (; number >= 0x80; number >>= 7)
		*at++ = 0x80 | (number & 0x7f);
	*at++ = (unsigned char)number;
	pack->len = at - pack->bytes;
}

void pack_bytes(struct pack *pack, const void *bytes, size_t len)
{
	unsigned char *at = reserve(pack, len);

	if (!at || !len)
		return;
	memcpy(at, bytes, len);
	pack->len += len;
}

void pack_real(struct pack *pack, double real)
{
	__u64 bits;

	memcpy(&bits, &real, sizeof(bits));
	bits = htole64(bits);
	pack_bytes(pack, &bits, sizeof(bits));
}

void pack_addr(struct pack *pack, const struct addr *addr)
{
	const unsigned char *bytes = (const unsigned char *)addr;
	bool short_one = !memcmp(bytes, mapped, sizeof(mapped));
	unsigned char len = short_one ? sizeof(*addr) - sizeof(mapped) : sizeof(*addr);

	pack_bytes(pack, &len, sizeof(len));
	pack_bytes(pack, bytes + sizeof(*addr) - len, len);
}

/* NULL: so many bytes are not there. */
static const unsigned char *take(struct unpack *unpack, size_t len)
{
	const unsigned char *at = unpack->at;

	if (unpack->failed || (size_t)(unpack->end - at) < len) {
		unpack->failed = true;
		return NULL;
	}
	unpack->at += len;
	return at;
}

__u64 unpack_number(struct unpack *unpack, __u64 most)
{
	const unsigned char *byte;
	unsigned int shift;
	__u64 number = 0;

	for (shift = 0; shift < 64 && (byte = take(unpack, 1)); shift += 7) {
		number |= (__u64)(*byte & 0x7f) << shift;
		if (*byte & 0x80)
			continue;
		if (number > most || (shift == 63 && *byte > 1))
			break;
		return number;
	}
	unpack->failed = true;
	return 0;
}

double unpack_real(struct unpack *unpack, double least, double most)
{
	double real;
	__u64 bits;

	unpack_bytes(unpack, &bits, sizeof(bits));
	bits = le64toh(bits);
	memcpy(&real, &bits, sizeof(real));
	if (!unpack->failed && real >= least && real <= most)
		return real;
	unpack->failed = true;
	return 0;
}

void unpack_bytes(struct unpack *unpack, void *ret, size_t len)
{
	const unsigned char *at = take(unpack, len);

	if (at)
		memcpy(ret, at, len);
	else
		memset(ret, 0, len);
}

void unpack_addr(struct unpack *unpack, struct addr *ret)
{
	unsigned char bytes[sizeof(*ret)] = { 0 };
	size_t len = unpack_number(unpack, sizeof(*ret));

	if (len == sizeof(*ret) - sizeof(mapped))
		memcpy(bytes, mapped, sizeof(mapped));
	else if (len != sizeof(*ret))
		unpack->failed = true;
	if (!unpack->failed)
		unpack_bytes(unpack, bytes + sizeof(*ret) - len, len);
	memcpy(ret, bytes, sizeof(*ret));
}

__u64 pack_hash(const void *bytes, size_t len)
{
	const unsigned char *byte = bytes;
	__u64 hash = 0xcbf29ce484222325ULL;

	while (len--)
		hash = (hash ^ *byte++) * 0x100000001b3ULL;
	return hash;
}
