/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The baseline: running moments with forgetting, a negative binomial predictive, robust learning.
 */
#include "core/anomaly.h"
#include "core/negbin.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ANOMALY_MEMORY        192.0
#define ANOMALY_SHIFT         24
#define ANOMALY_DISPERSION    0.05
#define ANOMALY_DISPERSION_SD 0.1

#define COUNT_MAX_LEARNED 1e15 /* whole numbers are exact in a double up to here */
#define PRIOR_COUNT       0.5
#define WEIGHT_FULL_P     1e-3
#define WEIGHT_LEAST_P    1e-5
#define WEIGHT_LEAST      0.01

/* Weighted moments that forget: weight tends towards ANOMALY_MEMORY. */
struct moments {
	double weight;
	double mean;
	double squares; /* weighted sum of squared deviations */
};

struct anomaly {
	struct anomaly_cfg cfg;
	struct moments moments;
	__u64 learned; /* buckets */
	/* the last buckets, if they all were far out on one side */
	struct moments run;
	unsigned int run_length;
	enum side run_side;
};

int anomaly_new(const struct anomaly_cfg *cfg, struct anomaly **ret)
{
	struct anomaly *anomaly;

	if (!cfg->bucket_s || cfg->bucket_s > ANOMALY_BUCKET_MAX_S)
		return -EINVAL;
	anomaly = calloc(1, sizeof(*anomaly));
	if (!anomaly)
		return -ENOMEM;
	anomaly->cfg = *cfg;
	*ret = anomaly;
	return 0;
}

void anomaly_free(struct anomaly *anomaly)
{
	free(anomaly);
}

/* West 1979 (Communications of the ACM 22, 532), with every earlier weight shrunk first. */
static void moments_add(struct moments *moments, double count, double weight)
{
	double kept = 1 - 1 / ANOMALY_MEMORY, delta = count - moments->mean;

	moments->weight = moments->weight * kept + weight;
	moments->mean += delta * weight / moments->weight;
	moments->squares = moments->squares * kept + weight * delta * (count - moments->mean);
}

static double clamp_count(double count)
{
	return count > 0 ? fmin(count, COUNT_MAX_LEARNED) : 0;
}

static double dispersion(double n, double mean, double squares)
{
	double prior = 1 / (ANOMALY_DISPERSION_SD * ANOMALY_DISPERSION_SD), estimate, known;

	if (n <= 1)
		return ANOMALY_DISPERSION + ANOMALY_DISPERSION_SD;
	estimate = fmax(0, (squares / (n - 1) - mean) / (mean * mean));
	known = n / 2 * pow(mean / (1 + fmax(estimate, ANOMALY_DISPERSION) * mean), 2);
	return (prior * ANOMALY_DISPERSION + known * estimate) / (prior + known) +
	       1 / sqrt(prior + known);
}

/* What the next bucket is expected to hold; weight must not be 0. */
static struct negbin predict(const struct moments *moments)
{
	double n = moments->weight, mean = moments->mean + PRIOR_COUNT / n;
	double spread = dispersion(n, mean, moments->squares);
	double variance = (mean + spread * mean * mean) * (1 + 1 / n);

	return (struct negbin){ .mean = mean, .shape = mean * mean / (variance - mean) };
}

/* ln P of a count at least as far out on this side: the smaller tail for SIDE_BOTH. */
static double ln_tail(const struct negbin *negbin, double count, enum side side)
{
	if (side == SIDE_HIGH)
		return negbin_ln_upper(negbin, count);
	if (side == SIDE_LOW)
		return negbin_ln_lower(negbin, count);
	return fmin(negbin_ln_upper(negbin, count), negbin_ln_lower(negbin, count));
}

static double ln_doubled(double ln_p)
{
	return fmin(0, ln_p + log(2));
}

double anomaly_scale(double ln_p)
{
	if (ln_p >= log(0.05))
		return 0;
	return fmin(100, 100 * (0.95 * (ln_p - log(0.05)) / (log(1e-4) - log(0.05)) + 0.05));
}

/* 1 down to tail p 1e-3, falling with ln p to 0.01 at 1e-5. */
static double weight_of(double ln_p)
{
	double way = (log(WEIGHT_FULL_P) - ln_p) / (log(WEIGHT_FULL_P) - log(WEIGHT_LEAST_P));

	return way <= 0 ? 1 : exp(fmin(1, way) * log(WEIGHT_LEAST));
}

/* Follows buckets that are far out one after the other; after enough of them they are normal. */
static void learn_run(struct anomaly *anomaly, double count, bool far, enum side side)
{
	if (!far || side != anomaly->run_side) {
		anomaly->run_length = 0;
		anomaly->run = (struct moments){ 0 };
	}
	if (!far)
		return;
	anomaly->run_side = side;
	anomaly->run_length++;
	moments_add(&anomaly->run, count, 1);
	if (anomaly->run_length < ANOMALY_SHIFT)
		return;
	anomaly->moments = anomaly->run;
	anomaly->run_length = 0;
	anomaly->run = (struct moments){ 0 };
}

void anomaly_learn(struct anomaly *anomaly, const struct anomaly_bucket *bucket)
{
	double weight = 1, ln_p = 0, count;
	enum side side = SIDE_HIGH;
	struct negbin negbin;

	if (!(bucket->coverage >= ANOMALY_COVERAGE_MIN))
		return;
	count = clamp_count(bucket->count / fmin(1, bucket->coverage));
	if (anomaly->learned >= ANOMALY_READY) {
		negbin = predict(&anomaly->moments);
		side = count > negbin.mean ? SIDE_HIGH : SIDE_LOW;
		ln_p = ln_tail(&negbin, count, side);
		weight = weight_of(ln_p);
	}
	anomaly->learned++;
	moments_add(&anomaly->moments, count, weight);
	learn_run(anomaly, count, ln_p < log(WEIGHT_FULL_P), side);
}

void anomaly_judge(const struct anomaly *anomaly, const struct anomaly_bucket *bucket,
		   enum side side, struct anomaly_score *ret)
{
	struct negbin negbin;
	double ln_p;

	*ret = (struct anomaly_score){
		.probability = 1,
		.learning = anomaly->learned < ANOMALY_READY,
		.skipped = !(bucket->coverage >= ANOMALY_COVERAGE_MIN),
	};
	if (ret->learning)
		ret->missing = (unsigned int)(ANOMALY_READY - anomaly->learned);
	if (!anomaly->learned)
		return;
	negbin = predict(&anomaly->moments);
	ret->typical = negbin.mean;
	if (ret->skipped)
		return;
	ln_p = ln_doubled(
		ln_tail(&negbin, clamp_count(bucket->count / fmin(1, bucket->coverage)), side));
	ret->score = anomaly_scale(ln_p);
	ret->probability = fmax(exp(ln_p), DBL_MIN);
}

void anomaly_typical_range(const struct anomaly *anomaly, const struct anomaly_bucket *bucket,
			   double *low, double *high)
{
	struct negbin negbin;

	*low = *high = 0;
	if (!anomaly->learned)
		return;
	negbin = predict(&anomaly->moments);
	*low = negbin_quantile(&negbin, 0.05);
	*high = negbin_quantile(&negbin, 0.95);
}

double anomaly_influence(const struct anomaly *anomaly, const struct anomaly_bucket *bucket,
			 double part)
{
	struct negbin negbin;
	double ln_whole, ln_rest;

	if (!anomaly->learned)
		return 0;
	negbin = predict(&anomaly->moments);
	ln_whole = ln_doubled(negbin_ln_upper(&negbin, clamp_count(bucket->count)));
	ln_rest = ln_doubled(negbin_ln_upper(&negbin, clamp_count(bucket->count - part)));
	return ln_whole < 0 ? 1 - ln_rest / ln_whole : 0;
}

__u64 anomaly_learned(const struct anomaly *anomaly)
{
	return anomaly->learned;
}

__u64 anomaly_bucket_s(const struct anomaly *anomaly)
{
	return anomaly->cfg.bucket_s;
}

int anomaly_save(const struct anomaly *anomaly, void *buf, size_t size, size_t *len)
{
	if (size < sizeof(*anomaly))
		return -ENOSPC;
	memcpy(buf, anomaly, sizeof(*anomaly));
	*len = sizeof(*anomaly);
	return 0;
}

int anomaly_load(const struct anomaly_cfg *cfg, const void *buf, size_t len, struct anomaly **ret)
{
	struct anomaly *anomaly;
	int err;

	if (len != sizeof(*anomaly))
		return -EINVAL;
	err = anomaly_new(cfg, &anomaly);
	if (err)
		return err;
	memcpy(anomaly, buf, len);
	if (anomaly->cfg.bucket_s != cfg->bucket_s || !isfinite(anomaly->moments.mean)) {
		free(anomaly);
		return -EINVAL;
	}
	*ret = anomaly;
	return 0;
}
