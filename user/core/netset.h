/* SPDX-License-Identifier: GPL-2.0-only */
/* Addresses, networks, sets of networks with longest-prefix match, and named lists of them. */
#ifndef CORE_NETSET_H
#define CORE_NETSET_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#include "spikewatch_abi.h"

#define ADDR_TEXT_MAX 46 /* INET6_ADDRSTRLEN */

/*
 * A network. IPv4 is mapped, its prefix length counts from bit 96: 10.0.0.0/8 has prefix_len 104.
 */
struct net {
	struct addr addr; /* host bits zero */
	__u8 prefix_len;  /* 0..128 */
};

/* Text of an address as inet_ntop() writes it, IPv4-mapped as dotted quad. Returns buf. */
const char *addr_format(const struct addr *addr, char buf[ADDR_TEXT_MAX]);

/* Reads "10.0.0.1" or "2001:db8::1". 0, or -EINVAL. */
int addr_parse(const char *text, struct addr *ret);

bool addr_is_ipv4(const struct addr *addr);
bool addr_equal(const struct addr *a, const struct addr *b);

/*
 * Reads "10.0.0.0/8", "fc00::/7" or a single address. -EINVAL where it is none, -ERANGE where the
 * prefix is too long, -EDOM where host bits are set ("10.0.0.1/8").
 */
int net_parse(const char *text, struct net *ret);

/* Does the network hold this address? */
bool net_contains(const struct net *net, const struct addr *addr);

struct netset; /* opaque: networks, each with a value; longest prefix wins */

int netset_new(struct netset **ret);
void netset_free(struct netset *set); /* NULL is fine */
/* -ENOMEM, or -EEXIST where this very network is there with another value. */
int netset_add(struct netset *set, const struct net *net, int value);
/* The value of the longest prefix that holds addr, or -1. Values are >= 0. */
int netset_find(const struct netset *set, const struct addr *addr);

/* Values in places.zones. */
enum zone { ZONE_INTERNAL = 1, ZONE_EXTERNAL = 2 };

/* What the words of a rule's address terms mean on this host. Lists hold any value >= 0. */
struct places {
	struct netset *zones;  /* ZONE_*; an address in none is external */
	struct netset **lists; /* list 0 is "self" */
	size_t list_count;
};

#define PLACES_SELF 0

bool places_is_internal(const struct places *places, const struct addr *addr);
/* Frees the members, not the struct. */
void places_clear(struct places *places);

#endif
