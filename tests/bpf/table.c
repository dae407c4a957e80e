/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables of packets as cmocka tests. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel.h"
#include "table.h"

#define TESTS_MAX 1400

static struct {
	struct CMUnitTest tests[TESTS_MAX];
	struct table_case cases[TESTS_MAX];
	CMUnitTestFunction functions[TESTS_MAX];
	size_t count;
	bool reached[COUNT_MAX];
} state;

static void run_case(void **ctx)
{
	struct table_case *c = *ctx;

	if (c->target == &kernel_target && !kernel_can_run()) {
		if (kernel_must_run())
			fail_msg("REQUIRE_BPF=1, and the programs can't be loaded");
		skip();
	}
	state.functions[c - state.cases](ctx);
}

void table_add(const char *name, const struct target *target, const void *row,
	       CMUnitTestFunction test)
{
	struct table_case *c = &state.cases[state.count];
	char *full;

	assert(state.count < TESTS_MAX);
	assert(asprintf(&full, "%s%s%s", target ? target->name : "", target ? ": " : "", name) > 0);
	c->target = target;
	c->row = row;
	state.functions[state.count] = test;
	state.tests[state.count].name = full;
	state.tests[state.count].test_func = run_case;
	state.tests[state.count++].initial_state = c;
}

int table_run(const char *group)
{
	int failed = _cmocka_run_group_tests(group, state.tests, state.count, NULL, NULL);

	for (size_t i = 0; i < state.count; i++)
		free((char *)state.tests[i].name);
	return failed;
}

const char *table_counter_name(enum sw_counter counter)
{
	static const char *const NAMES[COUNT_MAX] = {
#define X(constant, name) name,
		SW_COUNTERS(X)
#undef X
	};

	return NAMES[counter];
}

void table_check_counter(const struct counts *got, enum sw_counter counter, __u64 want,
			 const char *doing)
{
	if (got->totals.n[counter] != want)
		fail_msg("%s: %s is %llu, not %llu", doing, table_counter_name(counter),
			 got->totals.n[counter], want);
}

void table_check_identity(const struct counts *got, const char *doing)
{
	const __u64 *n = got->totals.n;
	__u64 packets = n[COUNT_PACKETS_INGRESS] + n[COUNT_PACKETS_EGRESS] + n[COUNT_PACKETS_XDP];
	__u64 named = n[COUNT_UNDERSTOOD];

	for (int i = COUNT_PARSE_TRUNCATED; i <= COUNT_PARSE_L4_SHORT; i++)
		named += n[i];
	if (packets != named)
		fail_msg("%s: %llu packets, %llu named", doing, packets, named);
}

void table_note_reached(const struct counts *got)
{
	for (int i = 0; i < COUNT_MAX; i++)
		state.reached[i] |= got->totals.n[i] > 0;
}

void table_check_reached(enum sw_counter first, enum sw_counter last)
{
	int missing = 0;

	for (enum sw_counter i = first; i <= last; i++) {
		if (state.reached[i])
			continue;
		print_error("no row reaches %s\n", table_counter_name(i));
		missing++;
	}
	assert_int_equal(missing, 0);
}
