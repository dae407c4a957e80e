/* SPDX-License-Identifier: GPL-2.0-only */
/* Names and places of addresses for alerts: what is known by then, for nothing is waited for. */
#ifndef SENSOR_NAMING_H
#define SENSOR_NAMING_H

#include "core/incident.h"

struct sensor;
struct naming;

/* As the configuration's resolve: and geoip: say; again after a change of these. -ENOMEM. */
int naming_open(struct sensor *sensor);
void naming_look_after(struct sensor *sensor); /* about once a second */
void naming_close(struct sensor *sensor);

/* A group comes near its limit (a judge_near_fn), an alert is written: names are asked for. */
void naming_take_near(const struct rule *rule, const struct group_key *group, void *arg);
void naming_take_alert(struct sensor *sensor, const struct alert *alert);

#endif
