/* SPDX-License-Identifier: GPL-2.0-only */
/* One record in journald's native format. */
#include "record/journal_entry.h"
#include "record/event.h"
#include "record/party.h"
#include "record/text.h"
#include "util/utf8.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* RFC 5424 table 2; 0 to 2 are synced to disk at once and have a rate limit of their own. */
enum { PRIORITY_CRIT = 2, PRIORITY_WARNING = 4, PRIORITY_NOTICE = 5, PRIORITY_INFO = 6 };

/* "NAME=value", or where the value has a newline: name, newline, little-endian length, value. */
static void put(FILE *out, const char *name, const char *value)
{
	size_t len = strlen(value);
	__u64 wire_len = htole64(len);

	if (!strchr(value, '\n')) {
		fprintf(out, "%s=%s\n", name, value);
		return;
	}
	fprintf(out, "%s\n", name);
	fwrite(&wire_len, sizeof(wire_len), 1, out);
	fwrite(value, len, 1, out);
	fputc('\n', out);
}

static void put_number(FILE *out, const char *name, unsigned long long number)
{
	fprintf(out, "%s=%llu\n", name, number);
}

/* A field of one side: "SPIKEWATCH_SOURCE_IP", what is of unknown origin cleaned. */
static void put_of_side(FILE *out, enum dimension side, const char *what, const char *value)
{
	char name[64], *clean;

	snprintf(name, sizeof(name), "SPIKEWATCH_%s_%s",
		 side == DIM_SOURCE ? "SOURCE" : "DESTINATION", what);
	if (utf8_clean(value, &clean))
		return;
	put(out, name, clean);
	free(clean);
}

static void put_place(FILE *out, enum dimension side, const struct addr_place *place)
{
	char number[TEXT_NUMBER_MAX];

	if (*place->country)
		put_of_side(out, side, "COUNTRY", place->country);
	snprintf(number, sizeof(number), "%u", place->as_number);
	if (place->as_number)
		put_of_side(out, side, "AS", number);
	if (*place->organization)
		put_of_side(out, side, "AS_NAME", place->organization);
}

static void put_pod(FILE *out, enum dimension side, const struct addr_pod *pod)
{
	char workload[512];

	put_of_side(out, side, "NAMESPACE", pod->namespace);
	put_of_side(out, side, "POD", pod->name);
	if (!pod->kind || !pod->workload)
		return;
	snprintf(workload, sizeof(workload), "%s/%s", pod->kind, pod->workload);
	put_of_side(out, side, "WORKLOAD", workload);
}

static void put_side(FILE *out, const struct observer *observer, const struct alert *alert,
		     enum dimension side)
{
	char text[ADDR_TEXT_MAX];
	struct addr_place place;
	struct addr_pod pod;
	struct party party;
	const char *host;

	party_blamed(alert, side, &party);
	if (!party_is_one(&party))
		return;
	put_of_side(out, side, "IP", addr_format(&party.addr[0], text));
	host = text_host(observer, &party.addr[0]);
	if (host)
		put_of_side(out, side, "HOST", host);
	if (text_pod(observer, &party.addr[0], &pod))
		put_pod(out, side, &pod);
	if (text_place(observer, &party.addr[0], &place))
		put_place(out, side, &place);
}

static void put_head(FILE *out, const char *message, const char *message_id, int priority)
{
	put(out, "MESSAGE", message);
	put(out, "MESSAGE_ID", message_id);
	put_number(out, "PRIORITY", priority);
	put(out, "SYSLOG_IDENTIFIER", "spikewatch");
}

static const char *alert_message_id(const struct alert *alert)
{
	switch (alert->rule->feed) {
	case FEED_HTTP:
		return "61851c8ef2c94e79a6b6d68ce4a50597";
	case FEED_DROP:
		return "901da250561f468e9615a0f7ad977f58";
	default:
		return "5bde38bda8464ca093d6ea12328b6e2d";
	}
}

static void put_alert(FILE *out, const struct observer *observer, const struct alert *alert,
		      const char *summary)
{
	const struct rule *rule = alert->rule;
	char score[TEXT_NUMBER_MAX];

	put(out, "SPIKEWATCH_ACTION", alert_action_name(alert->action));
	put(out, "SPIKEWATCH_RULE", rule->id);
	put(out, "SPIKEWATCH_INCIDENT", alert->incident);
	put(out, "SPIKEWATCH_EVENT_ID", alert->event_id);
	put(out, "SPIKEWATCH_SUMMARY", summary);
	put_side(out, observer, alert, DIM_SOURCE);
	put_side(out, observer, alert, DIM_DESTINATION);
	put_number(out, "SPIKEWATCH_COUNT", alert->count);
	if (rule->kind == RULE_ANOMALY)
		put(out, "SPIKEWATCH_SCORE", text_number(alert->anomaly.score, score));
	else
		put_number(out, "SPIKEWATCH_LIMIT", rule->threshold.count);
	put(out, "SPIKEWATCH_CAUSE", cause_name(alert->cause));
	put(out, "SPIKEWATCH_COVERAGE", alert->coverage.exact ? "exact" : "at_least");
}

static int finish(FILE *out, struct journal_entry *entry, struct journal_entry *ret)
{
	bool failed = ferror(out);

	if (fclose(out) || failed) {
		free(entry->data);
		return -ENOMEM;
	}
	*ret = *entry;
	return 0;
}

int journal_entry_from_alert(const struct observer *observer, const struct alert *alert,
			     const char *ecs, struct journal_entry *ret)
{
	struct journal_entry entry = {
		.priority = record_is_alarm(alert) ? PRIORITY_CRIT : PRIORITY_NOTICE,
	};
	char *message = NULL, *summary = NULL;
	FILE *out;
	int err;

	err = text_message(alert, &message);
	if (!err)
		err = text_summary(alert, &summary);
	if (err)
		goto out;
	err = -ENOMEM;
	out = open_memstream(&entry.data, &entry.len);
	if (!out)
		goto out;
	put_head(out, message, alert_message_id(alert), entry.priority);
	put_alert(out, observer, alert, summary);
	put(out, "ECS", ecs);
	err = finish(out, &entry, ret);
out:
	free(message);
	free(summary);
	return err;
}

int journal_entry_from_sensor(const struct sensor_event *event, const char *ecs,
			      struct journal_entry *ret)
{
	static const struct {
		const char *message_id;
		int priority;
	} kinds[] = {
		[SENSOR_STARTED] = { "aa69db77ff0a49caa757cb420185ca1d", PRIORITY_INFO },
		[SENSOR_STOPPED] = { "941145d2676243e1994ff685e5916ce8", PRIORITY_INFO },
		[SENSOR_RELOADED] = { "fe2e2dcd486c4ec5953bbe4c317ed9bb", PRIORITY_INFO },
		[SENSOR_REFUSED] = { "fe2e2dcd486c4ec5953bbe4c317ed9bb", PRIORITY_WARNING },
		[SENSOR_BLIND] = { "0295f88e79e94cccab0c0e98e2f0c716", PRIORITY_WARNING },
		[SENSOR_DEGRADED] = { "0295f88e79e94cccab0c0e98e2f0c716", PRIORITY_WARNING },
		[SENSOR_RECOVERED] = { "0295f88e79e94cccab0c0e98e2f0c716", PRIORITY_INFO },
	};
	struct journal_entry entry = { .priority = kinds[event->action].priority };
	char *message = NULL, id[ALERT_ID_LEN + 1];
	FILE *out;
	int err;

	err = text_sensor(event, &message);
	if (err)
		goto out;
	err = -ENOMEM;
	out = open_memstream(&entry.data, &entry.len);
	if (!out)
		goto out;
	put_head(out, message, kinds[event->action].message_id, entry.priority);
	put(out, "SPIKEWATCH_ACTION", text_sensor_action(event->action));
	event_id_of_sensor(event, id);
	put(out, "SPIKEWATCH_EVENT_ID", id);
	if (event->subject)
		put(out, "SPIKEWATCH_SUBJECT", event->subject);
	if (event->reason)
		put(out, "SPIKEWATCH_REASON", event->reason);
	put(out, "ECS", ecs);
	err = finish(out, &entry, ret);
out:
	free(message);
	return err;
}

int journal_entry_from_digest(const struct digest *digest, const char *ecs,
			      struct journal_entry *ret)
{
	struct journal_entry entry = {
		.priority = digest->alarms ? PRIORITY_CRIT : PRIORITY_NOTICE,
	};
	char *message = NULL, id[ALERT_ID_LEN + 1];
	FILE *out;
	int err = digest_text(digest, &message);

	if (err)
		return err;
	err = -ENOMEM;
	out = open_memstream(&entry.data, &entry.len);
	if (!out)
		goto out;
	put_head(out, message, "03524a68bb334d899a949517ea37293a", entry.priority);
	put(out, "SPIKEWATCH_ACTION", "digest");
	event_id_of_digest(digest, id);
	put(out, "SPIKEWATCH_EVENT_ID", id);
	put_number(out, "SPIKEWATCH_COUNT", digest->count);
	put(out, "SPIKEWATCH_REASON", message);
	put(out, "ECS", ecs);
	err = finish(out, &entry, ret);
out:
	free(message);
	return err;
}

void journal_entry_clear(struct journal_entry *entry)
{
	free(entry->data);
	entry->data = NULL;
	entry->len = 0;
}
