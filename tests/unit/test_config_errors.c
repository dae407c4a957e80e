/* SPDX-License-Identifier: GPL-2.0-only */
/* What is said about text that is no configuration, unknown keys and wrong types. */
#include "tests/unit/config_help.h"

static const struct mistake structure_mistakes[] = {
	{ "a byte that is no UTF-8",
	  "attach: tc\n"
	  "state: \377\n",
	  "f:2:8: the byte 0xff is not UTF-8\n" },
	{ "an overlong sequence", "state: \300\257", "f:1:8: the byte 0xc0 is not UTF-8\n" },
	{ "an overlong sequence of three bytes", "state: \340\237\277",
	  "f:1:8: the byte 0xe0 is not UTF-8\n" },
	{ "an overlong sequence of four bytes", "state: \360\217\277\277",
	  "f:1:8: the byte 0xf0 is not UTF-8\n" },
	{ "a character past the last", "state: \364\220\200\200",
	  "f:1:8: the byte 0xf4 is not UTF-8\n" },
	{ "a surrogate", "state: \355\240\200", "f:1:8: the byte 0xed is not UTF-8\n" },
	{ "a sequence that ends too early", "state: \342\202",
	  "f:1:8: the byte 0xe2 is not UTF-8\n" },
	{ "a control character", "state: /a\001b\n",
	  "f:1:10: the character U+0001 may not stand in YAML; in double quotes it is written \"\\u0001\"\n" },
	{ "a byte order mark in the middle", "state: \357\273\277/x\n",
	  "f:1:8: the character U+FEFF may not stand in YAML; in double quotes it is written \"\\uFEFF\"\n" },
	{ "a character at its place in a line with umlauts", "# \303\274\303\274\303\274\002\n",
	  "f:1:6: the character U+0002 may not stand in YAML; in double quotes it is written \"\\u0002\"\n" },
	{ "UTF-16", "\377\376at", "f:1:1: the byte 0xff is not UTF-8\n" },
	{ "a NUL character in quotes", "state: \"/a\\0b\"\n",
	  "f:1:8: the text holds a NUL character\n" },
	{ "a tab for indentation",
	  "http:\n"
	  "\011count: all\n",
	  "f:2:1: a tab stands here: expected spaces for indentation\n" },
	{ "a tab before a continued line",
	  "drops: {netns: own,\n"
	  "\011nets: own}\n"
	  "attach: tcx\n"
	  "\011: x\n",
	  "f:4:1: a tab stands here: expected spaces for indentation\n" },
	{ "a bracket that is not closed", "internal: [10.0.0.0/8\n",
	  "f:2:1: not valid YAML: did not find expected ',' or ']' (while parsing a flow sequence that starts on line 1)\n" },
	{ "a quote that is not closed", "state: \"/var\n",
	  "f:2:1: not valid YAML: found unexpected end of stream (while scanning a quoted scalar that starts on line 1)\n" },
	{ "two colons in a line", "attach: tc: x\n",
	  "f:1:11: not valid YAML: mapping values are not allowed in this context\n" },
	{ "wrong indentation",
	  "http:\n"
	  "  count: all\n"
	  " evidence: path\n",
	  "f:3:2: not valid YAML: did not find expected key (while parsing a block mapping that starts on line 1)\n" },
	{ "a list at the top", "- attach: tc\n",
	  "f:1:1: the configuration cannot be a list: expected a map of keys\n" },
	{ "text at the top", "attach tc\n",
	  "f:1:1: the configuration cannot be 'attach tc': expected a map of keys\n" },
	{ "two documents",
	  "attach: tc\n"
	  "---\n"
	  "attach: tc\n",
	  "f:2:1: a second document starts here: expected one in a file\n" },
	{ "an anchor", "attach: &x tc\n",
	  "f:1:9: anchors are not supported ('x'): write the value out where it is used\n" },
	{ "an alias", "attach: *x\n",
	  "f:1:9: aliases are not supported ('x'): write the value out\n" },
	{ "an anchor of a list and its alias",
	  "internal: &n [10.0.0.0/8]\n"
	  "external: *n\n",
	  "f:1:11: anchors are not supported ('n'): write the value out where it is used\n"
	  "f:2:11: aliases are not supported ('n'): write the value out\n" },
	{ "a merge key",
	  "http:\n"
	  "  <<: {count: all}\n",
	  "f:2:3: merge keys (<<) are not supported: write the keys out\n" },
	{ "a tag", "attach: !!str tc\n",
	  "f:1:9: tags are not supported ('tag:yaml.org,2002:str'): write the value without it\n" },
	{ "a tag of a map", "http: !x {count: all}\n",
	  "f:1:7: tags are not supported ('!x'): write the value without it\n" },
	{ "a directive",
	  "%YAML 1.2\n"
	  "---\n"
	  "attach: tc\n",
	  "f:1:1: directives (lines that start with %) are not supported\n" },
	{ "a directive after the document",
	  "attach: tc\n"
	  "...\n"
	  "%TAG !a! b\n"
	  "---\n",
	  "f:3:1: directives (lines that start with %) are not supported\n" },
	{ "a key given twice",
	  "attach: tc\n"
	  "stdout: off\n"
	  "attach: tc\n"
	  "attach: tcx\n",
	  "f:3:1: the key 'attach' is given twice, first on line 1\n"
	  "f:4:1: the key 'attach' is given twice, first on line 1\n" },
	{ "another key given twice",
	  "attach: tc\n"
	  "state: /x\n"
	  "state: /x\n"
	  "stdout: off\n",
	  "f:3:1: the key 'state' is given twice, first on line 2\n" },
	{ "a list as a key", "[a, b]: 1\n", "f:1:1: a key cannot be a list: expected a word\n" },
	{ "a map as a key",
	  "? {a: b}\n"
	  ": 1\n",
	  "f:1:3: a key cannot be a map: expected a word\n" },
	{ "nested too deep", "a: [[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]\n",
	  "f:1:19: nested deeper than 16 levels\n" },
};

static const struct mistake keys_mistakes[] = {
	{ "an unknown key", "atach: tc\n",
	  "f:1:1: 'atach' is not a key of the configuration (did you mean 'attach'?)\n" },
	{ "an unknown key that is like no other", "colour: red\n",
	  "f:1:1: 'colour' is not a key of the configuration\n" },
	{ "a key that would break a line of the log", "\"a\\nb\": 1\n",
	  "f:1:1: 'a\\x0ab' is not a key of the configuration\n" },
	{ "a key of a very long name",
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: 1\n",
	  "f:1:1: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...' is not a key of the configuration\n" },
	{ "a misspelt key of a rule",
	  "rules:\n"
	  "  http-error-spike-internal:\n"
	  "    threshhold: {count: 3}\n",
	  "f:3:5: 'threshhold' is not a key of a rule (did you mean 'threshold'?)\n" },
	{ "two neighbours swapped",
	  "rules:\n"
	  "  mine:\n"
	  "    feed: http\n"
	  "    threshold: {}\n"
	  "    tilte: x\n",
	  "f:5:5: 'tilte' is not a key of a rule (did you mean 'title'?)\n" },
	{ "an unknown key of a section",
	  "http: {evidense: path}\n"
	  "drops: {ns: all}\n"
	  "metrics: {port: 1}\n"
	  "journald: {on: true}\n"
	  "webhook: {uri: x}\n",
	  "f:1:8: 'evidense' is not a key of 'http' (did you mean 'evidence'?)\n"
	  "f:2:9: 'ns' is not a key of 'drops': expected netns or chains\n"
	  "f:3:11: 'port' is not a key of 'metrics': expected listen\n"
	  "f:4:12: 'on' is not a key of 'journald': expected enabled\n"
	  "f:5:11: 'uri' is not a key of 'webhook' (did you mean 'url'?)\n" },
	{ "a hyphen for an underscore", "memory-budget: 64MiB\n",
	  "f:1:1: 'memory-budget' is not a key of the configuration (did you mean 'memory_budget'?)\n" },
	{ "several mistakes, in the order of the file",
	  "rules: []\n"
	  "attach: x\n"
	  "http: 1\n",
	  "f:1:8: 'rules' cannot be a list: expected a map of rules by id\n"
	  "f:2:9: 'attach' cannot be 'x': expected auto, tc, tcx, clsact, xdp or xdp-generic\n"
	  "f:3:7: 'http' cannot be '1': expected a map of keys\n" },
};

static const struct mistake types_mistakes[] = {
	{ "a map for a word", "attach: {mode: tc}\n",
	  "f:1:9: 'attach' cannot be a map: expected auto, tc, tcx, clsact, xdp or xdp-generic\n" },
	{ "a list for a word", "attach: [tc]\n",
	  "f:1:9: 'attach' cannot be a list: expected auto, tc, tcx, clsact, xdp or xdp-generic\n" },
	{ "no value",
	  "attach:\n"
	  "state: ~\n"
	  "memory_budget: null\n"
	  "keep_attached:\n",
	  "f:1:8: 'attach' cannot be empty: expected auto, tc, tcx, clsact, xdp or xdp-generic\n"
	  "f:2:8: 'state' cannot be empty: expected text\n"
	  "f:3:16: 'memory_budget' cannot be empty: expected a size such as 64MiB or 1GiB\n"
	  "f:4:15: 'keep_attached' cannot be empty: expected true or false\n" },
	{ "no value for a list",
	  "internal:\n"
	  "interfaces:\n"
	  "geoip:\n",
	  "f:1:10: 'internal' cannot be empty: expected a list ([] for none)\n"
	  "f:2:12: 'interfaces' cannot be empty: expected a list ([] for none)\n"
	  "f:3:7: 'geoip' cannot be empty: expected a list ([] for none)\n" },
	{ "text for a map",
	  "http: all\n"
	  "lists: proxy_servers\n"
	  "rules: none\n",
	  "f:1:7: 'http' cannot be 'all': expected a map of keys\n"
	  "f:2:8: 'lists' cannot be 'proxy_servers': expected a map of lists by name\n"
	  "f:3:8: 'rules' cannot be 'none': expected a map of rules by id\n" },
	{ "a list for a map",
	  "drops: [own]\n"
	  "lists: [a]\n",
	  "f:1:8: 'drops' cannot be a list: expected a map of keys\n"
	  "f:2:8: 'lists' cannot be a list: expected a map of lists by name\n" },
	{ "a single value for a list",
	  "interfaces: eth0\n"
	  "internal: 10.0.0.0/8\n"
	  "geoip: /x\n",
	  "f:1:13: 'interfaces' cannot be 'eth0': expected a list\n"
	  "f:2:11: 'internal' cannot be '10.0.0.0/8': expected a list\n"
	  "f:3:8: 'geoip' cannot be '/x': expected a list\n" },
	{ "yes for true", "keep_attached: yes\n",
	  "f:1:16: 'keep_attached' cannot be 'yes': expected true or false\n" },
	{ "true in quotes", "keep_attached: \"true\"\n",
	  "f:1:16: 'keep_attached' cannot be 'true': expected true or false without quotes\n" },
	{ "a number for true", "journald: {enabled: 1}\n",
	  "f:1:21: 'enabled' cannot be '1': expected true or false\n" },
	{ "empty text",
	  "state: \"\"\n"
	  "control: \"\"\n",
	  "f:1:8: 'state' cannot be '': expected a path from the root, such as /etc/spikewatch/x\n"
	  "f:2:10: 'control' cannot be '': expected a path from the root, such as /etc/spikewatch/x\n" },
};

static void test_structure(void **state)
{
	CHECK_MISTAKES(structure_mistakes);
}

static void test_keys(void **state)
{
	CHECK_MISTAKES(keys_mistakes);
}

static void test_types(void **state)
{
	CHECK_MISTAKES(types_mistakes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_structure),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
