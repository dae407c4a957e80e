/* SPDX-License-Identifier: GPL-2.0-only */
/* Follows interfaces and addresses as they change: netlink tells that, what is listed then. */
#ifndef SENSOR_FOLLOW_H
#define SENSOR_FOLLOW_H

struct follow;
struct sensor;

/*
 * After posts_open(). What can't be followed is a condition (blind.h); an exit code, said, where
 * memory lacks.
 */
int follow_open(struct sensor *sensor);
void follow_close(struct sensor *sensor);

/*
 * The configuration's interfaces: or attach: changed: the difference between what is attached and
 * what is planned is applied, bit by bit.
 */
void follow_replan(struct sensor *sensor);

/* About once a second. */
void follow_look_after(struct sensor *sensor);

#endif
