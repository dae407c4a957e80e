/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every map, and what stands in it. Sizes given here are least ones: user/kernel/loader.c sets the
 * real ones.
 */
#ifndef BPF_MAPS_H
#define BPF_MAPS_H

#include "knobs.bpf.h"
#include "parse_quote.h"

struct flow_key {
	struct addr client;
	struct addr server;
	__be16 client_port;
	__be16 server_port;
	__u32 zone; /* 0; else no packet has this key: it joins two that NAT changed at both ends */
};

/* A request that began a flow, in wait for its second name (flow.bpf.h). */
struct flow_note {
	struct flow_key key;
	__u64 time_ns; /* CLOCK_BOOTTIME */
	__u32 ifindex; /* where it was seen */
	__u32 hook;
};

/* Which interface heard of a flow's denial first: the others hear the same. */
struct denier {
	__u32 ifindex;
	__u32 last_s;
};

/* What a client asked for: the request that the answer at `ack` is for. */
struct asked {
	struct flow_key flow;
	__u32 ack; /* sequence number of the answer's first byte */
	__u32 len;
	__u32 pad;
	__u8 line[SW_REQUEST_LINE];
} __attribute__((aligned(8)));

/* What NAT leaves alone of a packet. */
struct note_key {
	__u32 seq;
	__u32 ack;
	__u32 is_response;
};

/* A block of a flow's sequence space, and bytes of it that came too early. */
struct hold_key {
	struct flow_key flow;
	__u32 isn;
	__u32 block; /* sequence number / HOLD_BLOCK */
};

#define HOLD_BLOCK  4096
#define HOLD_PIECE  1024 /* what is copied at a time */
#define HOLD_RANGES 16
/* Blocks that may lie between the hole and what is held. */
#define HOLD_SPAN 32

struct hold_range {
	__u16 from; /* from == to: none */
	__u16 to;
	__u32 ack; /* of the segment */
};

struct hold {
	struct hold_range range[HOLD_RANGES];
	/* As a block begins; and room behind it, so that any piece stays inside for the verifier.
	 */
	__u8 bytes[HOLD_BLOCK + HOLD_PIECE];
};

/* Held while a flow's state is copied; alone in a cache line. */
struct flow_lock {
	struct bpf_spin_lock lock;
	__u32 pad[15];
};

#define FLOW_LOCKS 1024

/* Things found in a batch of steps: one a step at most, and one before the first. */
#define FOUND_MAX 128

/* Working memory of the packet programs: too large for the stack. */
struct scratch {
	struct http1_run run;
	struct flow_key flow_key;
	struct flow_key reverse_key; /* of the flow in the other direction */
	struct flow_key joined_key;  /* of two names of a flow */
	struct hold_key hold_key;    /* where bytes are put or taken */
	struct flow_note note;
	struct note_key note_key;
	struct http_key http_key;
	struct drop_key drop_key;
	struct attempt_key attempt_key;
	struct attempt attempt;
	struct denier denier;
	struct speech_key speech_key;
	struct speech no_speech; /* all zero: to insert */
	struct packet packet;
	struct packet quote; /* the packet that an ICMP error is about */
	struct asked asked;  /* the request at work */
	struct http_event error;
	__u32 asked_next; /* nothing else is unanswered before it */
	__u32 is_request; /* it surely begins with one */
	__u32 error_seq;  /* where the first thing that was found began */
	__u32 epoch;      /* 0 or 1, the same for all counts of one packet */
	__u32 hook;
	__u32 ifindex;
	__u32 origin;     /* where the packet came in; 0: it is this host's own; if server_side */
	__u32 is_new;     /* run.flow is not in the map yet */
	__u32 is_answer;  /* the segment begins with the first answer of its flow */
	__u32 is_held;    /* the bytes at work are held ones, not the packet's */
	__u32 method_due; /* what the request's method says of its answer: http1_method_due() */
	__u32 found_count;
	__u16 found[FOUND_MAX]; /* status codes, and below 100 enum http1_event: not counted yet */
	__u8 headers[PARSE_WINDOW + PARSE_SLACK];
};

/*
 * Working memory of sw_drop, which may run inside a packet program's softirq and the other way
 * round.
 */
struct drop_scratch {
	__u32 busy; /* 5.10 runs a program inside itself: the inner run is counted and left */
	struct packet packet;
	struct drop_key key;
	struct chain_key chain;
	__u32 chains_named; /* on this CPU */
	__u8 headers[PARSE_WINDOW + PARSE_SLACK];
};

/*
 * Address of a packet -> 1, while it is with netfilter. Written by sw_hook_enter and sw_hook_leave,
 * or their like, where they are loaded; read by sw_drop. When full, the oldest goes. 80 B each.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, __u32);
} hook_marks SEC(".maps");

/*
 * Hash of struct flow_key -> struct asked: the newest request of one of the flows that share the
 * place. Written and read by packet programs under the flow's lock. Never full: a later request
 * takes the place of an earlier one, whose path is not told then. 736 KiB; one entry where requests
 * are not kept.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct asked);
} asked SEC(".maps");

/*
 * Where the stack is in nf_hook_slow() -> address of its packet. Written by sw_hook_probe, read and
 * deleted by sw_hook_return, where they are loaded. When full, the oldest goes. 80 B each.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, __u64);
} hook_frames SEC(".maps");

/*
 * struct chain_key -> its number in drop keys. Written by sw_drop, read by user space. When full,
 * further chains are not known. 170 B each; one entry where chains are not followed.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct chain_key);
	__type(value, __u32);
} chains SEC(".maps");

/* 0 -> struct scratch. Written and read by packet programs. 1.8 KiB per CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

/* 0 -> struct drop_scratch. Written and read by sw_drop. 0.5 KiB per CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct drop_scratch);
} drop_scratches SEC(".maps");

/*
 * struct flow_key -> struct http1_flow. Written by packet programs, at every hook. When full, the
 * least recently used flow goes: its next request makes it anew. 160 B each.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct flow_key);
	__type(value, struct http1_flow);
} flows SEC(".maps");

/*
 * Hash of struct flow_key -> struct flow_lock. Two CPUs may work on one flow; a spin lock is
 * refused in an LRU map's value, so flows share these. Used by packet programs. Never full. 64 KiB.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, FLOW_LOCKS);
	__type(key, __u32);
	__type(value, struct flow_lock);
} flow_locks SEC(".maps");

/*
 * struct note_key -> struct flow_note. Written and read by packet programs, microseconds apart.
 * When full, the oldest goes, and a connection behind NAT may stay two flows. 140 B each. What
 * connections speak (speech.bpf.h) is noted here too, for 10 s: of more than 4,096 that begin in
 * that time, one that is repeated or seen at two hooks may be counted twice.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct note_key);
	__type(value, struct flow_note);
} notes SEC(".maps");

/*
 * struct hold_key -> struct hold. Written and read by packet programs, where segments overtake each
 * other or are sent again. When full, the oldest block goes: its responses are missing, and the
 * hole before it shows as one that was never closed. 5.3 KiB each.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 512);
	__type(key, struct hold_key);
	__type(value, struct hold);
} holds SEC(".maps");

/*
 * struct attempt_key -> struct attempt. SYNs without an answer so far. Written by packet programs,
 * emptied by user space. When full, attempts are counted as untracked. 136 B each; one entry where
 * no rule looks.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct attempt_key);
	__type(value, struct attempt);
} attempts SEC(".maps");

/*
 * struct attempt_key (pad: who denied) -> struct denier. Written and read by packet programs. When
 * full, the oldest goes: what several interfaces hear of one denial may count twice. 104 B each.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct attempt_key);
	__type(value, struct denier);
} deniers SEC(".maps");

/*
 * struct speech_key -> struct speech. Written by packet programs, once a connection; read and
 * emptied by user space. When full, the least recently used server goes. 112 B each.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct speech_key);
	__type(value, struct speech);
} speeches SEC(".maps");

/* ifindex -> 1 where copies of traffic come in. Written by user space. 64 B each. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, __u32);
} taps SEC(".maps");

/*
 * ifindex -> 1 where other machines are behind the interface. Written by user space where
 * server_side needs it. 64 B each.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u32);
} uplinks SEC(".maps");

/* As an LPM trie wants it. */
struct cluster_net {
	__u32 prefix_len;
	struct addr addr;
};

/* struct cluster_net -> 1: http.cluster_cidrs. Written by user space at the start. 64 B each. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, SW_CLUSTER_NETS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct cluster_net);
	__type(value, __u32);
} cluster_nets SEC(".maps");

/* 0 -> a block without bytes, to insert. Never written. 5.1 KiB. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hold);
} empty_holds SEC(".maps");

/*
 * struct http_key -> struct http_value per CPU. Written by packet programs, read and emptied by
 * user space once its epoch is over. When it fills, a key without the client takes over
 * (count_admit()); when it is full, totals minus entries is what was lost.
 */
struct http_counts {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct http_key);
	__type(value, struct http_value);
} http_counts_0 SEC(".maps"), http_counts_1 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct http_counts);
} http_epochs SEC(".maps") = { .values = { &http_counts_0, &http_counts_1 } };

/* struct drop_key -> struct drop_value per CPU; the same for drops. Written by all programs. */
struct drop_counts {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct drop_key);
	__type(value, struct drop_value);
} drop_counts_0 SEC(".maps"), drop_counts_1 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct drop_counts);
} drop_epochs SEC(".maps") = { .values = { &drop_counts_0, &drop_counts_1 } };

/*
 * epoch & 1 -> struct totals. Written by all programs, read and zeroed by user space once the epoch
 * is over. Never full. Two entries do what two inner maps would, with one look-up less a packet.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct totals);
} totals SEC(".maps");

/*
 * struct event. Evidence and doorbell; when full, events are dropped and counted, counts are not.
 */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 18);
} events SEC(".maps");

#endif
