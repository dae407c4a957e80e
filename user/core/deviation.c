/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Anomaly rules: buckets of wall-clock time against a baseline; one series a rule in this version.
 */
#include "core/watch.h"

#include <errno.h>

/* Evidence is kept by slices of a bucket: enough to tell a steady stream from a burst. */
#define SLICES        32
#define BUCKET_CELLS  (WINDOW_CELL_MAX / 4)
#define INFLUENCE_MIN 0.4

static const struct group_key no_group;

static bool is_over(const struct watch *watch, double count)
{
	const struct anomaly_score *score = &watch->score;
	double larger = count > score->typical ? count : score->typical;

	/* what is missing matters only where something was expected: hence the larger of both */
	return !score->learning && score->score >= watch->rule->anomaly.score &&
	       larger >= (double)watch->rule->anomaly.min_count;
}

static struct anomaly_bucket bucket_of(const struct watch *watch)
{
	return (struct anomaly_bucket){
		.start_s = (__s64)(watch->bucket_wall_ns / 1000000000),
		.zone_s = watch->moment.zone_s,
		.count = watch->actual,
		.coverage = 1,
	};
}

/* Scores the present count and raises an incident where it is over. */
static int score_bucket(struct watch *watch, enum side side)
{
	struct anomaly_bucket bucket;
	struct window_group group;

	window_find(watch->window, &no_group, &group);
	watch->actual = (double)group.count;
	bucket = bucket_of(watch);
	anomaly_judge(watch->anomaly, &bucket, side, &watch->score);
	watch->over = is_over(watch, watch->actual);
	return watch->over ? incidents_raise(watch->incidents, &no_group) : 0;
}

static int close_bucket(struct watch *watch, __u64 start_wall_ns)
{
	const struct judge_series series = { watch->rule, &no_group, watch->anomaly };
	struct anomaly_bucket bucket;
	int err;

	watch->bucket_wall_ns = start_wall_ns;
	watch->bucket_closed = true;
	if (!watch->first_wall_ns) { /* empty */
		watch->first_wall_ns = start_wall_ns;
		watch->last_wall_ns = start_wall_ns + watch->buckets.length_ns;
	}
	err = score_bucket(watch, watch->rule->anomaly.side);
	incidents_judge(watch->incidents, watch->moment.now_ns, watch->moment.wall_ns);
	bucket = bucket_of(watch);
	if (watch->bucket_fn)
		watch->bucket_fn(&series, &bucket, &watch->score, watch->bucket_arg);
	anomaly_learn(watch->anomaly, &bucket);
	watch->closed++;
	watch->closed_score = watch->score;
	watch->closed_actual = watch->actual;
	return err;
}

static void begin_bucket(struct watch *watch)
{
	window_clear(watch->window);
	coverage_clear(&watch->coverage);
	samples_clear(&watch->samples);
	watch->first_wall_ns = 0;
	watch->last_wall_ns = 0;
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
	if (end.whole)
		err = close_bucket(watch, end.start_wall_ns);
	begin_bucket(watch);
	for (i = 1; i <= end.empty; i++) {
		if (close_bucket(watch, end.start_wall_ns + i * watch->buckets.length_ns))
			err = -ENOMEM;
		begin_bucket(watch);
	}
	/* a new bucket's slices come after all of the last one's */
	watch->slice += SLICES;
	return err;
}

/* The window of a bucket does not slide; its "second" is the slice. */
static void move_slice(struct watch *watch)
{
	__u64 into = watch->moment.wall_ns - buckets_start_wall_ns(&watch->buckets);
	__u64 slice = into / (watch->buckets.length_ns / SLICES + 1);

	window_advance(watch->window, watch->slice + (slice < SLICES ? slice : SLICES - 1));
}

static int judge_open(struct watch *watch)
{
	int err;

	watch->bucket_wall_ns = buckets_start_wall_ns(&watch->buckets);
	watch->bucket_closed = false;
	err = score_bucket(watch, SIDE_HIGH);
	incidents_judge(watch->incidents, watch->moment.now_ns, watch->moment.wall_ns);
	return err;
}

int deviation_batch(struct watch *watch, const struct batch *batch)
{
	__u64 matched = watch->matched, length_ns = batch->end_ns - batch->start_ns;
	const struct moment *moment = &watch->moment;
	int err = move_on(watch, batch), err_count, err_open = 0;

	move_slice(watch);
	err_count = watch_count(watch, batch, NULL);
	if (watch->matched != matched) {
		if (!watch->first_wall_ns)
			watch->first_wall_ns = length_ns < moment->wall_ns
						       ? moment->wall_ns - length_ns
						       : moment->wall_ns;
		watch->last_wall_ns = moment->wall_ns;
		/* only a high count can be told before the bucket ends */
		if (watch->rule->anomaly.side != SIDE_LOW)
			err_open = judge_open(watch);
	}
	return err == -ENOMEM || err_count || err_open == -ENOMEM ? -ENOMEM : 0;
}

static void stand(const struct group_key *key, struct standing *ret, void *arg)
{
	const struct watch *watch = arg;

	*ret = (struct standing){
		.count = (__u64)watch->actual,
		.first_wall_ns = watch->first_wall_ns,
		.last_wall_ns = watch->last_wall_ns,
		.over = watch->over,
		.calm = watch->bucket_closed && !watch->over,
	};
}

static void add_influencers(const struct watch *watch, enum dimension dimension,
			    const struct top *top, struct alert *alert)
{
	const struct anomaly_bucket bucket = bucket_of(watch);
	size_t i, at;

	for (i = 0; i < top->count; i++) {
		struct influencer found = {
			.dimension = dimension,
			.value = top->entry[i],
			.influence = anomaly_influence(watch->anomaly, &bucket,
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
	const struct anomaly_bucket bucket = bucket_of(watch);
	struct evidence evidence;

	watch_describe(watch, watch->last_wall_ns - watch->first_wall_ns, alert, &evidence);
	alert->anomaly.score = watch->score.score;
	alert->anomaly.probability = watch->score.probability;
	alert->anomaly.actual = watch->actual;
	alert->anomaly.typical = watch->score.typical;
	anomaly_typical_range(watch->anomaly, &bucket, &alert->anomaly.typical_low,
			      &alert->anomaly.typical_high);
	alert->anomaly.bucket_start_wall_ns = watch->bucket_wall_ns;
	alert->anomaly.bucket_closed = watch->bucket_closed;
	alert->anomaly.learning = watch->score.learning;
	add_influencers(watch, DIM_SOURCE, &evidence.top[DIM_SOURCE], alert);
	add_influencers(watch, DIM_DESTINATION, &evidence.host, alert);
	add_influencers(watch, DIM_PORT, &evidence.top[DIM_PORT], alert);
}

/* The model knows whole seconds; the configuration allows nothing shorter. */
static __u64 bucket_s(const struct watch *watch)
{
	return (watch->rule->anomaly.bucket_ns + 999999999) / 1000000000;
}

int deviation_init(struct watch *watch, const struct judge_cfg *cfg)
{
	const struct anomaly_cfg anomaly = { .bucket_s = bucket_s(watch) };
	int err;

	watch->bucket_fn = cfg->bucket;
	watch->bucket_arg = cfg->arg;
	buckets_init(&watch->buckets, watch->rule->anomaly.bucket_ns);
	watch->closed_score.learning = true;
	err = anomaly_new(&anomaly, &watch->anomaly);
	if (err)
		return err;
	err = watch_window_init(watch, WINDOW_SPAN_MAX, 1, BUCKET_CELLS);
	if (err)
		return err;
	return watch_incidents_init(watch, cfg, 0, stand, describe);
}

void deviation_each(const struct watch *watch, judge_series_fn fn, void *arg)
{
	const struct judge_series series = { watch->rule, &no_group, watch->anomaly };

	fn(&series, arg);
}

int deviation_restore(struct watch *watch, const struct group_key *group, struct anomaly *anomaly)
{
	if (anomaly_bucket_s(anomaly) != bucket_s(watch))
		return -ENOENT;
	anomaly_free(watch->anomaly);
	watch->anomaly = anomaly;
	return 0;
}
