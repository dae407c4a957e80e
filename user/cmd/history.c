/* SPDX-License-Identifier: GPL-2.0-only */
/* spikewatch history: records that were written. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd/ask.h"
#include "cmd/cmd.h"
#include "cmd/options.h"
#include "config/scalar.h"
#include "record/page.h"
#include "sensor/records.h"
#include "util/log.h"

struct history_options {
	const char *config;
	struct request request;
	bool json;
};

static void usage(FILE *out)
{
	fputs("usage: spikewatch history [-c FILE] [--since LENGTH] [--rule ID] [--limit N] [--json]\n\n"
	      "Lists the records of the last 35 days, the newest last: of the running sensor, or where none\n"
	      "runs, of the file that state: names.\n\n"
	      "  -c, --config FILE   instead of " CONFIG_PATH "\n"
	      "      --since LENGTH  how far back, such as 7d or 90m\n"
	      "      --rule ID       of this rule alone\n"
	      "      --limit N       the newest N at most (100)\n"
	      "      --json          one ECS object a line, as they were sent\n"
	      "  -h, --help          this text\n",
	      out);
}

static bool take_since(const char *text, void *into)
{
	struct request *request = into;
	__s64 now_s = time(NULL);
	__u64 since_s;

	if (!cmd_parse_seconds(text, &since_s) || !since_s) {
		log_error("--since '%s': expected a length, such as 7d or 90m", text);
		return false;
	}
	request->since_s = (__s64)since_s < now_s ? now_s - (__s64)since_s : 0;
	return true;
}

static bool take_limit(const char *text, void *into)
{
	struct request *request = into;
	__u64 limit;

	if (scalar_parse_number(text, &limit) || !limit || limit > REQUEST_LIMIT_MAX) {
		log_error("--limit '%s': expected a whole number from 1 to %d", text,
			  REQUEST_LIMIT_MAX);
		return false;
	}
	request->limit = limit;
	return true;
}

/* The same ids as a configuration may have; it goes into a request as it stands. */
static bool take_rule(const char *text, void *into)
{
	struct request *request = into;
	size_t len = strlen(text);

	if (!len || len > REQUEST_RULE_MAX ||
	    strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") != len) {
		log_error("--rule '%s': expected the id of a rule", text);
		return false;
	}
	memcpy(request->rule, text, len + 1);
	return true;
}

/* EXIT_GOOD, an exit code, or -1 where there is nothing more to do. */
static int parse_options(int argc, char **argv, struct history_options *ret)
{
	const struct cmd_option options[] = {
		{ .name = "config", .letter = 'c', .text = &ret->config },
		{ .name = "since", .take = take_since, .into = &ret->request },
		{ .name = "rule", .take = take_rule, .into = &ret->request },
		{ .name = "limit", .take = take_limit, .into = &ret->request },
		{ .name = "json", .flag = &ret->json },
		{},
	};

	return cmd_read_options_alone(argc, argv, options, usage, "");
}

static const char *text_at(const json_t *record, const char *object, const char *key)
{
	const char *text = json_string_value(json_object_get(json_object_get(record, object), key));

	return text ? text : "";
}

static enum style style_of(const json_t *record)
{
	const char *action = text_at(record, "event", "action");

	if (!strcmp(text_at(record, "event", "kind"), "alert") || !strcmp(action, "blind"))
		return STYLE_RED;
	return strcmp(action, "degraded") ? STYLE_PLAIN : STYLE_YELLOW;
}

/* RFC 3339 in UTC to local time, as the terminal shows alerts. */
static void put_time(struct page *page, const char *text)
{
	char local[32] = "?";
	struct tm utc = {};
	time_t when;

	if (strptime(text, "%Y-%m-%dT%H:%M:%S", &utc)) {
		when = timegm(&utc);
		localtime_r(&when, &utc);
		strftime(local, sizeof(local), "%b %d %H:%M:%S", &utc);
	}
	page_put(page, STYLE_DIM, "%s", local);
}

static void put_record(struct page *page, const json_t *record)
{
	const char *time_text = json_string_value(json_object_get(record, "@timestamp"));
	const char *message = json_string_value(json_object_get(record, "message"));

	page_start(page, 0);
	put_time(page, time_text ? time_text : "");
	page_tab(page, 17);
	page->indent = 17;
	page_put(page, STYLE_CYAN, "%s", text_at(record, "event", "action"));
	page_tab(page, 29);
	page->indent = 29;
	page_put(page, style_of(record), "%s", message ? message : "?");
}

static int print(const json_t *answer, bool json)
{
	struct page page = { .out = stdout };
	const json_t *record;
	size_t i;

	page_fit(&page, stdout);
	json_array_foreach (json_object_get(answer, "records"), i, record) {
		if (!json)
			put_record(&page, record);
		else if (json_dumpf(record, stdout, JSON_COMPACT) || putchar('\n') < 0)
			return EXIT_RUNTIME;
	}
	page_start(&page, 0);
	if (json_integer_value(json_object_get(answer, "left_out")))
		log_warning("%lld older records did not fit the answer",
			    (long long)json_integer_value(json_object_get(answer, "left_out")));
	return fflush(stdout) || page.failed ? EXIT_RUNTIME : EXIT_GOOD;
}

/* Where no sensor answers: its file. */
static int read_file(const char *path, const struct request *request, json_t **ret)
{
	const char *says;
	json_t *answer;
	char *line;

	if (records_answer(path, request, &line)) {
		log_error("out of memory");
		return EXIT_RUNTIME;
	}
	answer = json_loads(line, 0, NULL);
	free(line);
	says = json_string_value(json_object_get(answer, "error"));
	if (answer && !says) {
		*ret = answer;
		return EXIT_GOOD;
	}
	log_error("no spikewatch answers, and its file can't be read: %s",
		  says ? says : "out of memory");
	json_decref(answer);
	return EXIT_RUNTIME;
}

static int show(const struct history_options *options)
{
	const struct request *request = &options->request;
	struct config *config;
	char line[REQUEST_MAX];
	json_t *answer;
	int code = cmd_load_config(options->config, &config);

	if (code)
		return code;
	snprintf(line, sizeof(line), "history {\"since\":%lld,\"limit\":%u%s%s%s}",
		 request->since_s, request->limit, *request->rule ? ",\"rule\":\"" : "",
		 request->rule, *request->rule ? "\"" : "");
	if (ask(config->control, line, true, &answer))
		code = read_file(config->state, request, &answer);
	if (!code)
		code = print(answer, options->json);
	if (!code)
		json_decref(answer);
	config_free(config);
	return code;
}

int cmd_history(int argc, char **argv)
{
	struct history_options options = { .request = { .limit = REQUEST_LIMIT } };
	int code = parse_options(argc, argv, &options);

	if (code == EXIT_GOOD)
		code = show(&options);
	return code < 0 ? EXIT_GOOD : code;
}
