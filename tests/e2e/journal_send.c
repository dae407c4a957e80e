/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For journald.sh. `journal_send SOCKET` sends what the lines of its standard input ask for through
 * the journald sink and answers each with a line; `journal_send --read` turns what `journalctl -o
 * json` prints into lines that a shell can compare.
 */
#include <errno.h>
#include <jansson.h>
#include <time.h>

#include "out/journal.h"
#include "tests/unit/example.h"

static const char *const alert_actions[] = { "open", "update", "close", "suppressed", NULL };
static const char *const sensor_actions[] = { "started",  "stopped",   "reloaded", "blind",
					      "degraded", "recovered", NULL };

static int find(const char *const *names, const char *name)
{
	for (int i = 0; names[i]; i++)
		if (!strcmp(names[i], name))
			return i;
	return -1;
}

static int send_alert(struct sink *sink, const char *kind, int action, unsigned int number)
{
	static char summary[300000];
	struct example s;

	if (!strcmp(kind, "deny"))
		example_deny(&s);
	else
		example_http(&s);
	if (!strcmp(kind, "big")) {
		memset(summary, 'x', sizeof(summary) - 1);
		s.rule.summary = summary;
		s.rule.id = "big";
	}
	s.alert.action = action;
	s.alert.suppressed = action == ALERT_SUPPRESSED;
	snprintf(s.alert.event_id, sizeof(s.alert.event_id), "%032u", number);
	return sink->ops->send_alert(sink, &s.alert);
}

static int send_sensor(struct sink *sink, int action)
{
	struct sensor_event event = { action, EXAMPLE_WALL, "a reason", "eth0" };

	return sink->ops->send_sensor(sink, &event);
}

/* "http open 7", "deny close 8", "big open 9", "sensor blind 0", "flush", "counts" */
static int run_command(struct sink *sink, const char *line)
{
	char kind[16] = "", action[16] = "";
	unsigned int number = 0;

	sscanf(line, "%15s %15s %u", kind, action, &number);
	if (!strcmp(kind, "sensor") && find(sensor_actions, action) >= 0)
		return send_sensor(sink, find(sensor_actions, action));
	if (!strcmp(kind, "flush"))
		return sink->ops->flush(sink);
	if (find(alert_actions, action) >= 0)
		return send_alert(sink, kind, find(alert_actions, action), number);
	return -EINVAL;
}

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/* Answers "RESULT SENT UNSENT LOST", with "slow" at its end where it took more than a second. */
static int serve(const char *socket_path)
{
	struct sink *sink;
	char line[128];
	int err = sink_journal_new(example_observer(), socket_path, &sink);

	if (err) {
		fprintf(stderr, "journal_send: %s: %s\n", socket_path, strerror(-err));
		return 1;
	}
	while (fgets(line, sizeof(line), stdin)) {
		double start_s = now_s();
		int result = run_command(sink, line);

		printf("%d %llu %zu %llu%s\n", result, (unsigned long long)sink->counts.sent,
		       sink->counts.unsent, (unsigned long long)sink->counts.lost,
		       now_s() - start_s > 1 ? " slow" : "");
		fflush(stdout);
	}
	sink->ops->free(sink);
	return 0;
}

static const char *text_of(json_t *entry, const char *field)
{
	const char *text = json_string_value(json_object_get(entry, field));

	return text ? text : "-";
}

/* Does ECS hold a record about the same as the entry's own fields? */
static const char *judge_ecs(json_t *entry)
{
	json_t *ecs = json_loads(text_of(entry, "ECS"), JSON_REJECT_DUPLICATES, NULL);
	json_t *event = json_object_get(ecs, "event");
	const char *says = "ecs-differs";

	if (!ecs)
		return "ecs-broken";
	if (!strcmp(text_of(ecs, "message"), text_of(entry, "MESSAGE")) &&
	    !strcmp(text_of(event, "action"), text_of(entry, "SPIKEWATCH_ACTION")) &&
	    !strcmp(text_of(event, "id"), text_of(entry, "SPIKEWATCH_EVENT_ID")))
		says = "ecs-good";
	json_decref(ecs);
	return says;
}

/* A line an entry: PRIORITY MESSAGE_ID action event-id(number) ecs-... length-of-summary */
static int read_entries(void)
{
	char *line = NULL;
	size_t size = 0;
	int rc = 0;

	while (getline(&line, &size, stdin) > 0) {
		json_error_t error;
		json_t *entry = json_loads(line, 0, &error);

		if (!entry) {
			fprintf(stderr, "journal_send: %s\n", error.text);
			rc = 1;
			continue;
		}
		printf("%s %s %s %lu %s %zu\n", text_of(entry, "PRIORITY"),
		       text_of(entry, "MESSAGE_ID"), text_of(entry, "SPIKEWATCH_ACTION"),
		       strtoul(text_of(entry, "SPIKEWATCH_EVENT_ID"), NULL, 10), judge_ecs(entry),
		       strlen(text_of(entry, "SPIKEWATCH_SUMMARY")));
		json_decref(entry);
	}
	free(line);
	return rc;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: journal_send SOCKET | --read\n");
		return 2;
	}
	return strcmp(argv[1], "--read") ? serve(argv[1]) : read_entries();
}
