/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of pods for alerts: what is known by then, for nothing is waited for. */
#ifndef SENSOR_PODNAMES_H
#define SENSOR_PODNAMES_H

#include "config/config.h"
#include "core/incident.h"
#include "pods/target.h"
#include "view/view.h"

struct sensor;
struct podnames;

/*
 * As the configuration's kubernetes: says, and the environment. What is missing there is a
 * condition, no failure. -ENOMEM.
 */
int podnames_open(struct sensor *sensor);
void podnames_look_after(struct sensor *sensor); /* about once a second */
void podnames_close(struct sensor *sensor);

/* It matters whose address that is. */
void podnames_want(struct sensor *sensor, const struct addr *addr);

/* mode NULL: names are off. Texts are valid until the next look. */
struct view_pods podnames_view(const struct sensor *sensor);

#define PODNAMES_SAYS_MAX 512

/*
 * What would come of it here and now, asking nobody: whom the configuration means, in *ret, and
 * what is missing, in buf. False: something is. names must not be off.
 */
bool podnames_look_ahead(const struct config *config, struct target *ret,
			 char buf[PODNAMES_SAYS_MAX]);

#endif
