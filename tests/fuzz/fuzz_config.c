/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Any bytes as a configuration: what is taken must print as YAML that reads back to the same.
 *
 * clang -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined -g -O1 -std=gnu11 \
 *	-D_GNU_SOURCE -Iinclude -Iuser tests/fuzz/fuzz_config.c user/config/[a-z]*.c \
 *	user/core/netset.c user/core/rules.c -lyaml -lm -o build/fuzz_config
 * build/fuzz_config -max_len=4096 -max_total_time=180 -dict=tests/fuzz/config.dict \
 *	build/corpus tests/fuzz/corpus/config
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A message is one line of bounded length, whatever stands in the file. */
static void check_message(const char *message, void *arg)
{
	const char *start = arg;

	if (strncmp(message, start, strlen(start)) || strchr(message, '\n') ||
	    strlen(message) > 1000)
		abort();
}

static void fail(const char *message, void *arg)
{
	fprintf(stderr, "%s\n", message);
}

static char *print(const struct config *config, size_t *len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);

	if (!out || config_print(config, out))
		abort();
	fclose(out);
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config *first, *second;
	char *first_text, *second_text;
	size_t first_len, second_len;

	if (config_parse("f", (const char *)data, size, check_message, "f:", &first))
		return 0;
	config_say_unused(first, check_message, "f:");
	first_text = print(first, &first_len);
	if (config_parse("printed", first_text, first_len, fail, NULL, &second)) {
		fputs(first_text, stderr);
		abort();
	}
	second_text = print(second, &second_len);
	if (strcmp(first_text, second_text)) {
		fprintf(stderr, "%s-----\n%s", first_text, second_text);
		abort();
	}
	free(first_text);
	free(second_text);
	config_free(first);
	config_free(second);
	return 0;
}
