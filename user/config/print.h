/* SPDX-License-Identifier: GPL-2.0-only */
/* Pieces of YAML: what the printers of the configuration and of its rules share. */
#ifndef CONFIG_PRINT_H
#define CONFIG_PRINT_H

#include <stdio.h>

#include "config/config.h"

/* Text as YAML: plain where that is safe, else in double quotes. NULL is null. */
void print_text(FILE *out, const char *text);
/* [a, b], or [] for NULL. */
void print_texts(FILE *out, char *const *texts);
/* The networks, without brackets. */
void print_nets(FILE *out, const struct net *nets, size_t count);
/* A rule (print_rule.c), indented as an entry of rules:. */
void print_rule(FILE *out, const struct config *config, const struct rule *rule);

#endif
