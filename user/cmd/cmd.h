/* SPDX-License-Identifier: GPL-2.0-only */
/* The subcommands, and what they share. */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include <stdbool.h>
#include <linux/types.h>

#include "config/config.h"
#include "util/exit.h"

#define CONFIG_PATH "/etc/spikewatch/spikewatch.yaml"

/* Each takes what follows the program's name, and returns the exit code. */
int cmd_run(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_probe(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_score(int argc, char **argv);
int cmd_backtest(int argc, char **argv);
int cmd_detach(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_history(int argc, char **argv);

/*
 * Loads the configuration and says what is wrong or without effect. path NULL: CONFIG_PATH where
 * that exists, else the built-in one. Returns an exit code; *ret only with EXIT_GOOD.
 */
int cmd_load_config(const char *path, struct config **ret);

/* The path that a configuration is read from: as given; NULL: the built-in one. */
const char *cmd_config_path(const char *given);

/* A config_say_fn: to the log, as a warning. */
void cmd_say_notice(const char *message, void *arg);

/* "tc", "xdp"...; -1 where it is no attach mode. */
int cmd_parse_attach(const char *text);

/* "15m", "7d" in whole seconds; false where it is no such length. */
bool cmd_parse_seconds(const char *text, __u64 *ret_s);

#endif
