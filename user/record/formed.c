/* SPDX-License-Identifier: GPL-2.0-only */
/* A record formed once, in all the shapes in which it is kept and sent. */
#include "record/formed.h"
#include "record/event.h"
#include "record/json.h"
#include "record/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void formed_clear(struct formed *formed)
{
	free(formed->rule);
	free(formed->ecs);
	journal_entry_clear(&formed->entry);
	*formed = (struct formed){};
}

/* Takes what was formed so far, or clears it where something failed. */
static int finish(struct formed *formed, const char *rule, int err, struct formed *ret)
{
	if (!err) {
		formed->rule = strdup(rule);
		err = formed->rule ? 0 : -ENOMEM;
	}
	if (err)
		formed_clear(formed);
	else
		*ret = *formed;
	return err;
}

int formed_from_alert(const struct observer *observer, const struct alert *alert,
		      struct formed *ret)
{
	struct formed formed = {
		.wall_ns = alert->wall_ns,
		.action = alert_action_name(alert->action),
		.dataset = DATASET_ALERT,
		.alarm = record_is_alarm(alert),
	};
	int err = json_format_alert(observer, alert, &formed.ecs);

	memcpy(formed.event_id, alert->event_id, sizeof(formed.event_id));
	if (!err)
		err = journal_entry_from_alert(observer, alert, formed.ecs, &formed.entry);
	return finish(&formed, alert->rule->id, err, ret);
}

int formed_from_sensor(const struct observer *observer, const struct sensor_event *event,
		       struct formed *ret)
{
	struct formed formed = {
		.wall_ns = event->wall_ns,
		.action = text_sensor_action(event->action),
		.dataset = DATASET_SENSOR,
	};
	int err = json_format_sensor(observer, event, &formed.ecs);

	event_id_of_sensor(event, formed.event_id);
	if (!err)
		err = journal_entry_from_sensor(event, formed.ecs, &formed.entry);
	return finish(&formed, "", err, ret);
}

int formed_from_digest(const struct observer *observer, const struct digest *digest,
		       struct formed *ret)
{
	struct formed formed = {
		.wall_ns = digest->wall_ns,
		.action = "digest",
		.dataset = DATASET_DIGEST,
		.alarm = digest->alarms > 0,
	};
	int err = digest_json(observer, digest, &formed.ecs);

	event_id_of_digest(digest, formed.event_id);
	if (!err)
		err = journal_entry_from_digest(digest, formed.ecs, &formed.entry);
	return finish(&formed, "", err, ret);
}
