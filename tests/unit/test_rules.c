/* SPDX-License-Identifier: GPL-2.0-only */
/* Which records a rule looks at, its groups, and the names of drop reasons. */
#include "tests/unit/core.h"
#include "core/rules.h"

#include <netinet/in.h>

enum { LIST_SELF, LIST_PROXIES, LIST_COUNT };

static struct places places;

static struct addr_match one_term(struct addr_term term)
{
	return (struct addr_match){ .term = { term }, .count = 1 };
}

static struct addr_match in_list(unsigned int list)
{
	return one_term((struct addr_term){ .kind = ADDR_LIST, .list = list });
}

static int set_up(void **state)
{
	struct net ten = network("10.0.0.0/8"), self = network("10.0.0.1"),
		   proxy = network("10.5.0.0/24");
	size_t i;

	assert_int_equal(netset_new(&places.zones), 0);
	assert_int_equal(netset_add(places.zones, &ten, ZONE_INTERNAL), 0);
	places.list_count = LIST_COUNT;
	places.lists = calloc(LIST_COUNT, sizeof(*places.lists));
	for (i = 0; i < LIST_COUNT; i++)
		assert_int_equal(netset_new(&places.lists[i]), 0);
	assert_int_equal(netset_add(places.lists[LIST_SELF], &self, 0), 0);
	assert_int_equal(netset_add(places.lists[LIST_PROXIES], &proxy, 0), 0);
	return 0;
}

static int tear_down(void **state)
{
	places_clear(&places);
	return 0;
}

/* The built-in rule of the HTTP feed for internal clients. */
static struct rule internal_rule(void)
{
	return (struct rule){
		.feed = FEED_HTTP,
		.match = {
			.status = { { 400, 599 } },
			.status_count = 1,
			.source = one_term((struct addr_term){ .kind = ADDR_INTERNAL }),
		},
		.except = { .either = in_list(LIST_PROXIES), .source = in_list(LIST_SELF) },
	};
}

static struct rule external_rule(void)
{
	return (struct rule){
		.feed = FEED_HTTP,
		.match = {
			.status = { { 400, 599 } },
			.status_count = 1,
			.source = one_term((struct addr_term){ .kind = ADDR_EXTERNAL }),
			.destination = one_term((struct addr_term){ .kind = ADDR_INTERNAL }),
		},
	};
}

static void http_rules_match(void **state)
{
	static const struct {
		const char *name, *client, *server;
		__u16 status;
		bool internal, external;
	} rows[] = {
		{ "internal client, 404", "10.1.0.1", "10.2.0.1", 404, true, false },
		{ "lowest error", "10.1.0.1", "10.2.0.1", 400, true, false },
		{ "highest error", "10.1.0.1", "10.2.0.1", 599, true, false },
		{ "just below", "10.1.0.1", "10.2.0.1", 399, false, false },
		{ "just above", "10.1.0.1", "10.2.0.1", 600, false, false },
		{ "no error", "10.1.0.1", "10.2.0.1", 0, false, false },
		{ "internal client, external server", "10.1.0.1", "9.9.9.9", 500, true, false },
		{ "external client", "9.9.9.9", "10.2.0.1", 404, false, true },
		{ "both external", "9.9.9.9", "8.8.8.8", 404, false, false },
		{ "the client is a proxy", "10.5.0.9", "10.2.0.1", 404, false, false },
		{ "the server is a proxy", "10.1.0.1", "10.5.0.9", 404, false, false },
		{ "this host as client", "10.0.0.1", "10.2.0.1", 404, false, false },
		{ "this host as server", "10.1.0.1", "10.0.0.1", 404, true, false },
	};
	struct rule internal = internal_rule(), external = external_rule();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct record record = {
			.feed = FEED_HTTP,
			.count = 1,
			.source = ip(rows[i].client),
			.destination = ip(rows[i].server),
			.port = 80,
			.code = rows[i].status,
		};

		if (rule_match(&internal, &places, &record) != rows[i].internal)
			fail_msg("internal rule: %s", rows[i].name);
		if (rule_match(&external, &places, &record) != rows[i].external)
			fail_msg("external rule: %s", rows[i].name);
		record.feed = FEED_DROP;
		assert_false(rule_match(&internal, &places, &record));
	}
}

static void every_part_of_a_drop_match_counts(void **state)
{
	struct record record = {
		.feed = FEED_DROP,
		.source = ip("10.1.0.1"),
		.destination = ip("9.9.9.9"),
		.port = 53,
		.code = 3,
		.proto = IPPROTO_UDP,
		.class = CLASS_FIREWALL,
		.hook = HOOK_EGRESS,
	};
	struct rule rule = { .feed = FEED_DROP };

	assert_true(rule_match(&rule, &places, &record));
	rule.match.classes = 1 << CLASS_FIREWALL | 1 << CLASS_PROHIBITED;
	assert_true(rule_match(&rule, &places, &record));
	record.class = CLASS_OTHER;
	assert_false(rule_match(&rule, &places, &record));
	record.class = 200; /* from a map that something else wrote */
	assert_false(rule_match(&rule, &places, &record));
	record.class = CLASS_PROHIBITED;

	rule.match.hooks = 1 << HOOK_INGRESS;
	assert_false(rule_match(&rule, &places, &record));
	rule.match.hooks = 1 << HOOK_EGRESS;
	rule.match.proto = IPPROTO_TCP;
	assert_false(rule_match(&rule, &places, &record));
	rule.match.proto = IPPROTO_UDP;
	rule.match.port[0] = (struct range){ 1, 52 };
	rule.match.port[1] = (struct range){ 54, 1024 };
	rule.match.port_count = 2;
	assert_false(rule_match(&rule, &places, &record));
	rule.match.port[1] = (struct range){ 53, 53 };
	assert_true(rule_match(&rule, &places, &record));

	rule.match.destination = (struct addr_match){
		.term = { { .kind = ADDR_NET, .net = network("9.9.0.0/16") },
			  { .kind = ADDR_LIST, .list = LIST_PROXIES } },
		.count = 2,
	};
	assert_true(rule_match(&rule, &places, &record));
	record.destination = ip("10.5.0.7");
	assert_true(rule_match(&rule, &places, &record));
	record.destination = ip("9.10.0.1");
	assert_false(rule_match(&rule, &places, &record));
	record.destination = ip("9.9.9.9");

	rule.except.destination = one_term((struct addr_term){ .kind = ADDR_EXTERNAL });
	assert_false(rule_match(&rule, &places, &record));
	rule.except.destination = in_list(99); /* a list that is not there holds nothing */
	assert_true(rule_match(&rule, &places, &record));
}

static void reasons_are_found_by_name(void **state)
{
	static const struct reason_names names = {
		.name = { [2] = "NOT_SPECIFIED",
			  [8] = "NETFILTER_DROP",
			  [254] = "LAST",
			  [255] = "LAST" },
	};
	struct record record = { .feed = FEED_DROP, .code = 8 };
	struct rule rule = {
		.feed = FEED_DROP,
		.match = { .reason = { strdup("NETFILTER_DROP"), strdup("NOT_IN_THIS_KERNEL"),
				       strdup("LAST") },
			   .reason_count = 3 },
	};
	static const struct reason_names none;

	/* not resolved yet: no reason matches, rather than every one */
	assert_false(rule_match(&rule, &places, &record));
	assert_int_equal(rule_resolve_reasons(&rule, &names), 1);
	assert_true(rule_match(&rule, &places, &record));
	record.code = 255;
	assert_true(rule_match(&rule, &places, &record));
	record.code = 2;
	assert_false(rule_match(&rule, &places, &record));
	record.code = 9;
	assert_false(rule_match(&rule, &places, &record));
	record.code = 256 + 8; /* beyond what is numbered */
	assert_false(rule_match(&rule, &places, &record));
	assert_int_equal(rule_resolve_reasons(&rule, &none), 3);
	record.code = 8;
	assert_false(rule_match(&rule, &places, &record));
	rule_clear(&rule);
	assert_int_equal(rule.match.reason_count, 0);
}

static void groups_hold_only_what_they_are_made_by(void **state)
{
	const struct record record = {
		.source = ip("10.1.0.1"),
		.destination = ip("10.2.0.1"),
		.port = 80,
		.code = 404,
	};
	struct rule rule = { 0 };
	struct group_key key, expected = { 0 };

	memset(&key, 0xff, sizeof(key));
	rule_group(&rule, &record, &key);
	assert_memory_equal(&key, &expected, sizeof(key));
	rule.group_by = GROUP_SOURCE | GROUP_PORT;
	expected.source = record.source;
	expected.port = 80;
	memset(&key, 0xff, sizeof(key));
	rule_group(&rule, &record, &key);
	assert_memory_equal(&key, &expected, sizeof(key));
	rule.group_by = GROUP_DESTINATION | GROUP_REASON;
	memset(&expected, 0, sizeof(expected));
	expected.destination = record.destination;
	expected.code = 404;
	rule_group(&rule, &record, &key);
	assert_memory_equal(&key, &expected, sizeof(key));
}

static void a_rule_frees_what_it_owns(void **state)
{
	struct rule rule = { .id = strdup("x"),
			     .title = strdup("t"),
			     .tags = calloc(2, sizeof(char *)) };

	rule.tags[0] = strdup("T1595");
	rule_clear(&rule);
	assert_null(rule.id);
	assert_null(rule.tags);
	rule_clear(&rule);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(http_rules_match),
		cmocka_unit_test(every_part_of_a_drop_match_counts),
		cmocka_unit_test(reasons_are_found_by_name),
		cmocka_unit_test(groups_hold_only_what_they_are_made_by),
		cmocka_unit_test(a_rule_frees_what_it_owns),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
