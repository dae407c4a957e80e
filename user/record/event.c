/* SPDX-License-Identifier: GPL-2.0-only */
/* What the ECS lines of all kinds of records have in common. */
#include "record/event.h"
#include "record/text.h"
#include "record/value.h"

#include "core/id.h"

#include <errno.h>

void event_id_of_sensor(const struct sensor_event *event, char ret[ALERT_ID_LEN + 1])
{
	const char *const words[] = {
		DATASET_SENSOR,
		text_sensor_action(event->action),
		event->subject ? event->subject : "",
		event->reason ? event->reason : "",
		NULL,
	};

	id_make_of_words(words, event->wall_ns, ret);
}

void event_id_of_digest(const struct digest *digest, char ret[ALERT_ID_LEN + 1])
{
	const char *const words[] = { DATASET_DIGEST, NULL };

	id_make_of_words(words, digest->first_wall_ns ^ digest->count, ret);
}

int event_severity(unsigned int severity)
{
	if (severity <= 2)
		return 21;
	if (severity <= 5)
		return 47;
	return severity <= 7 ? 73 : 99;
}

int event_put_head(json_t *root, __u64 wall_ns, const char *message)
{
	int err = value_put(root, "@timestamp", value_time(wall_ns));

	err |= value_put(root, "ecs", json_pack("{s:s}", "version", "8.11"));
	return err | value_put(root, "message", json_string(message));
}

static json_t *observer_object(const struct observer *observer)
{
	json_t *object = json_object(), *ips = json_array();
	int err = 0;

	for (size_t i = 0; i < observer->addr_count; i++)
		err |= json_array_append_new(ips, value_addr(&observer->addrs[i]));
	err |= value_put_text(object, "hostname", observer->hostname);
	err |= value_put(object, "ip", ips);
	err |= value_put(object, "vendor", json_string("spikewatch"));
	err |= value_put(object, "type", json_string("sensor"));
	err |= value_put_text(object, "version", observer->version);
	return value_checked(object, err);
}

int event_put_observer(json_t *root, const struct observer *observer)
{
	json_t *host = json_object();
	int err = value_put_text(host, "name", observer->hostname);

	err |= value_put(root, "observer", observer_object(observer));
	return err | value_put(root, "host", host);
}

int event_print(json_t *root, int err, char **ret)
{
	char *line = NULL;

	if (!err)
		line = json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(15));
	json_decref(root);
	if (!line)
		return -ENOMEM;
	*ret = line;
	return 0;
}
