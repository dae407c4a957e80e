/* SPDX-License-Identifier: GPL-2.0-only */
/* A sensor's outbox at work: its ways, its store, the loop. */
#ifndef SENSOR_DELIVERY_H
#define SENSOR_DELIVERY_H

#include "out/sink.h"

#define DELIVERY_WAYS_MAX 4

struct sensor;
struct delivery;

/*
 * Sets up the ways that the configuration names. Records are taken from now on; they are sent by
 * the loop, and by delivery_close(). An exit code, said.
 */
int delivery_open(struct sensor *sensor);

/* The store is open, or can't be: what waits in it is sent first. */
void delivery_use_store(struct sensor *sensor);

/* All of these do nothing where there is no delivery (a replay). */
void delivery_take_alert(struct sensor *sensor, const struct alert *alert);
void delivery_take_sensor(struct sensor *sensor, const struct sensor_event *event);
void delivery_look_after(struct sensor *sensor); /* about once a second */

/* At the end: sends what can be sent within 3 s. */
void delivery_finish(struct sensor *sensor);

/* Does not wait. What is not sent stays in the store, which must be open. */
void delivery_close(struct sensor *sensor);

/* What became of the records of the way-th way out, 0 the first; NULL: there is none. */
const struct sink_counts *delivery_counts(const struct sensor *sensor, size_t way,
					  const char **ret_name);

#endif
