/* SPDX-License-Identifier: GPL-2.0-only */
/* Another configuration for a sensor at work. */
#ifndef SENSOR_RELOAD_H
#define SENSOR_RELOAD_H

#include "sensor/sensor.h"

/* What was wrong with a configuration: the first message, and how many there were. */
struct complaints {
	char first[400];
	size_t count;
};

/* A config_say_fn that logs each and keeps the first; arg is a struct complaints. */
void reload_complain(const char *message, void *arg);

/* The configuration is refused: a record says so, and sensor->reload_failure why. */
void reload_refuse(struct sensor *sensor, const struct complaints *complaints);

/*
 * Puts next, which the sensor then owns, in the place of its configuration, between two epochs:
 * counts of rules that look at the same go on, interfaces are attached and left by difference, keys
 * that can't be changed keep their values. A record tells it. Where next can't be taken all is as
 * it was, and that is told; next is freed. True: it was taken.
 */
bool reload_take(struct sensor *sensor, struct config *next);

#endif
