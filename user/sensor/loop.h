/* SPDX-License-Identifier: GPL-2.0-only */
/* What the process waits for: descriptors with a function each, and one time that is due. */
#ifndef SENSOR_LOOP_H
#define SENSOR_LOOP_H

#include <linux/types.h>

struct loop;

/* events: EPOLL*, what happened of what was asked for. The function may set and drop any fd. */
typedef void (*loop_fn)(__u32 events, void *arg);

int loop_new(struct loop **ret);   /* -errno */
void loop_free(struct loop *loop); /* NULL is fine; descriptors stay their owners' */

/*
 * From now on fn is called when one of these events (EPOLLIN...) happens on fd; what was set for fd
 * before is replaced. Drop it before closing it. -errno.
 */
int loop_set(struct loop *loop, int fd, __u32 events, loop_fn fn, void *arg);
void loop_drop(struct loop *loop, int fd); /* one that is not set is fine */

/*
 * Waits until something happens or CLOCK_BOOTTIME reaches due_ns (a suspended machine wakes up for
 * neither), and calls the functions of what happened. Once: whoever calls looks at its clock again.
 */
void loop_wait(struct loop *loop, __u64 due_ns);

#endif
