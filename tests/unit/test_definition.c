/* SPDX-License-Identifier: GPL-2.0-only */
/* A rule's number changes with what it counts, and with nothing else. */
#include "tests/unit/judging.h"

#define DEFINITION_OF_DENIES 0x53f63662c3017422ULL

static void what_it_counts_changes_it(void **state)
{
	const struct rule first = deny_rule();
	char *reasons[] = { (char *)"NETFILTER_DROP", (char *)"NO_SOCKET" };
	struct rule rules[9];
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(rules); i++)
		rules[i] = first;
	rules[1].feed = FEED_HTTP;
	rules[2].group_by = GROUP_SOURCE;
	rules[3].match.classes = 1;
	rules[4].match.port[0] = (struct range){ 22, 22 };
	rules[4].match.port_count = 1;
	rules[5].match.source = term_match((struct addr_term){ .kind = ADDR_INTERNAL });
	rules[6].match.destination = rules[5].match.source;
	rules[7].match.reason[0] = reasons[0];
	rules[7].match.reason_count = 1;
	rules[8].match.reason[0] = reasons[1];
	rules[8].match.reason_count = 1;
	for (i = 0; i < ARRAY_SIZE(rules); i++)
		for (j = 0; j < i; j++)
			assert_true(rule_definition(&rules[i]) != rule_definition(&rules[j]));
}

static void nothing_else_changes_it(void **state)
{
	struct rule a = deny_rule(), b = deny_rule();

	b.title = (char *)"another";
	b.severity = 9;
	b.anomaly.score = 50;
	b.anomaly.bucket_ns *= 2;
	assert_true(rule_definition(&a) == rule_definition(&b));
	/* it is kept in files: it stays what it is */
	assert_true(rule_definition(&a) == DEFINITION_OF_DENIES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_it_counts_changes_it),
		cmocka_unit_test(nothing_else_changes_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
