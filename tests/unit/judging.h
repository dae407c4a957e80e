/* SPDX-License-Identifier: GPL-2.0-only */
/* A judge in virtual time: rules, batches of records, and a list of the alerts that came out. */
#ifndef TESTS_UNIT_JUDGING_H
#define TESTS_UNIT_JUDGING_H

#include "tests/unit/core.h"
#include "core/judge.h"

#include <netinet/in.h>

/* 2026-01-01 00:00:00 UTC: a multiple of every usual bucket. */
#define WALL_START_NS (1767225600ULL * SECOND_NS)
#define BOOT_START_S  1000ULL
#define ALERTS_MAX    4096

struct court {
	struct judge *judge;
	struct places places;
	struct alert *alerts;
	size_t count;
	__u64 wall_offset_ns;         /* added to the wall clock: steps */
	struct loss loss;             /* of the next batch */
	const struct sample *samples; /* of the next batch */
	size_t sample_count;
};

static inline void court_take(const struct alert *alert, void *arg)
{
	struct court *court = arg;

	assert_true(court->count < ALERTS_MAX);
	court->alerts[court->count++] = *alert;
}

static inline void list_add(struct court *court, size_t list, const char *text)
{
	struct net net = network(text);

	assert_int_equal(netset_add(court->places.lists[list], &net, 0), 0);
}

/* 10.0.0.0/8 is inside; 10.0.0.1 is this host; 10.5.0.0/24 are proxies. */
static inline void court_open(struct court *court, const struct rule *rules, size_t count)
{
	struct net ten = network("10.0.0.0/8");
	size_t i;

	*court = (struct court){ 0 };
	court->alerts = calloc(ALERTS_MAX, sizeof(*court->alerts));
	assert_non_null(court->alerts);
	assert_int_equal(netset_new(&court->places.zones), 0);
	assert_int_equal(netset_add(court->places.zones, &ten, ZONE_INTERNAL), 0);
	court->places.list_count = 2;
	court->places.lists = calloc(2, sizeof(*court->places.lists));
	for (i = 0; i < 2; i++)
		assert_int_equal(netset_new(&court->places.lists[i]), 0);
	list_add(court, 0, "10.0.0.1");
	list_add(court, 1, "10.5.0.0/24");
	assert_int_equal(judge_new(&(struct judge_cfg){ .rules = rules,
							.rule_count = count,
							.places = &court->places,
							.emit = court_take,
							.arg = court,
							.seed = 99 },
				   &court->judge),
			 0);
}

static inline void court_close(struct court *court)
{
	judge_free(court->judge);
	places_clear(&court->places);
	free(court->alerts);
}

/* A batch of 100 ms that ends `ms` after the start of the test's time. */
static inline void court_batch(struct court *court, __u64 ms, const struct record *records,
			       size_t count)
{
	struct batch batch = {
		.end_ns = BOOT_START_S * SECOND_NS + ms * 1000000,
		.wall_ns = WALL_START_NS + ms * 1000000 + court->wall_offset_ns,
		.records = records,
		.record_count = count,
		.samples = court->samples,
		.sample_count = court->sample_count,
		.loss = court->loss,
	};

	batch.start_ns = batch.end_ns - 100000000;
	assert_int_equal(judge_batch(court->judge, &batch), 0);
	court->loss = (struct loss){ 0 };
	court->sample_count = 0;
}

/* One record in the middle of a second after the start. */
static inline void court_send(struct court *court, __u64 second, struct record record, __u64 count)
{
	record.count = count;
	court_batch(court, second * 1000 + 500, &record, 1);
}

/* An empty batch each second, from the one after `from` to `to`. */
static inline void court_wait(struct court *court, __u64 from, __u64 to)
{
	while (from++ < to)
		court_batch(court, from * 1000 + 500, NULL, 0);
}

static inline const struct alert *court_last(const struct court *court)
{
	assert_true(court->count > 0);
	return &court->alerts[court->count - 1];
}

static inline struct record http_record(const char *client, const char *server, __u16 status)
{
	return (struct record){
		.feed = FEED_HTTP,
		.source = ip(client),
		.destination = ip(server),
		.port = 80,
		.code = status,
		.count = 1,
	};
}

static inline struct record drop_record(const char *source, const char *destination, __u16 port)
{
	return (struct record){
		.feed = FEED_DROP,
		.source = ip(source),
		.destination = ip(destination),
		.port = port,
		.code = 8,
		.proto = IPPROTO_TCP,
		.class = CLASS_FIREWALL,
		.hook = HOOK_INGRESS,
		.count = 1,
	};
}

static inline struct addr_match term_match(struct addr_term term)
{
	return (struct addr_match){ .term = { term }, .count = 1 };
}

/* The built-in rules, as their publishers describe them. */
static inline struct rule internal_rule(void)
{
	return (struct rule){
		.id = (char *)"http-error-spike-internal",
		.enabled = true,
		.feed = FEED_HTTP,
		.match = { .status = { { 400, 599 } },
			   .status_count = 1,
			   .source = term_match((struct addr_term){ .kind = ADDR_INTERNAL }) },
		.except = { .either = term_match(
				    (struct addr_term){ .kind = ADDR_LIST, .list = 1 }),
			    .source = term_match((struct addr_term){ .kind = ADDR_LIST }) },
		.group_by = GROUP_SOURCE,
		.kind = RULE_THRESHOLD,
		.threshold = { .count = 350, .window_ns = 300 * SECOND_NS },
		.suppress_ns = 86400 * SECOND_NS,
	};
}

static inline struct rule external_rule(void)
{
	struct rule rule = internal_rule();

	rule.id = (char *)"http-error-spike-external";
	rule.match.source.term[0].kind = ADDR_EXTERNAL;
	rule.match.destination = term_match((struct addr_term){ .kind = ADDR_INTERNAL });
	rule.except = (struct except){ 0 };
	return rule;
}

static inline struct rule deny_rule(void)
{
	return (struct rule){
		.id = (char *)"firewall-deny-spike",
		.enabled = true,
		.feed = FEED_DROP,
		.match = { .classes = 1 << CLASS_FIREWALL | 1 << CLASS_PROHIBITED },
		.kind = RULE_ANOMALY,
		.anomaly = { .bucket_ns = 900 * SECOND_NS, .score = 75, .min_count = 50 },
	};
}

#endif
