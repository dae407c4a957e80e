/* SPDX-License-Identifier: GPL-2.0-only */
/* The configuration that every file is merged over. */
#ifndef CONFIG_BUILTIN_H
#define CONFIG_BUILTIN_H

/* YAML; every key of the configuration with its default, and the built-in rules. */
extern const char builtin_yaml[];

#endif
