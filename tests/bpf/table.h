/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables of packets as cmocka tests: one test for each row and target. */
#ifndef TESTS_BPF_TABLE_H
#define TESTS_BPF_TABLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "target.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* The state of each test of a table. */
struct table_case {
	const struct target *target;
	const void *row;
};

/*
 * Adds a test named "target: row"; target NULL: neither. A kernel test is skipped without
 * privileges.
 */
void table_add(const char *name, const struct target *target, const void *row,
	       CMUnitTestFunction test);

/* Runs what was added. Returns the number of tests that failed. */
int table_run(const char *group);

/* The name of a counter as metrics and `status` show it. */
const char *table_counter_name(enum sw_counter counter);

/* Fails, naming the counter, where it is not `want`. `doing` says what was done. */
void table_check_counter(const struct counts *got, enum sw_counter counter, __u64 want,
			 const char *doing);

/* packets_* = understood + parse_*, and nothing negative. */
void table_check_identity(const struct counts *got, const char *doing);

/* Remembers which counters were reached; then fails for each of first..last that was not. */
void table_note_reached(const struct counts *got);
void table_check_reached(enum sw_counter first, enum sw_counter last);

#endif
