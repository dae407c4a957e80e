/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For journald.sh. `journal_send SOCKET` sends what the lines of its standard input ask for through
 * an outbox without a store and answers each with a line; `journal_send --read` turns what
 * `journalctl -o json` prints into lines that a shell can compare.
 */
#include <errno.h>
#include <jansson.h>
#include <time.h>

#include "out/journal.h"
#include "outbox/outbox.h"
#include "tests/unit/example.h"

static const char *const alert_actions[] = { "open", "update", "close", "suppressed", NULL };
/* By enum sensor_action. */
static const char *const sensor_actions[] = { "started", "stopped",  "reloaded",  "refused",
					      "blind",   "degraded", "recovered", NULL };

static int find(const char *const *names, const char *name)
{
	for (int i = 0; names[i]; i++)
		if (!strcmp(names[i], name))
			return i;
	return -1;
}

/* A second more with each record, so that none is held for a digest. */
static __u64 now_ns = 1000 * EXAMPLE_SECOND;
static bool more;

static void take_news(enum outbox_news news, const char *text, void *arg)
{
	if (news == OUTBOX_WORK)
		more = true;
	else
		fprintf(stderr, "journal_send: %s\n", text);
}

static const struct sink_counts *counts_of(const struct outbox *outbox)
{
	const struct outlet *outlet;

	return outbox_counts(outbox, 0, &outlet);
}

/* 0, or -EAGAIN where something waits. */
static int flush(struct outbox *outbox)
{
	do {
		more = false;
		outbox_work(outbox, now_ns);
	} while (more);
	return counts_of(outbox)->unsent ? -EAGAIN : 0;
}

static int send_alert(struct outbox *outbox, const char *kind, int action, unsigned int number)
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
	now_ns += EXAMPLE_SECOND;
	outbox_take_alert(outbox, &s.alert, now_ns);
	return flush(outbox);
}

static int send_sensor(struct outbox *outbox, int action)
{
	struct sensor_event event = { action, EXAMPLE_WALL, "a reason", "eth0" };

	outbox_take_sensor(outbox, &event, now_ns);
	return flush(outbox);
}

/* "http open 7", "deny close 8", "big open 9", "sensor blind 0", "flush", "counts" */
static int run_command(struct outbox *outbox, const char *line)
{
	char kind[16] = "", action[16] = "";
	unsigned int number = 0;

	sscanf(line, "%15s %15s %u", kind, action, &number);
	if (!strcmp(kind, "sensor") && find(sensor_actions, action) >= 0)
		return send_sensor(outbox, find(sensor_actions, action));
	if (!strcmp(kind, "flush"))
		return flush(outbox);
	if (find(alert_actions, action) >= 0)
		return send_alert(outbox, kind, find(alert_actions, action), number);
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
	struct outbox *outbox = NULL;
	struct outlet *outlet;
	char line[128];
	int err = journal_new(socket_path, &outlet);

	if (!err)
		err = outbox_new(example_observer(), take_news, NULL, &outbox);
	if (err) {
		fprintf(stderr, "journal_send: %s: %s\n", socket_path, strerror(-err));
		return 1;
	}
	outbox_add_way(outbox, outlet);
	while (fgets(line, sizeof(line), stdin)) {
		const struct sink_counts *counts = counts_of(outbox);
		double start_s = now_s();
		int result = run_command(outbox, line);

		printf("%d %llu %zu %llu%s\n", result, (unsigned long long)counts->sent,
		       counts->unsent, (unsigned long long)counts->lost,
		       now_s() - start_s > 1 ? " slow" : "");
		fflush(stdout);
	}
	outbox_free(outbox);
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

/* The number that send_alert() gave; 0: an id of the program's own. */
static unsigned long number_of(json_t *entry)
{
	char *end;
	unsigned long number = strtoul(text_of(entry, "SPIKEWATCH_EVENT_ID"), &end, 10);

	return *end ? 0 : number;
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
		       number_of(entry), judge_ecs(entry),
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
