/* SPDX-License-Identifier: GPL-2.0-only */
/* spikewatch status: how the running sensor stands. */
#include <stdio.h>

#include "cmd/ask.h"
#include "cmd/cmd.h"
#include "cmd/options.h"
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
	const char *path = NULL;
	bool json = false;
	const struct cmd_option options[] = {
		{ .name = "config", .letter = 'c', .text = &path },
		{ .name = "json", .flag = &json },
		{},
	};
	int code = cmd_read_options_alone(argc, argv, options, usage, "");

	if (code == EXIT_GOOD)
		code = show(path, json);
	return code < 0 ? EXIT_GOOD : code;
}
