/* SPDX-License-Identifier: GPL-2.0-only */
/* How the sensor stands: remembers what happens, and looks at the rest when it is asked. */
#ifndef SENSOR_SURVEY_H
#define SENSOR_SURVEY_H

#include "view/view.h"

struct sensor;
struct survey;

int survey_new(struct survey **ret);     /* -ENOMEM */
void survey_free(struct survey *survey); /* NULL is fine */

/* What happens. Where there is no survey (a replay), nothing. */
void survey_take_batch(struct survey *survey, const struct batch *batch);
void survey_take_alert(struct survey *survey, const struct alert *alert);
void survey_take_event(const struct sensor *sensor, const struct sensor_event *event);

/* Are epochs closed at present? */
bool survey_is_alive(const struct survey *survey);

/* Why nothing is seen, a sentence; NULL where the sensor sees what its rules look at. */
const char *survey_not_ready(const struct survey *survey, const struct sensor *sensor);

/* Valid until the next call of any function here; NULL where memory is short. */
const struct view *survey_view(struct survey *survey, const struct sensor *sensor);

#endif
