/* SPDX-License-Identifier: GPL-2.0-only */
/* What one epoch brought: the only thing that the kernel side hands to the core. */
#ifndef CORE_BATCH_H
#define CORE_BATCH_H

#include <stddef.h>
#include <linux/types.h>

#include "spikewatch_abi.h"

enum feed {
	FEED_HTTP,
	FEED_DROP,
	FEED_MAX,
};

/* One counted key of an epoch, the same shape for every feed. Numbers in host order. */
struct record {
	__u64 count;             /* responses (http), packets (drop) */
	__u64 bytes;             /* drop only */
	struct addr source;      /* http: the client */
	struct addr destination; /* http: the server */
	__u32 in_ifindex;        /* drop only: where it came in; 0 from this host */
	__u32 out_ifindex;       /* drop only: where it was to go out; 0 not decided */
	__u32 netns;             /* drop only; 0 unknown */
	__u16 port;              /* http: the server's; drop: the destination's, 0 none */
	__u16 code;  /* http: status, 0 for all but 4xx and 5xx; drop: kernel reason number */
	__u8 feed;   /* enum feed */
	__u8 proto;  /* drop only: IP protocol number */
	__u8 class;  /* drop only: enum sw_class */
	__u8 hook;   /* drop only: enum sw_hook */
	__u8 merged; /* enum sw_merged: what is zero because there was no room for each */
	__u8 pad[1];
	__u16 chain; /* drop only: index of struct chain_names */
};

/* Bytes of a request as text, with the zero at its end. */
#define REQUEST_TEXT 128

/*
 * One packet that was counted in a record of about the same time: evidence, of which there may be
 * less than what was counted. Members and numbers are those of its record.
 */
struct sample {
	__u64 time_ns; /* CLOCK_BOOTTIME */
	struct addr source;
	struct addr destination;
	__u32 ifindex;     /* http too: where the response passed */
	__u16 source_port; /* 0 none */
	__u16 port;
	__u16 code;
	__u8 feed;
	__u8 proto;
	__u8 class;
	__u8 hook;
	char request[REQUEST_TEXT]; /* http: request_text() of what was asked for; "" not known */
};

/* What an epoch could not attribute or did not see. All zero: the records are exact. */
struct loss {
	__u64 evicted[FEED_MAX];  /* counted in the totals, their keys lost to LRU eviction */
	__u64 merged[FEED_MAX];   /* counted, but in merged records */
	__u64 unparsed[FEED_MAX]; /* seen, but not understood (names are in the totals) */
	__u64 gap_ns; /* how much longer than 2 s the epoch was, or the sensor was down */
};

struct batch {
	__u64 start_ns; /* CLOCK_BOOTTIME */
	__u64 end_ns;   /* CLOCK_BOOTTIME; the records belong to second (end_ns - 1) / 1e9 */
	__u64 wall_ns;  /* CLOCK_REALTIME at end_ns, since the Unix epoch */
	__s32 zone_s;   /* local time minus UTC at wall_ns: days and weeks begin by it */
	const struct record *records; /* owned by who made the batch, valid until its next one */
	size_t record_count;
	const struct sample *samples; /* as the records; of this epoch or the one before */
	size_t sample_count;
	struct loss loss;
	const struct totals *totals; /* summed over CPUs; NULL in tests that need none */
};

/*
 * Netfilter's chains by index: what nft calls them, "inet filter forward". More come with a batch,
 * before its records; none goes.
 */
#define CHAIN_NONE      0 /* it was not netfilter */
#define CHAIN_UNKNOWN   1
#define CHAIN_FIRST     2
#define CHAIN_NAMES_MAX (CHAIN_FIRST + SW_CHAINS_MAX)

struct chain_names {
	const char *name[CHAIN_NAMES_MAX];
};

/* Names of this kernel's drop reasons by number; an entry may be NULL. Static for the run. */
struct reason_names {
	const char *name[SW_REASON_MAX];
};

#endif
