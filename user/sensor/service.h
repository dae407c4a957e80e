/* SPDX-License-Identifier: GPL-2.0-only */
/* What makes a sensor a service: it tells its manager how it stands, and gives up what it can. */
#ifndef SENSOR_SERVICE_H
#define SENSOR_SERVICE_H

#include <stdbool.h>

struct sensor;
struct service;

/* Reads from the environment who listens. -ENOMEM; what else is wrong is said, and done without. */
int service_open(struct sensor *sensor);

/*
 * Once all is attached, and before there is another thread: keeps CAP_BPF and CAP_NET_ADMIN, and
 * only the system calls that are needed from now on. An exit code, said.
 */
int service_confine(struct sensor *sensor);

/* It watches (again): the manager's READY, after the start and after a reload. */
void service_ready(struct sensor *sensor);
void service_reloading(struct sensor *sensor);
void service_stopping(struct sensor *sensor);

/*
 * After each epoch: where that was closed and judged without an error, the watchdog hears of it.
 * Nothing else feeds it.
 */
void service_look_after(struct sensor *sensor, bool judged);

void service_close(struct sensor *sensor);

#endif
