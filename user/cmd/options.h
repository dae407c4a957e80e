/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line of a subcommand, from a table. */
#ifndef CMD_OPTIONS_H
#define CMD_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

#define CMD_OPTIONS_MAX 12

/* One of flag, text and take; the last two have an argument. */
struct cmd_option {
	const char *name;
	char letter;                               /* 0: none */
	bool *flag;                                /* becomes true */
	const char **text;                         /* becomes the argument, which is of argv */
	bool (*take)(const char *arg, void *into); /* false: it is none, which it has said */
	void *into;
};

/*
 * Reads the options, which end with one without name; --help and -h besides. optind is then the
 * first of what else is there. EXIT_GOOD; EXIT_USER, said; or -1 where help was asked for and
 * given.
 */
int cmd_read_options(int argc, char **argv, const struct cmd_option *options,
		     void (*usage)(FILE *out));

/* The same, where nothing else may be there; hint is added where that is said. */
int cmd_read_options_alone(int argc, char **argv, const struct cmd_option *options,
			   void (*usage)(FILE *out), const char *hint);

#endif
