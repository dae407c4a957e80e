/* SPDX-License-Identifier: GPL-2.0-only */
/* Records as one line of JSON in Elastic Common Schema 8.11. */
#ifndef RECORD_JSON_H
#define RECORD_JSON_H

#include "record/record.h"

/*
 * One ECS object without a newline, valid UTF-8 and valid JSON whatever the strings of the rule,
 * the observer or the event hold. The caller frees *ret. -ENOMEM.
 */
int json_format_alert(const struct observer *observer, const struct alert *alert, char **ret);
int json_format_sensor(const struct observer *observer, const struct sensor_event *event,
		       char **ret);

#endif
