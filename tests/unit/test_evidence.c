/* SPDX-License-Identifier: GPL-2.0-only */
/* Tops of flows, what they look like as a cause, main sources, and the ids of incidents. */
#include "tests/unit/judging.h"
#include "core/evidence.h"
#include "core/id.h"

static const struct group_key no_group;
static struct places places;

static int set_up(void **state)
{
	struct net ten = network("10.0.0.0/8");

	assert_int_equal(netset_new(&places.zones), 0);
	return netset_add(places.zones, &ten, ZONE_INTERNAL);
}

static int tear_down(void **state)
{
	places_clear(&places);
	return 0;
}

static struct window *new_window(__u32 flow_max)
{
	const struct window_cfg cfg = {
		.span = 300,
		.group_max = 1,
		.flow_max = flow_max,
		.cell_max = 65536,
	};
	struct window *window;

	assert_int_equal(window_new(&cfg, &window), 0);
	return window;
}

static void add(struct window *window, struct record record, __u64 count)
{
	__u64 measure;

	record.count = count;
	assert_int_equal(window_add(window, &no_group, &record, &measure), 0);
}

/* How traffic is spread: so many sources, destinations and ports, over so many seconds. */
struct shape {
	enum feed feed;
	unsigned int sources, destinations, ports, seconds;
	__u16 codes[3];
	const char *source, *destination;
	bool burst; /* all but a little of it in one second */
};

static enum cause cause_of(const struct shape *shape, char says[ALERT_TEXT])
{
	struct window *window = new_window(65536);
	struct evidence evidence;
	unsigned int second, n;
	enum cause cause;

	for (second = 1; second <= shape->seconds; second++) {
		window_advance(window, second);
		for (n = 0; n < 60; n++) {
			struct record record = shape->feed == FEED_HTTP
						       ? http_record(shape->source,
								     shape->destination, 404)
						       : drop_record(shape->source,
								     shape->destination, 0);

			record.source.w[3] += htonl(n % shape->sources);
			record.destination.w[3] += htonl(n % shape->destinations);
			record.port = (__u16)(80 + n % shape->ports);
			if (shape->codes[n % 3])
				record.code = shape->codes[n % 3];
			add(window, record, shape->burst && second > 1 ? 1 : 10);
		}
		if (shape->burst)
			add(window, http_record(shape->source, shape->destination, 404), 1);
	}
	assert_int_equal(evidence_gather(window, &no_group, shape->feed, &places, 3, &evidence), 0);
	cause = evidence_cause(&evidence, shape->seconds * SECOND_NS, says);
	window_free(window);
	return cause;
}

static void causes_are_told_by_their_shape(void **state)
{
	static const struct {
		const char *name;
		struct shape shape;
		enum cause cause;
		const char *says;
	} rows[] = {
		{ "ports of one host",
		  { FEED_DROP, 1, 1, 60, 10, { 8 }, "203.0.113.1", "10.2.0.1", false },
		  CAUSE_SCAN,
		  "one source, 1 destination, 60 ports in 10 s" },
		{ "one port of many hosts",
		  { FEED_DROP, 1, 60, 1, 10, { 8 }, "203.0.113.1", "10.2.0.1", false },
		  CAUSE_SWEEP,
		  "one source, 60 destinations, 1 port in 10 s" },
		{ "many web servers",
		  { FEED_HTTP, 1, 20, 1, 209, { 500, 500, 500 }, "10.1.0.1", "10.2.0.1", false },
		  CAUSE_SCAN,
		  "one client, 20 servers, 1 port in 3 m 29 s" },
		{ "many sources, one host",
		  { FEED_DROP, 60, 1, 2, 10, { 8 }, "203.0.113.1", "10.2.0.1", false },
		  CAUSE_FLOOD,
		  "60 sources, 1 destination, 2 ports in 10 s" },
		{ "many clients, one server",
		  { FEED_HTTP, 60, 1, 1, 3700, { 503, 503, 503 }, "10.1.0.1", "10.2.0.1", false },
		  CAUSE_FLOOD,
		  "60 clients, 1 server, 1 port in 1 h 1 m" },
		{ "from inside to outside",
		  { FEED_DROP, 1, 2, 1, 200, { 8 }, "10.1.0.1", "203.0.113.1", false },
		  CAUSE_BEACON_OR_EXFILTRATION,
		  "one source, 2 destinations, 1 port in 3 m 20 s" },
		{ "steady, one destination and port",
		  { FEED_DROP, 1, 1, 1, 200, { 8 }, "10.1.0.1", "10.2.0.1", false },
		  CAUSE_MISCONFIGURATION,
		  "one source, 1 destination, 1 port in 3 m 20 s" },
		{ "the same, too short to be steady",
		  { FEED_DROP, 1, 1, 1, 29, { 8 }, "10.1.0.1", "10.2.0.1", false },
		  CAUSE_MIXED,
		  "one source, 1 destination, 1 port in 29 s" },
		{ "a script that always gets the same error",
		  { FEED_HTTP, 1, 1, 1, 200, { 404, 404, 404 }, "10.1.0.1", "10.2.0.1", false },
		  CAUSE_MISCONFIGURATION,
		  "one client, 1 server, 1 port in 3 m 20 s" },
		{ "several errors, mostly 4xx",
		  { FEED_HTTP, 1, 1, 1, 200, { 404, 403, 500 }, "10.1.0.1", "10.2.0.1", false },
		  CAUSE_SCAN,
		  "one client, 1 server, 1 port in 3 m 20 s" },
		{ "several errors, mostly 5xx",
		  { FEED_HTTP, 1, 1, 1, 200, { 500, 503, 404 }, "10.1.0.1", "10.2.0.1", false },
		  CAUSE_MIXED,
		  "one client, 1 server, 1 port in 3 m 20 s" },
		{ "a burst of one error",
		  { FEED_HTTP, 1, 1, 1, 31, { 404, 404, 404 }, "10.1.0.1", "10.2.0.1", true },
		  CAUSE_SCAN,
		  "one client, 1 server, 1 port in 31 s" },
		{ "few sources, few hosts",
		  { FEED_DROP, 3, 2, 1, 200, { 8 }, "203.0.113.1", "10.2.0.1", false },
		  CAUSE_MIXED,
		  "3 sources, 2 destinations, 1 port in 3 m 20 s" },
	};
	char says[ALERT_TEXT];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		enum cause cause = cause_of(&rows[i].shape, says);

		if (cause != rows[i].cause)
			fail_msg("%s: %s", rows[i].name, cause_name(cause));
		if (strcmp(says, rows[i].says) != 0)
			fail_msg("%s: %s", rows[i].name, says);
	}
}

static void what_did_not_fit_is_the_rest(void **state)
{
	struct window *window = new_window(400); /* 100 flows a group */
	struct record record = drop_record("203.0.113.1", "10.2.0.1", 1);
	struct evidence evidence;
	char says[ALERT_TEXT];
	const struct top *top;
	__u64 sum = 0;
	size_t i;

	window_advance(window, 1);
	for (i = 1; i <= 150; i++) {
		record.port = (__u16)i;
		add(window, record, i <= 100 ? i : 1);
	}
	assert_int_equal(evidence_gather(window, &no_group, FEED_DROP, &places, 0, &evidence), 0);
	top = &evidence.top[DIM_PORT];
	assert_int_equal(top->count, ALERT_TOP_MAX);
	assert_int_equal(top->distinct, 100);
	assert_true(top->distinct_at_least);
	for (i = 0; i < top->count; i++) {
		assert_int_equal(top->entry[i].port, 100 - i);
		sum += top->entry[i].count;
	}
	assert_int_equal(sum + top->rest, 5050 + 50);
	assert_int_equal(evidence_cause(&evidence, SECOND_NS, says), CAUSE_SCAN);
	assert_string_equal(
		says, "at least 1 sources, at least 1 destinations, at least 100 ports in 1 s");
	window_free(window);
}

/* One client, one server, one status, steadily: what it asks for tells what it is. */
static void paths_tell_a_scan_from_a_mistake(void **state)
{
	static const struct {
		const char *name;
		__u64 paths;
		bool at_least;
		unsigned int ports;
		enum cause cause;
		const char *says;
	} rows[] = {
		{ "not known", 0, true, 1, CAUSE_MISCONFIGURATION,
		  "one client, 1 server, 1 port in 3 m 20 s" },
		{ "one", 1, false, 1, CAUSE_MISCONFIGURATION,
		  "one client, 1 path of 1 server in 3 m 20 s" },
		{ "one, and others that are not known", 1, true, 1, CAUSE_MISCONFIGURATION,
		  "one client, at least 1 paths of 1 server in 3 m 20 s" },
		{ "few", 9, false, 1, CAUSE_MISCONFIGURATION,
		  "one client, 9 paths of 1 server in 3 m 20 s" },
		{ "many", 10, false, 1, CAUSE_SCAN,
		  "one client, 10 paths of 1 server in 3 m 20 s" },
		{ "many of several ports", 10, true, 2, CAUSE_SCAN,
		  "one client, at least 10 paths of 1 server, 2 ports in 3 m 20 s" },
	};
	char says[ALERT_TEXT];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct top one = { .entry = { { .count = 100 } }, .count = 1, .distinct = 1 };
		struct evidence evidence = {
			.feed = FEED_HTTP,
			.top = { [DIM_STATUS] = one,
				 [DIM_SOURCE] = one,
				 [DIM_DESTINATION] = one,
				 [DIM_PORT] = one },
			.host = one,
			.known = 100,
			.client_errors = 100,
			.steady = true,
			.paths = rows[i].paths,
			.paths_at_least = rows[i].at_least,
		};

		print_message("%s\n", rows[i].name);
		evidence.top[DIM_PORT].distinct = rows[i].ports;
		assert_int_equal(evidence_cause(&evidence, 200 * SECOND_NS, says), rows[i].cause);
		assert_string_equal(says, rows[i].says);
	}
}

static void ties_are_ordered_by_value(void **state)
{
	struct window *window = new_window(400);
	struct evidence evidence;
	__u16 port;

	window_advance(window, 1);
	for (port = 20; port > 0; port--)
		add(window, drop_record("203.0.113.1", "10.2.0.1", (__u16)(port * 8 % 21)), 5);
	assert_int_equal(evidence_gather(window, &no_group, FEED_DROP, &places, 0, &evidence), 0);
	for (port = 0; port < ALERT_TOP_MAX; port++)
		assert_int_equal(evidence.top[DIM_PORT].entry[port].port, port + 1);
	window_free(window);
}

static void unknown_values_are_left_out(void **state)
{
	struct window *window = new_window(400);
	struct record record = drop_record("203.0.113.1", "10.2.0.1", 0);
	struct evidence evidence;

	record.code = 0;
	record.hook = HOOK_UNKNOWN;
	window_advance(window, 1);
	add(window, record, 5);
	assert_int_equal(evidence_gather(window, &no_group, FEED_DROP, &places, 0, &evidence), 0);
	assert_int_equal(evidence.top[DIM_PORT].count, 0);
	assert_int_equal(evidence.top[DIM_REASON].count, 0);
	assert_int_equal(evidence.top[DIM_HOOK].count, 0);
	assert_int_equal(evidence.top[DIM_CHAIN].count, 0);
	assert_int_equal(evidence.top[DIM_DESTINATION].entry[0].count, 5);
	window_free(window);
}

static void the_main_source_has_half_of_the_count(void **state)
{
	static const struct addr none;
	struct top top = { .entry = { { .count = 50 }, { .count = 30 } }, .count = 2, .rest = 20 };
	struct addr main_source;

	top.entry[0].addr = ip("10.1.0.1");
	main_source = evidence_main_source(&top);
	assert_true(addr_equal(&main_source, &top.entry[0].addr));
	top.rest = 21;
	main_source = evidence_main_source(&top);
	assert_true(addr_equal(&main_source, &none));
	top = (struct top){ 0 };
	main_source = evidence_main_source(&top);
	assert_true(addr_equal(&main_source, &none));
}

/* Expected values: another implementation of FNV-1a over the same bytes. */
static void ids_are_the_same_everywhere(void **state)
{
	struct rule rule = { .id = (char *)"http-error-spike-internal" };
	struct group_key group = { .source = ip("10.77.1.3"), .port = 80, .code = 8 };
	struct id_of of = { .rule = &rule,
			    .group = &group,
			    .start_wall_ns = 1767225600123456789ULL };
	char id[ALERT_ID_LEN + 1], other[ALERT_ID_LEN + 1];

	id_make(&of, id);
	assert_string_equal(id, "7a12f4f3f47e809a064f2a618de76941");
	of.start_wall_ns = 1767225600999999999ULL; /* the same second */
	of.action = ALERT_CLOSE;                   /* an incident's name is the same throughout */
	id_make(&of, other);
	assert_string_equal(id, other);
	of.serial = 1;
	id_make(&of, other);
	assert_string_equal(other, "09e11e384774db8ba3fe05fd00fc3122");
	of.action = ALERT_OPEN;
	id_make(&of, other);
	assert_string_equal(other, "82eec15f1774db81217b5efb79f44960");
	of.serial = 0;
	of.start_wall_ns += SECOND_NS;
	id_make(&of, other);
	assert_string_not_equal(id, other);
	of.start_wall_ns -= SECOND_NS;
	group.destination = ip("10.77.2.2");
	id_make(&of, other);
	assert_string_not_equal(id, other);
}

static void everything_has_its_name(void **state)
{
	assert_string_equal(cause_name(CAUSE_SCAN), "scan");
	assert_string_equal(cause_name(CAUSE_SWEEP), "sweep");
	assert_string_equal(cause_name(CAUSE_FLOOD), "flood");
	assert_string_equal(cause_name(CAUSE_MISCONFIGURATION), "misconfiguration");
	assert_string_equal(cause_name(CAUSE_BEACON_OR_EXFILTRATION), "beacon_or_exfiltration");
	assert_string_equal(cause_name(CAUSE_MIXED), "mixed");
	assert_string_equal(alert_action_name(ALERT_OPEN), "open");
	assert_string_equal(alert_action_name(ALERT_UPDATE), "update");
	assert_string_equal(alert_action_name(ALERT_CLOSE), "close");
	assert_string_equal(alert_action_name(ALERT_SUPPRESSED), "suppressed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(causes_are_told_by_their_shape),
		cmocka_unit_test(what_did_not_fit_is_the_rest),
		cmocka_unit_test(paths_tell_a_scan_from_a_mistake),
		cmocka_unit_test(ties_are_ordered_by_value),
		cmocka_unit_test(unknown_values_are_left_out),
		cmocka_unit_test(the_main_source_has_half_of_the_count),
		cmocka_unit_test(ids_are_the_same_everywhere),
		cmocka_unit_test(everything_has_its_name),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
