/* SPDX-License-Identifier: GPL-2.0-only */
/* A configuration in the place of another one: what keeps its value, and what is named. */
#include "tests/unit/config_help.h"

static char *printed(const struct config *config)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_int_equal(config_print(config, out), 0);
	fclose(out);
	return text;
}

static char *kept(struct config *next, struct config *running)
{
	char *said = NULL;
	size_t len;
	FILE *out = open_memstream(&said, &len);

	config_keep(next, running, gather, out);
	fclose(out);
	return said;
}

static void keys_that_need_a_restart_keep_their_value(void **state)
{
	static const struct mistake rows[] = {
		{ "nothing", "", "" },
		{ "memory_budget", "memory_budget: 32MiB\n", "memory_budget\n" },
		{ "keep_attached", "keep_attached: true\n", "keep_attached\n" },
		{ "netns", "drops: {netns: all}\n", "drops.netns\n" },
		{ "chains", "drops: {chains: true}\n", "drops.chains\n" },
		{ "a member of http", "http: {require_reverse: false}\n", "http\n" },
		{ "networks of http", "http: {cluster_cidrs: [10.0.0.0/8]}\n", "http\n" },
		{ "trusted_proxies", "trusted_proxies: [10.0.0.1]\n", "trusted_proxies\n" },
		{ "state", "state: /tmp/s.db\n", "state\n" },
		{ "resolve", "resolve: 'off'\n", "resolve\n" },
		{ "kubernetes", "kubernetes: {names: api}\n", "kubernetes\n" },
		{ "a member of kubernetes", "kubernetes: {refresh: 1m}\n", "kubernetes\n" },
		{ "geoip", "geoip: [/tmp/g.mmdb]\n", "geoip\n" },
		{ "several", "state: /tmp/s.db\nmemory_budget: 32MiB\n", "memory_budget\nstate\n" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config *running = parse_good(""), *next = parse_good(rows[i].text);
		char *before = printed(running), *other = printed(next), *said, *after, *given;

		said = kept(next, running);
		after = printed(next);
		given = printed(running);
		if (strcmp(said, rows[i].said) != 0)
			fail_msg("%s: said %s", rows[i].name, said);
		assert_string_equal(after, before);
		assert_string_equal(given, other);
		config_free(running);
		config_free(next);
		free(before);
		free(other);
		free(said);
		free(after);
		free(given);
	}
}

static void others_are_taken(void **state)
{
	struct config *running = parse_good(""), *next;
	char *said;

	next = parse_good("interfaces: [eth7]\nattach: xdp\ninternal: [10.0.0.0/8]\n"
			  "lists: {mine: [10.0.0.1]}\nstdout: json\njournald: {enabled: false}\n"
			  "control: /tmp/c\nmetrics: {listen: 'off'}\n"
			  "rules: {firewall-deny-spike: {enabled: false}}\n");
	said = kept(next, running);
	assert_string_equal(said, "");
	assert_string_equal(next->interfaces[0].name, "eth7");
	assert_int_equal(next->internal.count, 1);
	assert_int_equal(next->out, STDOUT_JSON);
	assert_false(next->journald);
	assert_string_equal(next->control, "/tmp/c");
	assert_string_equal(next->metrics_listen, "off");
	config_free(running);
	config_free(next);
	free(said);
}

static void outlets_that_differ(void **state)
{
	static const struct {
		const char *name, *text;
		bool same;
	} rows[] = {
		{ "nothing", "", true },
		{ "a rule", "rules: {firewall-deny-spike: {enabled: false}}\n", true },
		{ "journald", "journald: {enabled: false}\n", false },
		{ "stdout", "stdout: json\n", true },
		{ "webhook's address", "webhook: {url: 'https://a.example/'}\n", false },
		{ "webhook's time", "webhook: {timeout: 9s}\n", false },
		{ "webhook's token", "webhook: {url: 'https://a.example/', token_file: /tmp/t}\n",
		  false },
		{ "webhook's certificates", "webhook: {ca: /tmp/ca.pem}\n", false },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config *running = parse_good(""), *next = parse_good(rows[i].text);

		if (config_same_outlets(running, next) != rows[i].same)
			fail_msg("%s", rows[i].name);
		config_free(running);
		config_free(next);
	}
}

/* Lists are numbered; a rule is compared by their names. */
static void a_list_before_another_changes_no_rule(void **state)
{
	static const char rule[] = "rules: {mine: {feed: http, match: {client: %s}, "
				   "threshold: {count: 9, window: 1m}}}\n";
	struct config *one, *two, *three;
	char text[512];
	size_t last;

	snprintf(text, sizeof(text), "lists: {b: [10.0.0.1]}\n");
	snprintf(text + strlen(text), sizeof(text) - strlen(text), rule, "b");
	one = parse_good(text);
	snprintf(text, sizeof(text), "lists: {a: [10.0.0.1], b: [10.0.0.2]}\n");
	snprintf(text + strlen(text), sizeof(text) - strlen(text), rule, "b");
	two = parse_good(text);
	snprintf(text, sizeof(text), "lists: {a: [10.0.0.1]}\n");
	snprintf(text + strlen(text), sizeof(text) - strlen(text), rule, "a");
	three = parse_good(text);
	last = one->rule_count - 1;
	assert_true(rule_counts_alike(&one->rules[last], &two->rules[last]));
	assert_false(rule_counts_alike(&one->rules[last], &three->rules[last]));
	config_free(one);
	config_free(two);
	config_free(three);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_that_need_a_restart_keep_their_value),
		cmocka_unit_test(others_are_taken),
		cmocka_unit_test(outlets_that_differ),
		cmocka_unit_test(a_list_before_another_changes_no_rule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
