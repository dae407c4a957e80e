/* SPDX-License-Identifier: GPL-2.0-only */
/* What is said about values of the top level that cannot be, and how long texts may be. */
#include "tests/unit/config_help.h"

static const struct mistake top_mistakes[] = {
	{ "an unknown way to attach", "attach: xpd\n",
	  "f:1:9: 'attach' cannot be 'xpd': expected auto, tc, tcx, clsact, xdp or xdp-generic (did you mean 'xdp'?)\n" },
	{ "a word in capitals", "attach: TC\n",
	  "f:1:9: 'attach' cannot be 'TC': expected auto, tc, tcx, clsact, xdp or xdp-generic\n" },
	{ "no interfaces", "interfaces: []\n",
	  "f:1:13: 'interfaces' has no entries: expected [auto], names or globs\n" },
	{ "an interface without a name", "interfaces: [{attach: xdp}]\n",
	  "f:1:14: an interface needs a 'name'\n" },
	{ "an interface given twice", "interfaces: [eth0, {name: eth0}]\n",
	  "f:1:20: the interface 'eth0' is given twice\n" },
	{ "names that no interface has", "interfaces: [\"a b\", a/b, \"a:b\", \"\", [x]]\n",
	  "f:1:14: 'name' cannot be 'a b': expected auto, an interface name or a glob such as eth*\n"
	  "f:1:21: 'name' cannot be 'a/b': expected auto, an interface name or a glob such as eth*\n"
	  "f:1:26: 'name' cannot be 'a:b': expected auto, an interface name or a glob such as eth*\n"
	  "f:1:33: 'name' cannot be '': expected auto, an interface name or a glob such as eth*\n"
	  "f:1:37: 'name' cannot be a list: expected auto, an interface name or a glob such as eth*\n" },
	{ "an interface with unknown words",
	  "interfaces:\n"
	  "  - {name: eth0, atach: xdp}\n"
	  "  - {name: eth1, attach: dpdk}\n"
	  "  - {name: eth2, role: tab}\n",
	  "f:2:18: 'atach' is not a key of an interface (did you mean 'attach'?)\n"
	  "f:3:26: 'attach' cannot be 'dpdk': expected auto, tc, tcx, clsact, xdp or xdp-generic\n"
	  "f:4:24: 'role' cannot be 'tab': expected auto or tap (did you mean 'tap'?)\n" },
	{ "networks with host bits",
	  "internal: [10.1.2.3/8, 192.168.1.1/31, \"fe80::1/10\", \"::ffff:10.1.1.1/104\", 1.2.3.4/0]\n",
	  "f:1:12: 'internal' cannot be '10.1.2.3/8': expected 10.0.0.0/8 (the address has bits set past the prefix)\n"
	  "f:1:24: 'internal' cannot be '192.168.1.1/31': expected 192.168.1.0/31 (the address has bits set past the prefix)\n"
	  "f:1:40: 'internal' cannot be 'fe80::1/10': expected fe80::/10 (the address has bits set past the prefix)\n"
	  "f:1:54: 'internal' cannot be '::ffff:10.1.1.1/104': expected 10.0.0.0/8 (the address has bits set past the prefix)\n"
	  "f:1:77: 'internal' cannot be '1.2.3.4/0': expected 0.0.0.0/0 (the address has bits set past the prefix)\n" },
	{ "networks with prefixes that are too long", "internal: [10.0.0.0/33, \"fc00::/129\"]\n",
	  "f:1:12: 'internal' cannot be '10.0.0.0/33': expected a prefix length of at most 32\n"
	  "f:1:25: 'internal' cannot be 'fc00::/129': expected a prefix length of at most 128\n" },
	{ "no networks at all",
	  "internal: [foo, 10.0.0/8, 10.0.0.0/, 10.0.0.0/08, 300.1.1.1, \"fe80::1%eth0\", {}, [], ~]\n",
	  "f:1:12: 'internal' cannot be 'foo': expected a network such as 10.0.0.0/8, or connected\n"
	  "f:1:17: 'internal' cannot be '10.0.0/8': expected a network such as 10.0.0.0/8, or connected\n"
	  "f:1:27: 'internal' cannot be '10.0.0.0/': expected a network such as 10.0.0.0/8, or connected\n"
	  "f:1:38: 'internal' cannot be '10.0.0.0/08': expected a network such as 10.0.0.0/8, or connected\n"
	  "f:1:51: 'internal' cannot be '300.1.1.1': expected a network such as 10.0.0.0/8, or connected\n"
	  "f:1:62: 'internal' cannot be 'fe80::1%eth0': expected a network such as 10.0.0.0/8, or connected\n"
	  "f:1:78: 'internal' cannot be a map: expected a network such as 10.0.0.0/8, or connected\n"
	  "f:1:82: 'internal' cannot be a list: expected a network such as 10.0.0.0/8, or connected\n"
	  "f:1:86: 'internal' cannot be empty: expected a network such as 10.0.0.0/8, or connected\n" },
	{ "words that are no networks here", "trusted_proxies: [connected, internal]\n",
	  "f:1:19: 'trusted_proxies' cannot be 'connected': expected an address or a network such as 10.0.0.0/8\n"
	  "f:1:30: 'trusted_proxies' cannot be 'internal': expected an address or a network such as 10.0.0.0/8\n" },
	{ "a network both internal and external",
	  "internal: [10.0.0.0/8, 192.168.0.0/16]\n"
	  "external: [10.1.0.0/16, 192.168.0.0/16]\n",
	  "f:2:25: '192.168.0.0/16' is in 'internal' too: it cannot be both\n" },
	{ "an external network that is internal by default", "external: [100.64.0.0/10]\n",
	  "f:1:12: '100.64.0.0/10' is in 'internal' too: it cannot be both\n" },
	{ "the same network in two notations",
	  "internal: [10.0.0.0/8]\n"
	  "external: [\"::ffff:10.0.0.0/104\"]\n",
	  "f:2:12: '::ffff:10.0.0.0/104' is in 'internal' too: it cannot be both\n" },
	{ "connected both internal and external",
	  "internal: [connected]\n"
	  "external: [connected]\n",
	  "f:2:12: 'connected' is in 'internal' too: it cannot be both\n" },
	{ "lists with names that are taken",
	  "lists: {self: [], internal: [], external: [], connected: []}\n",
	  "f:1:9: 'self' has a meaning of its own: expected another name\n"
	  "f:1:19: 'internal' has a meaning of its own: expected another name\n"
	  "f:1:33: 'external' has a meaning of its own: expected another name\n"
	  "f:1:47: 'connected' has a meaning of its own: expected another name\n" },
	{ "lists with names that are none",
	  "lists:\n"
	  "  \"\": []\n"
	  "  a b: []\n"
	  "  a.b: []\n",
	  "f:2:3: '' cannot name a list: expected 1 to 64 of letters, digits, '_' and '-'\n"
	  "f:3:3: 'a b' cannot name a list: expected 1 to 64 of letters, digits, '_' and '-'\n"
	  "f:4:3: 'a.b' cannot name a list: expected 1 to 64 of letters, digits, '_' and '-'\n" },
	{ "entries of a list",
	  "lists:\n"
	  "  x:\n"
	  "    - 10.0.0.1/8\n"
	  "    - {until: 2027-01-31}\n"
	  "    - {net: foo}\n"
	  "    - {net: 10.0.0.1, untill: 2027-01-31}\n"
	  "    - proxy_servers\n"
	  "    - [10.0.0.1]\n"
	  "    -\n"
	  "  y: 10.0.0.1\n",
	  "f:3:7: 'x' cannot be '10.0.0.1/8': expected 10.0.0.0/8 (the address has bits set past the prefix)\n"
	  "f:4:7: an entry of a list needs a 'net'\n"
	  "f:5:13: 'net' cannot be 'foo': expected an address or a network such as 10.0.0.0/8\n"
	  "f:6:23: 'untill' is not a key of an entry of a list (did you mean 'until'?)\n"
	  "f:7:7: 'x' cannot be 'proxy_servers': expected an address or a network such as 10.0.0.0/8\n"
	  "f:8:7: 'x' cannot be a list: expected an address or a network such as 10.0.0.0/8\n"
	  "f:9:6: 'x' cannot be empty: expected an address or a network such as 10.0.0.0/8\n"
	  "f:10:6: 'y' cannot be '10.0.0.1': expected a list\n" },
	{ "dates",
	  "lists:\n"
	  "  x:\n"
	  "    - {net: 10.0.0.1, until: 2027-02-29}\n"
	  "    - {net: 10.0.0.1, until: 31.1.2027}\n"
	  "    - {net: 10.0.0.1, until: 2027-1-31}\n"
	  "    - {net: 10.0.0.1, until: 2027-13-01}\n"
	  "    - {net: 10.0.0.1, until: 2027-01-00}\n"
	  "    - {net: 10.0.0.1, until: 1969-12-30}\n"
	  "    - {net: 10.0.0.1, until: 2027-01-31T00:00}\n"
	  "    - {net: 10.0.0.1, until: [2027]}\n",
	  "f:3:30: 'until' cannot be '2027-02-29': expected a date such as 2027-01-31\n"
	  "f:4:30: 'until' cannot be '31.1.2027': expected a date such as 2027-01-31\n"
	  "f:5:30: 'until' cannot be '2027-1-31': expected a date such as 2027-01-31\n"
	  "f:6:30: 'until' cannot be '2027-13-01': expected a date such as 2027-01-31\n"
	  "f:7:30: 'until' cannot be '2027-01-00': expected a date such as 2027-01-31\n"
	  "f:8:30: 'until' cannot be '1969-12-30': expected a date such as 2027-01-31\n"
	  "f:9:30: 'until' cannot be '2027-01-31T00:00': expected a date such as 2027-01-31\n"
	  "f:10:30: 'until' cannot be a list: expected a date such as 2027-01-31\n" },
	{ "notes",
	  "lists:\n"
	  "  x:\n"
	  "    - {net: 10.0.0.1, note: }\n"
	  "    - {net: 10.0.0.1, note: {}}\n",
	  "f:3:29: 'note' cannot be empty: expected text\n"
	  "f:4:29: 'note' cannot be a map: expected text\n" },
	{ "words of http",
	  "http: {count: server, evidence: paths, require_reverse: 2, cluster_cidrs: [x]}\n",
	  "f:1:15: 'count' cannot be 'server': expected all or server-side\n"
	  "f:1:33: 'evidence' cannot be 'paths': expected none, path or full (did you mean 'path'?)\n"
	  "f:1:57: 'require_reverse' cannot be '2': expected true or false\n"
	  "f:1:76: 'cluster_cidrs' cannot be 'x': expected an address or a network such as 10.0.0.0/8\n" },
	{ "a cluster without networks", "http: {cluster_cidrs: [], count: server-side}\n",
	  "f:1:34: 'count: server-side' needs 'cluster_cidrs': the networks of the cluster's pods and nodes\n" },
	{ "words of drops", "drops: {netns: al}\n",
	  "f:1:16: 'netns' cannot be 'al': expected own or all (did you mean 'all'?)\n" },
	{ "sizes without a known unit", "memory_budget: 64MB\n",
	  "f:1:16: 'memory_budget' cannot be '64MB': expected a size such as 64MiB or 1GiB\n" },
	{ "a size without a unit", "memory_budget: 67108864\n",
	  "f:1:16: 'memory_budget' cannot be '67108864': expected a size such as 64MiB or 1GiB\n" },
	{ "a size that is too small", "memory_budget: 1023KiB\n",
	  "f:1:16: 'memory_budget' cannot be '1023KiB': expected 1MiB to 1TiB\n" },
	{ "a size that is too large", "memory_budget: 2TiB\n",
	  "f:1:16: 'memory_budget' cannot be '2TiB': expected 1MiB to 1TiB\n" },
	{ "a size past 64 bits", "memory_budget: 99999999999TiB\n",
	  "f:1:16: 'memory_budget' cannot be '99999999999TiB': expected 1MiB to 1TiB\n" },
	{ "resolve and stdout",
	  "resolve: host\n"
	  "stdout: jsn\n",
	  "f:1:10: 'resolve' cannot be 'host': expected hosts, dns or off (did you mean 'hosts'?)\n"
	  "f:2:9: 'stdout' cannot be 'jsn': expected auto, json, human or off (did you mean 'json'?)\n" },
	{ "a token in the clear, and other things of kubernetes",
	  "kubernetes:\n  names: kubelets\n  url: http://k/\n  token: x\n  ca: null\n  refresh: 100ms\n",
	  "f:2:10: 'names' cannot be 'kubelets': expected off, kubelet or api (did you mean 'kubelet'?)\n"
	  "f:3:8: 'url' cannot be 'http://k/': expected a URL that starts with https://\n"
	  "f:4:10: 'token' cannot be 'x': expected a path from the root, such as /etc/spikewatch/x\n"
	  "f:5:7: 'ca' cannot be empty: expected text\n"
	  "f:6:12: 'refresh' cannot be '100ms': expected 1s to 1h\n" },
	{ "paths that are relative",
	  "state: x.db\n"
	  "control: ./x\n"
	  "geoip: [/a, b]\n"
	  "webhook: {ca: x}\n",
	  "f:1:8: 'state' cannot be 'x.db': expected a path from the root, such as /etc/spikewatch/x\n"
	  "f:2:10: 'control' cannot be './x': expected a path from the root, such as /etc/spikewatch/x\n"
	  "f:3:13: 'geoip' cannot be 'b': expected a path from the root, such as /etc/x.mmdb\n"
	  "f:4:15: 'ca' cannot be 'x': expected a path from the root, such as /etc/spikewatch/x\n" },
	{ "addresses to listen on that are none", "metrics: {listen: localhost:9435}\n",
	  "f:1:19: 'listen' cannot be 'localhost:9435': expected off, address:port such as 127.0.0.1:9435 or [::1]:9435, or unix:/PATH\n" },
	{ "a port to listen on that is none", "metrics: {listen: \"127.0.0.1:0\"}\n",
	  "f:1:19: 'listen' cannot be '127.0.0.1:0': expected off, address:port such as 127.0.0.1:9435 or [::1]:9435, or unix:/PATH\n" },
	{ "a port past the last", "metrics: {listen: \"127.0.0.1:65536\"}\n",
	  "f:1:19: 'listen' cannot be '127.0.0.1:65536': expected off, address:port such as 127.0.0.1:9435 or [::1]:9435, or unix:/PATH\n" },
	{ "an IPv6 address without brackets", "metrics: {listen: \"::1:9435\"}\n",
	  "f:1:19: 'listen' cannot be '::1:9435': expected off, address:port such as 127.0.0.1:9435 or [::1]:9435, or unix:/PATH\n" },
	{ "an IPv4 address in brackets", "metrics: {listen: \"[127.0.0.1]:9435\"}\n",
	  "f:1:19: 'listen' cannot be '[127.0.0.1]:9435': expected off, address:port such as 127.0.0.1:9435 or [::1]:9435, or unix:/PATH\n" },
	{ "a relative socket", "metrics: {listen: \"unix:x\"}\n",
	  "f:1:19: 'listen' cannot be 'unix:x': expected off, address:port such as 127.0.0.1:9435 or [::1]:9435, or unix:/PATH\n" },
	{ "URLs that are none", "webhook: {url: ftp://x}\n",
	  "f:1:16: 'url' cannot be 'ftp://x': expected a URL that starts with https:// or http://\n" },
	{ "an unknown scheme", "webhook: {url: 'gopher://example.org/'}\n",
	  "f:1:16: 'url' cannot be 'gopher://example.org/': expected a URL that starts with https:// or http://\n" },
	{ "a URL without a host", "webhook: {url: https://}\n",
	  "f:1:16: 'url' cannot be 'https://': expected a URL that starts with https:// or http://\n" },
	{ "a URL without a host, in the clear", "webhook: {url: 'http://'}\n",
	  "f:1:16: 'url' cannot be 'http://': expected a URL that starts with https:// or http://\n" },
	{ "a URL with a blank", "webhook: {url: \"https://a b\"}\n",
	  "f:1:16: 'url' cannot be 'https://a b': expected a URL that starts with https:// or http://\n" },
	{ "a timeout that is too short", "webhook: {timeout: 50ms}\n",
	  "f:1:20: 'timeout' cannot be '50ms': expected 100ms to 5m\n" },
	{ "a timeout that is too long", "webhook: {timeout: 6m}\n",
	  "f:1:20: 'timeout' cannot be '6m': expected 100ms to 5m\n" },
	{ "no duration", "webhook: {timeout: 10}\n",
	  "f:1:20: 'timeout' cannot be '10': expected a duration such as 300ms, 2s, 5m, 24h or 7d\n" },
};

/* A text of one letter, as long as it may be; one more is too long. */
struct length {
	const char *name;
	const char *before;
	size_t most;
	const char *after;
	const char *said; /* the end of what is said */
};

#define RULE "rules: {mine: {feed: http, threshold: {}, "

static const struct length lengths[] = {
	{ "an interface", "interfaces: [", 127, "]", "expected at most 127 bytes\n" },
	{ "a path", "state: /", 4094, "", "expected at most 4095 bytes\n" },
	{ "a socket", "control: /", 106, "", "expected at most 107 bytes\n" },
	{ "a socket for metrics", "metrics: {listen: 'unix:/", 106, "'}",
	  "expected a socket's path of at most 107 bytes\n" },
	{ "a URL", "webhook: {url: http://", 2041, "}", "expected at most 2048 bytes\n" },
	{ "a list's name", "lists: {", 64, ": []}",
	  "expected 1 to 64 of letters, digits, '_' and '-'\n" },
	{ "a note", "lists: {x: [{net: 10.0.0.1, note: ", 1024, "}]}",
	  "expected at most 1024 bytes\n" },
	{ "a rule's id", "rules: {", 64, ": {feed: http, threshold: {}}}",
	  "expected 1 to 64 of a-z, 0-9 and '-'\n" },
	{ "a title", RULE "title: ", 256, "}}", "expected at most 256 bytes\n" },
	{ "a category", RULE "category: ", 256, "}}", "expected at most 256 bytes\n" },
	{ "a summary", RULE "summary: ", 1024, "}}", "expected at most 1024 bytes\n" },
	{ "a description", RULE "description: ", 8192, "}}", "expected at most 8192 bytes\n" },
	{ "a false positive", RULE "false_positives: [", 1024, "]}}",
	  "expected at most 1024 bytes\n" },
	{ "a reference", RULE "references: [", 1024, "]}}", "expected at most 1024 bytes\n" },
	{ "a tag", RULE "tags: [", 256, "]}}", "expected at most 256 bytes\n" },
	{ "a key of a map", "'", 2, "': 1", NULL },
};

static char *fill(const struct length *row, size_t len)
{
	char *text = calloc(1, strlen(row->before) + len + strlen(row->after) + 1);

	assert_non_null(text);
	strcpy(text, row->before);
	memset(text + strlen(text), 'x', len);
	strcat(text, row->after);
	return text;
}

static void test_lengths(void **state)
{
	size_t i, end;

	for (i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		const struct length *row = &lengths[i];
		char *text = fill(row, row->most), *said;

		if (row->said)
			config_free(parse_good(text));
		free(text);
		text = fill(row, row->said ? row->most + 1 : 5000);
		said = parse_bad(text);
		if (row->said) {
			end = strlen(said) - strlen(row->said);
			if (strcmp(said + end, row->said))
				print_error("row '%s'\n", row->name);
			assert_string_equal(said + end, row->said);
		}
		/* However long the text, the message about it is one line that can be read. */
		assert_true(strlen(said) < 400);
		free(text);
		free(said);
	}
}

/* Hundreds of mistakes: a hundred are named, the rest is counted. */
static void test_many(void **state)
{
	char *said, *text = calloc(250, 16), *at = text;
	size_t i, lines = 0;

	assert_non_null(text);
	for (i = 0; i < 250; i++)
		at += sprintf(at, "key-%zu: 1\n", i);
	said = parse_bad(text);
	for (at = said; (at = strchr(at, '\n')); at++)
		lines++;
	assert_int_equal(lines, 101);
	assert_non_null(strstr(said, "f: 150 more of these are not shown\n"));
	free(said);
	free(text);
}

static void test_top(void **state)
{
	CHECK_MISTAKES(top_mistakes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_top),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
