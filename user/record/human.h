/* SPDX-License-Identifier: GPL-2.0-only */
/* What a record looks like to a human. */
#ifndef RECORD_HUMAN_H
#define RECORD_HUMAN_H

#include "record/page.h"
#include "record/record.h"

/*
 * A few whole lines. Of an alert: time (local), severity, title, counts; source -> destination;
 * cause; what is missing where the counts are not exact; where it alarms, its evidence.
 */
void human_put_alert(struct page *page, const struct observer *observer, const struct alert *alert);
void human_put_sensor(struct page *page, const struct sensor_event *event);

#endif
