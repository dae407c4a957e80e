/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How long a record of the built-in rules may become. Container runtimes cut what a container
 * prints after 16 KiB into pieces, which each reader has to put together again: none of ours is to
 * need it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <netinet/in.h>

#include "record/json.h"
#include "tests/unit/config_help.h"
#include "tests/unit/example.h"

#define RUNTIME_LINE 16384
/* An instance of 15 network cards, with an IPv4 and an IPv6 address each. */
#define ADDRS 30

static char long_name[254];

static struct addr long_addr(unsigned int i)
{
	char text[ADDR_TEXT_MAX];

	snprintf(text, sizeof(text), "2001:db8:aaaa:bbbb:cccc:dddd:%x:%x", 0xf000 + i, 0xf100 + i);
	return example_addr(text);
}

static const char *name_of_all(const struct addr *addr, void *arg)
{
	return long_name;
}

static bool place_of_all(const struct addr *addr, struct addr_place *ret, void *arg)
{
	*ret = (struct addr_place){ .country = "DE", .as_number = 4294967295 };
	memset(ret->organization, '"', sizeof(ret->organization) - 1); /* two bytes each, as JSON */
	return true;
}

static bool pod_of_all(const struct addr *addr, struct addr_pod *ret, void *arg)
{
	const char *name = long_name + sizeof(long_name) - 1 - 63; /* a label of DNS */

	*ret = (struct addr_pod){
		.namespace = name, .name = name, .kind = "StatefulSet", .workload = name
	};
	return true;
}

static const struct observer *long_observer(void)
{
	static struct reason_names reasons;
	static struct chain_names chains;
	static struct addr addrs[ADDRS];
	static const struct observer observer = {
		.hostname = long_name,
		.version = "100.100.100",
		.addrs = addrs,
		.addr_count = ADDRS,
		.reasons = &reasons,
		.chains = &chains,
		.host_name = name_of_all,
		.place = place_of_all,
	};

	memset(long_name, 'n', sizeof(long_name) - 1);
	for (unsigned int i = 0; i < ADDRS; i++)
		addrs[i] = long_addr(i);
	for (int i = 0; i < SW_REASON_MAX; i++)
		reasons.name[i] = "A_REASON_OF_A_LENGTH_THAT_IS_SELDOM";
	for (int i = 0; i < CHAIN_NAMES_MAX; i++)
		chains.name[i] =
			"inet a-table-of-31-bytes-aaaaaaaaaaaa a-chain-of-31-bytes-aaaaaaaaaaaa";
	return &observer;
}

static void fill_tops(struct alert *alert)
{
	for (int dimension = 0; dimension < DIM_MAX; dimension++) {
		struct top *top = &alert->top[dimension];

		for (unsigned int i = 0; i < ALERT_TOP_MAX; i++)
			example_top_add(top, (struct top_entry){ .addr = long_addr(i),
								 .port = 65500 + i,
								 .code = 500 + i,
								 .count = UINT32_MAX - i });
		top->rest = UINT32_MAX;
		top->distinct = UINT32_MAX;
		top->distinct_at_least = true;
	}
}

static void fill(struct alert *alert, const struct rule *rule)
{
	struct example example;
	char text[ADDR_TEXT_MAX];

	example_common(&example);
	*alert = example.alert;
	alert->rule = rule;
	alert->action = ALERT_SUPPRESSED;
	alert->suppressed = true;
	alert->group.source = long_addr(0);
	alert->count = alert->peak = UINT32_MAX;
	alert->cause = CAUSE_BEACON_OR_EXFILTRATION;
	memset(alert->cause_says, 'x', sizeof(alert->cause_says) - 1);
	alert->coverage = (struct coverage){ .evicted = UINT32_MAX,
					     .unparsed = UINT32_MAX,
					     .gap_ns = 12345678901 };
	fill_tops(alert);
	addr_format(&alert->group.source, text);
	for (int i = 0; i < ALERT_SAMPLES_MAX; i++)
		example_sample_add(alert, text, 65535, text, 65535, 599, IPPROTO_TCP);
	alert->requests = (struct alert_requests){ .known = UINT32_MAX,
						   .distinct = UINT32_MAX,
						   .paths = UINT32_MAX };
	if (rule->feed == FEED_HTTP)
		for (; alert->requests.count < ALERT_REQUESTS_MAX; alert->requests.count++)
			memset(alert->requests.text[alert->requests.count], '"', REQUEST_TEXT - 1);
	alert->anomaly.score = alert->anomaly.peak_score = 99.9999;
	alert->anomaly.probability = 1.2345e-200;
	alert->anomaly.actual = alert->anomaly.typical = alert->anomaly.typical_high =
		12345678901.5;
	alert->anomaly.influencer_count = ALERT_TOP_MAX;
	for (unsigned int i = 0; i < ALERT_TOP_MAX; i++)
		alert->anomaly.influencer[i] = (struct influencer){
			.dimension = DIM_DESTINATION,
			.value = alert->top[DIM_DESTINATION].entry[i],
			.influence = 0.41234,
		};
}

static void check_lines(const struct observer *observer)
{
	struct config *config = parse_good("");
	size_t longest = 0;

	for (size_t i = 0; i < config->rule_count; i++) {
		struct alert alert;
		char *line;
		size_t len;

		fill(&alert, &config->rules[i]);
		assert_int_equal(json_format_alert(observer, &alert, &line), 0);
		len = strlen(line) + 1;
		assert_null(strchr(line, '\n'));
		print_message("%s: %zu bytes\n", config->rules[i].id, len);
		longest = len > longest ? len : longest;
		free(line);
	}
	assert_true(longest > 4096);
	assert_true(longest <= RUNTIME_LINE);
	config_free(config);
}

static void every_line_is_whole(void **state)
{
	check_lines(long_observer());
}

/* Pods are inside: of their addresses no registry tells, and few resolvers. */
static void with_names_of_pods_too(void **state)
{
	struct observer observer = *long_observer();

	observer.pod = pod_of_all;
	observer.place = NULL;
	observer.host_name = NULL;
	check_lines(&observer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_line_is_whole),
		cmocka_unit_test(with_names_of_pods_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
