/* SPDX-License-Identifier: GPL-2.0-only */
/* Picks the subcommand. */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "util/version.h"

const char spikewatch_version[] = SPIKEWATCH_VERSION;
const char spikewatch_revision[] = SPIKEWATCH_REVISION;

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *says;
} commands[] = {
	{ "run", cmd_run, "watch and alert, in the foreground" },
	{ "probe", cmd_probe, "what this host supports, and what would be attached where" },
	{ "check", cmd_check, "validate a configuration, print the effective one" },
	{ "replay", cmd_replay, "the same programs and rules over captures (pcap, pcapng)" },
	{ "score", cmd_score, "how unusual each count of a series is (CSV: time,count)" },
	{ "detach", cmd_detach, "take away what a sensor left attached" },
	{ "backtest", cmd_backtest, "what anomaly rules would have raised over the counts kept" },
	{ "status", cmd_status, "how the running sensor stands" },
	{ "history", cmd_history, "records that were written: incidents, and about the sensor" },
};

static void usage(FILE *out)
{
	fputs("usage: spikewatch COMMAND [OPTION]...\n\n"
	      "Watches a gateway's or node's packets and says when HTTP errors or firewall denies spike.\n\n",
	      out);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].says);
	fputs("\n  --help     this text; spikewatch COMMAND --help for a command's options\n"
	      "  --version  version and revision\n\n"
	      "Exit status: 0 good, 1 failed while running, 2 wrong usage or configuration,\n"
	      "77 the host lacks something (capability, BTF, kernel feature).\n",
	      out);
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		usage(stderr);
		return EXIT_USER;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		usage(stdout);
		return EXIT_GOOD;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		printf("spikewatch %s (%s)\n", SPIKEWATCH_VERSION, SPIKEWATCH_REVISION);
		return EXIT_GOOD;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	fprintf(stderr, "spikewatch: '%s' is not a command; spikewatch --help lists them\n",
		argv[1]);
	return EXIT_USER;
}
