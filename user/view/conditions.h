/* SPDX-License-Identifier: GPL-2.0-only */
/* What the sensor is blind for or does worse than it should at present, from its own records. */
#ifndef VIEW_CONDITIONS_H
#define VIEW_CONDITIONS_H

#include "record/record.h"

#define CONDITIONS_MAX    64
#define CONDITION_SUBJECT 64
#define CONDITION_SAYS    512

struct condition {
	enum sensor_action action; /* SENSOR_BLIND or SENSOR_DEGRADED */
	__u64 since_wall_ns;       /* the first record of those that said it */
	char subject[CONDITION_SUBJECT];
	char says[CONDITION_SAYS];
};

/* All zero: none. */
struct conditions {
	struct condition list[CONDITIONS_MAX]; /* by the time when they began */
	size_t count;
	__u64 others; /* that found no room */
	/* The last record of a reload; wall_ns 0: there was none. */
	__u64 reload_wall_ns;
	char reload_says[CONDITION_SAYS];
};

/*
 * A record of the sensor was written: blind and degraded begin a condition of their subject or
 * renew what it says, recovered ends it. Records without subject are no conditions.
 */
void conditions_take(struct conditions *conditions, const struct sensor_event *event);

#endif
