/* SPDX-License-Identifier: GPL-2.0-only */
/* How much of what passes is seen and judged: losses, gaps, full maps, silence, the clock. */
#ifndef SENSOR_SIGHT_H
#define SENSOR_SIGHT_H

#include "core/batch.h"

struct sensor;
struct sight;

int sight_open(struct sensor *sensor); /* -ENOMEM */
void sight_close(struct sensor *sensor);

/* Each epoch. */
void sight_take_batch(struct sensor *sensor, const struct batch *batch);

/* What watched interfaces counted themselves since they were listed last. */
void sight_take_traffic(struct sensor *sensor, __u64 rx_packets, __u64 tx_packets);

/* About once a second: conditions of the last minute. */
void sight_look_after(struct sensor *sensor);

#endif
