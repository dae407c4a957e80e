/* SPDX-License-Identifier: GPL-2.0-only */
/* spikewatch run: options, sinks, and the loop that closes epochs. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/sensor.h"
#include "out/journal.h"
#include "out/json_sink.h"
#include "out/terminal.h"
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
	char **interfaces;
	size_t interface_count;
	int attach; /* enum attach_mode, -1 not given */
	bool json, counts;
};

struct loop {
	int epoll_fd, signal_fd, timer_fd;
	__u64 last_close_ns, last_second;
	__u64 work_ns; /* what the last close took */
	bool rung;     /* events came since the last close */
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
	      "  -v, --verbose          log details\n"
	      "  -h, --help             this text\n",
	      out);
}

enum { OPT_ATTACH = 256, OPT_JSON, OPT_COUNTS };

/* EXIT_GOOD, an exit code, or -1 where there is nothing more to do. */
static int parse_options(int argc, char **argv, struct run_options *ret)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "interface", required_argument, NULL, 'i' },
		{ "attach", required_argument, NULL, OPT_ATTACH },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "counts", no_argument, NULL, OPT_COUNTS },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{},
	};
	int option;

	ret->attach = -1;
	ret->interfaces = calloc(argc, sizeof(*ret->interfaces));
	if (!ret->interfaces)
		return EXIT_RUNTIME;
	while ((option = getopt_long(argc, argv, "c:i:vh", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			ret->config = optarg;
			break;
		case 'i':
			ret->interfaces[ret->interface_count++] = optarg;
			break;
		case OPT_ATTACH:
			ret->attach = cmd_parse_attach(optarg);
			if (ret->attach >= 0)
				break;
			log_error(
				"--attach '%s': expected auto, tc, tcx, clsact, xdp or xdp-generic",
				optarg);
			return EXIT_USER;
		case OPT_JSON:
			ret->json = true;
			break;
		case OPT_COUNTS:
			ret->counts = true;
			break;
		case 'v':
			log_set_level(LOG_LEVEL_DEBUG);
			break;
		case 'h':
			usage(stdout);
			return -1;
		default:
			usage(stderr);
			return EXIT_USER;
		}
	}
	if (optind < argc) {
		log_error("run takes no argument '%s'; interfaces are given by -i", argv[optind]);
		return EXIT_USER;
	}
	return EXIT_GOOD;
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

	if (config->journald) {
		err = sink_journal_new(&sensor->observer, JOURNAL_SOCKET, &sink);
		if (!err)
			sensor_add_sink(sensor, sink);
	}
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

static int add_fd(const struct loop *loop, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

/* The signals that the loop takes. */
static void loop_signals(sigset_t *ret)
{
	sigemptyset(ret);
	sigaddset(ret, SIGINT);
	sigaddset(ret, SIGTERM);
	sigaddset(ret, SIGHUP);
}

static int loop_open(struct loop *loop, const struct sensor *sensor)
{
	sigset_t signals;
	int err;

	loop_signals(&signals);
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	loop->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	loop->timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (loop->epoll_fd < 0 || loop->signal_fd < 0 || loop->timer_fd < 0)
		return -errno;
	err = add_fd(loop, loop->signal_fd);
	if (!err)
		err = add_fd(loop, loop->timer_fd);
	if (!err)
		err = add_fd(loop, drain_fd(sensor->drain));
	if (!err && sensor->shadow)
		err = add_fd(loop, shadow_fd(sensor->shadow));
	return err;
}

static void loop_close(const struct loop *loop)
{
	const int fds[] = { loop->epoll_fd, loop->signal_fd, loop->timer_fd };

	for (size_t i = 0; i < 3; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static __u64 next_close(const struct loop *loop)
{
	__u64 second = loop->last_close_ns - loop->last_close_ns % SECOND_NS + SECOND_NS;
	__u64 rest = loop->work_ns * REST_TIMES;
	__u64 rush = loop->last_close_ns + (rest > RUSH_NS ? rest : RUSH_NS);

	return loop->rung && rush < second ? rush : second;
}

/* Has a signal to stop come? */
static bool read_signals(const struct loop *loop)
{
	struct signalfd_siginfo info;
	bool stop = false;

	while (read(loop->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGHUP)
			log_warning(
				"SIGHUP: this version reads its configuration at the start only; restart it");
		else
			stop = true;
	}
	return stop;
}

static int close_epoch(struct loop *loop, struct sensor *sensor)
{
	__u64 now_ns = cmd_now_ns(CLOCK_BOOTTIME), end_ns = now_ns;
	__u64 boundary_ns = now_ns - now_ns % SECOND_NS;
	int code;

	if (boundary_ns > loop->last_close_ns && now_ns - boundary_ns < LATE_NS)
		end_ns = boundary_ns;
	code = sensor_close_epoch(sensor, end_ns);
	loop->work_ns = cmd_now_ns(CLOCK_BOOTTIME) - now_ns;
	loop->last_close_ns = end_ns;
	loop->rung = false;
	if (end_ns / SECOND_NS != loop->last_second)
		sensor_look_after(sensor);
	loop->last_second = end_ns / SECOND_NS;
	return code;
}

/* Waits until the next thing happens or an epoch is due. True: stop. */
static bool wait_for_work(struct loop *loop, struct sensor *sensor)
{
	__u64 due_ns = next_close(loop), expirations;
	struct itimerspec timer = {
		.it_value = { .tv_sec = due_ns / SECOND_NS, .tv_nsec = due_ns % SECOND_NS },
	};
	struct epoll_event events[4];
	bool stop = false;
	int n;

	timerfd_settime(loop->timer_fd, TFD_TIMER_ABSTIME, &timer, NULL);
	n = epoll_wait(loop->epoll_fd, events, 4, -1);
	for (int i = 0; i < n; i++) {
		if (events[i].data.fd == loop->signal_fd)
			stop |= read_signals(loop);
		else if (events[i].data.fd == loop->timer_fd)
			(void)!read(loop->timer_fd, &expirations, sizeof(expirations));
		else if (events[i].data.fd != drain_fd(sensor->drain))
			sensor_guard(sensor);
		else if (drain_take_events(sensor->drain) > 0)
			loop->rung = true;
	}
	return stop;
}

static int watch(struct sensor *sensor)
{
	struct loop loop = { .epoll_fd = -1, .signal_fd = -1, .timer_fd = -1 };
	int err = loop_open(&loop, sensor), code = EXIT_GOOD;
	bool stop = false;

	if (err) {
		log_error("cannot set up the event loop: %s", strerror(-err));
		code = EXIT_RUNTIME;
	}
	loop.last_close_ns = cmd_now_ns(CLOCK_BOOTTIME);
	while (!stop && !code) {
		stop = wait_for_work(&loop, sensor);
		if (!stop && cmd_now_ns(CLOCK_BOOTTIME) >= next_close(&loop))
			code = close_epoch(&loop, sensor);
	}
	/* What was counted until the programs went is judged too. */
	sensor_detach(sensor);
	if (!code)
		code = sensor_close_epoch(sensor, cmd_now_ns(CLOCK_BOOTTIME));
	loop_close(&loop);
	return code;
}

static int run(const struct run_options *options)
{
	struct sensor sensor = {};
	int code;

	code = cmd_load_config(options->config, &sensor.config);
	if (code)
		return code;
	code = override_config(sensor.config, options);
	if (!code && options->counts && counts_new(&sensor.counts))
		code = EXIT_RUNTIME;
	if (!code && open_sinks(&sensor))
		code = EXIT_RUNTIME;
	if (code)
		log_error("out of memory");
	else
		code = sensor_open(&sensor);
	if (!code) {
		code = watch(&sensor);
		sensor_say(&sensor, SENSOR_STOPPED, NULL, "spikewatch stops%s",
			   code ? " after an error" : "");
	}
	if (!code && sensor.counts &&
	    counts_print(sensor.counts, &sensor.reasons.names, NULL, stdout)) {
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
