/* SPDX-License-Identifier: GPL-2.0-only */
/* A judge that is restarted again and again says what one that runs on says. */
#include "tests/unit/keeping.h"

#define BATCHES 12000

struct world {
	__u64 rng;
	__u64 wall_ns, end_ns;
	struct record records[6];
	size_t count;
	struct sample sample;
	bool busy;
};

static void next_batch(struct world *world)
{
	static const char *const clients[] = { "10.1.0.1", "10.1.0.2", "203.0.113.5", "fd00::7" };
	static const char *const servers[] = { "10.2.0.2", "10.2.0.3", "fd00::9" };
	__u64 *rng = &world->rng;
	size_t i;

	if (random_next(rng) % 150 == 0)
		world->busy = !world->busy;
	world->count = random_next(rng) % (world->busy ? 6 : 2);
	for (i = 0; i < world->count; i++) {
		const char *client = clients[random_next(rng) % ARRAY_SIZE(clients)];
		const char *server = servers[random_next(rng) % ARRAY_SIZE(servers)];

		if (random_next(rng) % 3)
			world->records[i] = http_record(client, server,
							(__u16)(400 + random_next(rng) % 3));
		else
			world->records[i] = drop_record(client, server,
							(__u16)(random_next(rng) % 40));
		world->records[i].count = 1 + random_next(rng) % 4;
	}
	world->sample = (struct sample){ .feed = FEED_HTTP,
					 .source = ip(clients[0]),
					 .destination = ip(servers[0]),
					 .port = 80,
					 .code = 404 };
}

static void give(struct court *court, const struct world *world, __u64 start_ns, __u64 end_ns)
{
	struct sample sample = world->sample;
	struct batch batch = {
		.start_ns = start_ns,
		.end_ns = end_ns,
		.wall_ns = world->wall_ns,
		.records = world->records,
		.record_count = world->count,
		.samples = &sample,
		.sample_count = world->count > 0,
	};

	sample.time_ns = end_ns - 1000;
	batch.loss.unparsed[FEED_HTTP] = world->count == 5;
	assert_int_equal(judge_batch(court->judge, &batch), 0);
}

static void check_same_tops(const struct alert *a, const struct alert *b)
{
	size_t dim, i;

	for (dim = 0; dim < DIM_MAX; dim++) {
		assert_int_equal(a->top[dim].count, b->top[dim].count);
		assert_int_equal(a->top[dim].rest, b->top[dim].rest);
		assert_int_equal(a->top[dim].distinct, b->top[dim].distinct);
		for (i = 0; i < a->top[dim].count; i++) {
			const struct top_entry *one = &a->top[dim].entry[i],
					       *other = &b->top[dim].entry[i];

			assert_true(addr_equal(&one->addr, &other->addr));
			assert_int_equal(one->port, other->port);
			assert_int_equal(one->code, other->code);
			assert_int_equal(one->count, other->count);
		}
	}
}

static void check_same(const struct alert *a, const struct alert *b)
{
	assert_string_equal(a->rule->id, b->rule->id);
	assert_int_equal(a->action, b->action);
	assert_string_equal(a->incident, b->incident);
	assert_string_equal(a->event_id, b->event_id);
	assert_int_equal(a->suppressed, b->suppressed);
	assert_int_equal(a->wall_ns, b->wall_ns);
	assert_int_equal(a->start_wall_ns, b->start_wall_ns);
	assert_int_equal(a->end_wall_ns, b->end_wall_ns);
	assert_int_equal(a->count, b->count);
	assert_int_equal(a->peak, b->peak);
	assert_int_equal(a->cause, b->cause);
	assert_string_equal(a->cause_says, b->cause_says);
	assert_true(a->anomaly.score == b->anomaly.score);
	assert_true(a->anomaly.peak_score == b->anomaly.peak_score);
	assert_true(a->anomaly.actual == b->anomaly.actual);
	assert_true(a->anomaly.typical == b->anomaly.typical);
	assert_int_equal(a->anomaly.influencer_count, b->anomaly.influencer_count);
	assert_int_equal(a->sample_count, b->sample_count);
	if (a->sample_count)
		assert_int_equal(a->sample[0].wall_ns, b->sample[0].wall_ns);
	assert_int_equal(a->coverage.exact, b->coverage.exact);
	assert_int_equal(a->coverage.unparsed, b->coverage.unparsed);
	assert_int_equal(a->coverage.gap_ns, b->coverage.gap_ns);
	check_same_tops(a, b);
}

/* Another judge in the same court, which knows what was kept of the first. */
static void restart(struct court *court, struct snapshot **snapshot, const struct kept *kept,
		    const struct judge_cfg *cfg, __u64 boot_ns, __u64 wall_ns, bool same_boot)
{
	const unsigned char here[SNAPSHOT_BOOT_LEN] = { 1 }, there[SNAPSHOT_BOOT_LEN] = { 2 };
	struct snapshot_clock clock = { .judge = kept->clock, .boot = { 1 } }, read;
	struct snapshot_terms terms = { .wall_ns = wall_ns, .learned_s = -1 };
	unsigned char bytes[SNAPSHOT_CLOCK_MAX];
	struct judge *before = court->judge;
	struct judge_clock resumed;

	assert_int_equal(snapshot_clock_load(bytes, snapshot_clock_save(&clock, bytes), &read), 0);
	assert_true(
		snapshot_clock_resume(&read, same_boot ? here : there, boot_ns, wall_ns, &resumed));
	terms.now_ns = resumed.shift_ns + boot_ns;
	assert_int_equal(judge_new(cfg, &court->judge), 0);
	carry_baselines(before, court->judge);
	snapshot_free(*snapshot);
	assert_int_equal(snapshot_new(court->judge, NULL, snapshot), 0);
	assert_int_equal(bring_back(*snapshot, kept, &terms), kept->count);
	judge_resume(court->judge, &resumed);
	judge_free(before);
}

/* Saves, and now and then the store loses it all again, or the judge with it. */
static void save(struct snapshot *snapshot, const struct court *court, struct kept **kept,
		 __u64 *rng)
{
	const bool fails = random_next(rng) % 4 == 0;
	struct kept *before = fails ? kept_copy(*kept) : NULL;
	const struct snapshot_sink sink = kept_sink(*kept);
	__u64 through_ns;

	assert_int_equal(snapshot_save(snapshot, &sink, random_next(rng) % 2, &through_ns), 0);
	if (fails) {
		kept_free(*kept);
		*kept = before;
	} else {
		snapshot_kept(snapshot);
		judge_clock(court->judge, &(*kept)->clock);
	}
}

static void the_same_alerts_as_without_restarts(struct rule *rules, size_t count)
{
	struct court steady, moved;
	struct world world = { .rng = 4711,
			       .wall_ns = WALL_START_NS,
			       .end_ns = BOOT_START_S * SECOND_NS };
	struct snapshot *snapshot;
	struct judge_cfg cfg;
	struct kept *kept = calloc(1, sizeof(*kept));
	__u64 moved_boot = world.end_ns, rng = 17;
	size_t i, checked = 0, restarts = 0;

	court_open(&steady, rules, count);
	court_open(&moved, rules, count);
	cfg = (struct judge_cfg){ .rules = rules,
				  .rule_count = count,
				  .places = &moved.places,
				  .emit = court_take,
				  .arg = &moved,
				  .seed = 5 };
	assert_int_equal(snapshot_new(moved.judge, NULL, &snapshot), 0);
	for (i = 0; i < BATCHES; i++) {
		__u64 length_ns = 100000000ULL << random_next(&rng) % 4;

		next_batch(&world);
		world.wall_ns += length_ns;
		give(&steady, &world, world.end_ns, world.end_ns + length_ns);
		world.end_ns += length_ns;
		give(&moved, &world, moved_boot, moved_boot + length_ns);
		moved_boot += length_ns;
		for (; checked < steady.count && checked < moved.count; checked++)
			check_same(&steady.alerts[checked], &moved.alerts[checked]);
		assert_int_equal(steady.count, moved.count);
		if (random_next(&rng) % 15 == 0)
			save(snapshot, &moved, &kept, &rng);
		if (random_next(&rng) % 150 == 0) {
			bool same_boot = random_next(&rng) % 2;

			keep(snapshot, &moved, kept);
			/* a machine that was started again counts from nearly zero */
			if (!same_boot)
				moved_boot = random_next(&rng) % SECOND_NS;
			restart(&moved, &snapshot, kept, &cfg, moved_boot, world.wall_ns,
				same_boot);
			restarts++;
		}
	}
	print_message("%zu alerts over %zu restarts\n", checked, restarts);
	assert_true(checked >= 10 && restarts > 40);
	snapshot_free(snapshot);
	kept_free(kept);
	court_close(&steady);
	court_close(&moved);
}

static struct rule short_rule(struct rule rule, const char *id, __u64 count, __u64 window_s)
{
	rule.id = (char *)id;
	rule.threshold.count = count;
	rule.threshold.window_ns = window_s * SECOND_NS;
	rule.suppress_ns = 200 * SECOND_NS;
	rule.except = (struct except){ 0 };
	return rule;
}

static void thresholds_go_on(void **state)
{
	struct rule rules[] = {
		short_rule(internal_rule(), "clients", 60, 20),
		short_rule(internal_rule(), "ports", 12, 30),
		short_rule(internal_rule(), "all", 200, 60),
		short_rule(external_rule(), "external", 30, 7),
	};

	rules[1].feed = FEED_DROP;
	rules[1].match = (struct match){ 0 };
	rules[1].group_by = GROUP_SOURCE | GROUP_DESTINATION;
	rules[1].threshold.distinct = DISTINCT_PORT;
	rules[2].group_by = 0;
	rules[2].match.source.count = 0;
	the_same_alerts_as_without_restarts(rules, ARRAY_SIZE(rules));
}

static void anomalies_go_on(void **state)
{
	struct rule rules[] = { deny_rule(), deny_rule(), deny_rule() };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rules); i++) {
		rules[i].anomaly.bucket_ns = (5 + 7 * i) * SECOND_NS;
		rules[i].anomaly.min_count = 5;
		rules[i].anomaly.score = 50;
	}
	rules[0].id = (char *)"denies";
	rules[1].id = (char *)"denies-by-source";
	rules[1].group_by = GROUP_SOURCE | GROUP_REASON;
	rules[2].id = (char *)"errors";
	rules[2].feed = FEED_HTTP;
	rules[2].match = (struct match){ 0 };
	rules[2].anomaly.side = SIDE_BOTH;
	the_same_alerts_as_without_restarts(rules, ARRAY_SIZE(rules));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(thresholds_go_on),
		cmocka_unit_test(anomalies_go_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
