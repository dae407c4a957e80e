/* SPDX-License-Identifier: GPL-2.0-only */
/* Every knob, and what programs and user space share besides maps. */
#ifndef BPF_KNOBS_H
#define BPF_KNOBS_H

#include "http1.h"
#include "visit.bpf.h"

/* --- knobs: constants to the verifier, set by user/kernel/loader.c alone -------------------- */

/* Does kfree_skb of this kernel tell a reason? (from 5.17; vendors backport) */
const volatile bool has_drop_reason = false;
/* Does it tell the receiving socket too? (6.11) */
const volatile bool has_drop_socket = false;
/* Numbers of two reasons that stand for many things; of no use where there are no reasons. */
const volatile __u32 reason_unspecified = 0;
const volatile __u32 reason_socket_filter = 0;
/* Without reasons and without symbols: do sw_hook_enter and its like run? */
const volatile bool has_hook_marks = false;
/* enum sw_class of each drop reason, resolved by name from the kernel's BTF. */
const volatile __u8 reason_class[SW_REASON_MAX] = {};
/* enum sw_hook of each drop reason; HOOK_MAX: the packet's state tells it. */
const volatile __u8 reason_hook[SW_REASON_MAX] = {};
/* Are drops of class other kept by key, or only counted by reason? */
const volatile bool key_other_drops = false;
/* Count drops of every network namespace, or only of own_netns (an inode number). */
const volatile bool all_netns = false;
const volatile __u32 own_netns = 0;
/* Are packets followed through netfilter's chains (chains.bpf.c)? And where those have names. */
const volatile bool follow_chains = false;
const volatile struct chain_layout chain_layout = {};
/* Ring buffer events that a CPU may send in an epoch. */
const volatile __u32 ring_budget = 64;
/* Are the counting maps shared by all CPUs (a small memory budget and many CPUs)? */
const volatile bool shared_counts = false;
/* Can connection tracking be asked (bpf_skb_ct_lookup, 5.18)? */
const volatile bool has_ct_lookup = false;
/* Keys that an epoch may have: the entries of a counting map, but for merged keys' last resort. */
const volatile __u32 http_room = 0xffffffff;
const volatile __u32 drop_room = 0xffffffff;
/* Is a response counted only where the other direction's request was seen? */
const volatile bool require_reverse = true;

/* Are first lines of requests kept, to be told with an error's event? */
const volatile bool keep_requests = false;

/* Are attempts to connect followed: does a rule look at class refused or unanswered? */
const volatile bool follow_attempts = false;

/* Are responses of a cluster's servers counted only where those are (cluster.bpf.h)? */
const volatile bool server_side = false;

/* --- state ---------------------------------------------------------------------------------- */

/*
 * Epochs: programs count into set `epoch & 1`; user space raises it, waits for RCU, reads the
 * other.
 */
volatile __u32 epoch = 0;
/* Seconds, of the clock or of a capture: set by user space when it closes an epoch. */
volatile __u32 tick = 0;

/*
 * Where packets are freed without a reason, for one all the same: sorted, at the end those that no
 * address is behind. Not knobs: modules come later. User space writes a set, then which one is
 * meant.
 */
volatile struct drop_site drop_sites[2][SW_SITES_MAX] = {};
volatile __u32 drop_site_set = 0;

/*
 * Keys in the counting maps, by set and enum sw_keys, a cache line each. Raised by programs, zeroed
 * by user space with the map. Word USED_CROWDED: some were refused; zeroed with drop_marks.
 */
__u32 keys_used[2][KEYS_FEEDS][16] = {};

/*
 * MARK_KEY: a key of drops hashes to this place. Where none does, none needs to be looked for:
 * under a flood that spares most packets a walk through memory that no cache holds. The other bits
 * count the place's packets while keys are refused (count_drop()). By set; zeroed before the set is
 * used again, since the next epoch learns from it who sends much.
 */
__u8 drop_marks[2][DROP_MARKS] = {};

/*
 * Who opened which connection, by a part of a hash of client and server; the value is another part,
 * of the newest connection that has the place (opening.bpf.h). Written and read by packet programs.
 * So many that a mark outlives the time to its first request: of 10,000 connections a second, each
 * 50 ms from it, one in 130 has lost its own by then.
 */
#define OPENINGS 65536
__u32 openings[OPENINGS] = {};

/*
 * Which packets firewalls of all network namespaces denied of late, by a part of a hash: in the
 * upper half the second, in the lower another part (denied.bpf.h). Written by sw_drop, read by
 * packet programs. The ICMP message about a packet follows it at once: in a flood of a million a
 * second a place is its own for 4 ms.
 */
#define DENIED 4096
__u64 denied[DENIED] = {};

/*
 * Programs and maps may outlive a process (keep_attached). Whose sw_drop counts: the tracepoint may
 * have two for a moment, the old one and the one that takes over. And what the next process must
 * know, which no program reads.
 */
const volatile __u32 drop_generation = 0;
volatile __u32 drop_owner = 0;
volatile __u32 kept_netns = 0;
volatile __u64 kept_until_ns = 0; /* CLOCK_BOOTTIME: when the last epoch was closed */

#endif
