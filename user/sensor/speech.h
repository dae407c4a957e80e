/* SPDX-License-Identifier: GPL-2.0-only */
/* What of the traffic nobody can read here: a condition, and a part of the view. */
#ifndef SENSOR_SPEECH_H
#define SENSOR_SPEECH_H

#include "view/unread.h"

struct sensor;

int speech_open(struct sensor *sensor); /* -ENOMEM */
void speech_close(struct sensor *sensor);

/* About once a second. */
void speech_look_after(struct sensor *sensor);

#endif
