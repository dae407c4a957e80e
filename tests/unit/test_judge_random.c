/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random batches: alerts exactly when a naive recount says so, and nothing that hostile input
 * breaks.
 */
#include "tests/unit/judging.h"

#define CLIENTS 4
#define SECONDS 4000
#define SPAN    30
#define LIMIT   40

/* Errors by second and client. */
static __u32 counted[SECONDS][CLIENTS];

static __u64 recount(__u64 second, __u32 client)
{
	__u64 from = second < SPAN ? 0 : second - SPAN + 1, sum = 0;

	for (; from <= second; from++)
		sum += counted[from][client];
	return sum;
}

static __u32 client_of(const struct alert *alert)
{
	return ntohl(alert->group.source.w[3]) & 0xff;
}

/* What the records so far say: which incidents are open, and since when each has been calm. */
struct model {
	bool open[CLIENTS];
	__s64 calm_since[CLIENTS];
	size_t opened, closed;
};

static void model_batch(struct model *model, __u64 second, __s64 ms)
{
	__u32 client;

	for (client = 0; client < CLIENTS; client++) {
		__u64 sum = recount(second, client);

		if (!model->open[client] && sum >= LIMIT) {
			model->open[client] = true;
			model->calm_since[client] = -1;
			model->opened++;
		}
		if (!model->open[client])
			continue;
		if (sum * 2 >= LIMIT)
			model->calm_since[client] = -1;
		else if (model->calm_since[client] < 0)
			model->calm_since[client] = ms;
		if (model->calm_since[client] >= 0 &&
		    ms - model->calm_since[client] >= SPAN * 1000) {
			model->open[client] = false;
			model->closed++;
		}
	}
}

static void check_alerts(const struct court *court, size_t from, __u64 second, struct model *model)
{
	size_t i, dim;

	for (i = from; i < court->count; i++) {
		const struct alert *alert = &court->alerts[i];
		__u64 sum = alert->top[DIM_STATUS].rest;

		assert_int_equal(alert->count, recount(second, client_of(alert)));
		if (alert->action == ALERT_OPEN)
			model->opened--;
		if (alert->action == ALERT_CLOSE)
			model->closed--;
		if (alert->action == ALERT_CLOSE)
			continue;
		for (dim = 0; dim < alert->top[DIM_STATUS].count; dim++)
			sum += alert->top[DIM_STATUS].entry[dim].count;
		assert_int_equal(sum, alert->count);
	}
	assert_int_equal(model->opened, 0);
	assert_int_equal(model->closed, 0);
}

static void alerts_come_exactly_when_a_recount_says_so(void **state)
{
	struct rule rule = internal_rule();
	struct model model = { 0 };
	size_t before = 0, opened = 0, i, j;
	__u64 rng = 2026, ms = 0;
	struct court court;

	rule.threshold.count = LIMIT;
	rule.threshold.window_ns = SPAN * SECOND_NS;
	rule.suppress_ns = 0;
	court_open(&court, &rule, 1);
	while (ms < (SECONDS - 200) * 1000ULL) {
		struct record records[3];
		size_t n = random_next(&rng) % 4;
		__u64 second;

		/* mostly 10 batches a second, now and then a pause */
		ms += random_next(&rng) % 300 == 0 ? random_next(&rng) % 100000 : 100;
		second = (ms - 1) / 1000;
		/* quiet times let incidents close */
		if (ms / 80000 % 2 || random_next(&rng) % 3)
			n = 0;
		for (i = 0; i < n; i++) {
			__u32 client = (__u32)(random_next(&rng) % CLIENTS);

			records[i] = http_record("10.1.0.0", "10.2.0.2",
						 (__u16)(400 + random_next(&rng) % 5));
			records[i].source.w[3] |= htonl(client);
			records[i].count = random_next(&rng) % 3;
			counted[second][client] += (__u32)records[i].count;
		}
		court_batch(&court, ms, records, n);
		model_batch(&model, second, (__s64)ms);
		opened += model.opened;
		check_alerts(&court, before, second, &model);
		before = court.count;
	}
	for (i = 0; i < court.count; i++)
		for (j = 0; j < i; j++)
			assert_string_not_equal(court.alerts[i].event_id, court.alerts[j].event_id);
	print_message("%zu incidents\n", opened);
	assert_true(opened > 20);
	court_close(&court);
}

static struct addr random_addr(__u64 *rng)
{
	struct addr addr = ip("10.1.0.0");

	if (random_next(rng) % 4 == 0)
		addr = (struct addr){ { (__be32)random_next(rng), 0, 0,
					(__be32)random_next(rng) } };
	addr.w[3] |= htonl((__u32)(random_next(rng) % 64));
	return addr;
}

static __u64 random_number(__u64 *rng)
{
	static const __u64 edges[] = { 0,          1,          2,
				       255,        0xffffULL,  0xffffffffULL,
				       1ULL << 40, 1ULL << 63, UINT64_MAX,
				       SECOND_NS };

	__u64 number = random_next(rng);

	if (random_next(rng) % 2)
		return number >> random_next(rng) % 64;
	return edges[random_next(rng) % ARRAY_SIZE(edges)];
}

static void random_record(__u64 *rng, struct record *ret)
{
	/* one after the other: initializers have no order */
	*ret = (struct record){ 0 };
	ret->count = random_next(rng) % 8 ? random_next(rng) % 100 : random_number(rng);
	ret->source = random_addr(rng);
	ret->destination = random_addr(rng);
	ret->port = (__u16)random_number(rng);
	ret->code = (__u16)random_number(rng);
	ret->feed = (__u8)(random_next(rng) % 3);
	ret->class = (__u8)(random_next(rng) % 8);
	ret->hook = (__u8)random_number(rng);
	if (ret->feed == FEED_HTTP && random_next(rng) % 2)
		ret->code = (__u16)(400 + random_next(rng) % 200);
}

static void check_alert(const struct alert *alert, void *arg)
{
	size_t *count = arg;

	assert_int_equal(strlen(alert->incident), ALERT_ID_LEN);
	assert_true(strlen(alert->cause_says) < ALERT_TEXT);
	assert_true(alert->anomaly.score >= 0 && alert->anomaly.score <= 100);
	assert_true(alert->anomaly.influencer_count <= ALERT_TOP_MAX);
	(*count)++;
}

/* Absurd times, counts and values; the sanitizers look on. */
static void nothing_that_a_batch_can_hold_breaks_it(void **state)
{
	struct rule rules[] = { internal_rule(), external_rule(), deny_rule(), deny_rule(),
				internal_rule() };
	struct places places = { 0 };
	struct record records[200];
	struct judge *judge;
	size_t alerts = 0, i, n;
	struct judge_state told;
	__u64 rng = 77, time = 0;

	rules[2].anomaly.bucket_ns = SECOND_NS;
	rules[2].anomaly.side = SIDE_BOTH;
	rules[2].anomaly.min_count = 0;
	rules[3].anomaly.bucket_ns = 1;
	rules[4].threshold.distinct = DISTINCT_DESTINATION;
	rules[4].threshold.count = 20;
	rules[4].threshold.window_ns = 1;
	rules[4].group_by = GROUP_SOURCE | GROUP_PORT | GROUP_REASON;
	for (i = 0; i < ARRAY_SIZE(rules); i++)
		rules[i].except = (struct except){ 0 };
	rules[0].match.source.count = 0;
	assert_int_equal(judge_new(&(struct judge_cfg){ .rules = rules,
							.rule_count = ARRAY_SIZE(rules),
							.places = &places,
							.emit = check_alert,
							.arg = &alerts },
				   &judge),
			 0);
	for (n = 0; n < 1200; n++) {
		struct batch batch = { .records = records,
				       .record_count = random_next(&rng) % ARRAY_SIZE(records) };

		for (i = 0; i < batch.record_count; i++)
			random_record(&rng, &records[i]);
		time += random_next(&rng) % 2 * SECOND_NS;
		batch.start_ns = time;
		batch.end_ns = time + 100000000;
		batch.wall_ns = WALL_START_NS + time;
		if (random_next(&rng) % 50 == 0) {
			batch.start_ns = random_number(&rng);
			batch.wall_ns = random_number(&rng);
			batch.loss.gap_ns = random_number(&rng);
			batch.loss.evicted[FEED_HTTP] = random_number(&rng);
		}
		/* late, for the time goes on to the end of time and stays there */
		if (n > 1000 && random_next(&rng) % 50 == 0)
			batch.end_ns = random_number(&rng);
		assert_int_equal(judge_batch(judge, &batch), 0);
	}
	for (i = 0; i < ARRAY_SIZE(rules); i++)
		judge_state(judge, i, &told);
	print_message("%zu alerts\n", alerts);
	assert_true(alerts > 100);
	judge_free(judge);
}

/* What a judge says, as one number. */
static void digest(const struct alert *alert, void *arg)
{
	__u64 *sum = arg;
	size_t i;

	for (i = 0; i < ALERT_ID_LEN; i++)
		*sum = *sum * 31 + (unsigned char)alert->event_id[i];
	for (i = 0; i < alert->top[DIM_DESTINATION].count; i++)
		*sum = *sum * 31 + alert->top[DIM_DESTINATION].entry[i].count +
		       alert->top[DIM_DESTINATION].entry[i].addr.w[3];
	*sum = *sum * 31 + alert->count + alert->action;
}

static __u64 run_with_seed(__u64 seed)
{
	struct rule rules[] = { internal_rule(), deny_rule() };
	struct places places = { 0 };
	__u64 rng = 5, sum = 0, n;
	struct record records[50];
	struct judge *judge;
	size_t i;

	rules[0].match.source.count = 0;
	rules[0].except = (struct except){ 0 };
	rules[1].anomaly.bucket_ns = 10 * SECOND_NS;
	assert_int_equal(judge_new(&(struct judge_cfg){ .rules = rules,
							.rule_count = ARRAY_SIZE(rules),
							.places = &places,
							.emit = digest,
							.arg = &sum,
							.seed = seed },
				   &judge),
			 0);
	for (n = 1; n < 800; n++) {
		struct batch batch = { .start_ns = (n - 1) * 500000000,
				       .end_ns = n * 500000000,
				       .wall_ns = WALL_START_NS + n * 500000000,
				       .records = records,
				       .record_count = ARRAY_SIZE(records) };

		for (i = 0; i < ARRAY_SIZE(records); i++)
			random_record(&rng, &records[i]);
		assert_int_equal(judge_batch(judge, &batch), 0);
	}
	judge_free(judge);
	return sum;
}

static void the_same_batches_give_the_same_alerts(void **state)
{
	__u64 sum = run_with_seed(1);

	assert_true(sum != 0);
	assert_true(run_with_seed(1) == sum);
	assert_true(run_with_seed(0xfeedULL) == sum);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alerts_come_exactly_when_a_recount_says_so),
		cmocka_unit_test(nothing_that_a_batch_can_hold_breaks_it),
		cmocka_unit_test(the_same_batches_give_the_same_alerts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
