/* SPDX-License-Identifier: GPL-2.0-only */
/* The interfaces that the sensor stands at: kept as planned while interfaces come and go. */
#ifndef SENSOR_POSTS_H
#define SENSOR_POSTS_H

#include "sensor/post.h"

struct posts;

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

/* About once a second: those that could not be attached are due again. */
void posts_look_after(struct sensor *sensor);

/* At the end: detaches all but what is kept. */
void posts_detach(struct sensor *sensor);
void posts_close(struct sensor *sensor);

/* In no order; valid until the loop runs again. */
const struct post *const *posts_list(const struct sensor *sensor, size_t *ret_count);

#endif
