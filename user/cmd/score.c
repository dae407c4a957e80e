/* SPDX-License-Identifier: GPL-2.0-only */
/* spikewatch score: any series of counts through the model of the anomaly rules. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/options.h"
#include "record/text.h"
#include "score/plot.h"
#include "score/series.h"
#include "sensor/clock.h"
#include "util/log.h"

#define BAD_ROWS_SAID 20
#define ALERT_SCORE   75

struct score_options {
	__s64 bucket_s; /* 0: auto */
	enum side side;
	bool fill_zero, json;
	const char *plot;
	const char *file;
};

/* Wrong rows of one input: the first ones are said, the others counted. */
struct complaints {
	const char *file;
	size_t count;
};

static void usage(FILE *out)
{
	fputs("usage: spikewatch score [--bucket LENGTH] [--side SIDE] [--json] [--plot FILE] [FILE]\n\n"
	      "Scores a series of counts as an anomaly rule would have: each bucket is judged by those\n"
	      "before it, then learned. Reads lines \"time,count\" from FILE or standard input (-); times\n"
	      "are seconds since 1970 or RFC 3339.\n\n"
	      "      --bucket LENGTH  auto: each row is a bucket (the default); or a length from 1s to 7d,\n"
	      "                       such as 15m: rows of the same bucket are added up\n"
	      "      --side SIDE      high (the default), low, both: which counts are unusual\n"
	      "      --fill-zero      buckets without rows count as zero; else they are gaps\n"
	      "      --json           one JSON object a line for each bucket\n"
	      "      --plot FILE      also draw counts, what was expected, scores and alerts as SVG\n"
	      "  -h, --help           this text\n",
	      out);
}

static bool take_side(const char *text, void *into)
{
	enum side *ret = into;
	static const char *const names[] = { "high", "low", "both" };

	for (int i = 0; i < 3; i++) {
		if (strcmp(names[i], text))
			continue;
		*ret = (enum side)i;
		return true;
	}
	log_error("--side '%s': expected high, low or both", text);
	return false;
}

static bool take_bucket(const char *text, void *into)
{
	__s64 *ret_s = into;
	__u64 length_s;

	*ret_s = 0;
	if (!strcmp(text, "auto"))
		return true;
	if (!cmd_parse_seconds(text, &length_s) || length_s < 1 || length_s > SERIES_BUCKET_MAX) {
		log_error("--bucket '%s': expected auto or a length from 1s to 7d, such as 15m",
			  text);
		return false;
	}
	*ret_s = (__s64)length_s;
	return true;
}

/* EXIT_GOOD, an exit code, or -1 where there is nothing more to do. */
static int parse_options(int argc, char **argv, struct score_options *ret)
{
	const struct cmd_option options[] = {
		{ .name = "bucket", .take = take_bucket, .into = &ret->bucket_s },
		{ .name = "side", .take = take_side, .into = &ret->side },
		{ .name = "fill-zero", .flag = &ret->fill_zero },
		{ .name = "json", .flag = &ret->json },
		{ .name = "plot", .text = &ret->plot },
		{},
	};
	int code = cmd_read_options(argc, argv, options, usage);

	if (code)
		return code;
	if (argc - optind > 1) {
		log_error("score takes one series; '%s' is a second one", argv[optind + 1]);
		return EXIT_USER;
	}
	ret->file = optind < argc ? argv[optind] : "-";
	return EXIT_GOOD;
}

static void complain(size_t line, const char *reason, void *arg)
{
	struct complaints *complaints = arg;

	if (complaints->count++ < BAD_ROWS_SAID)
		log_error("%s:%zu: %s", complaints->file, line, reason);
}

static int read_series(const struct score_options *options, struct series *series)
{
	bool is_stdin = !strcmp(options->file, "-");
	struct complaints complaints = { is_stdin ? "standard input" : options->file, 0 };
	FILE *in = is_stdin ? stdin : fopen(options->file, "re");
	int err;

	if (!in) {
		log_error("%s: %s", options->file, strerror(errno));
		return EXIT_USER;
	}
	err = series_read(in, options->bucket_s > 0, complain, &complaints, series);
	if (!is_stdin)
		fclose(in);
	if (complaints.count > BAD_ROWS_SAID)
		log_error("%s: %zu more rows are wrong", complaints.file,
			  complaints.count - BAD_ROWS_SAID);
	if (err && err != -EINVAL)
		log_error("%s: %s", complaints.file, strerror(-err));
	return !err ? EXIT_GOOD : err == -EINVAL ? EXIT_USER : EXIT_RUNTIME;
}

/* The time as it was given; a bucket of several rows or of none has its start, in the same way. */
static const char *time_text(const struct series *series, const struct point *point,
			     char buf[CSV_TIME_MAX])
{
	time_t start_s = point->start_s;
	struct tm tm;

	if (series->rows[0].epoch)
		snprintf(buf, CSV_TIME_MAX, "%lld", point->start_s);
	else if (point->row)
		return point->row->text;
	else if (!gmtime_r(&start_s, &tm) ||
		 !strftime(buf, CSV_TIME_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm))
		buf[0] = '\0';
	return buf;
}

static void print_json(const struct series *series, const struct point *point)
{
	const char *quote = series->rows[0].epoch ? "" : "\"";
	char time[CSV_TIME_MAX];

	printf("{\"time\":%s%s%s,\"actual\":%.16g,\"typical\":%.6g,\"typical_low\":%.16g,"
	       "\"typical_high\":%.16g,\"probability\":%.6g,\"score\":%.5f,\"learning\":%s}\n",
	       quote, time_text(series, point, time), quote, point->actual, point->typical,
	       point->low, point->high, point->probability, point->score,
	       point->learning ? "true" : "false");
}

static const char *rank(const struct point *point)
{
	if (point->learning)
		return "learning";
	if (point->score >= 75)
		return "critical";
	if (point->score >= 50)
		return "major";
	return point->score >= 25 ? "minor" : "";
}

static void print_row(const struct series *series, const struct point *point)
{
	char time[CSV_TIME_MAX], actual[TEXT_NUMBER_MAX], typical[TEXT_NUMBER_MAX];
	char low[TEXT_NUMBER_MAX], high[TEXT_NUMBER_MAX], range[2 * TEXT_NUMBER_MAX + 2];
	const char *word = rank(point);

	snprintf(range, sizeof(range), "%s..%s", text_number(point->low, low),
		 text_number(point->high, high));
	printf("%-25s %12s %12s %17s %12.3g %6.1f%s%s\n", time_text(series, point, time),
	       text_number(point->actual, actual), text_number(point->typical, typical), range,
	       point->probability, point->score, *word ? "  " : "", word);
}

static int print_points(const struct series *series, bool json)
{
	if (!json)
		printf("%-25s %12s %12s %17s %12s %6s\n", "TIME", "ACTUAL", "TYPICAL", "5%..95%",
		       "PROBABILITY", "SCORE");
	for (size_t i = 0; i < series->point_count; i++) {
		if (json)
			print_json(series, &series->points[i]);
		else
			print_row(series, &series->points[i]);
	}
	if (!fflush(stdout) && !ferror(stdout))
		return EXIT_GOOD;
	log_error("cannot write to standard output");
	return EXIT_RUNTIME;
}

static int draw(const struct series *series, const struct score_options *options)
{
	const struct plot_cfg cfg = {
		.title = strcmp(options->file, "-") ? options->file : "standard input",
		.alert = ALERT_SCORE,
		.side = options->side,
	};
	FILE *out = fopen(options->plot, "we");
	int err;

	if (!out) {
		log_error("--plot %s: %s", options->plot, strerror(errno));
		return EXIT_USER;
	}
	err = plot_write(series, &cfg, out);
	if ((fclose(out) || err)) {
		log_error("--plot %s: it could not be written", options->plot);
		return EXIT_RUNTIME;
	}
	return EXIT_GOOD;
}

static __s32 zone_of(__s64 time_s)
{
	return clock_zone_s((__u64)time_s * 1000000000ULL);
}

static int score(const struct score_options *options, struct series *series)
{
	int code = read_series(options, series), err;

	if (code)
		return code;
	err = series_divide(series, options->bucket_s, options->fill_zero);
	if (!err)
		err = series_score(series, options->side, zone_of);
	if (err == -E2BIG) {
		log_error("--fill-zero: more than %d buckets would be filled in", SERIES_FILL_MAX);
		return EXIT_USER;
	}
	if (err) {
		log_error("cannot score the series: %s", strerror(-err));
		return EXIT_RUNTIME;
	}
	code = print_points(series, options->json);
	return code || !options->plot ? code : draw(series, options);
}

int cmd_score(int argc, char **argv)
{
	struct score_options options = { .side = SIDE_HIGH };
	struct series series = {};
	int code = parse_options(argc, argv, &options);

	if (code == EXIT_GOOD)
		code = score(&options, &series);
	series_clear(&series);
	return code < 0 ? EXIT_GOOD : code;
}
