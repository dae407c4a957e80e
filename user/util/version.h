/* SPDX-License-Identifier: GPL-2.0-only */
/* Of this build; user/main.c has them. */
#ifndef UTIL_VERSION_H
#define UTIL_VERSION_H

extern const char spikewatch_version[];
extern const char spikewatch_revision[];

#endif
