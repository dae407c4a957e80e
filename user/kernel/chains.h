/* SPDX-License-Identifier: GPL-2.0-only */
/* Follows packets through the chains of nftables and the tables of iptables, where it is asked. */
#ifndef KERNEL_CHAINS_H
#define KERNEL_CHAINS_H

#include <stdbool.h>

#include "core/batch.h"

struct spikewatch;
struct chains_bpf;

/* The kernel's functions that run a chain. */
enum chains_function { CHAINS_NFT, CHAINS_IPT, CHAINS_IP6T, CHAINS_FUNCTIONS };

struct chains {
	bool asked; /* drops.chains is on */
	struct chain_layout layout;
	bool table_is_first; /* of arguments of iptables' functions */
	/*
	 * 0: it can be followed. -ENOENT: this kernel does not have it, or its module is not
	 * loaded; others: why it can't.
	 */
	int err[CHAINS_FUNCTIONS];
	struct chains_bpf *skel[CHAINS_FUNCTIONS];
};

/* "nft_do_chain" */
extern const char *const chains_function_name[CHAINS_FUNCTIONS];

/* Looks up where this kernel's structures have their members; nothing is loaded. */
void chains_read(struct chains *ret);

/* Knobs of an opened object. */
void chains_prepare(const struct chains *chains, struct spikewatch *skel);

/*
 * Once the main object is loaded: loads and attaches what the kernel takes, and says in chains->err
 * what it does not. Programs hold the kernel's modules: these can't be unloaded until
 * chains_unload().
 */
void chains_load(struct chains *chains, const struct spikewatch *skel);
void chains_unload(struct chains *chains);

/* Is one of them loaded? */
bool chains_known(const struct chains *chains);

/* To the log: what was asked and is not to be had. */
void chains_say(const struct chains *chains);

/* Names by index, and which number of the kernel's map each has in this run. */
struct chain_index {
	int fd; /* the kernel's map; -1: none */
	struct chain_names names;
	__u32 numbers[CHAIN_NAMES_MAX];
	__u32 count;    /* of names, with those that are none */
	__u32 last;     /* found last */
	bool looked_up; /* since chain_index_begin() */
};

/* fd: of the map `chains`, the caller's. */
void chain_index_init(struct chain_index *index, int fd);
void chain_index_clear(struct chain_index *index);

/* A new epoch: the kernel's map may be read once more. */
void chain_index_begin(struct chain_index *index);

/* Index of the name of the chain with this number; CHAIN_UNKNOWN where it has none. */
__u16 chain_index_find(struct chain_index *index, __u32 number);

/* "inet filter forward", "iptables filter FORWARD". -ENOMEM. */
int chain_format(const struct chain_key *key, char **ret);

#endif
