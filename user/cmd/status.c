/* SPDX-License-Identifier: GPL-2.0-only */
/* spikewatch status: how the running sensor stands. */
#include <getopt.h>
#include <stdio.h>

#include "cmd/ask.h"
#include "cmd/cmd.h"
#include "util/log.h"
#include "view/status.h"

static void usage(FILE *out)
{
	fputs("usage: spikewatch status [-c FILE] [--json]\n\n"
	      "Asks the running sensor how it stands: what is attached, rules, counts, losses, what it is\n"
	      "blind for. Exit status 1 where none answers.\n\n"
	      "  -c, --config FILE  the configuration whose control: socket is asked, instead of\n"
	      "                     " CONFIG_PATH "\n"
	      "      --json         one JSON object\n"
	      "  -h, --help         this text\n",
	      out);
}

static int print(const json_t *status, bool json)
{
	struct page page = { .out = stdout };

	if (json) {
		if (json_dumpf(status, stdout, JSON_COMPACT | JSON_REAL_PRECISION(15)))
			return EXIT_RUNTIME;
		putchar('\n');
	} else {
		page_fit(&page, stdout);
		status_put(&page, status);
	}
	return fflush(stdout) || page.failed ? EXIT_RUNTIME : EXIT_GOOD;
}

static int show(const char *path, bool json)
{
	struct config *config;
	json_t *status;
	int code = cmd_load_config(path, &config);

	if (code)
		return code;
	code = ask(config->control, "status", false, &status);
	if (!code)
		code = print(status, json);
	json_decref(status);
	config_free(config);
	return code;
}

int cmd_status(int argc, char **argv)
{
	enum { OPT_JSON = 256 };
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "help", no_argument, NULL, 'h' },
		{},
	};
	const char *path = NULL;
	bool json = false;
	int option;

	while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			path = optarg;
			break;
		case OPT_JSON:
			json = true;
			break;
		case 'h':
			usage(stdout);
			return EXIT_GOOD;
		default:
			usage(stderr);
			return EXIT_USER;
		}
	}
	if (optind < argc) {
		log_error("status takes no argument '%s'", argv[optind]);
		return EXIT_USER;
	}
	return show(path, json);
}
