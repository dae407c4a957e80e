/* SPDX-License-Identifier: GPL-2.0-only */
/* Windows, incidents and suppression over a restart: between a sensor's judge and its store. */
#ifndef SENSOR_KEEPER_H
#define SENSOR_KEEPER_H

struct sensor;
struct keeper;

/*
 * After state_open(): gives the judge back what was kept of its rules, and its time. What can't be
 * taken is said, and that rule begins anew. -ENOMEM.
 */
int keeper_open(struct sensor *sensor);

/* From now on packets are seen: what lies between this and what was kept is a gap. */
void keeper_watching(struct sensor *sensor);

/* About once a second: every 10 s, and soon after an alert, writes what is new. */
void keeper_look_after(struct sensor *sensor);

/* Before state_close(): writes what is new. */
void keeper_close(struct sensor *sensor);

#endif
