/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers, names and sentences of records. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "record/party.h"
#include "record/text.h"
#include "tests/unit/example.h"

static void check_message(struct example *s, const char *expected)
{
	char *text = NULL;

	assert_int_equal(text_message(&s->alert, &text), 0);
	assert_string_equal(text, expected);
	free(text);
}

static void check_summary(struct example *s, const char *expected)
{
	char *text = NULL;

	assert_int_equal(text_summary(&s->alert, &text), 0);
	assert_string_equal(text, expected);
	free(text);
}

static void durations(void **state)
{
	static const struct {
		__u64 ns;
		const char *expected;
	} rows[] = {
		{ 0, "0s" },
		{ 300 * EXAMPLE_SECOND, "5m" },
		{ 90 * EXAMPLE_SECOND, "90s" },
		{ 3600 * EXAMPLE_SECOND, "1h" },
		{ 86400 * EXAMPLE_SECOND, "24h" },
		{ 7 * 86400 * EXAMPLE_SECOND, "7d" },
		{ 300000000, "300ms" },
		{ 1500000, "1500us" },
		{ 1, "1ns" },
		{ UINT64_MAX, "18446744073709551615ns" },
	};
	char buf[TEXT_DURATION_MAX];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(text_duration(rows[i].ns, buf), rows[i].expected);
}

static void protocols_have_the_configurations_words(void **state)
{
	static const struct {
		__u8 proto;
		const char *expected;
	} rows[] = {
		{ 1, "icmp" }, { 2, "igmp" }, { 6, "tcp" },     { 17, "udp" },   { 47, "gre" },
		{ 50, "esp" }, { 51, "ah" },  { 58, "icmpv6" }, { 132, "sctp" }, { 136, "udplite" },
		{ 89, "89" },  { 0, "0" },    { 255, "255" },
	};
	char buf[TEXT_NUMBER_MAX];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(text_proto(rows[i].proto, buf), rows[i].expected);
}

static void times(void **state)
{
	char buf[TEXT_TIME_MAX];

	assert_string_equal(text_time(0, buf), "1970-01-01T00:00:00.000Z");
	assert_string_equal(text_time(EXAMPLE_WALL + 999999999, buf), "2026-11-21T20:15:31.999Z");
	assert_string_equal(text_time(UINT64_MAX, buf), "2554-07-21T23:34:33.709Z");
}

static void lengths_of_incidents(void **state)
{
	static const struct {
		__u64 seconds;
		const char *expected;
	} rows[] = {
		{ 0, "0 s" },        { 59, "59 s" },        { 209, "3 m 29 s" },
		{ 3660, "1 h 1 m" }, { 100800, "1 d 4 h" },
	};
	char buf[TEXT_ELAPSED_MAX];
	struct example s;

	example_http(&s);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		s.alert.end_wall_ns = s.alert.start_wall_ns + rows[i].seconds * EXAMPLE_SECOND;
		assert_string_equal(text_elapsed(&s.alert, buf), rows[i].expected);
	}
	s.alert.end_wall_ns = s.alert.start_wall_ns - EXAMPLE_SECOND; /* the clock was set back */
	assert_string_equal(text_elapsed(&s.alert, buf), "0 s");
}

static void numbers(void **state)
{
	static const struct {
		double number;
		const char *expected;
	} rows[] = {
		{ 0, "0" },           { 37.512, "37.5" },      { 4121, "4121" },
		{ 9.876, "9.88" },    { 0.0123456, "0.0123" }, { 123456789.06, "123456789.1" },
		{ -2.5555, "-2.56" }, { 1e-310, "0" },         { INFINITY, "inf" },
	};
	char buf[TEXT_NUMBER_MAX];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(text_number(rows[i].number, buf), rows[i].expected);
}

static void endpoints(void **state)
{
	char buf[TEXT_ENDPOINT_MAX];
	struct addr v4 = example_addr("10.0.0.1"), v6 = example_addr("2001:db8::1");

	assert_string_equal(text_endpoint(&v4, 80, buf), "10.0.0.1:80");
	assert_string_equal(text_endpoint(&v4, 0, buf), "10.0.0.1");
	assert_string_equal(text_endpoint(&v6, 65535, buf), "[2001:db8::1]:65535");
	assert_string_equal(text_endpoint(&v6, 0, buf), "2001:db8::1");
}

static void hosts_are_named_where_known(void **state)
{
	struct observer quiet = *example_observer();
	struct addr own = example_addr("10.77.1.1"), known = example_addr("10.77.1.3");
	struct addr other = example_addr("10.77.1.4");

	assert_string_equal(text_host(example_observer(), &own), "gw1");
	assert_string_equal(text_host(example_observer(), &known), "build-7");
	assert_null(text_host(example_observer(), &other));
	quiet.host_name = NULL;
	assert_null(text_host(&quiet, &known));
}

static void ports_that_are_meant(void **state)
{
	struct example s;

	example_http(&s);
	assert_int_equal(party_port(&s.alert), 80);
	s.alert.top[DIM_PORT].count = 0; /* known from the servers alone */
	assert_int_equal(party_port(&s.alert), 80);
	s.alert.top[DIM_DESTINATION].rest = 1;
	assert_int_equal(party_port(&s.alert), 0);
	s.rule.group_by |= GROUP_PORT;
	s.alert.group.port = 8080;
	assert_int_equal(party_port(&s.alert), 8080);
	example_deny(&s);
	assert_int_equal(party_port(&s.alert), 0);
	s.alert.anomaly.influencer[1] = (struct influencer){ DIM_PORT, { .port = 445 }, 0.7 };
	s.alert.anomaly.influencer_count = 2;
	assert_int_equal(party_port(&s.alert), 445);
	s.alert.anomaly.influencer[2] = (struct influencer){ DIM_PORT, { .port = 22 }, 0.5 };
	s.alert.anomaly.influencer_count = 3;
	assert_int_equal(party_port(&s.alert), 0);
}

static void closing_anomaly_tells_its_peak(void **state)
{
	struct example s;

	example_deny(&s);
	s.alert.action = ALERT_CLOSE;
	s.alert.count = 12;
	s.alert.anomaly.score = 3.2;
	check_message(&s, "Spike in Firewall Denies (closed): peak 4121 denied in 15m, typical "
			  "37.5 (20-61), peak score 91, mostly from 10.77.1.2, lasted 3 m 29 s "
			  "(scan)");
}

static void summaries_are_filled(void **state)
{
	static const struct {
		const char *summary, *expected;
	} http[] = {
		{ "{client} {source} {server} {destination} {port}",
		  "10.77.1.3 10.77.1.3 10.77.2.2 10.77.2.2 80" },
		{ "{count} {actual} {window} {cause}", "350 350 5m scan" },
		{ "{score} {typical}", "unknown unknown" },
		{ "{nothing} {} {client", "{nothing} {} {client" },
		{ "{{client}}", "{10.77.1.3}" },
		{ "", "" },
		{ "a\nb\033[2J\xff%s%n", "a\\x0ab\\x1b[2J\\xff%s%n" },
	};

	for (size_t i = 0; i < sizeof(http) / sizeof(http[0]); i++) {
		struct example s;

		example_http(&s);
		s.rule.summary = (char *)http[i].summary;
		check_summary(&s, http[i].expected);
	}
}

static void what_is_counted_is_named(void **state)
{
	static const struct {
		const char *name;
		__u32 classes;
		struct range status;
		enum distinct distinct;
		enum feed feed;
		__u64 count;
		const char *expected;
	} rows[] = {
		{ "errors", 0, { 400, 599 }, 0, FEED_HTTP, 2, "r: 2 errors in 5m (scan)" },
		{ "one error", 0, { 404, 404 }, 0, FEED_HTTP, 1, "r: 1 error in 5m (scan)" },
		{ "other codes too",
		  0,
		  { 0, 599 },
		  0,
		  FEED_HTTP,
		  2,
		  "r: 2 responses in 5m (scan)" },
		{ "servers",
		  0,
		  { 400, 599 },
		  DISTINCT_DESTINATION,
		  FEED_HTTP,
		  2,
		  "r: 2 servers in 5m (scan)" },
		{ "clients",
		  0,
		  { 400, 599 },
		  DISTINCT_SOURCE,
		  FEED_HTTP,
		  1,
		  "r: 1 client in 5m (scan)" },
		{ "denied",
		  1 << CLASS_FIREWALL,
		  { 0 },
		  0,
		  FEED_DROP,
		  2,
		  "r: 2 denied in 5m (scan)" },
		{ "any class", 0, { 0 }, 0, FEED_DROP, 2, "r: 2 dropped in 5m (scan)" },
		{ "mixed classes",
		  1 << CLASS_FIREWALL | 1 << CLASS_OTHER,
		  { 0 },
		  0,
		  FEED_DROP,
		  2,
		  "r: 2 dropped in 5m (scan)" },
		{ "unanswered",
		  1 << CLASS_UNANSWERED,
		  { 0 },
		  0,
		  FEED_DROP,
		  2,
		  "r: 2 unanswered in 5m (scan)" },
		{ "refused",
		  1 << CLASS_REFUSED,
		  { 0 },
		  0,
		  FEED_DROP,
		  2,
		  "r: 2 refused in 5m (scan)" },
		{ "destinations",
		  0,
		  { 0 },
		  DISTINCT_DESTINATION,
		  FEED_DROP,
		  2,
		  "r: 2 destinations in 5m (scan)" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct example s;

		example_http(&s);
		memset(s.alert.top, 0, sizeof(s.alert.top));
		s.rule.group_by = 0;
		s.rule.title = "r";
		s.rule.feed = rows[i].feed;
		s.rule.match.classes = rows[i].classes;
		s.rule.match.status[0] = rows[i].status;
		s.rule.match.status_count = rows[i].feed == FEED_HTTP;
		s.rule.threshold.distinct = rows[i].distinct;
		s.alert.count = rows[i].count;
		print_message("%s\n", rows[i].name);
		check_message(&s, rows[i].expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations),
		cmocka_unit_test(protocols_have_the_configurations_words),
		cmocka_unit_test(times),
		cmocka_unit_test(lengths_of_incidents),
		cmocka_unit_test(numbers),
		cmocka_unit_test(endpoints),
		cmocka_unit_test(hosts_are_named_where_known),
		cmocka_unit_test(ports_that_are_meant),
		cmocka_unit_test(closing_anomaly_tells_its_peak),
		cmocka_unit_test(summaries_are_filled),
		cmocka_unit_test(what_is_counted_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
