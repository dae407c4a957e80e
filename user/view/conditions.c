/* SPDX-License-Identifier: GPL-2.0-only */
/* What the sensor is blind for or does worse than it should at present. */
#include "view/conditions.h"

#include <stdio.h>
#include <string.h>

static struct condition *find(struct conditions *conditions, const char *subject)
{
	for (size_t i = 0; i < conditions->count; i++)
		if (!strncmp(conditions->list[i].subject, subject, CONDITION_SUBJECT - 1))
			return &conditions->list[i];
	return NULL;
}

static void begin(struct conditions *conditions, const struct sensor_event *event)
{
	struct condition *condition = find(conditions, event->subject);

	if (!condition && conditions->count == CONDITIONS_MAX) {
		conditions->others++;
		return;
	}
	if (!condition) {
		condition = &conditions->list[conditions->count++];
		condition->since_wall_ns = event->wall_ns;
		snprintf(condition->subject, sizeof(condition->subject), "%s", event->subject);
	}
	condition->action = event->action;
	snprintf(condition->says, sizeof(condition->says), "%s",
		 event->reason ? event->reason : "");
}

static void end(struct conditions *conditions, const char *subject)
{
	struct condition *condition = find(conditions, subject);
	struct condition *last = conditions->list + conditions->count - 1;

	if (!condition)
		return;
	memmove(condition, condition + 1, (char *)last - (char *)condition);
	conditions->count--;
}

void conditions_take(struct conditions *conditions, const struct sensor_event *event)
{
	if (event->action == SENSOR_RELOADED || event->action == SENSOR_REFUSED) {
		conditions->reload_wall_ns = event->wall_ns;
		snprintf(conditions->reload_says, sizeof(conditions->reload_says), "%s",
			 event->reason ? event->reason : "");
	}
	if (!event->subject)
		return;
	if (event->action == SENSOR_BLIND || event->action == SENSOR_DEGRADED)
		begin(conditions, event);
	else if (event->action == SENSOR_RECOVERED)
		end(conditions, event->subject);
}
