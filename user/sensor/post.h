/* SPDX-License-Identifier: GPL-2.0-only */
/* One interface that the sensor stands at, or would. */
#ifndef SENSOR_POST_H
#define SENSOR_POST_H

#include "kernel/attach.h"
#include "sensor/plan.h"

struct sensor;

/* An interface that is planned to be watched. */
struct post {
	struct interface interface; /* as last listed */
	enum attach_mode asked;
	bool tap, named;
	bool attached;         /* else: not yet, or it can't be (err) */
	enum loader_mode mode; /* where attached */
	int err;               /* of the last try, 0 none */
	__u32 blocker;         /* -EBUSY: id of another's XDP program, 0 unknown */
	__u64 tried_ns;        /* CLOCK_BOOTTIME, 0 never */
	bool gone;             /* at work: the plan has it no more */
	struct attachment attachments[LOADER_ATTACHMENTS];
};

/* Attaches all that it needs. post->err is what it returns: 0 or -errno. */
int post_attach(struct sensor *sensor, struct post *post);

/* Detaches what is attached, says so, and frees the post. */
void post_leave(struct sensor *sensor, struct post *post);

/*
 * At the start, of one that can't be attached: an exit code, said, where it is the user's mistake
 * (it was named) or what the host lacks; EXIT_GOOD where it is a blind spot.
 */
int post_refuse(const struct post *post);

#endif
