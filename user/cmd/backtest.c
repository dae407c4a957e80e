/* SPDX-License-Identifier: GPL-2.0-only */
/* spikewatch backtest: the anomaly rules of a file over the counts that a sensor kept. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd/cmd.h"
#include "cmd/options.h"
#include "record/text.h"
#include "score/backtest.h"
#include "sensor/clock.h"
#include "sensor/state.h"
#include "util/log.h"

#define SECOND_NS 1000000000ULL
#define SINCE_S   (7 * 86400)
#define SHOWN_MAX 1000 /* incidents of a rule */

struct backtest_options {
	const char *config;
	__u64 since_s;
	bool json;
};

struct found {
	struct backtest_incident incident;
	struct group_key group;
};

/* One rule over all its series. */
struct trial {
	struct backtest backtest;
	struct store *store;
	struct store_series wanted;
	size_t changed; /* series that were counted under another definition or do not fit */
	struct found *found;
	size_t found_count;
	__u64 not_shown;
	bool out_of_memory;
};

static void usage(FILE *out)
{
	fputs("usage: spikewatch backtest [-c FILE] [--since LENGTH] [--json]\n\n"
	      "Says what the anomaly rules of a configuration would have raised over the counts that the\n"
	      "sensor kept (at most 35 days), and how much more or less at other scores. A rule's bucket\n"
	      "may be made longer: a multiple of the one that was counted.\n\n"
	      "  -c, --config FILE   instead of " CONFIG_PATH "; its state: is read\n"
	      "      --since LENGTH  how far back: 7d is the default; what is older is learned only\n"
	      "      --json          one JSON object a line for each rule\n"
	      "  -h, --help          this text\n",
	      out);
}

static bool take_since(const char *text, void *into)
{
	struct backtest_options *options = into;

	if (cmd_parse_seconds(text, &options->since_s) && options->since_s &&
	    options->since_s <= STORE_KEEP_S)
		return true;
	log_error("--since '%s': expected a length up to 35d, such as 7d", text);
	return false;
}

/* EXIT_GOOD, an exit code, or -1 where there is nothing more to do. */
static int parse_options(int argc, char **argv, struct backtest_options *ret)
{
	const struct cmd_option options[] = {
		{ .name = "config", .letter = 'c', .text = &ret->config },
		{ .name = "since", .take = take_since, .into = ret },
		{ .name = "json", .flag = &ret->json },
		{},
	};

	return cmd_read_options_alone(argc, argv, options, usage, "; a file is given by -c FILE");
}

static void take_found(const struct backtest_incident *incident, void *arg)
{
	struct trial *trial = arg;
	size_t n = trial->found_count;
	struct found *found;

	if (n == SHOWN_MAX) {
		trial->not_shown++;
		return;
	}
	found = realloc(trial->found, (n + 1) * sizeof(*found));
	if (!found) {
		trial->out_of_memory = true;
		return;
	}
	trial->found = found;
	found[n] = (struct found){ *incident, *incident->group };
	trial->found_count++;
}

static void take_bucket(const struct anomaly_bucket *bucket, void *arg)
{
	struct anomaly_bucket local = *bucket;

	local.zone_s = clock_zone_s((__u64)local.start_s * SECOND_NS);
	backtest_bucket(arg, &local);
}

static int try_series(const struct store_series *series, void *arg)
{
	struct trial *trial = arg;
	int err;

	if (series->definition != trial->wanted.definition) {
		trial->changed++;
		return 0;
	}
	err = backtest_begin(&trial->backtest, series->group, (__s64)series->bucket_s);
	if (err == -EINVAL)
		trial->changed++;
	if (err)
		return err == -EINVAL ? 0 : err;
	err = store_each_bucket(trial->store, series, -1, take_bucket, &trial->backtest);
	backtest_end(&trial->backtest);
	return err;
}

static int compare_found(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	if (x->incident.start_s != y->incident.start_s)
		return x->incident.start_s < y->incident.start_s ? -1 : 1;
	return memcmp(&x->group, &y->group, sizeof(x->group));
}

static const char *time_of(__s64 time_s, char buf[TEXT_TIME_MAX])
{
	time_t time = time_s;
	struct tm tm;

	if (!gmtime_r(&time, &tm) || !strftime(buf, TEXT_TIME_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm))
		buf[0] = '\0';
	return buf;
}

/* "10.0.0.1 -> 10.0.0.2:80": what the rule groups by; empty for a rule without groups. */
static void group_text(const struct rule *rule, const struct group_key *group, char *buf,
		       size_t size)
{
	char source[TEXT_ENDPOINT_MAX] = "", destination[TEXT_ENDPOINT_MAX] = "", port[16] = "";

	if (rule->group_by & GROUP_SOURCE)
		text_endpoint(&group->source, 0, source);
	if (rule->group_by & GROUP_DESTINATION)
		text_endpoint(&group->destination, rule->group_by & GROUP_PORT ? group->port : 0,
			      destination);
	else if (rule->group_by & GROUP_PORT)
		snprintf(port, sizeof(port), "port %u", group->port);
	snprintf(buf, size, "%s%s%s%s%s", source, *source && (*destination || *port) ? " -> " : "",
		 destination, port, rule->group_by & GROUP_REASON ? " (one reason)" : "");
}

static json_t *levels_json(const struct backtest *backtest)
{
	json_t *levels = json_array();

	for (size_t i = 0; i < backtest->level_count; i++) {
		const struct backtest_level *level = &backtest->level[i];

		json_array_append_new(levels,
				      json_pack("{s:f, s:b, s:I, s:I}", "score", level->score,
						"configured", i == backtest->own, "incidents",
						(json_int_t)level->incidents, "buckets",
						(json_int_t)level->buckets));
	}
	return levels;
}

static json_t *found_json(const struct trial *trial)
{
	json_t *list = json_array();

	for (size_t i = 0; i < trial->found_count; i++) {
		const struct found *found = &trial->found[i];
		const struct backtest_incident *incident = &found->incident;
		char start[TEXT_TIME_MAX], end[TEXT_TIME_MAX], group[2 * TEXT_ENDPOINT_MAX + 48];

		group_text(trial->backtest.rule, &found->group, group, sizeof(group));
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:s, s:I, s:f, s:f, s:f}", "start",
					time_of(incident->start_s, start), "end",
					time_of(incident->end_s, end), "group", group, "buckets",
					(json_int_t)incident->buckets, "score", incident->score,
					"actual", incident->actual, "typical", incident->typical));
	}
	return list;
}

static int print_json(const struct trial *trial)
{
	const struct backtest *backtest = &trial->backtest;
	char first[TEXT_TIME_MAX] = "", last[TEXT_TIME_MAX] = "";
	json_t *root;
	int err;

	if (backtest->buckets) {
		time_of(backtest->first_s, first);
		time_of(backtest->last_s, last);
	}
	root = json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:s, s:I, s:o, s:o}", "rule",
			 backtest->rule->id, "bucket_seconds", (json_int_t)trial->wanted.bucket_s,
			 "series", (json_int_t)backtest->series, "series_changed",
			 (json_int_t)trial->changed, "buckets", (json_int_t)backtest->buckets,
			 "learning", (json_int_t)backtest->learning, "skipped",
			 (json_int_t)backtest->skipped, "first", first, "last", last, "min_count",
			 (json_int_t)backtest->rule->anomaly.min_count, "scores",
			 levels_json(backtest), "incidents", found_json(trial));
	err = !root || json_dumpf(root, stdout, JSON_COMPACT | JSON_REAL_PRECISION(8));
	putchar('\n');
	json_decref(root);
	return err ? EXIT_RUNTIME : EXIT_GOOD;
}

static void print_found(const struct trial *trial)
{
	printf("\n  %-20s  %-7s %10s %10s  %5s%s\n", "BEGAN", "LASTED", "ACTUAL", "TYPICAL",
	       "SCORE", trial->backtest.rule->group_by ? "  GROUP" : "");
	for (size_t i = 0; i < trial->found_count; i++) {
		const struct backtest_incident *incident = &trial->found[i].incident;
		char start[TEXT_TIME_MAX], length[TEXT_DURATION_MAX], actual[TEXT_NUMBER_MAX];
		char typical[TEXT_NUMBER_MAX], group[2 * TEXT_ENDPOINT_MAX + 48];

		group_text(trial->backtest.rule, &trial->found[i].group, group, sizeof(group));
		printf("  %-20s  %-7s %10s %10s  %5.1f%s%s\n", time_of(incident->start_s, start),
		       text_duration((__u64)(incident->end_s - incident->start_s) * SECOND_NS,
				     length),
		       text_number(incident->actual, actual),
		       text_number(incident->typical, typical), incident->score, *group ? "  " : "",
		       group);
	}
	if (trial->not_shown)
		printf("  ... and %llu more\n", trial->not_shown);
}

static int print_table(const struct trial *trial)
{
	const struct backtest *backtest = &trial->backtest;
	char length[TEXT_DURATION_MAX], first[TEXT_TIME_MAX], last[TEXT_TIME_MAX];

	printf("%s: ", backtest->rule->id);
	if (!backtest->buckets) {
		printf("no counts are kept of that time\n\n");
		return EXIT_GOOD;
	}
	printf("%llu buckets of %s in %llu series, %s to %s", backtest->buckets,
	       text_duration(backtest->rule->anomaly.bucket_ns, length), backtest->series,
	       time_of(backtest->first_s, first), time_of(backtest->last_s, last));
	if (backtest->learning || backtest->skipped)
		printf("; %llu while learning, %llu seen too little of", backtest->learning,
		       backtest->skipped);
	printf("\n  %5s  %9s  %12s  min_count %llu\n", "SCORE", "INCIDENTS", "BUCKETS OVER",
	       backtest->rule->anomaly.min_count);
	for (size_t i = 0; i < backtest->level_count; i++)
		printf("  %5g  %9llu  %12llu%s\n", backtest->level[i].score,
		       backtest->level[i].incidents, backtest->level[i].buckets,
		       i == backtest->own ? "  <- as configured" : "");
	if (trial->found_count)
		print_found(trial);
	putchar('\n');
	return EXIT_GOOD;
}

static int try_rule(struct store *store, const struct rule *rule, const struct store_series *wanted,
		    const struct backtest_options *options)
{
	struct trial trial = { .store = store, .wanted = *wanted };
	int err, code = EXIT_GOOD;

	backtest_init(&trial.backtest, rule, (__s64)time(NULL) - (__s64)options->since_s,
		      take_found, &trial);
	err = store_each_series(store, rule->id, try_series, &trial);
	if (trial.out_of_memory)
		err = -ENOMEM;
	if (err) {
		log_error("rule %s: %s", rule->id, strerror(-err));
		code = EXIT_RUNTIME;
	} else {
		qsort(trial.found, trial.found_count, sizeof(*trial.found), compare_found);
		code = options->json ? print_json(&trial) : print_table(&trial);
	}
	if (trial.changed)
		log_warning(
			"rule %s: %zu series of it were counted by another match, group_by or bucket and are left out",
			rule->id, trial.changed);
	free(trial.found);
	return code;
}

static int backtest(const struct backtest_options *options)
{
	struct store_series wanted;
	struct config *config;
	struct store_told told;
	struct store *store;
	int code = cmd_load_config(options->config, &config), err;
	size_t rules = 0;

	if (code)
		return code;
	err = store_open(config->state, STORE_READ, time(NULL), &told, &store);
	if (err) {
		log_error("%s%s", told.failure, err == -ENOENT ? ": spikewatch run makes it" : "");
		config_free(config);
		return err == -ENOENT ? EXIT_USER : EXIT_RUNTIME;
	}
	for (size_t i = 0; i < config->rule_count && !code; i++) {
		if (!state_series(&config->rules[i], &wanted))
			continue;
		rules++;
		code = try_rule(store, &config->rules[i], &wanted, options);
	}
	if (!rules)
		log_warning("no anomaly rule is enabled: of others no counts are kept");
	if (!code && (fflush(stdout) || ferror(stdout))) {
		log_error("cannot write to standard output");
		code = EXIT_RUNTIME;
	}
	store_close(store);
	config_free(config);
	return code;
}

int cmd_backtest(int argc, char **argv)
{
	struct backtest_options options = { .since_s = SINCE_S };
	int code = parse_options(argc, argv, &options);

	if (code == EXIT_GOOD)
		code = backtest(&options);
	return code < 0 ? EXIT_GOOD : code;
}
