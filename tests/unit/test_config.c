/* SPDX-License-Identifier: GPL-2.0-only */
/* What a good file means: defaults, values, rules merged over the built-in ones. */
#include "tests/unit/config_help.h"

#define S  1000000000ull
#define ID "http-error-spike-internal"

static const struct rule *find_rule(const struct config *config, const char *id)
{
	size_t i;

	for (i = 0; i < config->rule_count; i++) {
		if (!strcmp(config->rules[i].id, id))
			return &config->rules[i];
	}
	fail_msg("no rule %s", id);
	return NULL;
}

static void check_net(const struct net *net, const char *text)
{
	struct net expected;

	assert_int_equal(net_parse(text, &expected), 0);
	assert_memory_equal(&net->addr, &expected.addr, sizeof(expected.addr));
	assert_int_equal(net->prefix_len, expected.prefix_len);
}

/* As they stand in the manual. */
static void test_defaults(void **state)
{
	static const char *const texts[] = { "",    "# nothing\n", "---\n",
					     "~\n", "{}",          "rules:\nlists:\nhttp:\n" };
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct config *c = parse_good(texts[i]);

		assert_int_equal(c->interface_count, 1);
		assert_string_equal(c->interfaces[0].name, "auto");
		assert_int_equal(c->interfaces[0].attach, ATTACH_AUTO);
		assert_int_equal(c->interfaces[0].role, ROLE_AUTO);
		assert_int_equal(c->attach, ATTACH_AUTO);
		assert_int_equal(c->internal.count, 9);
		check_net(&c->internal.nets[0], "10.0.0.0/8");
		check_net(&c->internal.nets[3], "fc00::/7");
		check_net(&c->internal.nets[8], "fe80::/10");
		assert_false(c->internal.connected);
		assert_int_equal(c->external.count, 0);
		assert_false(c->external.connected);
		assert_int_equal(c->list_count, 2);
		assert_string_equal(c->lists[0].name, "proxy_servers");
		assert_string_equal(c->lists[1].name, "vuln_scanners");
		assert_int_equal(c->lists[0].count + c->lists[1].count, 0);
		assert_int_equal(c->trusted_proxy_count, 0);
		assert_int_equal(c->http.count, HTTP_COUNT_ALL);
		assert_int_equal(c->http.cluster_cidr_count, 0);
		assert_int_equal(c->http.evidence, EVIDENCE_PATH);
		assert_true(c->http.require_reverse);
		assert_int_equal(c->drops.netns, DROPS_NETNS_OWN);
		assert_int_equal(c->memory_budget, 64 << 20);
		assert_false(c->keep_attached);
		assert_true(c->expedite_rcu);
		assert_int_equal(c->resolve, RESOLVE_HOSTS);
		assert_int_equal(c->kubernetes.names, KUBE_NAMES_OFF);
		assert_null(c->kubernetes.url);
		assert_true(c->kubernetes.refresh_ns == 30000000000ULL);
		assert_null(c->geoip);
		assert_string_equal(c->state, "/var/lib/spikewatch/spikewatch.db");
		assert_string_equal(c->control, "/run/spikewatch/control.sock");
		assert_string_equal(c->metrics_listen, "127.0.0.1:9435");
		assert_true(c->journald);
		assert_int_equal(c->out, STDOUT_AUTO);
		assert_null(c->webhook.url);
		assert_null(c->webhook.ca);
		assert_null(c->webhook.token_file);
		assert_true(c->webhook.timeout_ns == 10 * S);
		assert_int_equal(c->rule_count, 3);
		config_free(c);
	}
}

static void test_builtin_rules(void **state)
{
	struct config *c = parse_good("");
	const struct rule *r = find_rule(c, ID);

	assert_ptr_equal(r, &c->rules[0]);
	assert_string_equal(r->title, "HTTP Response Error Spike - Internal");
	assert_string_equal(r->category, "Discovery");
	assert_int_equal(r->feed, FEED_HTTP);
	assert_int_equal(r->match.status_count, 1);
	assert_int_equal(r->match.status[0].first, 400);
	assert_int_equal(r->match.status[0].last, 599);
	assert_int_equal(r->match.source.term[0].kind, ADDR_INTERNAL);
	assert_int_equal(r->match.destination.count, 0);
	assert_int_equal(r->except.either.term[0].kind, ADDR_LIST);
	assert_int_equal(r->except.either.term[0].list, 1);
	assert_int_equal(r->except.source.term[0].list, PLACES_SELF);
	assert_int_equal(r->group_by, GROUP_SOURCE);
	assert_int_equal(r->kind, RULE_THRESHOLD);
	assert_int_equal(r->threshold.count, 350);
	assert_true(r->threshold.window_ns == 300 * S);
	assert_true(r->suppress_ns == 86400 * S);
	assert_int_equal(r->severity, 3);
	assert_int_equal(r->risk_score, 21);
	assert_true(r->enabled && !r->prototype);
	assert_non_null(r->description);
	assert_non_null(r->false_positives[0]);
	assert_string_equal(r->tags[0], "TA0007");

	r = find_rule(c, "http-error-spike-external");
	assert_int_equal(r->match.source.term[0].kind, ADDR_EXTERNAL);
	assert_int_equal(r->match.destination.term[0].kind, ADDR_INTERNAL);
	assert_int_equal(r->severity, 2);
	assert_int_equal(r->risk_score, 14);

	r = find_rule(c, "firewall-deny-spike");
	assert_int_equal(r->feed, FEED_DROP);
	assert_int_equal(r->match.classes, 1 << CLASS_FIREWALL | 1 << CLASS_PROHIBITED);
	assert_int_equal(r->kind, RULE_ANOMALY);
	assert_true(r->anomaly.bucket_ns == 900 * S && r->anomaly.score == 75);
	assert_int_equal(r->anomaly.min_count, 50);
	assert_int_equal(r->anomaly.side, SIDE_HIGH);
	assert_int_equal(r->group_by, 0);
	assert_int_equal(r->suppress_ns, 0);
	assert_int_equal(r->risk_score, 21);
	config_free(c);
}

static void test_top_values(void **state)
{
	struct config *c = parse_good(
		"interfaces: [eth*, {name: wan0, attach: xdp, role: tap}]\n"
		"attach: xdp-generic\n"
		"internal: [connected, 10.0.0.0/8, 192.0.2.1]\n"
		"external: ['2001:db8::/32']\n"
		"lists:\n"
		"  mine: [10.0.0.1, {net: 10.1.0.0/16, until: 2027-01-31, note: a b}]\n"
		"  vuln_scanners:\n"
		"trusted_proxies: [10.0.0.5]\n"
		"http: {count: server-side, cluster_cidrs: [10.2.0.0/16], evidence: full,\n"
		"  require_reverse: false}\n"
		"drops: {netns: all, chains: true}\n"
		"memory_budget: 2GiB\n"
		"keep_attached: true\n"
		"expedite_rcu: false\n"
		"resolve: off\n"
		"geoip: [/a, /b c]\n"
		"kubernetes: {names: api, url: 'https://k:6443', token: /tok, ca: /kca, refresh: 1m}\n"
		"state: /s\n"
		"control: '/c'\n"
		"metrics: {listen: off}\n"
		"journald: {enabled: false}\n"
		"stdout: json\n"
		"webhook: {url: \"https://h/p?q\", timeout: 300ms, ca: /ca, token_file: /t}\n");

	assert_int_equal(c->interface_count, 2);
	assert_string_equal(c->interfaces[0].name, "eth*");
	assert_int_equal(c->interfaces[1].attach, ATTACH_XDP);
	assert_int_equal(c->interfaces[1].role, ROLE_TAP);
	assert_int_equal(c->attach, ATTACH_XDP_GENERIC);
	assert_true(c->internal.connected);
	assert_int_equal(c->internal.count, 2);
	check_net(&c->internal.nets[1], "192.0.2.1");
	assert_false(c->external.connected);
	check_net(&c->external.nets[0], "2001:db8::/32");
	assert_int_equal(c->list_count, 3);
	assert_string_equal(c->lists[2].name, "mine");
	assert_int_equal(c->lists[2].count, 2);
	assert_int_equal(c->lists[2].entries[0].until_s, 0);
	assert_null(c->lists[2].entries[0].note);
	check_net(&c->lists[2].entries[1].net, "10.1.0.0/16");
	assert_int_equal(c->lists[2].entries[1].until_s, 1801439999); /* its last second in UTC */
	assert_string_equal(c->lists[2].entries[1].note, "a b");
	check_net(&c->trusted_proxies[0], "10.0.0.5");
	assert_int_equal(c->http.count, HTTP_COUNT_SERVER_SIDE);
	check_net(&c->http.cluster_cidrs[0], "10.2.0.0/16");
	assert_int_equal(c->http.evidence, EVIDENCE_FULL);
	assert_false(c->http.require_reverse);
	assert_int_equal(c->drops.netns, DROPS_NETNS_ALL);
	assert_true(c->drops.chains);
	assert_true(c->memory_budget == 2ull << 30);
	assert_true(c->keep_attached);
	assert_false(c->expedite_rcu);
	assert_int_equal(c->resolve, RESOLVE_OFF);
	assert_string_equal(c->geoip[1], "/b c");
	assert_null(c->geoip[2]);
	assert_int_equal(c->kubernetes.names, KUBE_NAMES_API);
	assert_string_equal(c->kubernetes.url, "https://k:6443");
	assert_string_equal(c->kubernetes.token, "/tok");
	assert_string_equal(c->kubernetes.ca, "/kca");
	assert_true(c->kubernetes.refresh_ns == 60000000000ULL);
	assert_string_equal(c->state, "/s");
	assert_string_equal(c->control, "/c");
	assert_string_equal(c->metrics_listen, "off");
	assert_false(c->journald);
	assert_int_equal(c->out, STDOUT_JSON);
	assert_string_equal(c->webhook.url, "https://h/p?q");
	assert_true(c->webhook.timeout_ns == 300000000);
	assert_string_equal(c->webhook.ca, "/ca");
	assert_string_equal(c->webhook.token_file, "/t");
	config_free(c);
}

static void test_listen_addresses(void **state)
{
	static const char *const good[] = { "127.0.0.1:1",      "0.0.0.0:65535",    "[::1]:9435",
					    "[2001:db8::1]:80", "unix:/run/x.sock", "off" };
	char text[128];
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct config *c;

		snprintf(text, sizeof(text), "metrics: {listen: '%s'}\n", good[i]);
		c = parse_good(text);
		assert_string_equal(c->metrics_listen, good[i]);
		config_free(c);
	}
}

/* Lists stand behind the rule that names them; their numbers are those of places. */
static void test_match(void **state)
{
	struct config *c = parse_good(
		"rules:\n"
		"  web:\n"
		"    match:\n"
		"      status: ['400-499,503', 505, \"510 , 511\"]\n"
		"      client: [internal, self, mine, 192.0.2.0/24]\n"
		"      server: \"2001:db8::1\"\n"
		"      port: 80,8000-8099\n"
		"    except: {either: vuln_scanners, server: external}\n"
		"    threshold: {count: 4294967295, window: 24h, distinct: server}\n"
		"    group_by: [port, server]\n"
		"    feed: http\n"
		"  denies:\n"
		"    feed: drop\n"
		"    match: {source: external, destination: mine, proto: icmpv6, port: 65535,\n"
		"      class: other, reason: [NO_SOCKET, NETFILTER_DROP], hook: [xdp, forward]}\n"
		"    group_by: reason\n"
		"    anomaly: {bucket: 1s, score: 99.125, min_count: 0, side: low}\n"
		"lists: {mine: [10.0.0.1]}\n");
	const struct rule *r = find_rule(c, "web");
	const struct match *m = &r->match;

	assert_ptr_equal(r, &c->rules[3]);
	assert_string_equal(r->title, "web");
	assert_int_equal(m->status_count, 5);
	assert_int_equal(m->status[0].last, 499);
	assert_int_equal(m->status[1].first, 503);
	assert_int_equal(m->status[1].last, 503);
	assert_int_equal(m->status[4].first, 511);
	assert_int_equal(m->source.count, 4);
	assert_int_equal(m->source.term[0].kind, ADDR_INTERNAL);
	assert_int_equal(m->source.term[1].list, PLACES_SELF);
	assert_int_equal(m->source.term[2].kind, ADDR_LIST);
	assert_int_equal(m->source.term[2].list, 3);
	check_net(&m->source.term[3].net, "192.0.2.0/24");
	check_net(&m->destination.term[0].net, "2001:db8::1");
	assert_int_equal(m->port_count, 2);
	assert_int_equal(m->port[1].last, 8099);
	assert_int_equal(r->except.either.term[0].list, 2);
	assert_int_equal(r->except.destination.term[0].kind, ADDR_EXTERNAL);
	assert_int_equal(r->group_by, GROUP_DESTINATION | GROUP_PORT);
	assert_true(r->threshold.count == 4294967295 && r->threshold.window_ns == 86400 * S);
	assert_int_equal(r->threshold.distinct, DISTINCT_DESTINATION);
	assert_int_equal(r->severity, 3);
	assert_true(r->suppress_ns == 86400 * S);

	r = find_rule(c, "denies");
	m = &r->match;
	assert_int_equal(m->source.term[0].kind, ADDR_EXTERNAL);
	assert_int_equal(m->destination.term[0].list, 3);
	assert_int_equal(m->proto, 58);
	assert_int_equal(m->port[0].last, 65535);
	assert_int_equal(m->classes, 1 << CLASS_OTHER);
	assert_int_equal(m->hooks, 1 << HOOK_XDP | 1 << HOOK_FORWARD);
	assert_int_equal(m->reason_count, 2);
	assert_string_equal(m->reason[1], "NETFILTER_DROP");
	assert_int_equal(r->group_by, GROUP_REASON);
	assert_true(r->threshold.count == 0 && r->threshold.window_ns == 0);
	assert_true(r->anomaly.score == 99.125 && r->anomaly.bucket_ns == S);
	assert_int_equal(r->anomaly.side, SIDE_LOW);
	assert_int_equal(r->suppress_ns, 0);
	config_free(c);
}

/* Keys that are given replace those that are built in; threshold key by key, match as a whole. */
static void test_merge(void **state)
{
	struct config *c = parse_good("rules:\n"
				      "  " ID ":\n"
				      "    threshold: {count: 10}\n"
				      "    match: {client: external}\n"
				      "    severity: 8\n"
				      "    category: null\n"
				      "    tags: []\n"
				      "    group_by: []\n"
				      "  http-error-spike-external:\n"
				      "    except: {client: self}\n"
				      "    enabled: false\n"
				      "    suppress: 72h\n"
				      "    risk_score: 99\n"
				      "  firewall-deny-spike:\n"
				      "    threshold: {window: 1m}\n"
				      "    severity: 9\n");
	const struct rule *r = find_rule(c, ID);

	assert_int_equal(c->rule_count, 3);
	assert_int_equal(r->threshold.count, 10);
	assert_true(r->threshold.window_ns == 300 * S);
	assert_int_equal(r->match.status_count, 0);
	assert_int_equal(r->match.source.count, 1);
	assert_int_equal(r->match.source.term[0].kind, ADDR_EXTERNAL);
	assert_int_equal(r->except.either.count, 1);
	assert_int_equal(r->risk_score, 56);
	assert_null(r->category);
	assert_null(r->tags);
	assert_int_equal(r->group_by, 0);
	assert_string_equal(r->title, "HTTP Response Error Spike - Internal");

	r = find_rule(c, "http-error-spike-external");
	assert_int_equal(r->match.status_count, 1);
	assert_int_equal(r->except.source.count, 1);
	assert_false(r->enabled);
	assert_true(r->suppress_ns == 3 * 86400 * S);
	assert_int_equal(r->risk_score, 99);
	assert_int_equal(r->severity, 2);

	r = find_rule(c, "firewall-deny-spike");
	assert_int_equal(r->kind, RULE_THRESHOLD);
	assert_int_equal(r->threshold.count, 350);
	assert_true(r->threshold.window_ns == 60 * S);
	assert_true(r->suppress_ns == 86400 * S);
	assert_int_equal(r->severity, 9);
	assert_int_equal(r->risk_score, 21);
	config_free(c);
}

static void test_merge_of_nothing(void **state)
{
	struct config *c = parse_good("rules:\n  " ID ":\n    except:\n");
	const struct rule *r = find_rule(c, ID);

	assert_int_equal(r->except.either.count + r->except.source.count, 0);
	assert_int_equal(r->match.status_count, 1);
	config_free(c);
	c = parse_good("rules:\n  " ID ":\n");
	assert_int_equal(find_rule(c, ID)->except.either.count, 1);
	config_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_builtin_rules),
		cmocka_unit_test(test_top_values),
		cmocka_unit_test(test_listen_addresses),
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_merge_of_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
