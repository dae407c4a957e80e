/* SPDX-License-Identifier: GPL-2.0-only */
/* Anomaly rules in virtual time: buckets, clocks that step, gaps, early alerts, influence. */
#include "tests/unit/judging.h"
#include "anomaly/anomaly.h"
#include "core/baselines.h"
#include "core/buckets.h"

#include <errno.h>
#include <math.h>

#define BUCKET_S 900ULL

static struct judge_state state_of(const struct court *court)
{
	struct judge_state told;

	judge_state(court->judge, 0, &told);
	return told;
}

/* `count` drops from a few sources, spread over bucket n (0 is the first, which is cut). */
static void fill(struct court *court, __u64 bucket, __u64 count)
{
	__u64 i;

	for (i = 0; i < 10; i++) {
		struct record record = drop_record("10.1.0.3", "203.0.113.1", 443);

		record.source.w[3] += htonl((__u32)i);
		record.count = count / 10 + (i < count % 10);
		court_batch(court, (bucket * BUCKET_S + i * 80 + 5) * 1000, &record,
			    record.count > 0);
	}
	court_batch(court, (bucket + 1) * BUCKET_S * 1000, NULL, 0);
}

/* Buckets 0 (cut) to n - 1 hold 35..39 drops each. */
static void quiet(struct court *court, __u64 from, __u64 to)
{
	for (; from < to; from++)
		fill(court, from, 35 + from % 5);
}

static void a_spike_alerts_after_eight_buckets_and_while_it_grows(void **state)
{
	struct record spike = drop_record("10.1.0.9", "203.0.113.7", 8443);
	const struct rule rule = deny_rule();
	const struct alert *alert;
	struct court court;

	court_open(&court, &rule, 1);
	quiet(&court, 0, 9);
	/* the ninth bucket ends with the batch that is the first of the next */
	spike.count = 370;
	court_batch(&court, (9 * BUCKET_S + 60) * 1000, &spike, 1);
	assert_int_equal(court.count, 1);
	alert = court_last(&court);
	assert_int_equal(alert->action, ALERT_OPEN);
	assert_false(alert->anomaly.bucket_closed);
	assert_false(alert->anomaly.learning);
	assert_int_equal(alert->count, 370);
	assert_true(alert->anomaly.actual == 370);
	assert_true(alert->anomaly.score >= 75 && alert->anomaly.score <= 100);
	assert_true(alert->anomaly.peak_score == alert->anomaly.score);
	assert_true(alert->anomaly.probability <= 5.13e-4);
	assert_true(fabs(alert->anomaly.typical - 37) < 2);
	assert_true(alert->anomaly.typical_low < 37 && alert->anomaly.typical_high > 37);
	assert_true(alert->anomaly.typical_high < 100);
	assert_int_equal(alert->anomaly.bucket_start_wall_ns,
			 WALL_START_NS + 9 * BUCKET_S * SECOND_NS);
	assert_int_equal(alert->wall_ns, WALL_START_NS + (9 * BUCKET_S + 60) * SECOND_NS);
	/* source, destination and port of the spike, and nobody else */
	assert_int_equal(alert->anomaly.influencer_count, 3);
	assert_true(alert->anomaly.influencer[0].influence > 0.9);
	assert_int_equal(alert->anomaly.influencer[0].dimension, DIM_SOURCE);
	assert_true(addr_equal(&alert->anomaly.influencer[0].value.addr, &spike.source));
	assert_int_equal(alert->anomaly.influencer[1].dimension, DIM_DESTINATION);
	assert_true(addr_equal(&alert->anomaly.influencer[1].value.addr, &spike.destination));
	assert_int_equal(alert->anomaly.influencer[2].value.port, 8443);
	assert_int_equal(alert->cause, CAUSE_BEACON_OR_EXFILTRATION);
	court_close(&court);
}

static void before_eight_buckets_it_is_learning(void **state)
{
	const struct rule rule = deny_rule();
	struct court court;

	court_open(&court, &rule, 1);
	quiet(&court, 0, 8);
	court_batch(&court, 8 * BUCKET_S * 1000 + 1, NULL, 0);
	assert_int_equal(state_of(&court).buckets, 7); /* the first one was cut */
	assert_true(state_of(&court).learning);
	fill(&court, 8, 100000);
	assert_int_equal(court.count, 0);
	court_batch(&court, 9 * BUCKET_S * 1000 + 1, NULL, 0);
	assert_int_equal(state_of(&court).buckets, 8);
	assert_false(state_of(&court).learning);
	assert_true(state_of(&court).actual == 100000);
	court_close(&court);
}

static void an_incident_closes_with_the_first_quiet_bucket(void **state)
{
	const struct rule rule = deny_rule();
	struct court court;
	size_t i;

	court_open(&court, &rule, 1);
	quiet(&court, 0, 20);
	fill(&court, 20, 400);
	fill(&court, 21, 4000);
	quiet(&court, 22, 24);
	assert_int_equal(court.alerts[0].action, ALERT_OPEN);
	for (i = 1; i + 1 < court.count; i++)
		assert_int_equal(court.alerts[i].action, ALERT_UPDATE);
	assert_true(court.count >= 4);
	assert_int_equal(court_last(&court)->action, ALERT_CLOSE);
	assert_true(court_last(&court)->anomaly.bucket_closed);
	assert_true(court_last(&court)->anomaly.score < 75);
	assert_true(court_last(&court)->anomaly.peak_score > 95);
	/* it still says who made it */
	assert_int_equal(court_last(&court)->anomaly.influencer_count,
			 court.alerts[court.count - 2].anomaly.influencer_count);
	assert_true(court_last(&court)->anomaly.influencer_count > 0);
	assert_int_equal(court_last(&court)->anomaly.bucket_start_wall_ns,
			 WALL_START_NS + 22 * BUCKET_S * SECOND_NS);
	assert_int_equal(court_last(&court)->peak, 4000);
	assert_string_equal(court_last(&court)->incident, court.alerts[0].incident);
	/* not suppressed: the default for anomalies is 0 */
	fill(&court, 24, 4000);
	assert_int_equal(court_last(&court)->suppressed, false);
	assert_string_not_equal(court_last(&court)->incident, court.alerts[0].incident);
	court_close(&court);
}

static void min_count_gates_alerts_and_not_scores(void **state)
{
	struct rule rule = deny_rule();
	struct court court;
	__u64 n;

	court_open(&court, &rule, 1);
	for (n = 0; n < 20; n++)
		fill(&court, n, n % 2);
	fill(&court, 20, 49);
	court_batch(&court, 21 * BUCKET_S * 1000 + 1, NULL, 0);
	assert_int_equal(court.count, 0);
	assert_true(state_of(&court).score >= 75);
	for (n = 21; n < 60; n++)
		fill(&court, n, n % 2);
	fill(&court, 60, 50);
	assert_int_equal(court.count, 1);
	court_close(&court);
}

static void a_collapse_is_told_when_its_bucket_closes(void **state)
{
	struct rule rule = deny_rule();
	struct court court;

	rule.anomaly.side = SIDE_LOW;
	court_open(&court, &rule, 1);
	quiet(&court, 0, 40);
	rule.anomaly.min_count = 30;
	fill(&court, 40, 0);
	assert_int_equal(court.count, 0); /* its end has come, but not gone by */
	court_batch(&court, 41 * BUCKET_S * 1000 + 1, NULL, 0);
	assert_int_equal(court.count, 1);
	assert_int_equal(court_last(&court)->action, ALERT_OPEN);
	assert_true(court_last(&court)->anomaly.bucket_closed);
	assert_true(court_last(&court)->anomaly.actual == 0);
	assert_int_equal(court_last(&court)->start_wall_ns,
			 WALL_START_NS + 40 * BUCKET_S * SECOND_NS);
	quiet(&court, 41, 43);
	assert_int_equal(court_last(&court)->action, ALERT_CLOSE);
	court_close(&court);
}

static void empty_buckets_count_as_zero(void **state)
{
	const struct rule rule = deny_rule();
	struct court court;

	court_open(&court, &rule, 1);
	quiet(&court, 0, 10);
	/* nothing at all for five buckets, not even batches: no gap was told */
	court_batch(&court, 15 * BUCKET_S * 1000 + 1000, NULL, 0);
	assert_int_equal(state_of(&court).buckets, 14);
	assert_true(state_of(&court).actual == 0);
	court_close(&court);
}

static void buckets_with_gaps_are_scaled_or_skipped(void **state)
{
	const struct rule rule = deny_rule();
	struct court court;

	court_open(&court, &rule, 1);
	quiet(&court, 0, 10);
	court_batch(&court, 10 * BUCKET_S * 1000 + 1, NULL, 0);
	assert_int_equal(state_of(&court).buckets, 9);
	assert_int_equal(state_of(&court).skipped, 1);
	/* half as much in half of the time is as usual; the same in all of it were not */
	court.loss.gap_ns = 450 * SECOND_NS;
	fill(&court, 10, 18);
	court_batch(&court, 11 * BUCKET_S * 1000 + 1, NULL, 0);
	assert_int_equal(state_of(&court).buckets, 10);
	assert_true(state_of(&court).actual == 18);
	assert_true(fabs(state_of(&court).typical - 18.5) < 1);
	court.loss.gap_ns = 450 * SECOND_NS + 1;
	fill(&court, 11, 18);
	court_batch(&court, 12 * BUCKET_S * 1000 + 1, NULL, 0);
	assert_int_equal(state_of(&court).buckets, 10);
	assert_int_equal(state_of(&court).skipped, 2);
	/* down for days: neither the buckets between nor the two at the edges */
	fill(&court, 12, 37);
	court.loss.gap_ns = 200 * BUCKET_S * SECOND_NS;
	court_batch(&court, 213 * BUCKET_S * 1000 + 5000, NULL, 0);
	court_batch(&court, 214 * BUCKET_S * 1000 + 5000, NULL, 0);
	assert_int_equal(state_of(&court).buckets, 10);
	quiet(&court, 214, 216);
	court_batch(&court, 216 * BUCKET_S * 1000 + 1, NULL, 0);
	assert_int_equal(state_of(&court).buckets, 12);
	assert_int_equal(court.count, 0);
	/* a spike is told in spite of a gap: it is at least that high */
	court.loss.gap_ns = 100 * SECOND_NS;
	fill(&court, 216, 5000);
	assert_int_equal(court.alerts[0].action, ALERT_OPEN);
	assert_false(court.alerts[0].coverage.exact);
	assert_int_equal(court.alerts[0].coverage.gap_ns, 5 * SECOND_NS); /* of this bucket */
	court_close(&court);
}

static void a_wall_clock_that_steps_teaches_nothing(void **state)
{
	static const struct {
		const char *name;
		__s64 seconds;
	} rows[] = {
		{ "two seconds on", 2 },
		{ "two seconds back", -2 },
		{ "an hour back", -3600 },
		{ "an hour on", 3600 },
		{ "fifty years on", 50LL * 365 * 86400 },
		{ "fifty years back", -50LL * 365 * 86400 },
	};
	const struct rule rule = deny_rule();
	double seconds = cpu_seconds();
	struct judge_state before, after;
	struct court court;
	__u64 shift;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		court_open(&court, &rule, 1);
		quiet(&court, 0, 12);
		court_batch(&court, 12 * BUCKET_S * 1000 + 1, NULL, 0);
		before = state_of(&court);
		court.wall_offset_ns += (__u64)rows[i].seconds * SECOND_NS;
		court_batch(&court, 12 * BUCKET_S * 1000 + 400000, NULL, 0);
		after = state_of(&court);
		if (after.buckets != before.buckets || after.actual != before.actual)
			fail_msg("%s: learned", rows[i].name);
		/* the rest of that bucket is not whole either; then it goes on, in the new time */
		shift = rows[i].seconds % 900 == 0 ? 0 : 2;
		quiet(&court, 13, 15);
		court_batch(&court, (15 * BUCKET_S + shift) * 1000 + 3000, NULL, 0);
		after = state_of(&court);
		if (after.buckets != before.buckets + 2)
			fail_msg("%s: %llu buckets", rows[i].name, after.buckets - before.buckets);
		assert_int_equal(court.count, 0);
		court_close(&court);
	}
	assert_true(cpu_seconds() - seconds < 5);
}

/* Both clocks jump by a century (a replay with a hole in it): no loop over millions of buckets. */
static void a_century_without_batches_takes_no_century(void **state)
{
	const struct rule rule = deny_rule();
	double seconds = cpu_seconds();
	struct court court;

	court_open(&court, &rule, 1);
	quiet(&court, 0, 12);
	court_batch(&court, 100ULL * 365 * 86400 * 1000, NULL, 0);
	assert_int_equal(state_of(&court).buckets, 11 + 1 + BUCKETS_EMPTY_MAX - 1);
	assert_true(cpu_seconds() - seconds < 5);
	court_close(&court);
}

static void a_small_step_back_stays_in_its_bucket(void **state)
{
	struct buckets buckets;
	struct bucket_end end;

	buckets_init(&buckets, 1000);
	assert_false(buckets_move(&buckets, 5500, false, 0, &end));
	assert_true(buckets_move(&buckets, 6001, false, 0, &end));
	assert_true(end.coverage == 0);
	assert_int_equal(end.start_wall_ns, 5000);
	assert_false(buckets_move(&buckets, 5999, false, 0, &end));
	assert_false(buckets_move(&buckets, 7000, false, 0, &end)); /* ends with the bucket */
	assert_true(buckets_move(&buckets, 7001, false, 0, &end));
	assert_true(end.coverage == 1);
	assert_int_equal(end.start_wall_ns, 6000);
	assert_int_equal(end.empty, 0);
	assert_true(buckets_move(&buckets, 11500, false, 0, &end));
	assert_true(end.coverage == 1);
	assert_int_equal(end.empty, 3);
	assert_true(buckets_move(&buckets, 12500, false, 11, &end));
	assert_true(fabs(end.coverage - 0.989) < 1e-12);
	assert_true(buckets_move(&buckets, 0, true, 0, &end));
	assert_int_equal(buckets_start_wall_ns(&buckets), 0);
	assert_false(buckets_move(&buckets, 1000, false, 0, &end));
}

/* The shape of a bucket in time is known in every bucket, not only in the first. */
static void a_steady_stream_is_seen_in_a_later_bucket(void **state)
{
	struct record record = drop_record("10.1.0.3", "10.2.0.1", 25);
	const struct rule rule = deny_rule();
	struct court court;
	__u64 second;

	court_open(&court, &rule, 1);
	quiet(&court, 0, 20);
	for (second = 1; second < 700; second += 7)
		court_batch(&court, (20 * BUCKET_S + second) * 1000, &record, 1);
	assert_int_equal(court.count, 1);
	assert_int_equal(court.alerts[0].cause, CAUSE_MISCONFIGURATION);
	court_close(&court);
}

static void a_flood_of_sources_is_bounded(void **state)
{
	enum { BATCH = 50000, BATCHES = 20 };
	struct record *records = calloc(BATCH, sizeof(*records));
	const struct rule rule = deny_rule();
	struct judge_state told;
	struct court court;
	size_t i, n;

	assert_non_null(records);
	court_open(&court, &rule, 1);
	quiet(&court, 0, 12);
	for (n = 0; n < BATCHES; n++) {
		for (i = 0; i < BATCH; i++) {
			records[i] = drop_record("203.0.113.1", "10.2.0.1", 80);
			records[i].source.w[3] = htonl((__u32)(n * BATCH + i));
		}
		court_batch(&court, 12 * BUCKET_S * 1000 + 100 * (n + 1), records, BATCH);
	}
	told = state_of(&court);
	assert_int_equal(told.groups, 1);
	assert_int_equal(told.groups_dropped, 0);
	/* each of the first 65,536 sources is known, the others are counted */
	assert_int_equal(told.evidence_dropped, BATCH * BATCHES - 65536);
	assert_int_equal(court.alerts[0].action, ALERT_OPEN);
	assert_int_equal(court.alerts[0].cause, CAUSE_FLOOD);
	court_batch(&court, 13 * BUCKET_S * 1000 + 1, NULL, 0);
	assert_true(state_of(&court).actual == BATCH * BATCHES);
	court_close(&court);
	free(records);
}

static const struct alert *last_of(const struct court *court, const char *source)
{
	struct addr addr = ip(source);
	size_t i;

	for (i = court->count; i--;)
		if (addr_equal(&court->alerts[i].group.source, &addr))
			return &court->alerts[i];
	return NULL;
}

static void each_group_has_its_own_baseline(void **state)
{
	struct record few = drop_record("10.1.0.3", "203.0.113.1", 443);
	struct record many = drop_record("10.1.0.4", "203.0.113.1", 443);
	struct rule rule = deny_rule();
	struct court court;
	__u64 n;

	rule.group_by = GROUP_SOURCE;
	court_open(&court, &rule, 1);
	for (n = 0; n < 40; n++) {
		few.count = 10 + n % 3;
		many.count = 1000 + n % 30;
		court_batch(&court, (n * BUCKET_S + 10) * 1000, &few, 1);
		court_batch(&court, (n * BUCKET_S + 20) * 1000, &many, 1);
	}
	assert_int_equal(court.count, 0);
	assert_int_equal(state_of(&court).series, 2);
	/* what is usual for one is a spike for the other */
	few.count = many.count = 1000;
	court_batch(&court, (40 * BUCKET_S + 10) * 1000, &few, 1);
	court_batch(&court, (40 * BUCKET_S + 20) * 1000, &many, 1);
	assert_int_equal(court.count, 1);
	assert_non_null(last_of(&court, "10.1.0.3"));
	assert_null(last_of(&court, "10.1.0.4"));
	assert_true(fabs(court_last(&court)->anomaly.typical - 11) < 2);
	court_close(&court);
}

static void groups_are_bounded_and_forgotten(void **state)
{
	enum { MORE = BASELINES_MAX + 100 };
	struct record *records = calloc(MORE, sizeof(*records));
	struct rule rule = deny_rule();
	struct court court;
	__u64 n;

	assert_non_null(records);
	rule.group_by = GROUP_SOURCE;
	court_open(&court, &rule, 1);
	for (n = 0; n < MORE; n++) {
		records[n] = drop_record("10.1.0.0", "203.0.113.1", 443);
		records[n].source.w[3] = htonl(0x0a010000 + (__u32)n);
	}
	court_batch(&court, 1000, records, MORE);
	assert_int_equal(state_of(&court).series, BASELINES_MAX);
	assert_int_equal(state_of(&court).groups_dropped, 100);
	/* who is idle makes room for who is not */
	court_batch(&court, (BUCKET_S + 10) * 1000, NULL, 0);
	court_batch(&court, (2 * BUCKET_S + 10) * 1000, NULL, 0);
	court_batch(&court, (2 * BUCKET_S + 20) * 1000, &records[BASELINES_MAX], 100);
	assert_int_equal(state_of(&court).groups_dropped, 100);
	assert_int_equal(state_of(&court).series, BASELINES_MAX);
	court_close(&court);

	court_open(&court, &rule, 1);
	court_batch(&court, 1000, records, 3);
	court_batch(&court, (BASELINES_IDLE_MAX * BUCKET_S + 10) * 1000, NULL, 0);
	assert_int_equal(state_of(&court).series, 3);
	court_batch(&court, ((BASELINES_IDLE_MAX + 2) * BUCKET_S + 10) * 1000, NULL, 0);
	assert_int_equal(state_of(&court).series, 0);
	court_close(&court);
	free(records);
}

struct kept {
	struct anomaly *anomaly;
	size_t count;
};

static void keep(const struct judge_series *series, void *arg)
{
	const struct anomaly_cfg cfg = { .bucket_s = BUCKET_S };
	char bytes[ANOMALY_SAVE_MAX];
	struct kept *kept = arg;
	size_t len;

	assert_int_equal(anomaly_save(series->anomaly, bytes, sizeof(bytes), &len), 0);
	assert_int_equal(anomaly_load(&cfg, bytes, len, &kept->anomaly), 0);
	kept->count++;
}

static void a_restart_keeps_the_baseline(void **state)
{
	static const struct group_key none;
	struct rule rule = deny_rule();
	struct kept kept = { 0 };
	struct court court;

	court_open(&court, &rule, 1);
	quiet(&court, 0, 20);
	judge_each_series(court.judge, keep, &kept);
	assert_int_equal(kept.count, 1);
	court_close(&court);

	court_open(&court, &rule, 1);
	assert_int_equal(judge_restore(court.judge, "no-such-rule", &none, kept.anomaly), -ENOENT);
	assert_int_equal(judge_restore(court.judge, rule.id, &none, kept.anomaly), 0);
	/* in its first bucket, of which it sees only a part */
	fill(&court, 0, 400);
	assert_true(court.count > 0);
	assert_int_equal(court.alerts[0].action, ALERT_OPEN);
	assert_true(fabs(court.alerts[0].anomaly.typical - 37) < 2);
	court_close(&court);

	rule.anomaly.bucket_ns /= 2;
	court_open(&court, &rule, 1);
	assert_int_equal(anomaly_new(&(struct anomaly_cfg){ BUCKET_S }, &kept.anomaly), 0);
	assert_int_equal(judge_restore(court.judge, rule.id, &none, kept.anomaly), -ENOENT);
	anomaly_free(kept.anomaly);
	court_close(&court);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_spike_alerts_after_eight_buckets_and_while_it_grows),
		cmocka_unit_test(before_eight_buckets_it_is_learning),
		cmocka_unit_test(an_incident_closes_with_the_first_quiet_bucket),
		cmocka_unit_test(min_count_gates_alerts_and_not_scores),
		cmocka_unit_test(a_collapse_is_told_when_its_bucket_closes),
		cmocka_unit_test(empty_buckets_count_as_zero),
		cmocka_unit_test(buckets_with_gaps_are_scaled_or_skipped),
		cmocka_unit_test(a_wall_clock_that_steps_teaches_nothing),
		cmocka_unit_test(a_century_without_batches_takes_no_century),
		cmocka_unit_test(a_small_step_back_stays_in_its_bucket),
		cmocka_unit_test(a_steady_stream_is_seen_in_a_later_bucket),
		cmocka_unit_test(a_flood_of_sources_is_bounded),
		cmocka_unit_test(each_group_has_its_own_baseline),
		cmocka_unit_test(groups_are_bounded_and_forgotten),
		cmocka_unit_test(a_restart_keeps_the_baseline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
