/* SPDX-License-Identifier: GPL-2.0-only */
/* Kept buckets -> the rule's buckets -> scores -> incidents. */
#include "score/backtest.h"

#include <errno.h>
#include <string.h>

static __s64 rule_bucket_s(const struct backtest *backtest)
{
	return (__s64)(backtest->rule->anomaly.bucket_ns / 1000000000);
}

void backtest_init(struct backtest *backtest, const struct rule *rule, __s64 since_s,
		   backtest_found_fn found, void *arg)
{
	static const double steps[BACKTEST_LEVELS_MAX] = { -25, -10, 0, 10, 20 };
	size_t i;

	*backtest = (struct backtest){
		.rule = rule,
		.since_s = since_s,
		.found = found,
		.arg = arg,
	};
	for (i = 0; i < BACKTEST_LEVELS_MAX; i++) {
		double score = rule->anomaly.score + steps[i];

		if (steps[i] != 0 && (score < 1 || score > 100))
			continue;
		if (steps[i] == 0)
			backtest->own = backtest->level_count;
		backtest->level[backtest->level_count++].score = score;
	}
}

int backtest_begin(struct backtest *backtest, const struct group_key *group, __s64 kept_s)
{
	const struct anomaly_cfg cfg = { .bucket_s = (__u64)rule_bucket_s(backtest) };
	size_t i;
	int err;

	if (kept_s < 1 || rule_bucket_s(backtest) % kept_s)
		return -EINVAL;
	err = anomaly_new(&cfg, &backtest->anomaly);
	if (err)
		return err;
	backtest->group = group;
	backtest->kept_s = kept_s;
	backtest->gathering = false;
	backtest->incident = (struct backtest_incident){ 0 };
	backtest->series++;
	for (i = 0; i < backtest->level_count; i++)
		backtest->level[i].over = false;
	return 0;
}

static void end_incident(struct backtest *backtest)
{
	if (backtest->incident.buckets && backtest->found)
		backtest->found(&backtest->incident, backtest->arg);
	backtest->incident = (struct backtest_incident){ 0 };
}

static void grow_incident(struct backtest *backtest, const struct anomaly_bucket *bucket,
			  const struct anomaly_score *score)
{
	struct backtest_incident *incident = &backtest->incident;

	if (!incident->buckets++) {
		incident->group = backtest->group;
		incident->start_s = bucket->start_s;
	}
	incident->end_s = bucket->start_s + rule_bucket_s(backtest);
	if (score->score > incident->score ||
	    (score->score == incident->score && bucket->count > incident->actual)) {
		incident->score = score->score;
		incident->actual = bucket->count;
		incident->typical = score->typical;
	}
}

/* As a sensor decides whether its rule is over. */
static void weigh(struct backtest *backtest, const struct anomaly_bucket *bucket,
		  const struct anomaly_score *score)
{
	double larger = bucket->count > score->typical ? bucket->count : score->typical;
	bool counts = !score->learning && !score->skipped &&
		      larger >= (double)backtest->rule->anomaly.min_count;
	size_t i;

	for (i = 0; i < backtest->level_count; i++) {
		struct backtest_level *level = &backtest->level[i];
		bool over = counts && score->score >= level->score;

		level->buckets += over;
		level->incidents += over && !level->over;
		level->over = over;
	}
	if (backtest->level[backtest->own].over)
		grow_incident(backtest, bucket, score);
	else
		end_incident(backtest);
}

static void judge(struct backtest *backtest, const struct anomaly_bucket *bucket)
{
	struct anomaly_score score;

	if (bucket->start_s >= backtest->since_s) {
		anomaly_judge(backtest->anomaly, bucket, backtest->rule->anomaly.side, &score);
		if (!backtest->buckets++ || bucket->start_s < backtest->first_s)
			backtest->first_s = bucket->start_s;
		if (bucket->start_s > backtest->last_s)
			backtest->last_s = bucket->start_s;
		backtest->learning += score.learning;
		backtest->skipped += score.skipped;
		weigh(backtest, bucket, &score);
	}
	anomaly_learn(backtest->anomaly, bucket);
}

static void end_gathering(struct backtest *backtest)
{
	if (backtest->gathering)
		judge(backtest, &backtest->gathered);
	backtest->gathering = false;
}

void backtest_bucket(struct backtest *backtest, const struct anomaly_bucket *bucket)
{
	__s64 length_s = rule_bucket_s(backtest);
	__s64 start_s = bucket->start_s - bucket->start_s % length_s;

	if (backtest->gathering && backtest->gathered.start_s != start_s)
		end_gathering(backtest);
	if (!backtest->gathering) {
		backtest->gathered = (struct anomaly_bucket){
			.start_s = start_s,
			.zone_s = bucket->zone_s,
		};
		backtest->gathering = true;
	}
	backtest->gathered.count += bucket->count;
	backtest->gathered.coverage += bucket->coverage * (double)backtest->kept_s /
				       (double)length_s;
}

void backtest_end(struct backtest *backtest)
{
	end_gathering(backtest);
	end_incident(backtest);
	anomaly_free(backtest->anomaly);
	backtest->anomaly = NULL;
}
