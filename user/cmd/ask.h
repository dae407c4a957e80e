/* SPDX-License-Identifier: GPL-2.0-only */
/* Asks the running sensor at its control socket. */
#ifndef CMD_ASK_H
#define CMD_ASK_H

#include <stdbool.h>

#include <jansson.h>

/*
 * Sends one line and reads the answer, an object, which the caller frees by json_decref(). Returns
 * an exit code; what went wrong is said. quiet: not that nobody answers (EXIT_RUNTIME, *ret NULL).
 */
int ask(const char *path, const char *line, bool quiet, json_t **ret);

#endif
