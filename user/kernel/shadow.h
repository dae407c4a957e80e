/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Keeps our clsact filters the first that run: a verdict of another one that runs before would hide
 * packets from us.
 */
#ifndef KERNEL_SHADOW_H
#define KERNEL_SHADOW_H

#include <stdbool.h>
#include <stddef.h>

#include "kernel/attach.h"

/* Two who both want to be last would take turns for ever: not more often, not more times in a row.
 */
#define SHADOW_PERIOD_NS 2000000000ULL
#define SHADOW_TURNS     5

enum shadow_what {
	SHADOW_PUT_AGAIN, /* another filter came or ours was removed: ours runs first again */
	SHADOW_GAVE_UP,   /* ours does not come first, whatever we do; it stays where it is */
	SHADOW_OVER,      /* no other runs first any more, after GAVE_UP */
};

struct shadow_event {
	enum shadow_what what;
	int ifindex;
	bool egress;
	int err; /* GAVE_UP: why ours can't be put again, 0 where it can */
};

struct shadow;

/*
 * Watches over those of the attachments that are filters; they must outlive it. Each is looked at
 * once at first: others may have been there before. -errno of the netlink socket.
 */
int shadow_new(struct attachment *attachments, size_t count, struct shadow **ret);

/* NULL is fine. */
void shadow_free(struct shadow *shadow);

/* Readable when filters came or went. */
int shadow_fd(const struct shadow *shadow);

/* Reads which. */
void shadow_take_events(struct shadow *shadow);

/*
 * Looks after the next filter that is due; true where there is something to say. To be called until
 * it returns false, after shadow_take_events() and about once a second. now_ns: any clock that only
 * goes forward.
 */
bool shadow_next(struct shadow *shadow, __u64 now_ns, struct shadow_event *ret);

#endif
