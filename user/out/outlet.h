/* SPDX-License-Identifier: GPL-2.0-only */
/* Where posts of the outbox go: ways that may be closed for long, and lose nothing meanwhile. */
#ifndef OUT_OUTLET_H
#define OUT_OUTLET_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

enum outlet_result {
	OUTLET_SENT,
	OUTLET_LATER,   /* not now: it is to be offered again */
	OUTLET_REFUSED, /* never: this post can't be taken */
	OUTLET_BUSY,    /* it is being sent: done() will tell; no other post until then */
};

struct outlet;

struct outlet_ops {
	const char *name; /* "journald", "webhook" */
	bool sends_ecs;   /* a post is the ECS line; else an entry of the journal */
	/* Never waits. now_ns: CLOCK_BOOTTIME. The payload is the caller's. */
	enum outlet_result (*send)(struct outlet *outlet, const void *payload, size_t len,
				   __u64 now_ns);
	/* The outlet's fd is readable. NULL where it has none. */
	void (*ready)(struct outlet *outlet, __u64 now_ns);
	/* At the end, while it is OUTLET_BUSY: goes on with it for ms at most. NULL: never busy. */
	void (*wait)(struct outlet *outlet, int ms, __u64 now_ns);
	void (*free)(struct outlet *outlet); /* what is being sent is broken off, without done() */
};

struct outlet {
	const struct outlet_ops *ops;
	/* Set by who sends. OUTLET_SENT, _LATER or _REFUSED, of the post that was OUTLET_BUSY. */
	void (*done)(enum outlet_result result, void *arg);
	void *done_arg;
	int fd;            /* to be watched for EPOLLIN; -1 none */
	char trouble[256]; /* why the last post was not taken, for people; "" at first */
};

#endif
