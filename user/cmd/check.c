/* SPDX-License-Identifier: GPL-2.0-only */
/* spikewatch check: validates a configuration and prints the effective one. */
#include <getopt.h>
#include <stdio.h>

#include "cmd/cmd.h"
#include "util/log.h"

static void usage(FILE *out)
{
	fputs("usage: spikewatch check [-c FILE] [-q]\n\n"
	      "Validates a configuration and prints the effective one: what the file says, merged over\n"
	      "the built-in defaults and rules. Every mistake is named as FILE:LINE:COLUMN.\n\n"
	      "  -c, --config FILE  instead of " CONFIG_PATH "\n"
	      "  -q, --quiet        validate only\n"
	      "  -h, --help         this text\n",
	      out);
}

int cmd_check(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		{},
	};
	const char *path = NULL;
	struct config *config;
	bool quiet = false;
	int option, code;

	while ((option = getopt_long(argc, argv, "c:qh", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			path = optarg;
			break;
		case 'q':
			quiet = true;
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
		log_error("check takes no argument '%s'; a file is given by -c FILE", argv[optind]);
		return EXIT_USER;
	}
	code = cmd_load_config(path, &config);
	if (code)
		return code;
	if (!quiet && (config_print(config, stdout) || fflush(stdout))) {
		log_error("cannot write the configuration to standard output");
		code = EXIT_RUNTIME;
	}
	config_free(config);
	return code;
}
