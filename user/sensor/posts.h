/* SPDX-License-Identifier: GPL-2.0-only */
/* The interfaces that the sensor stands at: kept as planned while interfaces come and go. */
#ifndef SENSOR_POSTS_H
#define SENSOR_POSTS_H

#include "kernel/attach.h"
#include "sensor/plan.h"

struct sensor;
struct posts;

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

/* At the start: an exit code, said, where the configuration names an interface that is not there.
 */
int posts_refuse_unknown(const struct sensor *sensor);

/*
 * Attaches what the configuration asks for. An exit code, said: one that can't be attached is an
 * error here, and a condition (blind.h) later.
 */
int posts_open(struct sensor *sensor);

/*
 * sensor->interfaces or the configuration changed: what is attached and what is planned are
 * compared. posts_work() applies the difference, as much as one turn allows. -errno.
 */
int posts_plan_again(struct sensor *sensor);
void posts_work(struct sensor *sensor);
bool posts_have_work(const struct sensor *sensor);

/* An interface was gone that sensor->interfaces has: they are to be listed again. */
bool posts_are_stale(const struct sensor *sensor);

/* Which name of a configuration does no interface have? NULL: none. -ENOMEM. */
int posts_check(const struct sensor *sensor, const struct config *config, const char **ret_unknown);

/* About once a second: those that could not be attached are due again. */
void posts_look_after(struct sensor *sensor);

/* At the end: detaches all but what is kept. */
void posts_detach(struct sensor *sensor);
void posts_close(struct sensor *sensor);

/* In no order; valid until the loop runs again. */
const struct post *const *posts_list(const struct sensor *sensor, size_t *ret_count);

#endif
