/* SPDX-License-Identifier: GPL-2.0-only */
/* Brings each batch before every rule, in the order of the configuration and of time. */
#include "core/judge.h"
#include "core/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_NS 1000000000ULL
/* A wall clock that moves against CLOCK_BOOTTIME by more than this between batches has stepped. */
#define STEP_NS SECOND_NS

struct judge {
	struct watch *watches;
	size_t count;
	bool started;
	bool resumed; /* and no batch has come since */
	__u64 seen_from_ns;
	__u64 shift_ns;  /* to be added to CLOCK_BOOTTIME: see struct judge_clock */
	__u64 now_ns;    /* the latest end of a batch */
	__u64 offset_ns; /* wall clock minus CLOCK_BOOTTIME, at the last batch */
};

static int watch_init(struct watch *watch, const struct rule *rule, const struct judge_cfg *cfg)
{
	watch->rule = rule;
	watch->places = cfg->places;
	watch->seed = cfg->seed;
	watch->near_fn = cfg->near;
	watch->near_arg = cfg->arg;
	return rule->kind == RULE_THRESHOLD ? threshold_init(watch, cfg)
					    : deviation_init(watch, cfg);
}

int judge_new(const struct judge_cfg *cfg, struct judge **ret)
{
	struct judge *judge = calloc(1, sizeof(*judge));
	int err = -ENOMEM;
	size_t i;

	if (!judge)
		return -ENOMEM;
	judge->watches = calloc(cfg->rule_count ? cfg->rule_count : 1, sizeof(*judge->watches));
	if (!judge->watches)
		goto out;
	for (i = 0; i < cfg->rule_count; i++) {
		if (!cfg->rules[i].enabled)
			continue;
		err = watch_init(&judge->watches[judge->count++], &cfg->rules[i], cfg);
		if (err)
			goto out;
	}
	*ret = judge;
	return 0;
out:
	judge_free(judge);
	return err;
}

void judge_free(struct judge *judge)
{
	size_t i;

	if (!judge)
		return;
	for (i = 0; i < judge->count; i++) {
		window_free(judge->watches[i].window);
		incidents_free(judge->watches[i].incidents);
		baselines_clear(&judge->watches[i].baselines);
		requests_clear(&judge->watches[i].requests);
	}
	free(judge->watches);
	free(judge);
}

static struct watch *find_watch(const struct judge *judge, const char *id)
{
	size_t i;

	for (i = 0; i < judge->count; i++)
		if (!strcmp(judge->watches[i].rule->id, id))
			return &judge->watches[i];
	return NULL;
}

/* The new rule's watch gets what the old one's has counted, and the other way round. */
static void take_over(struct watch *watch, struct watch *old)
{
	struct watch fresh = *watch;

	*watch = *old;
	watch->rule = fresh.rule;
	watch->places = fresh.places;
	watch->bucket_fn = fresh.bucket_fn;
	watch->bucket_arg = fresh.bucket_arg;
	incidents_adopt(watch->incidents, watch->rule, watch);
	fresh.rule = old->rule;
	*old = fresh;
	incidents_adopt(old->incidents, old->rule, old);
}

int judge_replace(struct judge *judge, const struct judge_cfg *cfg)
{
	struct judge *next, old = *judge;
	int err = judge_new(cfg, &next);
	size_t i;

	if (err)
		return err;
	for (i = 0; i < next->count; i++) {
		struct watch *watch = &next->watches[i];
		struct watch *before = find_watch(judge, watch->rule->id);

		if (before && rule_counts_alike(before->rule, watch->rule))
			take_over(watch, before);
	}
	/* What was taken over has left nothing here. */
	for (i = 0; i < judge->count; i++)
		incidents_end(judge->watches[i].incidents, judge->now_ns,
			      judge->now_ns + judge->offset_ns);
	judge->watches = next->watches;
	judge->count = next->count;
	next->watches = old.watches;
	next->count = old.count;
	judge_free(next);
	return 0;
}

/* Time goes on or stands still; the wall clock's offset shows whether it stepped. */
static struct moment moment_of(struct judge *judge, const struct batch *batch, __u64 stall_ns)
{
	__u64 offset_ns = batch->wall_ns - batch->end_ns; /* may wrap, and then wraps back below */
	__u64 moved_ns = offset_ns - judge->offset_ns;
	struct moment moment;

	if (!judge->started || batch->end_ns > judge->now_ns)
		judge->now_ns = batch->end_ns;
	moment = (struct moment){
		.now_ns = judge->now_ns,
		.second = judge->now_ns ? (judge->now_ns - 1) / SECOND_NS : 0,
		.wall_ns = judge->now_ns + offset_ns,
		.shift_ns = judge->shift_ns,
		.stall_ns = stall_ns,
		.zone_s = batch->zone_s,
		.stepped = judge->started && moved_ns > STEP_NS && -moved_ns > STEP_NS,
	};
	judge->offset_ns = offset_ns;
	judge->started = true;
	return moment;
}

/* The batch in the judge's time, and after a restart with what was not seen before it. */
static struct batch shifted(struct judge *judge, const struct batch *batch)
{
	struct batch local = *batch;
	__u64 from_ns = batch->start_ns;

	/* a batch that knows of a gap of its own was counted through it */
	if (!batch->loss.gap_ns && from_ns < judge->seen_from_ns &&
	    judge->seen_from_ns <= batch->end_ns)
		from_ns = judge->seen_from_ns;
	from_ns += judge->shift_ns;
	local.start_ns += judge->shift_ns;
	local.end_ns += judge->shift_ns;
	if (judge->resumed && from_ns > judge->now_ns)
		local.loss.gap_ns += from_ns - judge->now_ns;
	judge->resumed = false;
	return local;
}

int judge_batch(struct judge *judge, const struct batch *taken)
{
	const struct batch local = shifted(judge, taken), *batch = &local;
	struct moment moment = moment_of(judge, batch, taken->loss.gap_ns);
	int err, first_err = 0;
	size_t i;

	for (i = 0; i < judge->count; i++) {
		struct watch *watch = &judge->watches[i];

		watch->moment = moment;
		err = watch->rule->kind == RULE_THRESHOLD ? threshold_batch(watch, batch)
							  : deviation_batch(watch, batch);
		if (err)
			first_err = err;
	}
	return first_err;
}

void judge_clock(const struct judge *judge, struct judge_clock *ret)
{
	*ret = (struct judge_clock){ .shift_ns = judge->shift_ns };
	if (!judge->started)
		return;
	ret->now_ns = judge->now_ns;
	ret->wall_ns = judge->now_ns + judge->offset_ns;
}

void judge_resume(struct judge *judge, const struct judge_clock *clock)
{
	judge->started = judge->resumed = clock->now_ns > 0;
	judge->shift_ns = clock->shift_ns;
	judge->now_ns = clock->now_ns;
	judge->offset_ns = clock->wall_ns - clock->now_ns;
}

void judge_see_from(struct judge *judge, __u64 seen_from_ns)
{
	judge->seen_from_ns = seen_from_ns;
}

void judge_each_series(const struct judge *judge, judge_series_fn fn, void *arg)
{
	size_t i;

	for (i = 0; i < judge->count; i++)
		if (judge->watches[i].rule->kind == RULE_ANOMALY)
			deviation_each(&judge->watches[i], fn, arg);
}

int judge_restore(struct judge *judge, const char *rule_id, const struct group_key *group,
		  struct anomaly *anomaly)
{
	size_t i;

	for (i = 0; i < judge->count; i++)
		if (judge->watches[i].rule->kind == RULE_ANOMALY &&
		    !strcmp(judge->watches[i].rule->id, rule_id))
			return deviation_restore(&judge->watches[i], group, anomaly);
	return -ENOENT;
}

size_t judge_rule_count(const struct judge *judge)
{
	return judge->count;
}

struct watch *judge_watch(const struct judge *judge, size_t i)
{
	return &judge->watches[i];
}

void judge_state(const struct judge *judge, size_t i, struct judge_state *ret)
{
	const struct watch *watch = &judge->watches[i];
	struct window_stats stats;

	window_stats(watch->window, &stats);
	*ret = (struct judge_state){
		.rule = watch->rule,
		.groups = stats.groups,
		.incidents_open = incidents_open(watch->incidents),
		.incidents_remembered = incidents_remembered(watch->incidents),
		.incidents_dropped = incidents_dropped(watch->incidents),
		.matched = watch->matched,
		.evidence_dropped = stats.evidence_dropped,
		.groups_dropped = stats.groups_dropped + watch->baselines.dropped,
		.buckets = watch->closed,
		.skipped = watch->skipped,
		.series = watch->baselines.table.live,
		.missing = watch->closed_score.missing,
		.learning = watch->closed_score.learning,
		.score = watch->closed_score.score,
		.actual = watch->closed_actual,
		.typical = watch->closed_score.typical,
	};
}
