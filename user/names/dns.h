/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of hosts by DNS (PTR): asked ahead, known from a cache; nobody waits for an answer. */
#ifndef NAMES_DNS_H
#define NAMES_DNS_H

#include <linux/types.h>

#include "core/netset.h"

#define DNS_CACHE_MAX     1024
#define DNS_IN_FLIGHT_MAX 16
#define DNS_KEEP_NS       (3600 * 1000000000ULL)
#define DNS_KEEP_NONE_NS  (300 * 1000000000ULL) /* that there is no name, or no answer */

struct dns;

/* Servers are those of /etc/resolv.conf. -errno. */
int dns_new(struct dns **ret);
void dns_free(struct dns *dns); /* NULL is fine */

/*
 * Asks, unless the answer is known or on its way; where too many are, not now. now_ns:
 * CLOCK_BOOTTIME.
 */
void dns_want(struct dns *dns, const struct addr *addr, __u64 now_ns);

/* The name that is known, or NULL. Valid until dns_take(). */
const char *dns_find(const struct dns *dns, const struct addr *addr, __u64 now_ns);

/* Readable when there is something to do for dns_take(), which also belongs into every second. */
int dns_fd(const struct dns *dns);
void dns_take(struct dns *dns, __u64 now_ns);

#endif
