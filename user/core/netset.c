/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Addresses, networks, sets of networks (a path-compressed binary trie), and named lists of them.
 */
#include "core/netset.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define IPV4_BITS 96 /* bits before an IPv4 address in its mapped form */
#define ADDR_BITS 128
#define NONE      0xffffffffU
#define NO_VALUE  (-1)

/* An address as two numbers: bit 0 is the highest of hi. */
struct bits {
	__u64 hi;
	__u64 lo;
};

/* A network, or (value NO_VALUE) only the place where two branches part. */
struct node {
	struct bits bits;
	__u32 child[2]; /* by the first bit after len */
	int value;
	unsigned int len;
};

struct netset {
	struct node *nodes;
	__u32 node_count;
	__u32 node_capacity;
	__u32 root;
};

static struct bits bits_of(const struct addr *addr)
{
	return (struct bits){
		.hi = (__u64)be32toh(addr->w[0]) << 32 | be32toh(addr->w[1]),
		.lo = (__u64)be32toh(addr->w[2]) << 32 | be32toh(addr->w[3]),
	};
}

static unsigned int bit_at(struct bits bits, unsigned int i)
{
	return i < 64 ? bits.hi >> (63 - i) & 1 : bits.lo >> (127 - i) & 1;
}

/* How many leading bits are the same. */
static unsigned int common_bits(struct bits a, struct bits b)
{
	if (a.hi != b.hi)
		return (unsigned int)__builtin_clzll(a.hi ^ b.hi);
	return a.lo != b.lo ? 64 + (unsigned int)__builtin_clzll(a.lo ^ b.lo) : ADDR_BITS;
}

const char *addr_format(const struct addr *addr, char buf[ADDR_TEXT_MAX])
{
	if (addr_is_ipv4(addr))
		inet_ntop(AF_INET, &addr->w[3], buf, ADDR_TEXT_MAX);
	else
		inet_ntop(AF_INET6, addr->w, buf, ADDR_TEXT_MAX);
	return buf;
}

int addr_parse(const char *text, struct addr *ret)
{
	struct addr addr = { { 0, 0, htobe32(0xffff), 0 } };

	if (inet_pton(AF_INET, text, &addr.w[3]) != 1 && inet_pton(AF_INET6, text, addr.w) != 1)
		return -EINVAL;
	*ret = addr;
	return 0;
}

bool addr_is_ipv4(const struct addr *addr)
{
	return !addr->w[0] && !addr->w[1] && addr->w[2] == htobe32(0xffff);
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* Decimal digits alone, no sign, no space, no leading zero. */
static int prefix_parse(const char *text, unsigned int *ret)
{
	unsigned int value = 0;
	const char *at = text;

	if (!*at || (at[0] == '0' && at[1]))
		return -EINVAL;
	for (; *at; at++) {
		if (*at < '0' || *at > '9')
			return -EINVAL;
		if (value <= ADDR_BITS)
			value = value * 10 + (unsigned int)(*at - '0');
	}
	*ret = value;
	return 0;
}

int net_parse(const char *text, struct net *ret)
{
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	unsigned int prefix, limit;
	char host[ADDR_TEXT_MAX];
	struct bits bits;
	struct addr addr;

	if (len >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, len);
	host[len] = '\0';
	if (addr_parse(host, &addr))
		return -EINVAL;
	limit = strchr(host, ':') ? ADDR_BITS : ADDR_BITS - IPV4_BITS;
	prefix = limit;
	if (slash && prefix_parse(slash + 1, &prefix))
		return -EINVAL;
	if (prefix > limit)
		return -ERANGE;
	prefix += ADDR_BITS - limit;

	bits = bits_of(&addr);
	if ((prefix < 64 && (bits.lo || bits.hi << prefix)) ||
	    (prefix >= 64 && prefix < ADDR_BITS && bits.lo << (prefix - 64)))
		return -EDOM;
	*ret = (struct net){ .addr = addr, .prefix_len = (__u8)prefix };
	return 0;
}

bool net_contains(const struct net *net, const struct addr *addr)
{
	return common_bits(bits_of(&net->addr), bits_of(addr)) >= net->prefix_len;
}

int netset_new(struct netset **ret)
{
	struct netset *set = calloc(1, sizeof(*set));

	if (!set)
		return -ENOMEM;
	set->root = NONE;
	*ret = set;
	return 0;
}

void netset_free(struct netset *set)
{
	if (!set)
		return;
	free(set->nodes);
	free(set);
}

/* Room for the two nodes that an addition may need, so that links stay where they are meanwhile. */
static int reserve(struct netset *set)
{
	struct node *nodes;
	__u32 capacity;

	if (set->node_capacity - set->node_count >= 2)
		return 0;
	capacity = set->node_capacity ? set->node_capacity * 2 : 16;
	nodes = realloc(set->nodes, capacity * sizeof(*nodes));
	if (!nodes)
		return -ENOMEM;
	set->nodes = nodes;
	set->node_capacity = capacity;
	return 0;
}

static __u32 node_new(struct netset *set, struct bits bits, unsigned int len, int value)
{
	set->nodes[set->node_count] = (struct node){
		.bits = bits,
		.child = { NONE, NONE },
		.value = value,
		.len = len,
	};
	return set->node_count++;
}

/* Puts a network in the place of the node at *link, which differs from it after `common` bits. */
static void split(struct netset *set, __u32 *link, __u32 added, unsigned int common)
{
	__u32 old = *link, parent = added;

	if (common < set->nodes[added].len) {
		parent = node_new(set, set->nodes[added].bits, common, NO_VALUE);
		set->nodes[parent].child[bit_at(set->nodes[added].bits, common)] = added;
	}
	set->nodes[parent].child[bit_at(set->nodes[old].bits, common)] = old;
	*link = parent;
}

int netset_add(struct netset *set, const struct net *net, int value)
{
	struct bits bits = bits_of(&net->addr);
	unsigned int len = net->prefix_len;
	__u32 *link = &set->root;
	int err;

	err = reserve(set);
	if (err)
		return err;
	while (*link != NONE) {
		struct node *node = &set->nodes[*link];
		unsigned int common = common_bits(node->bits, bits);

		if (common > len)
			common = len;
		if (common < node->len) {
			split(set, link, node_new(set, bits, len, value), common);
			return 0;
		}
		if (node->len == len) {
			if (node->value != NO_VALUE && node->value != value)
				return -EEXIST;
			node->value = value;
			return 0;
		}
		link = &node->child[bit_at(bits, node->len)];
	}
	*link = node_new(set, bits, len, value);
	return 0;
}

int netset_find(const struct netset *set, const struct addr *addr)
{
	struct bits bits = bits_of(addr);
	__u32 i = set->root;
	int best = NO_VALUE;

	while (i != NONE) {
		const struct node *node = &set->nodes[i];

		if (common_bits(node->bits, bits) < node->len)
			break;
		if (node->value != NO_VALUE)
			best = node->value;
		if (node->len == ADDR_BITS)
			break;
		i = node->child[bit_at(bits, node->len)];
	}
	return best;
}

bool places_is_internal(const struct places *places, const struct addr *addr)
{
	return places->zones && netset_find(places->zones, addr) == ZONE_INTERNAL;
}

void places_clear(struct places *places)
{
	size_t i;

	netset_free(places->zones);
	for (i = 0; i < places->list_count; i++)
		netset_free(places->lists[i]);
	free(places->lists);
	*places = (struct places){ 0 };
}
