/* SPDX-License-Identifier: GPL-2.0-only */
/* How denied packets are told from others that the kernel frees. */
#ifndef KERNEL_DROPS_H
#define KERNEL_DROPS_H

#include "kernel/reasons.h"
#include "kernel/sites.h"

struct bpf_link;
struct spikewatch;

enum drops_way {
	DROPS_BY_REASON, /* kfree_skb says */
	DROPS_BY_SITE,   /* by the function that freed it */
	DROPS_BY_MARK,   /* netfilter had it then: fentry and fexit of nf_hook_slow */
	DROPS_BY_KPROBE, /* the same by kprobe and kretprobe */
	DROPS_UNSEEN,
};

struct drops {
	enum drops_way way;
	int symbols; /* 0, or why the kernel's symbols can't be read: -EPERM, ... */
	struct sites sites;
	bool has_queue_module;
	/* Open until NFQUEUE's module is there: what may be read is decided when it is opened. */
	FILE *kallsyms;
	struct bpf_link *links[3]; /* the tracepoint's, and those of nf_hook_slow */
};

/*
 * The best way, before loading: reasons by BTF, sites by /proc/kallsyms. The environment variable
 * SPIKEWATCH_DROPS (site, mark, kprobe) forces one, for tests.
 */
void drops_choose(const struct reasons *reasons, struct drops *ret);

/* Loading or what comes next failed: is there another way? */
bool drops_next(struct drops *drops);

/*
 * After loading: attaches what stands around nf_hook_slow, where it is needed. It stays so: before
 * 5.13 (f3a95075549e) what was detached can't be attached again.
 */
int drops_attach_around(struct drops *drops, struct spikewatch *skel);

/* Knobs and programs of an opened object. */
void drops_prepare(const struct drops *drops, const struct reasons *reasons,
		   struct spikewatch *skel);

/* After loading: global variables may be those of a process before (keep_attached). */
void drops_settle(const struct drops *drops, struct spikewatch *skel);

/* Attaches sw_drop; -errno. -EOPNOTSUPP: DROPS_UNSEEN. */
int drops_attach(struct drops *drops, struct spikewatch *skel);
void drops_detach(struct drops *drops);
void drops_close(struct drops *drops); /* what drops_choose() opened */

/* Reads the symbols again where NFQUEUE's module has come since; once a second. */
void drops_look_after(struct drops *drops, struct spikewatch *skel);

#endif
