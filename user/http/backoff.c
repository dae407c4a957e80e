/* SPDX-License-Identifier: GPL-2.0-only */
/* How long to wait before a server that failed is asked again. */
#include "http/backoff.h"

#define SECOND_NS 1000000000ULL

__u64 backoff_delay_ns(unsigned int attempts, __u32 random, __s64 asked_s)
{
	__u64 delay_ns = BACKOFF_FIRST_NS, asked_ns = 0;

	while (attempts-- > 1 && delay_ns < BACKOFF_LAST_NS)
		delay_ns *= 2;
	if (delay_ns > BACKOFF_LAST_NS)
		delay_ns = BACKOFF_LAST_NS;
	delay_ns = delay_ns / 2 + (delay_ns / 2) * (random % 1024) / 1024;
	if (asked_s > 0)
		asked_ns = (__u64)asked_s < BACKOFF_ASKED_NS / SECOND_NS ? asked_s * SECOND_NS
									 : BACKOFF_ASKED_NS;
	return delay_ns > asked_ns ? delay_ns : asked_ns;
}

__u32 backoff_random(__u32 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}
