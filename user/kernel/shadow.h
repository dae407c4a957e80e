/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Keeps our programs attached and the first that run: a verdict of another one that runs before
 * would hide packets from us.
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

/* What we gave up is tried again so often. */
#define SHADOW_RETRY_NS 30000000000ULL

enum shadow_what {
	SHADOW_PUT_AGAIN, /* another came before ours, or ours was detached: it runs first again */
	SHADOW_GAVE_UP,   /* ours does not come first, whatever we do */
	SHADOW_OVER,      /* it is attached and first again, after GAVE_UP */
};

struct shadow_event {
	enum shadow_what what;
	const struct attachment *attachment;
	bool detached; /* it was (PUT_AGAIN) or is (GAVE_UP) not attached at all */
	__u32 before;  /* GAVE_UP: id of the tcx program that runs before ours, 0 unknown */
	int err;       /* GAVE_UP: why ours can't be put again, 0 where it can */
};

struct shadow;

/* -errno of the netlink socket. */
int shadow_new(struct shadow **ret);

/* NULL is fine. */
void shadow_free(struct shadow *shadow);

/*
 * Watches over an attachment, which must stay where it is until it is removed. It is looked at once
 * at first: others may have been there before. What is no program is left alone. -ENOMEM.
 */
int shadow_add(struct shadow *shadow, struct attachment *attachment);
void shadow_remove(struct shadow *shadow, const struct attachment *attachment);

/* Readable when filters of clsact came or went. */
int shadow_fd(const struct shadow *shadow);

/* Reads which. */
void shadow_take_events(struct shadow *shadow);

/* Nobody tells of tcx and XDP: the next of those attachments, at most `count`, are looked at. */
void shadow_look(struct shadow *shadow, size_t count);

/*
 * Looks after the next attachment that is due; true where there is something to say. To be called
 * until it returns false, after shadow_take_events() and about once a second. now_ns: any clock
 * that only goes forward.
 */
bool shadow_next(struct shadow *shadow, __u64 now_ns, struct shadow_event *ret);

#endif
