/* SPDX-License-Identifier: GPL-2.0-only */
/* What is not seen of the interfaces, said as conditions (blind.h) and taken back. */
#ifndef SENSOR_UNSEEN_H
#define SENSOR_UNSEEN_H

#include <stddef.h>

struct interface;
struct post;
struct sensor;

/* Why it can't be watched and what to do, as a sentence without the name: returns buf. */
const char *unseen_why(const struct post *post, char *buf, size_t size);

/* It is not watched. */
void unseen_post(struct sensor *sensor, const struct post *post);

/* Which names of the configuration are there, and which not. */
void unseen_names(struct sensor *sensor);

/* Up, and carries what is no Ethernet and no IP: "auto" leaves it out. */
void unseen_kinds(struct sensor *sensor);

/* A program in the driver runs before all that tc and the generic XDP see. */
void unseen_native_xdp(struct sensor *sensor, const struct interface *interface);

#endif
