/* SPDX-License-Identifier: GPL-2.0-only */
/* Who asks how the sensor stands: metrics and health by HTTP, the control socket. */
#ifndef SENSOR_ANSWERS_H
#define SENSOR_ANSWERS_H

struct sensor;

/* Who may ask at the control socket, besides root. */
#define CONTROL_GROUP "spikewatch"

/*
 * Opens what metrics.listen and control name; again after a change of these. Where that can't be, a
 * record says so, and answers_look_after() tries again each 10 s. -ENOMEM.
 */
int answers_open(struct sensor *sensor);
void answers_look_after(struct sensor *sensor); /* about once a second */
void answers_close(struct sensor *sensor);

#endif
