/* SPDX-License-Identifier: GPL-2.0-only */
/* What the subcommands share. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "config/scalar.h"
#include "util/log.h"

static void say_error(const char *message, void *arg)
{
	log_error("%s", message);
}

void cmd_say_notice(const char *message, void *arg)
{
	log_warning("%s", message);
}

const char *cmd_config_path(const char *given)
{
	return given || access(CONFIG_PATH, F_OK) ? given : CONFIG_PATH;
}

int cmd_load_config(const char *path, struct config **ret)
{
	struct config *config;

	if (config_load(cmd_config_path(path), say_error, NULL, &config))
		return EXIT_USER;
	config_say_unused(config, cmd_say_notice, NULL);
	*ret = config;
	return EXIT_GOOD;
}

int cmd_parse_attach(const char *text)
{
	static const struct {
		const char *name;
		enum attach_mode mode;
	} modes[] = {
		{ "auto", ATTACH_AUTO }, { "tc", ATTACH_TC },
		{ "tcx", ATTACH_TCX },   { "clsact", ATTACH_CLSACT },
		{ "xdp", ATTACH_XDP },   { "xdp-generic", ATTACH_XDP_GENERIC },
	};

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (!strcmp(modes[i].name, text))
			return modes[i].mode;
	return -1;
}

bool cmd_parse_seconds(const char *text, __u64 *ret_s)
{
	__u64 length_ns;

	if (scalar_parse_duration(text, &length_ns) || length_ns % NS_PER_S)
		return false;
	*ret_s = length_ns / NS_PER_S;
	return true;
}
