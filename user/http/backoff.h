/* SPDX-License-Identifier: GPL-2.0-only */
/* How long to wait before a server that failed is asked again. */
#ifndef HTTP_BACKOFF_H
#define HTTP_BACKOFF_H

#include <linux/types.h>

#define BACKOFF_FIRST_NS 1000000000ULL
#define BACKOFF_LAST_NS  300000000000ULL
#define BACKOFF_ASKED_NS 3600000000000ULL /* what a server's Retry-After may make of it at most */

/*
 * After so many attempts that failed in a row (1 the first): doubled each time, and somewhere
 * between the half and the whole of that by `random`, so that many sensors do not come back
 * together. asked_s: Retry-After in seconds, 0 none; never earlier than that. Nanoseconds.
 */
__u64 backoff_delay_ns(unsigned int attempts, __u32 random, __s64 asked_s);

/* xorshift32: Marsaglia, "Xorshift RNGs", 2003. *state must not be 0. */
__u32 backoff_random(__u32 *state);

#endif
