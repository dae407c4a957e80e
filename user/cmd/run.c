/* SPDX-License-Identifier: GPL-2.0-only */
/* spikewatch run: options, sinks, and the loop that closes epochs. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/options.h"
#include "out/json_sink.h"
#include "out/terminal.h"
#include "sensor/clock.h"
#include "sensor/reload.h"
#include "sensor/sensor.h"
#include "util/log.h"

#define SECOND_NS 1000000000ULL
/* While the doorbell rings, epochs are closed as often as this. */
#define RUSH_NS 100000000ULL
/* But not before this many times what the last one took: under a flood that bounds our CPU time. */
#define REST_TIMES 10
/* A tick this late still means the second's boundary: its counts belong to the second before. */
#define LATE_NS 200000000ULL

struct run_options {
	const char *config;
	const char **interfaces;
	size_t interface_count;
	int attach; /* enum attach_mode, -1 not given */
	bool json, counts, no_sandbox;
};

/* When epochs are closed. */
struct pace {
	struct sensor *sensor;
	const struct run_options *options;
	int signal_fd;
	__u64 last_close_ns, last_second;
	__u64 work_ns;     /* what the last close took */
	bool rung;         /* events came since the last close */
	bool reload, stop; /* a signal said so */
};

static void usage(FILE *out)
{
	fputs("usage: spikewatch run [-c FILE] [-i IFACE]... [--attach MODE] [--json]\n\n"
	      "Watches this host's packets and drops, and alerts, until it is stopped (Ctrl-C, SIGTERM).\n\n"
	      "  -c, --config FILE      instead of " CONFIG_PATH "\n"
	      "  -i, --interface IFACE  watch this interface (a name, a glob or auto) instead of the\n"
	      "                         configured ones; may be given several times\n"
	      "      --attach MODE      auto, tc, tcx, clsact, xdp, xdp-generic\n"
	      "      --json             one ECS record a line on standard output\n"
	      "      --counts           at the end, print all that was counted as JSON lines\n"
	      "      --no-sandbox       keep capabilities and system calls, to look for faults\n"
	      "  -v, --verbose          log details\n"
	      "  -h, --help             this text\n",
	      out);
}

static bool take_interface(const char *name, void *into)
{
	struct run_options *options = into;

	options->interfaces[options->interface_count++] = name;
	return true;
}

static bool take_attach(const char *text, void *into)
{
	struct run_options *options = into;

	options->attach = cmd_parse_attach(text);
	if (options->attach < 0)
		log_error("--attach '%s': expected auto, tc, tcx, clsact, xdp or xdp-generic",
			  text);
	return options->attach >= 0;
}

/* EXIT_GOOD, an exit code, or -1 where there is nothing more to do. */
static int parse_options(int argc, char **argv, struct run_options *ret)
{
	bool verbose = false;
	const struct cmd_option options[] = {
		{ .name = "config", .letter = 'c', .text = &ret->config },
		{ .name = "interface", .letter = 'i', .take = take_interface, .into = ret },
		{ .name = "attach", .take = take_attach, .into = ret },
		{ .name = "json", .flag = &ret->json },
		{ .name = "counts", .flag = &ret->counts },
		{ .name = "no-sandbox", .flag = &ret->no_sandbox },
		{ .name = "verbose", .letter = 'v', .flag = &verbose },
		{},
	};
	int code;

	ret->attach = -1;
	ret->interfaces = calloc(argc, sizeof(*ret->interfaces));
	if (!ret->interfaces)
		return EXIT_RUNTIME;
	code = cmd_read_options_alone(argc, argv, options, usage, "; interfaces are given by -i");
	if (verbose)
		log_set_level(LOG_LEVEL_DEBUG);
	return code;
}

/* What the command line says stands above the file. */
static int override_config(struct config *config, const struct run_options *options)
{
	if (options->attach >= 0)
		config->attach = options->attach;
	if (options->json)
		config->out = STDOUT_JSON;
	if (options->interface_count &&
	    config_set_interfaces(config, options->interfaces, options->interface_count))
		return EXIT_RUNTIME;
	return EXIT_GOOD;
}

static int open_sinks(struct sensor *sensor)
{
	const struct config *config = sensor->config;
	enum stdout_mode mode = config->out;
	struct sink *sink;
	int err = 0;

	if (mode == STDOUT_AUTO)
		mode = isatty(STDOUT_FILENO) ? STDOUT_HUMAN : STDOUT_OFF;
	if (err || mode == STDOUT_OFF)
		return err;
	if (mode == STDOUT_JSON)
		err = sink_json_new(&sensor->observer, STDOUT_FILENO, &sink);
	else
		err = sink_terminal_new(&sensor->observer, stdout, &sink);
	if (!err)
		sensor_add_sink(sensor, sink);
	return err;
}

static void reopen_output(struct sensor *sensor)
{
	for (size_t i = 0; i < sensor->sink_count; i++) {
		sensor->sinks[i]->ops->flush(sensor->sinks[i]);
		sensor->sinks[i]->ops->free(sensor->sinks[i]);
	}
	sensor->sink_count = 0;
	if (open_sinks(sensor))
		log_error("out of memory: not all records are written");
}

/* The signals that the loop takes. */
static void loop_signals(sigset_t *ret)
{
	sigemptyset(ret);
	sigaddset(ret, SIGINT);
	sigaddset(ret, SIGTERM);
	sigaddset(ret, SIGHUP);
}

/* The signals are only noted: what they ask for is done between two epochs. */
static void take_signals(__u32 events, void *arg)
{
	struct pace *pace = arg;
	struct signalfd_siginfo info;

	while (read(pace->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGHUP)
			pace->reload = true;
		else
			pace->stop = true;
	}
}

static void take_events(__u32 events, void *arg)
{
	struct pace *pace = arg;

	if (drain_take_events(pace->sensor->drain) > 0)
		pace->rung = true;
}

static int pace_open(struct pace *pace)
{
	struct sensor *sensor = pace->sensor;
	sigset_t signals;
	int err;

	loop_signals(&signals);
	pace->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (pace->signal_fd < 0)
		return -errno;
	err = loop_set(sensor->loop, pace->signal_fd, EPOLLIN, take_signals, pace);
	if (!err)
		err = loop_set(sensor->loop, drain_fd(sensor->drain), EPOLLIN, take_events, pace);
	return err;
}

static __u64 next_close(const struct pace *pace)
{
	__u64 second = pace->last_close_ns - pace->last_close_ns % SECOND_NS + SECOND_NS;
	__u64 rest = pace->work_ns * REST_TIMES;
	__u64 rush = pace->last_close_ns + (rest > RUSH_NS ? rest : RUSH_NS);

	return pace->rung && rush < second ? rush : second;
}

static int close_epoch(struct pace *pace, struct sensor *sensor)
{
	__u64 now_ns = clock_now_ns(CLOCK_BOOTTIME), end_ns = now_ns;
	__u64 boundary_ns = now_ns - now_ns % SECOND_NS;
	int code;

	if (boundary_ns > pace->last_close_ns && now_ns - boundary_ns < LATE_NS)
		end_ns = boundary_ns;
	code = sensor_close_epoch(sensor, end_ns);
	pace->work_ns = clock_now_ns(CLOCK_BOOTTIME) - now_ns;
	pace->last_close_ns = end_ns;
	pace->rung = false;
	if (end_ns / SECOND_NS != pace->last_second)
		sensor_look_after(sensor);
	pace->last_second = end_ns / SECOND_NS;
	return code;
}

/* SIGHUP: the file is read and validated whole, and then taken or refused. */
static void reload(struct pace *pace)
{
	const struct run_options *options = pace->options;
	struct complaints complaints = {};
	struct config *next;
	int err;

	pace->reload = false;
	service_reloading(pace->sensor);
	err = config_load(cmd_config_path(options->config), reload_complain, &complaints, &next);
	if (!err && override_config(next, options)) {
		config_free(next);
		err = -ENOMEM;
	}
	if (!err) {
		config_say_unused(next, cmd_say_notice, NULL);
		reload_take(pace->sensor, next);
	} else {
		if (!complaints.count)
			reload_complain(strerror(-err), &complaints);
		reload_refuse(pace->sensor, &complaints);
	}
	service_ready(pace->sensor);
}

static int watch(struct sensor *sensor, const struct run_options *options)
{
	struct pace pace = { .sensor = sensor, .options = options, .signal_fd = -1 };
	int err = pace_open(&pace), code = EXIT_GOOD;

	if (err) {
		log_error("cannot set up the event loop: %s", strerror(-err));
		code = EXIT_RUNTIME;
	}
	pace.last_close_ns = clock_now_ns(CLOCK_BOOTTIME);
	while (!pace.stop && !code) {
		loop_wait(sensor->loop, next_close(&pace));
		if (pace.reload && !pace.stop)
			reload(&pace);
		if (!pace.stop && clock_now_ns(CLOCK_BOOTTIME) >= next_close(&pace))
			code = close_epoch(&pace, sensor);
	}
	if (pace.signal_fd >= 0) {
		loop_drop(sensor->loop, pace.signal_fd);
		close(pace.signal_fd);
	}
	service_stopping(sensor);
	/* What was counted until the programs went is judged too. */
	sensor_detach(sensor);
	if (!code)
		code = sensor_close_epoch(sensor, clock_now_ns(CLOCK_BOOTTIME));
	return code;
}

static int run(struct run_options *options)
{
	struct sensor sensor = {
		.no_sandbox = options->no_sandbox,
		.reopen_output = reopen_output,
	};
	int code;

	/* Found once, it must be there at each reload. */
	options->config = cmd_config_path(options->config);
	code = cmd_load_config(options->config, &sensor.config);
	if (code)
		return code;
	code = override_config(sensor.config, options);
	if (!code && options->counts && counts_new(&sensor.counts))
		code = EXIT_RUNTIME;
	if (!code && (loop_new(&sensor.loop) || open_sinks(&sensor)))
		code = EXIT_RUNTIME;
	if (code)
		log_error("out of memory");
	else
		code = delivery_open(&sensor);
	if (!code)
		code = sensor_open(&sensor);
	if (!code) {
		code = watch(&sensor, options);
		sensor_say(&sensor, SENSOR_STOPPED, NULL, "spikewatch stops%s",
			   code ? " after an error" : "");
	}
	if (!code && sensor.counts && counts_print(sensor.counts, &sensor.observer, NULL, stdout)) {
		log_error("cannot write the counts to standard output");
		code = EXIT_RUNTIME;
	}
	sensor_close(&sensor);
	return code;
}

int cmd_run(int argc, char **argv)
{
	struct run_options options = {};
	int code = parse_options(argc, argv, &options);
	sigset_t signals;

	/* Blocked before anything is attached: one that comes early stops us as a late one does. */
	loop_signals(&signals);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (code == EXIT_GOOD)
		code = run(&options);
	free(options.interfaces);
	return code < 0 ? EXIT_GOOD : code;
}
