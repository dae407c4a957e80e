/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of netfilter's chains, from the kernel's map of them. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <linux/netfilter.h>

#include "spikewatch_abi.h"

#include "kernel/chains.h"

static const char *family_name(__u8 family)
{
	switch (family) {
	case CHAIN_XTABLES | NFPROTO_IPV4:
		return "iptables";
	case CHAIN_XTABLES | NFPROTO_IPV6:
		return "ip6tables";
	case NFPROTO_INET:
		return "inet";
	case NFPROTO_IPV4:
		return "ip";
	case NFPROTO_IPV6:
		return "ip6";
	case NFPROTO_ARP:
		return "arp";
	case NFPROTO_BRIDGE:
		return "bridge";
	case NFPROTO_NETDEV:
		return "netdev";
	default:
		return "unknown";
	}
}

/* Of iptables' tables, the built-in chain has its hook's name. */
static const char *hook_chain(__u8 hook)
{
	switch (hook) {
	case HOOK_PREROUTING:
		return "PREROUTING";
	case HOOK_INPUT:
		return "INPUT";
	case HOOK_FORWARD:
		return "FORWARD";
	case HOOK_OUTPUT:
		return "OUTPUT";
	case HOOK_POSTROUTING:
		return "POSTROUTING";
	default:
		return "unknown";
	}
}

int chain_format(const struct chain_key *key, char **ret)
{
	bool xtables = key->family & CHAIN_XTABLES;
	int length = (int)sizeof(key->table) - 1; /* for both; what is cut off has no end */

	if (asprintf(ret, "%s %.*s %.*s", family_name(key->family), length, key->table, length,
		     xtables ? hook_chain(key->hook) : key->chain) < 0)
		return -ENOMEM;
	return 0;
}

void chain_index_init(struct chain_index *index, int fd)
{
	*index = (struct chain_index){ .fd = fd, .count = CHAIN_FIRST };
	index->names.name[CHAIN_UNKNOWN] = "not known here";
}

void chain_index_clear(struct chain_index *index)
{
	for (__u32 i = CHAIN_FIRST; i < index->count; i++)
		free((char *)index->names.name[i]);
	chain_index_init(index, -1);
}

void chain_index_begin(struct chain_index *index)
{
	index->looked_up = false;
}

static bool is_there(struct chain_index *index, __u32 number)
{
	if (index->numbers[index->last] == number)
		return true;
	for (__u32 i = CHAIN_FIRST; i < index->count; i++) {
		if (index->numbers[i] != number)
			continue;
		index->last = i;
		return true;
	}
	return false;
}

/* The kernel forgets none, so those that are there stay. */
static void read_names(struct chain_index *index)
{
	struct chain_key key, *before = NULL;
	__u32 number;

	while (index->count < CHAIN_NAMES_MAX && !bpf_map_get_next_key(index->fd, before, &key)) {
		char *name;

		before = &key;
		if (bpf_map_lookup_elem(index->fd, &key, &number) || is_there(index, number))
			continue;
		if (chain_format(&key, &name))
			return;
		index->names.name[index->count] = name;
		index->numbers[index->count++] = number;
	}
}

__u16 chain_index_find(struct chain_index *index, __u32 number)
{
	if (!number || index->fd < 0)
		return CHAIN_UNKNOWN;
	if (is_there(index, number))
		return index->last;
	if (index->looked_up)
		return CHAIN_UNKNOWN;
	index->looked_up = true;
	read_names(index);
	return is_there(index, number) ? index->last : CHAIN_UNKNOWN;
}
