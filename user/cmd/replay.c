/* SPDX-License-Identifier: GPL-2.0-only */
/* spikewatch replay: the same BPF programs and rules over captures. */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/options.h"
#include "cmd/inputs.h"
#include "cmd/playback.h"
#include "cmd/progress.h"
#include "out/json_sink.h"
#include "out/terminal.h"
#include "util/log.h"

/* Packets between two looks at the clock. */
#define LOOK_EVERY 1024

struct replay_options {
	const char *config;
	bool json, counts;
};

struct replay {
	struct sensor sensor;
	struct inputs inputs;
	struct progress progress;
};

static void usage(FILE *out)
{
	fputs("usage: spikewatch replay [-c FILE] [--json] [--counts] FILE...\n\n"
	      "Runs captures through the same BPF programs and rules as 'run', in the captures' own time,\n"
	      "and writes the alerts to standard output, never to journald. Several captures are merged by\n"
	      "time; - is standard input. pcap and pcapng, also in gzip; Ethernet, raw IP, Linux cooked,\n"
	      "loopback, 802.11 and PPP.\n\n"
	      "A capture does not hold what a firewall dropped: rules of feed drop get no records. No\n"
	      "address of this host is 'self' or 'connected' here.\n\n"
	      "  -c, --config FILE  instead of " CONFIG_PATH "\n"
	      "      --json         one ECS record a line\n"
	      "      --counts       at the end, print all that was counted: a table, or JSON lines with\n"
	      "                     --json\n"
	      "  -v, --verbose      log details\n"
	      "  -h, --help         this text\n",
	      out);
}

/* EXIT_GOOD, an exit code, or -1 where there is nothing more to do. */
static int parse_options(int argc, char **argv, struct replay_options *ret)
{
	bool verbose = false;
	const struct cmd_option options[] = {
		{ .name = "config", .letter = 'c', .text = &ret->config },
		{ .name = "json", .flag = &ret->json },
		{ .name = "counts", .flag = &ret->counts },
		{ .name = "verbose", .letter = 'v', .flag = &verbose },
		{},
	};
	int code = cmd_read_options(argc, argv, options, usage);

	if (code)
		return code;
	if (verbose)
		log_set_level(LOG_LEVEL_DEBUG);
	if (optind == argc) {
		log_error("replay needs a capture; - is standard input");
		return EXIT_USER;
	}
	return EXIT_GOOD;
}

/* Nobody waits for a replay: it waits for whoever reads what it writes. False: nobody does. */
static bool wait_for_reader(void)
{
	struct pollfd reader = { .fd = STDOUT_FILENO, .events = POLLOUT };

	while (poll(&reader, 1, -1) < 0 && errno == EINTR)
		;
	return !(reader.revents & (POLLERR | POLLHUP | POLLNVAL));
}

static void flush_sinks(struct sensor *sensor)
{
	bool reads = wait_for_reader();

	for (size_t i = 0; i < sensor->sink_count; i++)
		while (sensor->sinks[i]->ops->flush(sensor->sinks[i]) && reads)
			reads = wait_for_reader();
}

static void before_alert(void *arg)
{
	struct replay *replay = arg;

	progress_clear(&replay->progress);
	flush_sinks(&replay->sensor);
}

static int open_sink(struct replay *replay, bool json)
{
	struct sensor *sensor = &replay->sensor;
	struct sink *sink;
	int err = json ? sink_json_new(&sensor->observer, STDOUT_FILENO, &sink)
		       : sink_terminal_new(&sensor->observer, stdout, &sink);

	if (err) {
		log_error("out of memory");
		return EXIT_RUNTIME;
	}
	sensor_add_sink(sensor, sink);
	sensor->before_alert = before_alert;
	sensor->before_alert_arg = replay;
	return EXIT_GOOD;
}

static void tell_progress(struct replay *replay, __u64 packets)
{
	__u64 position, size;

	inputs_progress(&replay->inputs, &position, &size);
	progress_tell(&replay->progress, packets, position, size);
}

static void say_unseen(const struct playback *playback)
{
	if (playback->cut)
		log_warning(
			"%llu packets were cut when they were captured: what they lacked was not seen",
			playback->cut);
	if (playback->encrypted || playback->aggregated)
		log_warning(
			"802.11: %llu encrypted and %llu aggregated frames were not looked into",
			playback->encrypted, playback->aggregated);
}

static int play(struct replay *replay, struct playback *playback)
{
	struct frame frame;
	int code = EXIT_GOOD;
	double seconds;

	progress_begin(&replay->progress);
	while (!code && inputs_next(&replay->inputs, &frame)) {
		code = playback_packet(playback, &frame);
		if (playback->packets % LOOK_EVERY == 0)
			tell_progress(replay, playback->packets);
	}
	if (!code)
		code = playback_end(playback);
	seconds = progress_seconds(&replay->progress);
	progress_clear(&replay->progress);
	log_info("%llu packets of %.3f s in %.3f s: %.0f packets/s", playback->packets,
		 (playback->latest_ns - playback->first_ns) / 1e9, seconds,
		 seconds > 0 ? playback->packets / seconds : 0);
	say_unseen(playback);
	return code;
}

static int print_counts(const struct sensor *sensor, const struct playback *playback, bool json)
{
	struct counts_extra extra[PLAYBACK_COUNTERS];
	int err;

	playback_counters(playback, extra);
	err = json ? counts_print(sensor->counts, &sensor->observer, extra, stdout)
		   : counts_print_table(sensor->counts, extra, stdout);
	if (!err)
		return EXIT_GOOD;
	log_error("cannot write the counts to standard output");
	return EXIT_RUNTIME;
}

/* Everything up to the first packet. */
static int prepare(struct replay *replay, const struct replay_options *options, char **files,
		   size_t file_count)
{
	struct sensor *sensor = &replay->sensor;
	int code = cmd_load_config(options->config, &sensor->config);

	sensor->replay = true;
	if (!code)
		code = inputs_open(files, file_count, &replay->inputs);
	if (!code)
		code = sensor_read_host(sensor);
	if (!code)
		code = sensor_load(sensor);
	if (!code)
		code = open_sink(replay, options->json);
	if (!code && options->counts && counts_new(&sensor->counts)) {
		log_error("out of memory");
		code = EXIT_RUNTIME;
	}
	return code;
}

static int replay_files(const struct replay_options *options, char **files, size_t file_count)
{
	struct replay replay = {};
	struct sensor *sensor = &replay.sensor;
	struct playback playback = { .sensor = sensor };
	int code = prepare(&replay, options, files, file_count);

	if (!code) {
		log_info(
			"a capture is of elsewhere: no address is self or connected, and there are no drops");
		code = play(&replay, &playback);
		flush_sinks(sensor);
	}
	if (!code && sensor->counts)
		code = print_counts(sensor, &playback, options->json);
	if (!code && sensor->sinks[0]->counts.lost) {
		log_error("%llu records could not be written to standard output",
			  sensor->sinks[0]->counts.lost);
		code = EXIT_RUNTIME;
	}
	if (!code && replay.inputs.damaged)
		code = EXIT_RUNTIME;
	inputs_close(&replay.inputs);
	sensor_close(sensor);
	return code;
}

int cmd_replay(int argc, char **argv)
{
	struct replay_options options = {};
	int code = parse_options(argc, argv, &options);

	signal(SIGPIPE, SIG_IGN);
	if (code == EXIT_GOOD)
		code = replay_files(&options, argv + optind, argc - optind);
	return code < 0 ? EXIT_GOOD : code;
}
