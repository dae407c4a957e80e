/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tests of the configuration share: parse text, gather messages, print. */
#ifndef TESTS_UNIT_CONFIG_HELP_H
#define TESTS_UNIT_CONFIG_HELP_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/config.h"

/* A mistake and what is said about it: each message with its line's end. */
struct mistake {
	const char *name;
	const char *text;
	const char *said;
};

/* Gathers messages in the FILE at arg, each with its line's end. */
static inline void gather(const char *message, void *arg)
{
	fprintf(arg, "%s\n", message);
}

/* Parses text as the file "f". What is said goes to *said, which the caller frees. */
static inline int parse_len(const char *text, size_t len, char **said, struct config **ret)
{
	size_t size;
	FILE *out = open_memstream(said, &size);
	int err = config_parse("f", text, len, gather, out, ret);

	fclose(out);
	return err;
}

/* Parses what must be good. */
static inline struct config *parse_good(const char *text)
{
	struct config *config = NULL;
	char *said = NULL;
	int err = parse_len(text, strlen(text), &said, &config);

	if (err)
		print_error("%s\n%s", text, said);
	assert_int_equal(err, 0);
	assert_string_equal(said, "");
	free(said);
	return config;
}

/* What is said about text that must not be good; the caller frees it. */
static inline char *parse_bad(const char *text)
{
	struct config *config = NULL;
	char *said = NULL;
	int err = parse_len(text, strlen(text), &said, &config);

	if (!err)
		print_error("taken though it is wrong: %s\n", text);
	assert_int_equal(err, -EINVAL);
	assert_null(config);
	return said;
}

static inline void check_mistakes(const struct mistake *rows, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		char *said = parse_bad(rows[i].text);

		if (strcmp(said, rows[i].said))
			print_error("row '%s'\n", rows[i].name);
		assert_string_equal(said, rows[i].said);
		free(said);
	}
}

/* The effective configuration as text; the caller frees it. */
static inline char *print_config(const struct config *config)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(config_print(config, out), 0);
	fclose(out);
	return text;
}

#define CHECK_MISTAKES(rows) check_mistakes(rows, sizeof(rows) / sizeof(*(rows)))

#endif
