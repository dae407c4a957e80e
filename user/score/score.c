/* SPDX-License-Identifier: GPL-2.0-only */
/* Scores a series as a sensor would have: each bucket judged by those before it, then learned. */
#include "score/series.h"

static void score_point(struct anomaly *anomaly, enum side side, series_zone_fn zone,
			struct point *point)
{
	const struct anomaly_bucket bucket = {
		.start_s = point->start_s,
		.zone_s = zone(point->start_s),
		.count = point->actual,
		.coverage = 1,
	};
	struct anomaly_score score;

	anomaly_judge(anomaly, &bucket, side, &score);
	anomaly_typical_range(anomaly, &bucket, &point->low, &point->high);
	point->typical = score.typical;
	point->probability = score.probability;
	point->score = score.score;
	point->learning = score.learning;
	anomaly_learn(anomaly, &bucket);
}

int series_score(struct series *series, enum side side, series_zone_fn zone)
{
	const struct anomaly_cfg cfg = { .bucket_s = (__u64)series->bucket_s };
	struct anomaly *anomaly;
	int err = anomaly_new(&cfg, &anomaly);
	size_t i;

	if (err)
		return err;
	for (i = 0; i < series->point_count; i++)
		score_point(anomaly, side, zone, &series->points[i]);
	anomaly_free(anomaly);
	return 0;
}
