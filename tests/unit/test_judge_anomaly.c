/* SPDX-License-Identifier: GPL-2.0-only */
/* Anomaly rules in virtual time: buckets, early alerts, influence, groups. */
#include "tests/unit/denying.h"
#include "anomaly/anomaly.h"
#include "core/baselines.h"
#include "core/buckets.h"

#include <errno.h>
#include <math.h>

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
		cmocka_unit_test(a_flood_of_sources_is_bounded),
		cmocka_unit_test(each_group_has_its_own_baseline),
		cmocka_unit_test(groups_are_bounded_and_forgotten),
		cmocka_unit_test(a_restart_keeps_the_baseline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
