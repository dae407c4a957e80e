/* SPDX-License-Identifier: GPL-2.0-only */
/* Opens, sizes and loads the BPF object; attaches and detaches its programs. Owns the skeleton. */
#ifndef KERNEL_LOADER_H
#define KERNEL_LOADER_H

#include <stdbool.h>

#include "kernel/attach.h"
#include "kernel/chains.h"
#include "kernel/drops.h"
#include "kernel/links.h"
#include "kernel/probe.h"
#include "kernel/reasons.h"
#include "kernel/sizes.h"

/* What is kept of requests whose answer is an error. */
enum loader_requests { REQUESTS_NONE, REQUESTS_PATH, REQUESTS_FULL };

struct loader_cfg {
	__u64 memory_budget;  /* bytes for BPF maps */
	bool all_netns;       /* drops of every network namespace */
	__u32 own_netns;      /* inode number */
	bool key_other_drops; /* keep drops of class other by key: a rule looks at them */
	bool follow_attempts; /* a rule looks at what was refused or not answered */
	bool follow_chains;   /* tell netfilter's chains, where that can be */
	bool require_reverse; /* count a response only where its request was seen */
	/* Count responses of servers in these networks only where the servers are. */
	bool server_side;
	const struct net *cluster;
	size_t cluster_count; /* at most SW_CLUSTER_NETS */
	enum loader_requests requests;
	bool replay; /* for loader_run() alone: nothing can be attached */
	bool keep;   /* maps and what is attached outlive the process */
};

enum loader_mode { MODE_TCX, MODE_CLSACT, MODE_XDP, MODE_XDP_GENERIC };

const char *loader_mode_name(enum loader_mode mode);

struct loader;

/*
 * Loads the programs that this kernel takes. The features' tcx member is filled in: it can only be
 * tried with a program at hand. -errno; libbpf's own words go to the log.
 */
int loader_new(const struct loader_cfg *cfg, struct features *features,
	       const struct reasons *reasons, struct loader **ret);

/* Detaches sw_drop, and frees; what is attached to interfaces must be released. NULL is fine. */
void loader_free(struct loader *loader);

/* One for each direction; of a tap, the second is promiscuous mode. */
#define LOADER_ATTACHMENTS 2

/*
 * Attaches both directions of an interface. With an XDP mode, XDP takes the place of ingress and
 * egress is by tc. A tap, where a copy of traffic comes in and nothing goes out, is made
 * promiscuous in place of egress; -EPERM: that takes CAP_NET_RAW, or loader_prepare_taps() before
 * it went. Where attaching fails part of the way, what was attached is detached again. -EBUSY:
 * another XDP program is there, *blocker is its id. -EOPNOTSUPP: not on such a device or kernel.
 * -ENODEV: it is gone.
 */
int loader_attach(struct loader *loader, const struct interface *interface, enum loader_mode mode,
		  bool tap, struct attachment ret[LOADER_ATTACHMENTS], __u32 *blocker);

/* Detaches them, clsact filters too (never the qdisc). An interface that is gone is fine. */
void loader_release(struct loader *loader, struct attachment attachments[LOADER_ATTACHMENTS]);

/* The same at the end: what is kept stays attached, and counts. */
void loader_leave(struct loader *loader, struct attachment attachments[LOADER_ATTACHMENTS]);

/* What became of cfg.keep. */
struct kept {
	bool keeps;     /* what is attached will outlive this process */
	int err;        /* why it will not, though it was asked for */
	bool continues; /* this process goes on with what another left */
	const char
		*refused; /* why it does not, though there was something; NULL: there was nothing */
	__u64 until_ns;   /* continues: when the other closed its last epoch; CLOCK_BOOTTIME */
};

const struct kept *loader_kept(const struct loader *loader);

/* All is attached: what another process left and nobody took over is detached. */
void loader_sweep_kept(struct loader *loader);

/* Taps may come: does what takes CAP_NET_RAW while it is there. */
int loader_prepare_taps(struct loader *loader);

/* Id of the XDP program; 0 where it can't be known. */
__u32 loader_xdp_id(const struct loader *loader);

/* How denied packets are told, found by trying. */
const struct drops *loader_drops(const struct loader *loader);

/* Which of netfilter's chains are followed. */
const struct chains *loader_chains(const struct loader *loader);

/* Attaches sw_drop and what it needs; detaches
 * them, and counts stay readable. */
int loader_attach_drops(struct loader *loader);
void loader_detach_drops(struct loader *loader);

/* Once a second: modules may have come whose symbols are needed. */
void loader_look_after(struct loader *loader);

/*
 * One Ethernet frame through the program for packets that come in, at once and in this thread: it
 * is XDP's, as a test run of that costs less than one of tc's, and counts the same. 14 to 3,500
 * bytes, which every kernel takes. -errno of bpf(2).
 */
int loader_run(struct loader *loader, const void *frame, __u32 len);

/* What the drain reads. File descriptors belong to the loader. */
struct loader_maps {
	volatile __u32 *epoch;
	__u32 *http_used[2], *drops_used[2]; /* keys in each counting map */
	__u8 *drop_marks[2];                 /* DROP_MARKS each: where they are */
	int http_epochs, drop_epochs;        /* the outer maps */
	int http_counts[2], drop_counts[2];
	int totals;
	int events;
	int chains;   /* -1: they are not followed */
	int attempts; /* -1: they are not followed */
	int speeches;
	volatile __u32 *tick;
	volatile __u64 *kept_until_ns; /* the drain says when it closed an epoch */
	__u64 since_ns; /* since when counts were not read, CLOCK_BOOTTIME; 0: since now */
	__u32 netns;    /* where packets are seen */
	bool shared;
	bool queries;  /* what was asked for is told with its query */
	bool quiet;    /* programs run within loader_run() alone: none does while the drain reads */
	__u32 entries; /* of each counting map of HTTP */
	__u32 drop_entries, attempt_entries;
};

void loader_maps(const struct loader *loader, struct loader_maps *ret);

/* Runs that the kernel skipped because a program would have interrupted itself, since loading. */
__u64 loader_recursion_missed(const struct loader *loader);

/* How many entries each map has; the loader's. */
const struct sizes *loader_sizes(const struct loader *loader);

/* What a loaded program took, where kernel.bpf_stats_enabled is 1. */
struct loader_program {
	char name[16];
	__u64 run_ns, runs;
};

/* Up to max of the programs that are loaded; how many. */
size_t loader_programs(const struct loader *loader, struct loader_program *ret, size_t max);

#endif
