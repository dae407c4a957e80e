/* SPDX-License-Identifier: GPL-2.0-only */
/* Records for humans: what stands where, and how lines are wrapped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <netinet/in.h>
#include <time.h>

#include "out/terminal.h"
#include "tests/unit/example.h"

/* What the sink writes, at a width; 0: unknown. The caller frees it. */
static char *render(const struct alert *alert, const struct sensor_event *event, int width)
{
	char *text = NULL, columns[16];
	struct sink *sink;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	snprintf(columns, sizeof(columns), "%d", width);
	if (width)
		setenv("COLUMNS", columns, 1);
	else
		unsetenv("COLUMNS");
	assert_int_equal(sink_terminal_new(example_observer(), out, &sink), 0);
	if (alert)
		assert_int_equal(sink->ops->send_alert(sink, alert), 0);
	else
		assert_int_equal(sink->ops->send_sensor(sink, event), 0);
	assert_int_equal(sink->counts.sent, 1);
	assert_int_equal(sink->ops->flush(sink), 0);
	sink->ops->free(sink);
	fclose(out);
	return text;
}

static void check(const struct alert *alert, const struct sensor_event *event, int width,
		  const char *expected)
{
	char *text = render(alert, event, width);

	assert_string_equal(text, expected);
	free(text);
}

static void open_incident_shows_its_evidence(void **state)
{
	struct example s;

	example_http(&s);
	check(&s.alert, NULL, 0,
	      "Nov 21 20:15:31  MEDIUM    HTTP Response Error Spike - Internal: 350 errors in 5m "
	      "(limit 350)\n"
	      "                           10.77.1.3 (build-7) -> 10.77.2.2:80\n"
	      "                           cause     scan: one client, 214 paths of 1 server in 3 m "
	      "29 s\n"
	      "                           statuses  404 x200, 500 x100, 403 x50\n");
}

static void requests_are_shown(void **state)
{
	struct example s;

	example_http(&s);
	example_requests(&s);
	check(&s.alert, NULL, 0,
	      "Nov 21 20:15:31  MEDIUM    HTTP Response Error Spike - Internal: 350 errors in 5m "
	      "(limit 350)\n"
	      "                           10.77.1.3 (build-7) -> 10.77.2.2:80\n"
	      "                           cause     scan: one client, 214 paths of 1 server in 3 m "
	      "29 s\n"
	      "                           statuses  404 x200, 500 x100, 403 x50\n"
	      "                           requests  GET /e404/\"1, GET /e404/2 and 214 more\n");
}

static void anomaly_shows_what_is_typical(void **state)
{
	struct example s;

	example_deny(&s);
	s.alert.coverage = (struct coverage){ .evicted = 12 };
	s.alert.cause = CAUSE_BEACON_OR_EXFILTRATION;
	check(&s.alert, NULL, 0,
	      "Nov 21 20:15:31  LOW       Spike in Firewall Denies: at least 4121 denied in 15m, "
	      "typical 37.5 (20-61), score 91\n"
	      "                           10.77.1.2 -> many\n"
	      "                           cause     beacon or exfiltration: one source, 1,024 "
	      "ports of 3 destinations\n"
	      "                           coverage  at least; 12 of 4,133 could not be attributed\n"
	      "                           sources   10.77.1.2 x4040, 10.77.1.9 x81\n"
	      "                           servers   10.77.2.1:1000 x5, 10.77.2.2:1001 x5, "
	      "10.77.2.3:1002 x5, 10.77.2.1:1003 x5, 10.77.2.2:1004 x5 and 3067 more\n"
	      "                           ports     1000 x5, 1001 x5, 1002 x5, 1003 x5, 1004 x5 "
	      "and at least 1019 more\n"
	      "                           reasons   NETFILTER_DROP x4000, reason 77 x121\n"
	      "                           chains    inet filter forward x4000, not known here x121\n");
}

static void opening_shows_two_samples(void **state)
{
	struct example s;
	char *text;

	example_http(&s);
	for (__u16 port = 51234; port < 51238; port++)
		example_sample_add(&s.alert, "10.77.1.3", port, "10.77.2.2", 80, 404, 0);
	text = render(&s.alert, NULL, 0);
	assert_non_null(strstr(text, "403 x50\n"
				     "                           samples   404 10.77.1.3:51234 -> "
				     "10.77.2.2:80, 404 10.77.1.3:51235 -> 10.77.2.2:80\n"));
	assert_null(strstr(text, "51236"));
	free(text);
	s.alert.action = ALERT_UPDATE;
	text = render(&s.alert, NULL, 0);
	assert_null(strstr(text, "samples"));
	free(text);

	example_deny(&s);
	example_sample_add(&s.alert, "10.77.1.3", 53, "10.77.2.2", 80, 9, IPPROTO_UDP);
	example_sample_add(&s.alert, "::", 0, "::", 0, 0, 0);
	text = render(&s.alert, NULL, 0);
	assert_non_null(strstr(text, " samples   bad \\xff name udp 10.77.1.3:53 -> 10.77.2.2:80, "
				     ":: -> ::\n"));
	free(text);
}

static void what_does_not_alarm_is_short(void **state)
{
	static const struct {
		enum alert_action action;
		bool suppressed, prototype;
		const char *expected;
	} rows[] = {
		{ ALERT_CLOSE, false, false,
		  "Nov 21 20:15:31  closed    r: peak 712 errors in 5m, lasted 3 m 29 s\n"
		  "                           10.77.1.3 (build-7) -> 10.77.2.2:80 (scan)\n" },
		{ ALERT_SUPPRESSED, true, false,
		  "Nov 21 20:15:31  muted     r: 350 errors in 5m (limit 350)\n"
		  "                           10.77.1.3 (build-7) -> 10.77.2.2:80 (scan)\n" },
		{ ALERT_OPEN, false, true,
		  "Nov 21 20:15:31  trial     r: 350 errors in 5m (limit 350)\n"
		  "                           10.77.1.3 (build-7) -> 10.77.2.2:80 (scan)\n" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct example s;

		example_http(&s);
		s.rule.title = "r";
		s.rule.prototype = rows[i].prototype;
		s.alert.action = rows[i].action;
		s.alert.suppressed = rows[i].suppressed;
		s.alert.peak = 712;
		check(&s.alert, NULL, 0, rows[i].expected);
	}
}

static void severities_have_marks(void **state)
{
	static const struct {
		unsigned int severity;
		const char *mark;
	} rows[] = {
		{ 0, "LOW     " }, { 2, "LOW     " }, { 3, "MEDIUM  " }, { 5, "MEDIUM  " },
		{ 6, "HIGH    " }, { 7, "HIGH    " }, { 8, "CRITICAL" }, { 10, "CRITICAL" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct example s;
		char *text;

		example_http(&s);
		s.rule.severity = rows[i].severity;
		text = render(&s.alert, NULL, 0);
		assert_memory_equal(text + 17, rows[i].mark, 8);
		free(text);
	}
}

static void growing_incident_says_so(void **state)
{
	struct example s;
	char *text;

	example_http(&s);
	s.alert.action = ALERT_UPDATE;
	s.alert.count = 700;
	text = render(&s.alert, NULL, 0);
	assert_non_null(strstr(text, "Internal: now 700 errors in 5m (limit 350)\n"));
	free(text);
}

static void many_on_either_side(void **state)
{
	struct example s;
	char *text;

	example_http(&s);
	s.rule.group_by = GROUP_DESTINATION;
	s.alert.group.destination = example_addr("2001:db8::1");
	s.alert.top[DIM_SOURCE].distinct = 1000;
	s.alert.top[DIM_SOURCE].rest = 99;
	s.alert.top[DIM_SOURCE].distinct_at_least = true;
	text = render(&s.alert, NULL, 0);
	assert_non_null(strstr(text, " 10.77.1.3 (build-7) and at least 999 more -> "
				     "[2001:db8::1]:80 (gw1)\n"));
	assert_non_null(strstr(text, " sources   10.77.1.3 x350 and at least 999 more\n"));
	free(text);
}

static void sensor_says_what_to_do(void **state)
{
	struct sensor_event started = { SENSOR_STARTED, EXAMPLE_WALL, "2 interfaces", NULL };
	struct sensor_event blind = { SENSOR_BLIND, EXAMPLE_WALL, "detached; restart", "eth0" };
	struct sensor_event bare = { SENSOR_RECOVERED, EXAMPLE_WALL, NULL, "eth0" };

	check(NULL, &started, 0, "Nov 21 20:15:31  started   2 interfaces\n");
	check(NULL, &blind, 0,
	      "Nov 21 20:15:31  BLIND     eth0: detached; restart\n"
	      "                           while this lasts, no alert does not mean no attack; "
	      "'spikewatch probe' shows what stands in the way\n");
	check(NULL, &bare, 0, "Nov 21 20:15:31  OK again  eth0\n");
}

static size_t widest(const char *text)
{
	size_t most = 0;

	while (*text) {
		size_t len = strcspn(text, "\n");

		most = len > most ? len : most;
		text += len + (text[len] == '\n');
	}
	return most;
}

static void lines_fit_the_width(void **state)
{
	static const int widths[] = { 50, 60, 72, 80, 100, 132 };

	for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
		struct example s;
		char *text;

		example_deny(&s);
		example_sample_add(&s.alert, "2001:db8:1:2:3:4:5:6", 53, "::1", 80, 9, IPPROTO_UDP);
		text = render(&s.alert, NULL, widths[i]);
		if (widest(text) > (size_t)widths[i])
			fail_msg("at %d columns:\n%s", widths[i], text);
		assert_true(widest(text) > (size_t)widths[i] - 30);
		free(text);
	}
}

static void wrapped_lines_keep_their_indent(void **state)
{
	struct example s;

	example_http(&s);
	s.alert.top[DIM_STATUS].count = 0;
	check(&s.alert, NULL, 80,
	      "Nov 21 20:15:31  MEDIUM    HTTP Response Error Spike - Internal: 350 errors in\n"
	      "                           5m (limit 350)\n"
	      "                           10.77.1.3 (build-7) -> 10.77.2.2:80\n"
	      "                           cause     scan: one client, 214 paths of 1 server in\n"
	      "                                     3 m 29 s\n");
	check(&s.alert, NULL, 50,
	      "Nov 21 20:15:31  MEDIUM    HTTP Response Error\n"
	      "    Spike - Internal: 350 errors in 5m (limit 350)\n"
	      "    10.77.1.3 (build-7) -> 10.77.2.2:80\n"
	      "    cause     scan: one client, 214 paths of 1\n"
	      "              server in 3 m 29 s\n");
}

static void hostile_names_stay_text(void **state)
{
	struct sensor_event event = { SENSOR_DEGRADED, EXAMPLE_WALL, "a\nb\033]0;x\a", "\xff\r" };
	struct example s;
	char *text;

	check(NULL, &event, 0,
	      "Nov 21 20:15:31  DEGRADED  \\xff\\x0d: a\\x0ab\\x1b]0;x\\x07\n"
	      "                           while this lasts, counts are lower bounds\n");
	example_http(&s);
	s.rule.title = "%s\033[2J\n";
	strcpy(s.alert.cause_says, "\xc2\x9b"
				   "31m");
	text = render(&s.alert, NULL, 0);
	assert_non_null(strstr(text, "%s\\x1b[2J\\x0a:"));
	assert_non_null(strstr(text, "scan: \\xc2\\x9b31m\n"));
	assert_null(strpbrk(text, "\033\r"));
	free(text);
}

static void odd_widths_are_ignored(void **state)
{
	static const char *const odd[] = { "", "0", "-5", "wide", "80x", "99999999999999999999" };
	struct example s;
	char *plain;

	example_http(&s);
	plain = render(&s.alert, NULL, 0);
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		struct sink *sink;
		char *text = NULL;
		size_t len;
		FILE *out = open_memstream(&text, &len);

		assert_non_null(out);
		setenv("COLUMNS", odd[i], 1);
		assert_int_equal(sink_terminal_new(example_observer(), out, &sink), 0);
		assert_int_equal(sink->ops->send_alert(sink, &s.alert), 0);
		sink->ops->free(sink);
		fclose(out);
		assert_string_equal(text, plain);
		free(text);
	}
	free(plain);
	unsetenv("COLUMNS");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(open_incident_shows_its_evidence),
		cmocka_unit_test(requests_are_shown),
		cmocka_unit_test(anomaly_shows_what_is_typical),
		cmocka_unit_test(opening_shows_two_samples),
		cmocka_unit_test(what_does_not_alarm_is_short),
		cmocka_unit_test(severities_have_marks),
		cmocka_unit_test(growing_incident_says_so),
		cmocka_unit_test(many_on_either_side),
		cmocka_unit_test(sensor_says_what_to_do),
		cmocka_unit_test(lines_fit_the_width),
		cmocka_unit_test(wrapped_lines_keep_their_indent),
		cmocka_unit_test(hostile_names_stay_text),
		cmocka_unit_test(odd_widths_are_ignored),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
