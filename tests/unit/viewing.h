/* SPDX-License-Identifier: GPL-2.0-only */
/* A view with something in each of its parts, and strings of every kind of trouble. */
#ifndef TESTS_UNIT_VIEWING_H
#define TESTS_UNIT_VIEWING_H

#include <arpa/inet.h>

#include "view/view.h"

#define VIEWING_HOSTILE "e\"t\\h\n0\xff"

static inline const struct view *viewing(void)
{
	static struct rule threshold = { .id = (char *)"scans", .kind = RULE_THRESHOLD };
	static struct rule anomaly = { .id = (char *)"denies",
				       .kind = RULE_ANOMALY,
				       .feed = FEED_DROP };
	static struct view_rule rules[2];
	static const struct view_hook hooks[] = {
		{ .interface = VIEWING_HOSTILE,
		  .hook = "ingress",
		  .mode = "tcx",
		  .attached = true },
		{ .hook = "kfree_skb", .mode = "reason" },
	};
	static const struct view_map maps[] = {
		{ "http_counts", 64, 3, true },
		{ "flows", 128, 0, false },
	};
	static const struct view_program programs[] = {
		{ "sw_ingress", 1500000000, 3 },
		{ "sw_drop", 0, 0 },
	};
	static const struct view_sink sinks[] = { { "journald", 7, 1, 2 } };
	static struct reason_names reasons;
	static __u8 classes[SW_REASON_MAX];
	static struct tally tally;
	static const struct view_condition conditions[] = {
		{ SENSOR_BLIND, "detached", VIEWING_HOSTILE, "no program is attached", 0 },
	};
	static struct unread unread;
	static struct view view;

	reasons.name[6] = "NETFILTER_DROP";
	classes[6] = CLASS_FIREWALL;
	tally = (struct tally){
		.drained = { 4, 9 },
		.epochs = 3,
		.epoch_ns = 2500000000,
		.epoch_count = { [4] = 2, [TALLY_EDGES] = 1 },
	};
	tally.totals.n[COUNT_PACKETS_INGRESS] = 11;
	tally.totals.n[COUNT_UNDERSTOOD] = 10;
	tally.totals.n[COUNT_PARSE_NOT_IP] = 1;
	tally.totals.n[COUNT_HTTP_4XX] = 4;
	tally.totals.n[COUNT_PACKETS_DROP] = 9;
	tally.totals.n[COUNT_DROP_UNDERSTOOD] = 9;
	tally.totals.n[COUNT_HTTP_RESYNC] = 5;
	tally.totals.drop_reason[6] = 8;
	tally.totals.drop_reason[77] = 1; /* of no name and no class that there is */
	classes[77] = 200;
	tally.loss.merged[FEED_DROP] = 6;
	unread = (struct unread){ .count = 1 };
	unread.list[0] = (struct unread_server){
		.server = { { 0, 0, htonl(0xffff), htonl(0x0a000009) } },
		.port = 443,
		.now = { 1, 5, 1, 0 },
		.before = { 0, 0, 0, 2 },
	};
	threshold.threshold.count = 350;
	threshold.threshold.window_ns = 300000000000;
	anomaly.anomaly.bucket_ns = 900000000000;
	anomaly.anomaly.score = 75;
	rules[0] = (struct view_rule){
		.state = { .rule = &threshold, .groups = 2, .matched = 40, .incidents_open = 1 },
		.told = { [ALERT_OPEN] = 1, [ALERT_UPDATE] = 2 },
	};
	rules[1] = (struct view_rule){
		.state = { .rule = &anomaly,
			   .buckets = 30,
			   .score = 12.25,
			   .actual = 40,
			   .typical = 37.5 },
	};
	view = (struct view){
		.version = "1.2.3",
		.revision = "abc",
		.hostname = "gw1",
		.start_wall_ns = 1500000000,
		.now_wall_ns = 94000000000000,
		.uptime_ns = 90061000000000,
		.alive = true,
		.reasons = &reasons,
		.reason_class = classes,
		.tally = &tally,
		.unread = &unread,
		.pods = { .mode = "api",
			  .pods = 12,
			  .addresses = 13,
			  .asked = 9,
			  .failed = 2,
			  .refused = 1,
			  .answered = true,
			  .answer_age_ns = 4000000000,
			  .trouble = "it answered 403" },
		.conditions = conditions,
		.condition_count = 1,
		.reload_wall_ns = 1000000000,
		.reload_says = "configuration refused",
		.reload_failure = "f:3:1: no",
		.recursion_missed = 3,
		.rules = rules,
		.rule_count = 2,
		.hooks = hooks,
		.hook_count = 2,
		.maps = maps,
		.map_count = 2,
		.programs = programs,
		.program_count = 2,
		.sinks = sinks,
		.sink_count = 1,
		.cpu_s = 0.5,
		.resident_bytes = 4096,
	};
	return &view;
}

#endif
