/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line of a subcommand, from a table. */
#include <getopt.h>

#include "cmd/cmd.h"
#include "cmd/options.h"
#include "util/log.h"

#define LONG_ONLY 256 /* getopt's values of options without letter begin here */

static bool has_argument(const struct cmd_option *option)
{
	return !option->flag;
}

static bool take(const struct cmd_option *option)
{
	if (option->take)
		return option->take(optarg, option->into);
	if (option->flag)
		*option->flag = true;
	else
		*option->text = optarg;
	return true;
}

int cmd_read_options(int argc, char **argv, const struct cmd_option *options,
		     void (*usage)(FILE *out))
{
	const struct cmd_option *by_value[LONG_ONLY + CMD_OPTIONS_MAX] = {};
	struct option longs[CMD_OPTIONS_MAX + 2] = {};
	char letters[2 * CMD_OPTIONS_MAX + 2] = "h";
	size_t count, len = 1;
	int value;

	for (count = 0; count < CMD_OPTIONS_MAX && options[count].name; count++) {
		const struct cmd_option *one = &options[count];

		value = one->letter ? one->letter : LONG_ONLY + (int)count;
		longs[count] = (struct option){
			.name = one->name,
			.has_arg = has_argument(one) ? required_argument : no_argument,
			.val = value,
		};
		by_value[value] = one;
		if (one->letter)
			letters[len++] = one->letter;
		if (one->letter && has_argument(one))
			letters[len++] = ':';
	}
	longs[count] = (struct option){ .name = "help", .val = 'h' };
	while ((value = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		if (value == 'h') {
			usage(stdout);
			return -1;
		}
		if (value == '?' || !by_value[value]) {
			usage(stderr);
			return EXIT_USER;
		}
		if (!take(by_value[value]))
			return EXIT_USER;
	}
	return EXIT_GOOD;
}

int cmd_read_options_alone(int argc, char **argv, const struct cmd_option *options,
			   void (*usage)(FILE *out), const char *hint)
{
	int code = cmd_read_options(argc, argv, options, usage);

	if (code == EXIT_GOOD && optind < argc) {
		log_error("%s takes no argument '%s'%s", argv[0], argv[optind], hint);
		return EXIT_USER;
	}
	return code;
}
