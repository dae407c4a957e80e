/* SPDX-License-Identifier: GPL-2.0-only */
/* spikewatch check: validates a configuration and prints the effective one. */
#include <stdio.h>

#include "cmd/cmd.h"
#include "cmd/options.h"
#include "sensor/podnames.h"
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

/* What the file asks for and this host does not have is no mistake of the file. */
static void look_at_names(const struct config *config)
{
	char missing[PODNAMES_SAYS_MAX];
	struct target target;

	if (config->kubernetes.names != KUBE_NAMES_OFF &&
	    !podnames_look_ahead(config, &target, missing))
		log_warning("kubernetes: names of pods could not be had here: %s", missing);
}

int cmd_check(int argc, char **argv)
{
	const char *path = NULL;
	bool quiet = false;
	const struct cmd_option options[] = {
		{ .name = "config", .letter = 'c', .text = &path },
		{ .name = "quiet", .letter = 'q', .flag = &quiet },
		{},
	};
	struct config *config;
	int code = cmd_read_options_alone(argc, argv, options, usage,
					  "; a file is given by -c FILE");

	if (code)
		return code < 0 ? EXIT_GOOD : code;
	code = cmd_load_config(path, &config);
	if (code)
		return code;
	if (!quiet && (config_print(config, stdout) || fflush(stdout))) {
		log_error("cannot write the configuration to standard output");
		code = EXIT_RUNTIME;
	}
	look_at_names(config);
	config_free(config);
	return code;
}
