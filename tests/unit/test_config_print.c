/* SPDX-License-Identifier: GPL-2.0-only */
/* The effective configuration reads back to the same; keys without effect are named. */
#include "tests/unit/config_help.h"

#define RULE "rules:\n  mine:\n    feed: http\n    threshold: {}\n"

/* What is printed must hold `holds`, and read back to the same. */
struct trip {
	const char *name;
	const char *text;
	const char *holds;
};

static const struct trip trips[] = {
	{ "nothing", "", "memory_budget: 64MiB\n" },
	{ "an interface that needs quotes",
	  "interfaces: ['*', '#1', '-a', {name: off, role: tap}]\n",
	  "  - {name: \"*\", attach: auto, role: auto}\n"
	  "  - {name: \"#1\", attach: auto, role: auto}\n" },
	{ "connected alone", "internal: [connected]\n", "\ninternal: [connected]\n" },
	{ "connected among others", "external: [connected, \"::/0\", 0.0.0.0/0]\n",
	  "\nexternal: [\"::/0\", 0.0.0.0/0, connected]\n" },
	{ "IPv6 that looks like IPv4",
	  "trusted_proxies: [\"::ffff:10.0.0.0/104\", \"::1.2.3.4\"]\n",
	  "\ntrusted_proxies: [10.0.0.0/8, \"::1.2.3.4\"]\n" },
	{ "a list's entries",
	  "lists: {no: [10.0.0.1, {net: 10.0.0.0/8, until: 2028-02-29, note: 'x: #'}]}\n",
	  "  \"no\":\n"
	  "    - {net: 10.0.0.1}\n"
	  "    - {net: 10.0.0.0/8, until: 2028-02-29, note: \"x: #\"}\n" },
	{ "the first and the last day",
	  "lists: {a: [{net: 1.1.1.1, until: 1970-01-01}, {net: 1.1.1.2, until: 9999-12-31}]}\n",
	  "{net: 1.1.1.2, until: 9999-12-31}\n" },
	{ "text that YAML reads as something else",
	  RULE
	  "    tags: ['null', '~', 'true', 'off', '1', '1.5', '- a', 'a: b', '#', '&a', '*a']\n",
	  NULL },
	{ "text of several lines", RULE "    description: |\n      one\n\n      two\t x \n",
	  "    description: \"one\\n\\ntwo\\u0009 x \\n\"\n" },
	{ "quotes and backslashes", RULE "    title: 'say \"hi\" \\n it''s'\n",
	  "    title: \"say \\\"hi\\\" \\\\n it's\"\n" },
	{ "control characters",
	  RULE "    title: \"\\x01\\x7f\\x85\\uFEFF\\u2028\\u202E\\uFFFE\\e\"\n",
	  "    title: \"\\u0001\\u007F\\u0085\\uFEFF\\u2028\\u202E\\uFFFE\\u001B\"\n" },
	{ "letters of many scripts", RULE "    title: Größe 大 😀\n",
	  "    title: \"Größe 大 😀\"\n" },
	{ "blanks at both ends", RULE "    title: '  a  '\n", "    title: \"  a  \"\n" },
	{ "texts that are taken away",
	  "rules: {http-error-spike-internal: {summary: null, description: ~, false_positives: []}}\n",
	  "    summary: null\n    description: null\n    false_positives: []\n" },
	{ "match and except that are taken away",
	  "rules: {http-error-spike-internal: {match: {}, except: {}, group_by: []}}\n",
	  "    match: {}\n    except: {}\n    group_by: []\n" },
	{ "an http rule",
	  RULE "    match: {status: '404,500-503', client: [self, vuln_scanners], port: 80-81}\n"
	       "    except: {server: [external, '2001:db8::/32']}\n    group_by: [port, client]\n",
	  "    match: {status: [404, 500-503], client: [self, vuln_scanners], port: [80-81]}\n"
	  "    except: {server: [external, \"2001:db8::/32\"]}\n    group_by: [client, port]\n" },
	{ "a rule with all of drop",
	  "rules: {1: {feed: drop, anomaly: {bucket: 90s, score: 75.50, side: both}, match: {proto: 99,\n"
	  "  class: [other, firewall], reason: X, hook: egress, source: internal, port: 1}}}\n",
	  "  \"1\":\n" },
	{ "scores with decimals", "rules: {firewall-deny-spike: {anomaly: {score: 1.005}}}\n",
	  "anomaly: {bucket: 15m, score: 1.005, min_count: 50, side: high}\n" },
	{ "durations",
	  "webhook: {timeout: 1500ms}\nrules: {firewall-deny-spike: {suppress: 48h}}\n",
	  "  timeout: 1500ms\n" },
	{ "sizes", "memory_budget: 2048KiB\n", "memory_budget: 2MiB\n" },
	{ "a byte order mark and CRLF",
	  "\xef\xbb\xbf"
	  "attach: tc\r\nstdout: json\r\n",
	  "stdout: json\n" },
};

static void test_round_trip(void **state)
{
	size_t i;

	for (i = 0; i < sizeof(trips) / sizeof(*trips); i++) {
		const struct trip *trip = &trips[i];
		struct config *config;
		char *first, *second;

		config = parse_good(trip->text);
		first = print_config(config);
		config_free(config);
		if (trip->holds && !strstr(first, trip->holds))
			fail_msg("row '%s': no\n%sin\n%s", trip->name, trip->holds, first);
		config = parse_good(first);
		second = print_config(config);
		config_free(config);
		if (strcmp(first, second))
			print_error("row '%s'\n", trip->name);
		assert_string_equal(first, second);
		free(first);
		free(second);
	}
}

static void test_write_error(void **state)
{
	struct config *config = parse_good("");
	FILE *full = fopen("/dev/full", "w");

	assert_non_null(full);
	assert_int_equal(config_print(config, full), -EIO);
	fclose(full);
	config_free(config);
}

#define NO " has no effect in this version\n"

static const struct mistake notes[] = {
	{ "nothing", "", "" },
	{ "defaults that are given",
	  "trusted_proxies: []\nhttp: {count: all, cluster_cidrs: [], evidence: path, require_reverse: true}\n"
	  "keep_attached: false\nresolve: hosts\ngeoip: []\nstate: /var/lib/spikewatch/spikewatch.db\n"
	  "control: /run/spikewatch/control.sock\nmetrics: {listen: '127.0.0.1:9435'}\n"
	  "webhook: {url: null, timeout: 20s}\ninterfaces: [{name: eth0, role: auto}]\n",
	  "" },
	{ "keys with effect",
	  "attach: tcx\ninternal: [connected]\ndrops: {netns: all, chains: true}\nresolve: off\nstdout: json\n"
	  "memory_budget: 8MiB\njournald: {enabled: false}\nhttp: {require_reverse: false}\n"
	  "lists: {x: [{net: 10.0.0.1, until: 2027-01-31}]}\n",
	  "" },
	{ "keys of the top level, in the order of the file",
	  "webhook:\n  url: http://h/\nstate: /x\ncontrol: /x\nkeep_attached: true\nresolve: dns\n"
	  "geoip: [/x]\ntrusted_proxies: [10.0.0.1]\n",
	  "f:8:1: 'trusted_proxies'" NO },
	{ "keys of http",
	  "http:\n  count: server-side\n  cluster_cidrs: [10.0.0.0/8]\n  evidence: none\n"
	  "  require_reverse: false\n",
	  "" },
	{ "metrics", "metrics: {listen: off}\n", "" },
	{ "an anomaly with groups",
	  "rules: {mine: {feed: drop, anomaly: {}, group_by: [source]}}\n",
	  "f:1:41: 'group_by of an anomaly'" NO },
	{ "an anomaly of a built-in rule with groups",
	  "rules: {http-error-spike-internal: {anomaly: {}}}\n",
	  "f:1:37: 'group_by of an anomaly'" NO },
	{ "classes of a rule of one's own",
	  "rules: {mine: {feed: drop, threshold: {}, match: {class: [firewall, refused, other]}},\n"
	  "  two: {feed: drop, threshold: {}, match: {class: prohibited}},\n"
	  "  three: {feed: drop, threshold: {}, match: {class: unanswered}}}\n",
	  "" },
	{ "classes of a built-in rule",
	  "rules: {firewall-deny-spike: {match: {class: [prohibited, refused]}}}\n", "" },
};

static void test_unused(void **state)
{
	size_t i, size;

	for (i = 0; i < sizeof(notes) / sizeof(*notes); i++) {
		struct config *config = parse_good(notes[i].text);
		char *said = NULL;
		FILE *out = open_memstream(&said, &size);

		config_say_unused(config, gather, out);
		fclose(out);
		if (strcmp(said, notes[i].said))
			print_error("row '%s'\n", notes[i].name);
		assert_string_equal(said, notes[i].said);
		free(said);
		config_free(config);
	}
}

/* The printed defaults are all given, and none of them is worth a note. */
static void test_printed_defaults(void **state)
{
	struct config *config = parse_good("");
	char *text = print_config(config);

	config_free(config);
	config = parse_good(text);
	assert_null(config->unused[0]);
	config_free(config);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_write_error),
		cmocka_unit_test(test_unused),
		cmocka_unit_test(test_printed_defaults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
