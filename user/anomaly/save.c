/* SPDX-License-Identifier: GPL-2.0-only */
/* A baseline as bytes, and back: what comes back is checked member by member. */
#include "anomaly/state.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC   0x53574231U /* also tells a machine of the other byte order */
#define VERSION 1
#define MOST    1e40 /* of any sum */
#define WEEKS   12.0 /* visits of a bin, at most */

/* A fuzzer would otherwise never get past it. */
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
#define HASH_MATTERS false
#else
#define HASH_MATTERS true
#endif

struct saved {
	__u32 magic;
	__u32 version;
	__u64 hash; /* of what follows */
	struct anomaly anomaly;
};

_Static_assert(sizeof(struct saved) <= ANOMALY_SAVE_MAX, "a baseline must stay small");
_Static_assert(sizeof(struct model) == sizeof(struct season) +
					       sizeof(struct model_forecast) * MODEL_FORECASTS +
					       5 * sizeof(double) + sizeof(float) * MODEL_EXPERTS,
	       "no padding is stored");

/* FNV-1a, 64 bits: finds damage, not malice. */
static __u64 hash(const void *data, size_t size)
{
	const unsigned char *byte = data;
	__u64 sum = 0xcbf29ce484222325ULL;

	while (size--)
		sum = (sum ^ *byte++) * 0x100000001b3ULL;
	return sum;
}

int anomaly_save(const struct anomaly *anomaly, void *buf, size_t size, size_t *len)
{
	struct saved saved = { .magic = MAGIC, .version = VERSION };

	if (size < sizeof(saved))
		return -ENOSPC;
	saved.anomaly = *anomaly;
	saved.hash = hash(&saved.anomaly, sizeof(saved.anomaly));
	memcpy(buf, &saved, sizeof(saved));
	*len = sizeof(saved);
	return 0;
}

/* False for what is not a number, too. */
static bool within(double value, double least, double most)
{
	return value >= least && value <= most;
}

static bool bins_are_sane(const struct season_bin *bins, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!within(bins[i].visits, 0, WEEKS) || !within(bins[i].mean, 0, 1e16))
			return false;
	return true;
}

static bool forecast_is_sane(const struct model_forecast *forecast)
{
	return within(forecast->counts, 0, MOST) && within(forecast->factors, 0, MOST) &&
	       within(forecast->weight, 0, MOST) && within(forecast->squares, -MOST, MOST) &&
	       within(forecast->mean_squares, 0, MOST) && within(forecast->logs, -MOST, MOST) &&
	       within(forecast->log_squares, 0, MOST) && within(forecast->log_weight, 0, MOST);
}

static bool model_is_sane(const struct model *model, bool learned)
{
	size_t i;

	for (i = 0; i < MODEL_FORECASTS; i++)
		if (!forecast_is_sane(&model->forecast[i]))
			return false;
	for (i = 0; learned && i < MODEL_SEASONAL; i++)
		if (model->forecast[i].factors <= 0)
			return false;
	for (i = 0; i < MODEL_EXPERTS; i++)
		if (!within(model->merit[i], -MOST, 0))
			return false;
	return bins_are_sane(model->season.day, SEASON_DAY_BINS) &&
	       bins_are_sane(model->season.week, SEASON_WEEK_BINS) &&
	       within(model->last, 0, MOST) && within(model->trend_level, 0, MOST) &&
	       within(model->trend_slope, -MOST, MOST) && within(model->buckets, 0, MOST) &&
	       within(model->filled, 0, model->buckets);
}

static bool rarity_is_sane(const struct rarity *rarity)
{
	size_t i;

	for (i = 0; i < RARITY_BINS; i++)
		if (!within(rarity->bin[i], 0, MOST))
			return false;
	return within(rarity->total, 0, MOST) && within(rarity->above, 0, rarity->total) &&
	       within(rarity->excess, 0, MOST);
}

static bool is_sane(const struct anomaly *anomaly)
{
	size_t i;

	for (i = 0; i < BURN_BUCKETS; i++)
		if (!within(anomaly->residual[i], -10, 10))
			return false;
	return model_is_sane(&anomaly->model, anomaly->learned) &&
	       rarity_is_sane(&anomaly->rarity[SIDE_HIGH]) &&
	       rarity_is_sane(&anomaly->rarity[SIDE_LOW]) &&
	       within(anomaly->burn_squares, 0, MOST) && within(anomaly->burn_weight, 0, MOST) &&
	       anomaly->far <= 1;
}

int anomaly_load(const struct anomaly_cfg *cfg, const void *buf, size_t len, struct anomaly **ret)
{
	struct saved saved;
	struct anomaly *anomaly;
	int err;

	if (len != sizeof(saved))
		return -EINVAL;
	memcpy(&saved, buf, sizeof(saved));
	if (saved.magic != MAGIC || saved.version != VERSION ||
	    (HASH_MATTERS && saved.hash != hash(&saved.anomaly, sizeof(saved.anomaly))) ||
	    saved.anomaly.bucket_s != cfg->bucket_s || !is_sane(&saved.anomaly))
		return -EINVAL;
	err = anomaly_new(cfg, &anomaly);
	if (err)
		return err;
	*anomaly = saved.anomaly;
	*ret = anomaly;
	return 0;
}
