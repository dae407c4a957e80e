/* SPDX-License-Identifier: GPL-2.0-only */
/* Anomaly rules: buckets of wall-clock time against baselines, one for each group. */
#include "core/watch.h"

#include <errno.h>

#define BUCKET_CELLS  (WINDOW_CELL_MAX / 4)
#define INFLUENCE_MIN 0.4
/* An open bucket of one group among many is looked at again when it has grown by this part. */
#define LOOK_AGAIN 16

static const struct group_key no_group;

static bool is_over(const struct watch *watch, const struct baseline *entry)
{
	const struct anomaly_score *score = &entry->score;
	double larger = entry->actual > score->typical ? entry->actual : score->typical;

	/* what is missing matters only where something was expected: hence the larger of both */
	return !score->learning && score->score >= watch->rule->anomaly.score &&
	       larger >= (double)watch->rule->anomaly.min_count;
}

static struct anomaly_bucket bucket_of(const struct watch *watch, const struct baseline *entry)
{
	return (struct anomaly_bucket){
		.start_s = (__s64)(watch->bucket_wall_ns / 1000000000),
		.zone_s = watch->moment.zone_s,
		.count = entry->actual,
		.coverage = watch->bucket_coverage,
	};
}

/* Scores the present count and raises an incident where it is over. */
static int score_bucket(struct watch *watch, struct baseline *entry, enum side side)
{
	const struct anomaly_bucket bucket = bucket_of(watch, entry);

	anomaly_judge(entry->anomaly, &bucket, side, &entry->score);
	entry->over = is_over(watch, entry);
	entry->look_again = entry->over ? 0 : entry->actual + entry->actual / LOOK_AGAIN;
	return entry->over ? incidents_raise(watch->incidents, &entry->key) : 0;
}

static int close_series(struct watch *watch, struct baseline *entry)
{
	struct window_group group;

	window_find(watch->window, &entry->key, &group);
	entry->actual = (double)group.count;
	entry->idle = group.count ? 0 : entry->idle + 1;
	if (!entry->first_wall_ns) { /* empty */
		entry->first_wall_ns = watch->bucket_wall_ns;
		entry->last_wall_ns = watch->bucket_wall_ns + watch->buckets.length_ns;
	}
	return score_bucket(watch, entry, watch->rule->anomaly.side);
}

static void learn_series(struct watch *watch, struct baseline *entry)
{
	const struct judge_series series = { watch->rule, &entry->key, entry->anomaly };
	const struct anomaly_bucket bucket = bucket_of(watch, entry);

	if (watch->bucket_fn)
		watch->bucket_fn(&series, &bucket, &entry->score, watch->bucket_arg);
	anomaly_learn(entry->anomaly, &bucket);
	if (entry->score.score >= watch->closed_score.score) {
		watch->closed_score = entry->score;
		watch->closed_actual = entry->actual;
		/* as it is from now on */
		watch->closed_score.missing = anomaly_missing(entry->anomaly);
		watch->closed_score.learning = watch->closed_score.missing > 0;
	}
}

static int close_bucket(struct watch *watch, __u64 start_wall_ns, double coverage)
{
	struct baseline *entry;
	int err = 0;
	__u32 i;

	watch->bucket_wall_ns = start_wall_ns;
	watch->bucket_coverage = coverage;
	watch->bucket_closed = true;
	for (i = 0; i < baselines_places(&watch->baselines); i++) {
		entry = baselines_at(&watch->baselines, i);
		if (entry && close_series(watch, entry) == -ENOMEM)
			err = -ENOMEM;
	}
	incidents_judge(watch->incidents, watch->moment.now_ns, watch->moment.wall_ns);
	watch->closed++;
	watch->closed_score = (struct anomaly_score){ .learning = true };
	watch->closed_actual = 0;
	for (i = 0; i < baselines_places(&watch->baselines); i++) {
		entry = baselines_at(&watch->baselines, i);
		if (entry)
			learn_series(watch, entry);
	}
	if (watch->rule->group_by)
		baselines_age(&watch->baselines);
	return err;
}

static void begin_bucket(struct watch *watch)
{
	__u32 i;

	window_clear(watch->window);
	coverage_clear(&watch->coverage);
	samples_clear(&watch->samples);
	requests_clear(&watch->requests);
	for (i = 0; i < baselines_places(&watch->baselines); i++) {
		struct baseline *entry = baselines_at(&watch->baselines, i);

		if (entry)
			baseline_begin(entry);
	}
}

/* Ends the buckets that lie before this batch. */
static int move_on(struct watch *watch, const struct batch *batch)
{
	const struct moment *moment = &watch->moment;
	struct bucket_end end;
	int err = 0;
	__u64 i;

	if (!buckets_move(&watch->buckets, moment->wall_ns, moment->stepped, batch->loss.gap_ns,
			  &end))
		return 0;
	if (end.coverage >= ANOMALY_COVERAGE_MIN)
		err = close_bucket(watch, end.start_wall_ns, end.coverage);
	else
		watch->skipped++;
	begin_bucket(watch);
	for (i = 1; i <= end.empty; i++) {
		if (close_bucket(watch, end.start_wall_ns + i * watch->buckets.length_ns, 1))
			err = -ENOMEM;
		begin_bucket(watch);
	}
	/* a new bucket's slices come after all of the last one's */
	watch->slice += WATCH_SLICES;
	return err;
}

/* The window of a bucket does not slide; its "second" is the slice. */
static void move_slice(struct watch *watch)
{
	__u64 into = watch->moment.wall_ns - buckets_start_wall_ns(&watch->buckets);
	__u64 slice = into / (watch->buckets.length_ns / WATCH_SLICES + 1);

	window_advance(watch->window,
		       watch->slice + (slice < WATCH_SLICES ? slice : WATCH_SLICES - 1));
}

/* A record of this group was counted. */
static int touch(struct watch *watch, const struct group_key *key, __u64 measure)
{
	struct baseline *entry;
	int err = baselines_reach(&watch->baselines, key, &entry);

	if (err)
		return err;
	entry->actual = (double)measure;
	entry->touched = true;
	return 0;
}

/* Only a high count can be told before the bucket ends; then it is at least as high. */
static int judge_open(struct watch *watch, __u64 length_ns)
{
	const struct moment *moment = &watch->moment;
	int err = 0;
	__u32 i;

	watch->bucket_wall_ns = buckets_start_wall_ns(&watch->buckets);
	watch->bucket_coverage = 1;
	watch->bucket_closed = false;
	for (i = 0; i < baselines_places(&watch->baselines); i++) {
		struct baseline *entry = baselines_at(&watch->baselines, i);

		if (!entry || !entry->touched)
			continue;
		entry->touched = false;
		if (!entry->first_wall_ns)
			entry->first_wall_ns = length_ns < moment->wall_ns
						       ? moment->wall_ns - length_ns
						       : moment->wall_ns;
		entry->last_wall_ns = moment->wall_ns;
		if (watch->rule->anomaly.side == SIDE_LOW ||
		    (watch->rule->group_by && entry->actual < entry->look_again))
			continue;
		if (score_bucket(watch, entry, SIDE_HIGH) == -ENOMEM)
			err = -ENOMEM;
	}
	if (watch->rule->anomaly.side != SIDE_LOW)
		incidents_judge(watch->incidents, moment->now_ns, moment->wall_ns);
	return err;
}

/* Of a gap, what lies in the present bucket. */
static void cut_gap(const struct watch *watch, struct loss *loss)
{
	__u64 into_ns = watch->moment.wall_ns - buckets_start_wall_ns(&watch->buckets);

	if (loss->gap_ns > into_ns)
		loss->gap_ns = into_ns;
}

int deviation_batch(struct watch *watch, const struct batch *taken)
{
	struct batch local = *taken, *batch = &local;
	__u64 matched = watch->matched, length_ns = batch->end_ns - batch->start_ns;
	int err = move_on(watch, batch), err_count, err_open = 0;

	move_slice(watch);
	cut_gap(watch, &local.loss);
	err_count = watch_count(watch, batch, watch->buckets.length_ns, touch);
	if (watch->matched != matched)
		err_open = judge_open(watch, length_ns);
	return err == -ENOMEM || err_count || err_open == -ENOMEM ? -ENOMEM : 0;
}

/* Between the level of alerts and half of it an incident stays as it is. */
static void stand(const struct group_key *key, struct standing *ret, void *arg)
{
	const struct watch *watch = arg;
	const struct baseline *entry = baselines_find(&watch->baselines, key);

	*ret = (struct standing){ .calm = true };
	if (!entry) /* forgotten, so idle for long */
		return;
	*ret = (struct standing){
		.count = (__u64)entry->actual,
		.first_wall_ns = entry->first_wall_ns,
		.last_wall_ns = entry->last_wall_ns,
		.over = entry->over,
		.calm = watch->bucket_closed && !entry->over &&
			entry->score.score < watch->rule->anomaly.score / 2,
	};
}

static void add_influencers(const struct watch *watch, const struct baseline *entry,
			    enum dimension dimension, const struct top *top, struct alert *alert)
{
	const struct anomaly_bucket bucket = bucket_of(watch, entry);
	size_t i, at;

	for (i = 0; i < top->count; i++) {
		struct influencer found = {
			.dimension = dimension,
			.value = top->entry[i],
			.influence = anomaly_influence(entry->anomaly, &bucket,
						       (double)top->entry[i].count),
		};

		if (found.influence < INFLUENCE_MIN)
			break; /* the others have less */
		at = alert->anomaly.influencer_count;
		if (at == ALERT_TOP_MAX)
			break;
		for (; at && alert->anomaly.influencer[at - 1].influence < found.influence; at--)
			alert->anomaly.influencer[at] = alert->anomaly.influencer[at - 1];
		alert->anomaly.influencer[at] = found;
		alert->anomaly.influencer_count++;
	}
}

static void describe(struct alert *alert, void *arg)
{
	const struct watch *watch = arg;
	const struct baseline *entry = baselines_find(&watch->baselines, &alert->group);
	struct anomaly_bucket bucket;
	struct evidence evidence;

	if (!entry)
		return;
	bucket = bucket_of(watch, entry);
	watch_describe(watch, entry->last_wall_ns - entry->first_wall_ns, alert, &evidence);
	alert->anomaly.score = entry->score.score;
	alert->anomaly.probability = entry->score.probability;
	alert->anomaly.actual = entry->actual;
	alert->anomaly.typical = entry->score.typical;
	anomaly_typical_range(entry->anomaly, &bucket, &alert->anomaly.typical_low,
			      &alert->anomaly.typical_high);
	alert->anomaly.bucket_start_wall_ns = watch->bucket_wall_ns;
	alert->anomaly.bucket_coverage = watch->bucket_coverage;
	alert->anomaly.bucket_closed = watch->bucket_closed;
	alert->anomaly.learning = entry->score.learning;
	add_influencers(watch, entry, DIM_SOURCE, &evidence.top[DIM_SOURCE], alert);
	add_influencers(watch, entry, DIM_DESTINATION, &evidence.host, alert);
	add_influencers(watch, entry, DIM_PORT, &evidence.top[DIM_PORT], alert);
}

/* The model knows whole seconds; the configuration allows nothing shorter. */
static __u64 bucket_s(const struct watch *watch)
{
	return (watch->rule->anomaly.bucket_ns + 999999999) / 1000000000;
}

int deviation_init(struct watch *watch, const struct judge_cfg *cfg)
{
	const struct anomaly_cfg anomaly = { .bucket_s = bucket_s(watch) };
	__u32 groups = watch->rule->group_by ? BASELINES_MAX : 1;
	struct baseline *entry;
	int err = 0;

	watch->bucket_fn = cfg->bucket;
	watch->bucket_arg = cfg->arg;
	buckets_init(&watch->buckets, watch->rule->anomaly.bucket_ns);
	watch->closed_score = (struct anomaly_score){ .learning = true, .missing = ANOMALY_READY };
	baselines_init(&watch->baselines, &anomaly, groups, cfg->seed);
	if (!anomaly.bucket_s || anomaly.bucket_s > ANOMALY_BUCKET_MAX_S)
		return -EINVAL;
	/* without groups there is one series from the beginning: silence counts, too */
	if (!watch->rule->group_by)
		err = baselines_reach(&watch->baselines, &no_group, &entry);
	if (!err)
		err = watch_window_init(watch, WINDOW_SPAN_MAX,
					watch->rule->group_by ? WINDOW_GROUP_MAX : 1, BUCKET_CELLS);
	return err ? err : watch_incidents_init(watch, cfg, 0, stand, describe);
}

void deviation_each(const struct watch *watch, judge_series_fn fn, void *arg)
{
	__u32 i;

	for (i = 0; i < baselines_places(&watch->baselines); i++) {
		const struct baseline *entry = baselines_at(&watch->baselines, i);

		if (entry)
			fn(&(struct judge_series){ watch->rule, &entry->key, entry->anomaly }, arg);
	}
}

int deviation_restore(struct watch *watch, const struct group_key *group, struct anomaly *anomaly)
{
	struct baseline *entry;
	int err;

	if (anomaly_bucket_s(anomaly) != bucket_s(watch))
		return -ENOENT;
	err = baselines_reach(&watch->baselines, group, &entry);
	if (err)
		return err;
	anomaly_free(entry->anomaly);
	entry->anomaly = anomaly;
	return 0;
}
