/* SPDX-License-Identifier: GPL-2.0-only */
/* Exit codes: the contract with scripts. */
#ifndef UTIL_EXIT_H
#define UTIL_EXIT_H

enum exit_code {
	EXIT_GOOD = 0,
	EXIT_RUNTIME = 1, /* failed while running */
	EXIT_USER = 2,    /* usage, configuration, unknown interface */
	EXIT_HOST = 77,   /* the host lacks something */
};

#endif
