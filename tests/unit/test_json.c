/* SPDX-License-Identifier: GPL-2.0-only */
/* Alerts as JSON: every field of the contract. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <netinet/in.h>

#include "tests/unit/json_rows.h"

static void http_open_has_every_field(void **state)
{
	static const struct row rows[] = {
		{ "@timestamp", "\"2026-11-21T20:15:31.204Z\"" },
		{ "ecs", "{\"version\":\"8.11\"}" },
		{ "message", "\"HTTP Response Error Spike - Internal: 350 errors in 5m from "
			     "10.77.1.3 to 10.77.2.2 (scan)\"" },
		{ "event", "{\"kind\":\"alert\",\"category\":[\"intrusion_detection\",\"network\","
			   "\"web\"],\"type\":[\"info\"],\"module\":\"spikewatch\","
			   "\"dataset\":\"spikewatch.alert\",\"action\":\"open\","
			   "\"id\":\"9b1c00000000000000000000000000bb\",\"severity\":47,"
			   "\"risk_score\":21,\"start\":\"2026-11-21T20:12:02.000Z\","
			   "\"end\":\"2026-11-21T20:15:31.000Z\"}" },
		{ "rule", "{\"id\":\"http-error-spike-internal\",\"name\":\"HTTP Response Error "
			  "Spike - Internal\",\"category\":\"Discovery\",\"version\":\"1\"}" },
		{ "source", "{\"ip\":\"10.77.1.3\",\"domain\":\"build-7\"}" },
		{ "destination", "{\"ip\":\"10.77.2.2\",\"port\":80}" },
		{ "observer", "{\"hostname\":\"gw1\",\"ip\":[\"10.77.1.1\",\"2001:db8::1\"],"
			      "\"vendor\":\"spikewatch\",\"type\":\"sensor\","
			      "\"version\":\"1.0.0\"}" },
		{ "host", "{\"name\":\"gw1\"}" },
		{ "threat", "{\"framework\":\"MITRE ATT&CK\",\"tactic\":{\"id\":[\"TA0043\"]},"
			    "\"technique\":{\"id\":[\"T1595\",\"T1595.001\"]}}" },
		{ "tags", "[\"_mitreAttackTactic:TA0043\",\"_mitreAttackTechnique:T1595\","
			  "\"_mitreAttackTechnique:T1595.001\",\"web-team\"]" },
		{ "spikewatch",
		  "{\"incident\":\"9b1c00000000000000000000000000aa\",\"summary\":\"High number of "
		  "internal HTTP response errors from IP: 10.77.1.3 to 10.77.2.2\",\"severity\":3,"
		  "\"count\":350,\"peak\":350,\"limit\":350,\"window\":\"5m\",\"suppressed\":false,"
		  "\"prototype\":false,\"cause\":{\"name\":\"scan\",\"says\":\"one client, 214 "
		  "paths of 1 server in 3 m 29 s\"},\"evidence\":{\"statuses\":{\"404\":200,"
		  "\"500\":100,\"403\":50},\"sources\":{\"10.77.1.3\":350},"
		  "\"servers\":{\"10.77.2.2:80\":350},\"ports\":{\"80\":350}},"
		  "\"entities\":[{\"role\":\"device\",\"ip\":\"10.77.1.1\",\"hostname\":\"gw1\"},"
		  "{\"role\":\"source\",\"ip\":\"10.77.1.3\",\"hostname\":\"build-7\"},"
		  "{\"role\":\"destination\",\"ip\":\"10.77.2.2\"}],"
		  "\"coverage\":{\"exact\":true}}" },
	};
	struct example s;
	json_t *root;

	example_http(&s);
	root = record_of(example_observer(), &s.alert);
	CHECK(root, "http", rows);
	assert_int_equal(json_object_size(root), sizeof(rows) / sizeof(rows[0]));
	json_decref(root);
}

static void requests_are_evidence(void **state)
{
	static const struct row rows[] = {
		{ "spikewatch/evidence/requests", "[\"GET /e404/\\\"1\",\"GET /e404/2\"]" },
		{ "spikewatch/evidence/paths", "214" },
	};
	struct example s;
	json_t *root;

	example_http(&s);
	example_requests(&s);
	root = record_of(example_observer(), &s.alert);
	CHECK(root, "http", rows);
	json_decref(root);
}

static void deny_open_has_every_field(void **state)
{
	static const struct row rows[] = {
		{ "message", "\"Spike in Firewall Denies: 4121 denied in 15m, typical 37.5 "
			     "(20-61), score 91, mostly from 10.77.1.2 (scan)\"" },
		{ "event/category", "[\"intrusion_detection\",\"network\"]" },
		{ "event/type", "[\"denied\"]" },
		{ "event/severity", "21" },
		{ "source", "{\"ip\":\"10.77.1.2\"}" },
		{ "destination", NULL },
		{ "threat", "{\"framework\":\"MITRE ATT&CK\",\"technique\":{\"id\":[\"T1046\","
			    "\"T1595\"]}}" },
		{ "spikewatch/summary", "\"4121 denied in 15m, typical 37.5, score 91.2\"" },
		{ "spikewatch/count", "4121" },
		{ "spikewatch/limit", NULL },
		{ "spikewatch/window", NULL },
		{ "spikewatch/function", "\"high_count\"" },
		{ "spikewatch/bucket_span", "\"15m\"" },
		{ "spikewatch/bucket_start", "\"2026-11-21T20:15:00.000Z\"" },
		{ "spikewatch/bucket_closed", "false" },
		{ "spikewatch/record_score", "91.2" },
		{ "spikewatch/probability", "7.1e-05" },
		{ "spikewatch/actual", "[4121]" },
		{ "spikewatch/typical", "[37.5]" },
		{ "spikewatch/typical_range", "[20,61]" },
		{ "spikewatch/learning", "false" },
		{ "spikewatch/influencers",
		  "[{\"field\":\"source.ip\",\"value\":\"10.77.1.2\",\"influence\":0.98}]" },
		{ "spikewatch/evidence/sources", "{\"10.77.1.2\":4040,\"10.77.1.9\":81}" },
		{ "spikewatch/evidence/reasons", "{\"NETFILTER_DROP\":4000,\"reason 77\":121}" },
		{ "spikewatch/evidence/hooks", "{\"forward\":4121}" },
		{ "spikewatch/evidence/chains",
		  "{\"inet filter forward\":4000,\"not known here\":121}" },
		{ "spikewatch/evidence/servers/10.77.2.3:1002", "5" },
		{ "spikewatch/evidence/ports/1007", "5" },
		{ "spikewatch/evidence/statuses", NULL },
		{ "spikewatch/evidence/others",
		  "{\"servers\":{\"count\":4081,\"distinct\":3064},"
		  "\"ports\":{\"count\":4081,\"distinct\":1016,\"at_least\":true}}" },
		{ "spikewatch/entities",
		  "[{\"role\":\"device\",\"ip\":\"10.77.1.1\",\"hostname\":\"gw1\"},"
		  "{\"role\":\"source\",\"ip\":\"10.77.1.2\"}]" },
	};
	struct example s;
	json_t *root;

	example_deny(&s);
	root = record_of(example_observer(), &s.alert);
	CHECK(root, "deny", rows);
	json_decref(root);
}

static void samples_are_evidence(void **state)
{
	static const struct row http[] = {
		{ "spikewatch/evidence/samples",
		  "[{\"time\":\"2026-11-21T20:15:31.000Z\",\"source\":\"10.77.1.3:51234\","
		  "\"destination\":\"10.77.2.2:80\",\"status\":404},"
		  "{\"time\":\"2026-11-21T20:15:30.750Z\",\"source\":\"[2001:db8::2]:1\","
		  "\"destination\":\"[2001:db8::1]:8080\",\"status\":500}]" },
	};
	static const struct row drops[] = {
		{ "spikewatch/evidence/samples/0",
		  "{\"time\":\"2026-11-21T20:15:31.000Z\",\"source\":\"10.77.1.2:40000\","
		  "\"destination\":\"10.77.2.1:23\",\"reason\":\"NETFILTER_DROP\","
		  "\"proto\":\"tcp\"}" },
		{ "spikewatch/evidence/samples/1",
		  "{\"time\":\"2026-11-21T20:15:30.750Z\",\"source\":\"10.77.1.2\","
		  "\"destination\":\"10.77.2.1\",\"reason\":\"bad \\\\xff name\","
		  "\"proto\":\"89\"}" },
		{ "spikewatch/evidence/samples/2",
		  "{\"time\":\"2026-11-21T20:15:30.500Z\",\"source\":\"::\","
		  "\"destination\":\"::\"}" },
		{ "spikewatch/evidence/samples/3", NULL },
	};
	struct example s;
	json_t *root;

	example_http(&s);
	root = record_of(example_observer(), &s.alert);
	assert_null(find(root, "spikewatch/evidence/samples"));
	json_decref(root);
	example_sample_add(&s.alert, "10.77.1.3", 51234, "10.77.2.2", 80, 404, 0);
	example_sample_add(&s.alert, "2001:db8::2", 1, "2001:db8::1", 8080, 500, 0);
	root = record_of(example_observer(), &s.alert);
	CHECK(root, "http", http);
	json_decref(root);

	example_deny(&s);
	example_sample_add(&s.alert, "10.77.1.2", 40000, "10.77.2.1", 23, 8, IPPROTO_TCP);
	example_sample_add(&s.alert, "10.77.1.2", 0, "10.77.2.1", 0, 9, 89);
	example_sample_add(&s.alert, "::", 0, "::", 0, 0, 0);
	root = record_of(example_observer(), &s.alert);
	CHECK(root, "drops", drops);
	json_decref(root);
}

static void anomaly_names_only_what_it_blames(void **state)
{
	static const struct row two_sources[] = {
		{ "source", NULL },
		{ "destination", "{\"ip\":\"10.77.2.1\",\"port\":445}" },
		{ "spikewatch/function", "\"low_count\"" },
		{ "spikewatch/influencers/1/value", "\"10.77.1.9\"" },
		{ "spikewatch/influencers/2", "{\"field\":\"destination.ip\",\"value\":"
					      "\"10.77.2.1\",\"port\":445,\"influence\":0.4}" },
		{ "spikewatch/influencers/3", "{\"field\":\"destination.port\",\"value\":\"445\","
					      "\"influence\":0.7}" },
		{ "spikewatch/entities/2/ip", "\"10.77.1.9\"" },
		{ "spikewatch/probability", "null" },
		{ "spikewatch/typical", "[0.00123]" },
		{ "spikewatch/actual", "[12345678.5]" },
		{ "message",
		  "\"Spike in Firewall Denies: 4121 denied in 15m, typical 0.00123 (20-61), "
		  "score 91, mostly to 10.77.2.1 (scan)\"" },
	};
	struct example s;
	json_t *root;

	example_deny(&s);
	s.rule.anomaly.side = SIDE_LOW;
	s.alert.anomaly.probability = NAN;
	s.alert.anomaly.typical = 0.0012345;
	s.alert.anomaly.actual = 12345678.49;
	s.alert.anomaly.influencer[1] = (struct influencer){ DIM_SOURCE,
							     { .addr = example_addr("10.77.1.9") },
							     0.5 };
	s.alert.anomaly.influencer[2] = (struct influencer){
		DIM_DESTINATION, { .addr = example_addr("10.77.2.1"), .port = 445 }, 0.4
	};
	s.alert.anomaly.influencer[3] = (struct influencer){ DIM_PORT, { .port = 445 }, 0.7 };
	s.alert.anomaly.influencer_count = 4;
	root = record_of(example_observer(), &s.alert);
	CHECK(root, "two sources", two_sources);
	json_decref(root);
}

static void ipv6_group_without_title(void **state)
{
	static const struct row rows[] = {
		{ "message",
		  "\"port-scan: 21 ports in 90s from 2001:db8::2 to 2001:db8::1 (scan)\"" },
		{ "rule", "{\"id\":\"port-scan\",\"name\":\"port-scan\",\"version\":\"1\"}" },
		{ "event/severity", "73" },
		{ "source", "{\"ip\":\"2001:db8::2\"}" },
		{ "destination", "{\"ip\":\"2001:db8::1\",\"domain\":\"gw1\"}" },
		{ "threat", NULL },
		{ "tags", NULL },
		{ "spikewatch/distinct", "\"port\"" },
		{ "spikewatch/window", "\"90s\"" },
		{ "spikewatch/summary",
		  "\"port-scan: 21 ports in 90s from 2001:db8::2 to 2001:db8::1 (scan)\"" },
		{ "spikewatch/evidence",
		  "{\"servers\":{\"[2001:db8::1]:22\":2,\"[2001:db8::1]:443\":1}}" },
	};
	struct example s;
	json_t *root;

	example_ports(&s);
	root = record_of(example_observer(), &s.alert);
	CHECK(root, "ipv6", rows);
	json_decref(root);
}

static void actions_decide_what_alarms(void **state)
{
	static const struct {
		const char *name;
		enum alert_action action;
		bool suppressed, prototype;
		const char *action_json, *kind, *message;
	} rows[] = {
		{ "open", ALERT_OPEN, false, false, "open", "alert",
		  "Rule: 350 errors in 5m from 10.77.1.3 to 10.77.2.2 (scan)" },
		{ "update", ALERT_UPDATE, false, false, "update", "alert",
		  "Rule (update): 350 errors in 5m from 10.77.1.3 to 10.77.2.2 (scan)" },
		{ "close", ALERT_CLOSE, false, false, "close", "event",
		  "Rule (closed): peak 712 errors in 5m from 10.77.1.3 to 10.77.2.2, lasted "
		  "3 m 29 s (scan)" },
		{ "suppressed", ALERT_SUPPRESSED, true, false, "suppressed", "event",
		  "Rule (suppressed): 350 errors in 5m from 10.77.1.3 to 10.77.2.2 (scan)" },
		{ "update of a suppressed incident", ALERT_UPDATE, true, false, "update", "event",
		  "Rule (update): 350 errors in 5m from 10.77.1.3 to 10.77.2.2 (scan)" },
		{ "prototype", ALERT_OPEN, false, true, "open", "event",
		  "Rule: 350 errors in 5m from 10.77.1.3 to 10.77.2.2 (scan)" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct example s;
		json_t *root;

		example_http(&s);
		s.rule.title = "Rule";
		s.rule.prototype = rows[i].prototype;
		s.alert.action = rows[i].action;
		s.alert.suppressed = rows[i].suppressed;
		s.alert.peak = 712;
		root = record_of(example_observer(), &s.alert);
		print_message("%s\n", rows[i].name);
		assert_string_equal(json_string_value(find(root, "event/action")),
				    rows[i].action_json);
		assert_string_equal(json_string_value(find(root, "event/kind")), rows[i].kind);
		assert_string_equal(json_string_value(find(root, "message")), rows[i].message);
		assert_int_equal(json_is_true(find(root, "spikewatch/suppressed")),
				 rows[i].suppressed);
		assert_int_equal(json_is_true(find(root, "spikewatch/prototype")),
				 rows[i].prototype);
		json_decref(root);
	}
}

static void severities_have_four_steps(void **state)
{
	static const int expected[] = { 21, 21, 21, 47, 47, 47, 73, 73, 99, 99, 99 };

	for (unsigned int i = 0; i <= 10; i++) {
		struct example s;
		json_t *root;

		example_http(&s);
		s.rule.severity = i;
		root = record_of(example_observer(), &s.alert);
		assert_int_equal(json_integer_value(find(root, "event/severity")), expected[i]);
		json_decref(root);
	}
}

static void loss_is_told(void **state)
{
	static const struct row rows[] = {
		{ "message", "\"HTTP Response Error Spike - Internal: at least 4085 errors in 5m "
			     "from 10.77.1.3 to 10.77.2.2 (scan)\"" },
		{ "spikewatch/coverage",
		  "{\"exact\":false,\"lost\":{\"evicted\":12,\"unparsed\":3,\"gap_s\":2.1},"
		  "\"says\":\"at least; 15 of 4,100 could not be attributed; 2.1 s were not "
		  "watched\"}" },
	};
	struct example s;
	json_t *root;

	example_http(&s);
	s.alert.count = 4085;
	s.alert.coverage = (struct coverage){ false, 12, 3, 2100000000 };
	root = record_of(example_observer(), &s.alert);
	CHECK(root, "lost", rows);
	json_decref(root);
	s.alert.coverage = (struct coverage){ .evicted = 1000000 };
	root = record_of(example_observer(), &s.alert);
	assert_string_equal(json_string_value(find(root, "spikewatch/coverage/says")),
			    "at least; 1,000,000 of 1,004,085 could not be attributed");
	json_decref(root);
}

static void many_servers(void **state)
{
	static const struct row known[] = {
		{ "message", "\"HTTP Response Error Spike - Internal: 350 errors in 5m from "
			     "10.77.1.3 to 3 servers (scan)\"" },
		{ "destination", NULL },
		{ "spikewatch/summary", "\"High number of internal HTTP response errors from IP: "
					"10.77.1.3 to 10.77.2.2 (+2 more)\"" },
		{ "spikewatch/entities/4/ip", "\"10.77.2.4\"" },
	};
	static const struct row unknown[] = {
		{ "message", "\"HTTP Response Error Spike - Internal: 350 errors in 5m from "
			     "10.77.1.3 to at least 70 endpoints (scan)\"" },
		{ "destination", NULL },
		{ "spikewatch/summary", "\"80 10.77.2.2 (+69 or more)\"" },
	};
	static const struct row one[] = {
		{ "destination", "{\"ip\":\"10.77.2.2\"}" },
		{ "spikewatch/summary", "\"80 (+1 more) 10.77.2.2\"" },
	};
	struct top *servers;
	struct example s;
	json_t *root;

	example_http(&s);
	servers = &s.alert.top[DIM_DESTINATION];
	example_top_add(servers,
			(struct top_entry){ .addr = example_addr("10.77.2.3"), .count = 1 });
	example_top_add(servers,
			(struct top_entry){ .addr = example_addr("10.77.2.4"), .count = 1 });
	root = record_of(example_observer(), &s.alert);
	CHECK(root, "three servers", known);
	json_decref(root);

	s.rule.summary = "{port} {server}";
	servers->rest = 9;
	servers->distinct = 70;
	servers->distinct_at_least = true;
	servers->count = 2;
	root = record_of(example_observer(), &s.alert);
	CHECK(root, "more than the top shows", unknown);
	json_decref(root);

	example_http(&s);
	s.rule.summary = "{port} {server}";
	example_top_add(
		&s.alert.top[DIM_DESTINATION],
		(struct top_entry){ .addr = example_addr("10.77.2.2"), .port = 8080, .count = 1 });
	example_top_add(&s.alert.top[DIM_PORT], (struct top_entry){ .port = 8080, .count = 1 });
	root = record_of(example_observer(), &s.alert);
	CHECK(root, "one server, two ports", one);
	json_decref(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(http_open_has_every_field),
		cmocka_unit_test(deny_open_has_every_field),
		cmocka_unit_test(requests_are_evidence),
		cmocka_unit_test(samples_are_evidence),
		cmocka_unit_test(anomaly_names_only_what_it_blames),
		cmocka_unit_test(ipv6_group_without_title),
		cmocka_unit_test(actions_decide_what_alarms),
		cmocka_unit_test(severities_have_four_steps),
		cmocka_unit_test(loss_is_told),
		cmocka_unit_test(many_servers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
