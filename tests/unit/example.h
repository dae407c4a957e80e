/* SPDX-License-Identifier: GPL-2.0-only */
/* Alerts as the core makes them, for the tests of what is written about them. */
#ifndef TESTS_UNIT_EXAMPLE_H
#define TESTS_UNIT_EXAMPLE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "out/sink.h"

#define EXAMPLE_SECOND 1000000000ULL
#define EXAMPLE_WALL   (1795292131ULL * EXAMPLE_SECOND) /* 2026-11-21T20:15:31Z */

/* One alert with the rule that it points to; rule and alert may be changed before they are used. */
struct example {
	struct rule rule;
	struct alert alert;
};

static inline struct addr example_addr(const char *text)
{
	struct addr addr;

	if (addr_parse(text, &addr))
		abort();
	return addr;
}

static inline const char *example_host_name(const struct addr *addr, void *arg)
{
	struct addr build = example_addr("10.77.1.3");

	return addr_equal(addr, &build) ? "build-7" : NULL;
}

static inline const struct observer *example_observer(void)
{
	static struct addr addrs[2];
	static struct reason_names reasons = { .name = {
						       [8] = "NETFILTER_DROP",
						       [9] = "bad \xff name",
					       } };
	static const struct chain_names chains = { .name = {
							   [CHAIN_UNKNOWN] = "not known here",
							   [CHAIN_FIRST] = "inet filter forward",
						   } };
	static const struct observer observer = {
		.hostname = "gw1",
		.version = "1.0.0",
		.addrs = addrs,
		.addr_count = 2,
		.reasons = &reasons,
		.chains = &chains,
		.host_name = example_host_name,
	};

	addrs[0] = example_addr("10.77.1.1");
	addrs[1] = example_addr("2001:db8::1");
	return &observer;
}

static inline void example_top_add(struct top *top, struct top_entry entry)
{
	top->entry[top->count++] = entry;
	top->distinct++;
}

static inline void example_common(struct example *s)
{
	memset(s, 0, sizeof(*s));
	s->alert.rule = &s->rule;
	s->alert.action = ALERT_OPEN;
	s->alert.wall_ns = EXAMPLE_WALL + 204000000;
	s->alert.start_wall_ns = EXAMPLE_WALL - 209 * EXAMPLE_SECOND;
	s->alert.end_wall_ns = EXAMPLE_WALL;
	s->alert.coverage.exact = true;
	strcpy(s->alert.incident, "9b1c00000000000000000000000000aa");
	strcpy(s->alert.event_id, "9b1c00000000000000000000000000bb");
	s->rule.enabled = true;
}

/* A packet, each 250 ms before the one that was added before. */
static inline void example_sample_add(struct alert *alert, const char *source, __u16 source_port,
				      const char *destination, __u16 port, __u16 code, __u8 proto)
{
	alert->sample[alert->sample_count] = (struct alert_sample){
		.wall_ns = EXAMPLE_WALL - alert->sample_count * 250000000,
		.source = example_addr(source),
		.destination = example_addr(destination),
		.source_port = source_port,
		.port = port,
		.code = code,
		.proto = proto,
	};
	alert->sample_count++;
}

/* A scan of one server by one client, as in the built-in rule. */
static inline void example_http(struct example *s)
{
	static char *tags[] = { "TA0043", "T1595", "T1595.001", "web-team", NULL };
	struct rule *rule = &s->rule;
	struct top *top = s->alert.top;

	example_common(s);
	rule->id = "http-error-spike-internal";
	rule->title = "HTTP Response Error Spike - Internal";
	rule->category = "Discovery";
	rule->summary =
		"High number of internal HTTP response errors from IP: {client} to {server}";
	rule->tags = tags;
	rule->feed = FEED_HTTP;
	rule->match.status[0] = (struct range){ 400, 599 };
	rule->match.status_count = 1;
	rule->group_by = GROUP_SOURCE;
	rule->kind = RULE_THRESHOLD;
	rule->threshold.count = 350;
	rule->threshold.window_ns = 300 * EXAMPLE_SECOND;
	rule->severity = 3;
	rule->risk_score = 21;
	s->alert.group.source = example_addr("10.77.1.3");
	s->alert.count = 350;
	s->alert.peak = 350;
	s->alert.cause = CAUSE_SCAN;
	strcpy(s->alert.cause_says, "one client, 214 paths of 1 server in 3 m 29 s");
	example_top_add(&top[DIM_STATUS], (struct top_entry){ .code = 404, .count = 200 });
	example_top_add(&top[DIM_STATUS], (struct top_entry){ .code = 500, .count = 100 });
	example_top_add(&top[DIM_STATUS], (struct top_entry){ .code = 403, .count = 50 });
	example_top_add(&top[DIM_SOURCE],
			(struct top_entry){ .addr = s->alert.group.source, .count = 350 });
	example_top_add(
		&top[DIM_DESTINATION],
		(struct top_entry){ .addr = example_addr("10.77.2.2"), .port = 80, .count = 350 });
	example_top_add(&top[DIM_PORT], (struct top_entry){ .port = 80, .count = 350 });
}

static inline void example_requests(struct example *s)
{
	struct alert_requests *requests = &s->alert.requests;

	*requests = (struct alert_requests){ .known = 350, .distinct = 216, .paths = 214 };
	strcpy(requests->text[requests->count++], "GET /e404/\"1");
	strcpy(requests->text[requests->count++], "GET /e404/2");
}

/* One source behind most of an unusual number of denied packets, as in the built-in rule. */
static inline void example_deny(struct example *s)
{
	static char *tags[] = { "T1046", "T1595", NULL };
	struct rule *rule = &s->rule;
	struct alert *alert = &s->alert;

	example_common(s);
	rule->id = "firewall-deny-spike";
	rule->title = "Spike in Firewall Denies";
	rule->summary = "{actual} denied in {window}, typical {typical}, score {score}";
	rule->tags = tags;
	rule->feed = FEED_DROP;
	rule->match.classes = 1 << CLASS_FIREWALL | 1 << CLASS_PROHIBITED;
	rule->kind = RULE_ANOMALY;
	rule->anomaly.bucket_ns = 900 * EXAMPLE_SECOND;
	rule->anomaly.score = 75;
	rule->anomaly.side = SIDE_HIGH;
	rule->severity = 2;
	rule->risk_score = 21;
	alert->count = 4121;
	alert->peak = 4121;
	alert->cause = CAUSE_SCAN;
	strcpy(alert->cause_says, "one source, 1,024 ports of 3 destinations");
	alert->anomaly.score = 91.2345;
	alert->anomaly.peak_score = 91.2345;
	alert->anomaly.probability = 7.0923e-05;
	alert->anomaly.actual = 4121;
	alert->anomaly.typical = 37.512;
	alert->anomaly.typical_low = 20;
	alert->anomaly.typical_high = 61.0004;
	alert->anomaly.bucket_start_wall_ns = EXAMPLE_WALL - 31 * EXAMPLE_SECOND;
	alert->anomaly.influencer[0] = (struct influencer){
		.dimension = DIM_SOURCE,
		.value = { .addr = example_addr("10.77.1.2"), .count = 4040 },
		.influence = 0.98123,
	};
	alert->anomaly.influencer_count = 1;
	example_top_add(&alert->top[DIM_SOURCE],
			(struct top_entry){ .addr = example_addr("10.77.1.2"), .count = 4040 });
	example_top_add(&alert->top[DIM_SOURCE],
			(struct top_entry){ .addr = example_addr("10.77.1.9"), .count = 81 });
	for (int i = 0; i < ALERT_TOP_MAX; i++) {
		char text[ADDR_TEXT_MAX];

		snprintf(text, sizeof(text), "10.77.2.%d", i % 3 + 1);
		example_top_add(&alert->top[DIM_DESTINATION],
				(struct top_entry){
					.addr = example_addr(text), .port = 1000 + i, .count = 5 });
		example_top_add(&alert->top[DIM_PORT],
				(struct top_entry){ .port = 1000 + i, .count = 5 });
	}
	alert->top[DIM_DESTINATION].distinct = 3072;
	alert->top[DIM_DESTINATION].rest = 4081;
	alert->top[DIM_PORT].distinct = 1024;
	alert->top[DIM_PORT].rest = 4081;
	alert->top[DIM_PORT].distinct_at_least = true;
	example_top_add(&alert->top[DIM_REASON], (struct top_entry){ .code = 8, .count = 4000 });
	example_top_add(&alert->top[DIM_REASON], (struct top_entry){ .code = 77, .count = 121 });
	example_top_add(&alert->top[DIM_HOOK],
			(struct top_entry){ .code = HOOK_FORWARD, .count = 4121 });
	example_top_add(&alert->top[DIM_CHAIN],
			(struct top_entry){ .code = CHAIN_FIRST, .count = 4000 });
	example_top_add(&alert->top[DIM_CHAIN],
			(struct top_entry){ .code = CHAIN_UNKNOWN, .count = 121 });
}

/* A port scan over IPv6: a threshold of distinct values, grouped by both sides. */
static inline void example_ports(struct example *s)
{
	struct rule *rule = &s->rule;

	example_common(s);
	rule->id = "port-scan";
	rule->feed = FEED_DROP;
	rule->group_by = GROUP_SOURCE | GROUP_DESTINATION;
	rule->kind = RULE_THRESHOLD;
	rule->threshold.count = 20;
	rule->threshold.window_ns = 90 * EXAMPLE_SECOND;
	rule->threshold.distinct = DISTINCT_PORT;
	rule->severity = 7;
	s->alert.group.source = example_addr("2001:db8::2");
	s->alert.group.destination = example_addr("2001:db8::1");
	s->alert.count = 21;
	s->alert.peak = 21;
	s->alert.cause = CAUSE_SCAN;
	example_top_add(
		&s->alert.top[DIM_DESTINATION],
		(struct top_entry){ .addr = s->alert.group.destination, .port = 22, .count = 2 });
	example_top_add(
		&s->alert.top[DIM_DESTINATION],
		(struct top_entry){ .addr = s->alert.group.destination, .port = 443, .count = 1 });
}

#endif
