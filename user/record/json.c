/* SPDX-License-Identifier: GPL-2.0-only */
/* Records as one line of JSON in Elastic Common Schema 8.11. */
#include "record/json.h"
#include "record/event.h"
#include "record/party.h"
#include "record/text.h"
#include "record/value.h"
#include "record/details.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- parts of an alert ---------------------------------------------------------------------- */

static json_t *event_object(const struct alert *alert)
{
	static const char *const network[] = { "intrusion_detection", "network", NULL };
	static const char *const web[] = { "intrusion_detection", "network", "web", NULL };
	static const char *const info[] = { "info", NULL }, *const denied[] = { "denied", NULL };
	const struct rule *rule = alert->rule;
	bool http = rule->feed == FEED_HTTP;
	json_t *object = json_object();
	int err = 0;

	err |= value_put(object, "kind", json_string(record_is_alarm(alert) ? "alert" : "event"));
	err |= value_put(object, "category", value_words(http ? web : network));
	err |= value_put(object, "type", value_words(http ? info : denied));
	err |= value_put(object, "module", json_string("spikewatch"));
	err |= value_put(object, "dataset", json_string(DATASET_ALERT));
	err |= value_put(object, "action", json_string(alert_action_name(alert->action)));
	err |= value_put(object, "id", value_text(alert->event_id));
	err |= value_put(object, "severity", json_integer(event_severity(rule->severity)));
	err |= value_put(object, "risk_score", json_integer(rule->risk_score));
	err |= value_put(object, "start", value_time(alert->start_wall_ns));
	err |= value_put(object, "end", value_time(alert->end_wall_ns));
	return value_checked(object, err);
}

static json_t *rule_object(const struct rule *rule)
{
	json_t *object = json_object();
	int err = value_put_text(object, "id", rule->id);

	err |= value_put_text(object, "name", text_title(rule));
	err |= value_put_text(object, "category", rule->category);
	err |= value_put(object, "version", json_string("1"));
	return value_checked(object, err);
}

/* ECS: geo.country_iso_code, as.number, as.organization.name. */
static int put_place(json_t *object, const struct observer *observer, const struct addr *addr)
{
	struct addr_place place;
	json_t *as;
	int err = 0;

	if (!text_place(observer, addr, &place))
		return 0;
	if (*place.country)
		err |= value_put(object, "geo",
				 json_pack("{s:o}", "country_iso_code", value_text(place.country)));
	if (!place.as_number && !*place.organization)
		return err;
	as = json_object();
	if (place.as_number)
		err |= value_put(as, "number", value_count(place.as_number));
	if (*place.organization)
		err |= value_put(as, "organization",
				 json_pack("{s:o}", "name", value_text(place.organization)));
	return err | value_put(object, "as", as);
}

/* "source" or "destination", only where exactly one address is meant. */
static int put_side(json_t *root, const struct observer *observer, const struct alert *alert,
		    enum dimension side)
{
	__u16 port = side == DIM_DESTINATION ? party_port(alert) : 0;
	json_t *object;
	struct party party;
	int err;

	party_blamed(alert, side, &party);
	if (!party_is_one(&party))
		return 0;
	object = json_object();
	err = value_put(object, "ip", value_addr(&party.addr[0]));
	if (port)
		err |= value_put(object, "port", json_integer(port));
	err |= value_put_text(object, "domain", text_host(observer, &party.addr[0]));
	err |= put_place(object, observer, &party.addr[0]);
	return value_put(root, side == DIM_SOURCE ? "source" : "destination",
			 value_checked(object, err));
}

static bool all_digits(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isdigit((unsigned char)s[i]))
			return false;
	return true;
}

/* "TA0043" */
static bool is_tactic(const char *tag)
{
	return strlen(tag) == 6 && !strncmp(tag, "TA", 2) && all_digits(tag + 2, 4);
}

/* "T1595" or "T1595.001" */
static bool is_technique(const char *tag)
{
	size_t len = strlen(tag);

	return tag[0] == 'T' &&
	       (len == 5 || (len == 9 && tag[5] == '.' && all_digits(tag + 6, 3))) &&
	       all_digits(tag + 1, 4);
}

/* "threat" and "tags": what is no number of ATT&CK is a tag as it stands. */
static int put_tags(json_t *root, const struct rule *rule)
{
	json_t *tactics = json_array(), *techniques = json_array(), *tags = json_array();
	json_t *threat = json_object();
	int err = 0;

	for (char **tag = rule->tags; tag && *tag; tag++) {
		const char *prefix = "";
		json_t *value = value_text(*tag);

		if (is_tactic(*tag)) {
			prefix = "_mitreAttackTactic:";
			err |= json_array_append(tactics, value);
		} else if (is_technique(*tag)) {
			prefix = "_mitreAttackTechnique:";
			err |= json_array_append(techniques, value);
		}
		err |= json_array_append_new(
			tags, json_sprintf("%s%s", prefix, json_string_value(value)));
		json_decref(value);
	}
	err |= value_put(threat, "framework", json_string("MITRE ATT&CK"));
	if (json_array_size(tactics))
		err |= value_put(threat, "tactic", json_pack("{s:O}", "id", tactics));
	if (json_array_size(techniques))
		err |= value_put(threat, "technique", json_pack("{s:O}", "id", techniques));
	if (json_object_size(threat) > 1)
		err |= value_put(root, "threat", json_incref(threat));
	if (json_array_size(tags))
		err |= value_put(root, "tags", json_incref(tags));
	json_decref(tactics);
	json_decref(techniques);
	json_decref(tags);
	json_decref(threat);
	return err;
}

int json_format_alert(const struct observer *observer, const struct alert *alert, char **ret)
{
	json_t *root = json_object();
	char *message;
	int err;

	err = text_message(alert, &message);
	if (err)
		goto out;
	err |= event_put_head(root, alert->wall_ns, message);
	err |= value_put(root, "event", event_object(alert));
	err |= value_put(root, "rule", rule_object(alert->rule));
	err |= put_side(root, observer, alert, DIM_SOURCE);
	err |= put_side(root, observer, alert, DIM_DESTINATION);
	err |= event_put_observer(root, observer);
	err |= put_tags(root, alert->rule);
	err |= value_put(root, "spikewatch", details_new(observer, alert));
	free(message);
out:
	return event_print(root, err, ret);
}

/* --- the sensor about itself ---------------------------------------------------------------- */

/* Categories and types are pairs that ECS allows. */
static json_t *sensor_event_object(const struct sensor_event *event)
{
	static const struct {
		const char *category[2], *type[2];
	} kinds[] = {
		[SENSOR_STARTED] = { { "process" }, { "start" } },
		[SENSOR_STOPPED] = { { "process" }, { "end" } },
		[SENSOR_RELOADED] = { { "configuration" }, { "change" } },
		[SENSOR_REFUSED] = { { "configuration" }, { "change" } },
		[SENSOR_BLIND] = { { "host" }, { "info" } },
		[SENSOR_DEGRADED] = { { "host" }, { "info" } },
		[SENSOR_RECOVERED] = { { "host" }, { "info" } },
	};
	json_t *object = json_object();
	char id[ALERT_ID_LEN + 1];
	int err = 0;

	event_id_of_sensor(event, id);
	err |= value_put(object, "kind", json_string("event"));
	err |= value_put(object, "category", value_words(kinds[event->action].category));
	err |= value_put(object, "type", value_words(kinds[event->action].type));
	err |= value_put(object, "module", json_string("spikewatch"));
	err |= value_put(object, "dataset", json_string(DATASET_SENSOR));
	err |= value_put(object, "action", json_string(text_sensor_action(event->action)));
	err |= value_put(object, "id", json_string(id));
	if (event->action == SENSOR_RELOADED || event->action == SENSOR_REFUSED)
		err |= value_put(
			object, "outcome",
			json_string(event->action == SENSOR_REFUSED ? "failure" : "success"));
	err |= value_put_text(object, "reason", event->reason);
	return value_checked(object, err);
}

int json_format_sensor(const struct observer *observer, const struct sensor_event *event,
		       char **ret)
{
	json_t *root = json_object(), *sensor = json_object();
	char *message;
	int err;

	err = value_put_text(sensor, "subject", event->subject);
	sensor = value_checked(sensor, err);
	err = text_sensor(event, &message);
	if (err) {
		json_decref(sensor);
		goto out;
	}
	err |= event_put_head(root, event->wall_ns, message);
	err |= value_put(root, "event", sensor_event_object(event));
	err |= event_put_observer(root, observer);
	err |= value_put(root, "spikewatch", json_pack("{s:o}", "sensor", sensor));
	free(message);
out:
	return event_print(root, err, ret);
}
