/* SPDX-License-Identifier: GPL-2.0-only */
/* Scores of buckets, robust learning, and changes of level that stay. */
#include "anomaly/state.h"
#include "anomaly/family.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>

#define COUNT_MOST     1e15 /* whole numbers are exact in a double up to here */
#define WEIGHT_FULL_P  1e-3
#define WEIGHT_LEAST_P 1e-5
#define WEIGHT_LEAST   0.01
#define BURN_SHARE     0.1

#define FAR_FADES        0.8
#define SHAKEN_FADES     0.95
#define BURST_APART      0.5 /* of being shaken: 14 buckets */
#define TAIL_SHARE_LEAST 0.2 /* share of the look at the size alone... */
#define TAIL_SHARE_MOST  0.5 /* ...where bursts are usual: */
#define TAIL_BURSTS      3.0
#define TAIL_BLEND       300.0

/* One bucket against the model. */
struct verdict {
	struct model_view view;
	double ln_raw[2];   /* by side: ln of the tail, both looks combined */
	double ln_usual[2]; /* recalibrated */
	double ln_p[2];     /* with the echoes of bursts */
	double score[2];
	double residual;     /* standard normal, if the model is right */
	double recalibrated; /* likewise, by the bucket's own tail as it should have been */
	double excess;       /* above what was expected, of a whole bucket */
	double burn;
	double lasting[2];
};

int anomaly_new(const struct anomaly_cfg *cfg, struct anomaly **ret)
{
	struct anomaly *anomaly;

	if (!cfg->bucket_s || cfg->bucket_s > ANOMALY_BUCKET_MAX_S)
		return -EINVAL;
	anomaly = calloc(1, sizeof(*anomaly));
	if (!anomaly)
		return -ENOMEM;
	anomaly->bucket_s = cfg->bucket_s;
	*ret = anomaly;
	return 0;
}

void anomaly_free(struct anomaly *anomaly)
{
	free(anomaly);
}

double anomaly_scale(double ln_p)
{
	if (ln_p >= log(0.05))
		return 0;
	return fmin(100, 100 * (0.95 * (ln_p - log(0.05)) / (log(1e-4) - log(0.05)) + 0.05));
}

static double clamp_count(double count)
{
	return count > 0 ? fmin(count, COUNT_MOST) : 0;
}

static struct season_when when_of(const struct anomaly *anomaly,
				  const struct anomaly_bucket *bucket)
{
	return (struct season_when){
		.middle_s = (__s64)((__u64)bucket->start_s + (__u64)(__s64)bucket->zone_s +
				    anomaly->bucket_s / 2),
		.bucket_s = anomaly->bucket_s,
	};
}

/* Abramowitz and Stegun 26.2.23: z of an upper tail, from its logarithm, within 4.5e-4. */
static double normal_quantile(double ln_p)
{
	double t;

	if (ln_p > -M_LN2)
		return -normal_quantile(log1p(-exp(fmin(ln_p, -1e-12))));
	t = sqrt(-2 * ln_p);
	return t - (2.515517 + t * (0.802853 + t * 0.010328)) /
			   (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
}

/* Mid-p: half of the chance of exactly this count belongs to either side. */
static double residual_of(double upper, double lower)
{
	double p = (upper + 1 - lower) / 2, z;

	z = normal_quantile(log(fmax(p, DBL_MIN)));
	return fmax(-RESIDUAL_MOST, fmin(z, RESIDUAL_MOST));
}

/* The sum over the last buckets, this one in place of the oldest. */
static double sum_of(const struct anomaly *anomaly, const double ring[BURN_BUCKETS], double value)
{
	unsigned int i;

	for (i = 0; i < BURN_BUCKETS; i++)
		if (i != anomaly->learned % BURN_BUCKETS)
			value += ring[i];
	return value;
}

/* Without the one that is farthest out: what one bucket shows is not shown again by twelve. */
static double lasting_of(const struct anomaly *anomaly, double excess, double sign)
{
	double sum = sign * sum_of(anomaly, anomaly->excess, excess), most = sign * excess;
	unsigned int i;

	for (i = 0; i < BURN_BUCKETS; i++)
		if (i != anomaly->learned % BURN_BUCKETS)
			most = fmax(most, sign * anomaly->excess[i]);
	return sum - most;
}

/* How the residuals' sum varied; at least as if they were independent. */
static double burn_scale(const struct anomaly *anomaly)
{
	double scale = (anomaly->burn_squares + 20 * BURN_BUCKETS) / (anomaly->burn_weight + 20);

	return fmax(scale, BURN_BUCKETS);
}

/* The residuals' sum, scaled by that. */
static double burn_of(const struct anomaly *anomaly, double residual)
{
	return sum_of(anomaly, anomaly->residual, residual) / sqrt(burn_scale(anomaly));
}

static double with_echo(const struct anomaly *anomaly, int side, double mean, double count,
			double ln_usual)
{
	return (side == SIDE_HIGH ? echo_ln_upper : echo_ln_lower)(&anomaly->echo, mean, count,
								   ln_usual);
}

/*
 * The geometric mean of both looks, once the past is long enough to be asked. Where bursts come
 * again and again the model's own tail means little, and a burst's size against earlier ones more.
 */
static double both_of(const struct anomaly *anomaly, double ln_model, const struct tail *tail,
		      double value)
{
	double bursts = fmin(1, anomaly->model.bursts / TAIL_BURSTS);
	double share = TAIL_SHARE_LEAST + (TAIL_SHARE_MOST - TAIL_SHARE_LEAST) * bursts;

	share *= tail->weight / (tail->weight + TAIL_BLEND);
	return (1 - share) * ln_model + share * tail_ln_upper(tail, value);
}

/* A bucket's tails as standard deviations, of which a run counts only so many. */
static double recalibrated_of(double ln_upper, double ln_lower)
{
	double z = fmax(0, normal_quantile(fmin(ln_upper, ln_lower)));

	return (ln_upper < ln_lower ? 1 : -1) * fmin(z, RUN_BEGINS);
}

/* The look at one bucket and that at twelve. Returns the former's tail, recalibrated. */
static double judge_side(const struct anomaly *anomaly, int side, double count, struct verdict *ret)
{
	double sign = side == SIDE_HIGH ? 1 : -1, single, several, own;

	ret->lasting[side] = lasting_of(anomaly, ret->excess, sign);
	single = both_of(anomaly, ret->ln_raw[side], &anomaly->single[side], sign * ret->excess);
	several = both_of(anomaly, normal_ln_upper(sign * ret->burn), &anomaly->several[side],
			  ret->lasting[side]);
	own = rarity_correct(&anomaly->rarity[side], single);
	if (sign * ret->residual > 0)
		single = fmin(single - log(1 - BURN_SHARE), several - log(BURN_SHARE));
	ret->ln_raw[side] = fmin(0, single);
	ret->ln_usual[side] = rarity_correct(&anomaly->rarity[side], ret->ln_raw[side]);
	ret->ln_p[side] = with_echo(anomaly, side, ret->view.mean, count, ret->ln_usual[side]);
	ret->score[side] = fmin(anomaly_scale(fmin(0, ret->ln_p[side] + M_LN2)),
				rarity_ceiling(&anomaly->rarity[side], ret->ln_raw[side]));
	return own;
}

/* The look at what lasts behind an outlier. */
static void judge_run(const struct anomaly *anomaly, double count, struct verdict *ret)
{
	double z = run_look(&anomaly->run, ret->recalibrated) /
		   sqrt(burn_scale(anomaly) / BURN_BUCKETS);
	int side = z > 0 ? SIDE_HIGH : SIDE_LOW;
	double ln_p, score;

	if (z == 0)
		return;
	ln_p = with_echo(anomaly, side, ret->view.mean, count,
			 fmin(0, normal_ln_upper(fabs(z)) - log(RUN_SHARE)));
	score = anomaly_scale(fmin(0, ln_p + M_LN2));
	if (anomaly->run.told)
		score = fmin(score, RUN_HELD);
	if (score <= ret->score[side])
		return;
	ret->score[side] = score;
	ret->ln_p[side] = fmin(ret->ln_p[side], ln_p);
}

static void judge(const struct anomaly *anomaly, const struct anomaly_bucket *bucket,
		  double coverage, struct verdict *ret)
{
	const struct season_when when = when_of(anomaly, bucket);
	double count = clamp_count(bucket->count), upper, lower;

	model_view(&anomaly->model, &when, coverage, &ret->view);
	ret->ln_raw[SIDE_HIGH] = model_ln_upper(&ret->view, count);
	ret->ln_raw[SIDE_LOW] = model_ln_lower(&ret->view, count);
	ret->residual = residual_of(exp(ret->ln_raw[SIDE_HIGH]), exp(ret->ln_raw[SIDE_LOW]));
	ret->excess = (count - ret->view.mean) / coverage;
	ret->burn = burn_of(anomaly, ret->residual);
	upper = judge_side(anomaly, SIDE_HIGH, count, ret);
	lower = judge_side(anomaly, SIDE_LOW, count, ret);
	ret->recalibrated = recalibrated_of(upper, lower);
	judge_run(anomaly, count, ret);
}

/* 1 down to tail p 1e-3, falling with ln p to 0.01 at 1e-5. */
static double weight_of(double ln_p)
{
	double way = (log(WEIGHT_FULL_P) - ln_p) / (log(WEIGHT_FULL_P) - log(WEIGHT_LEAST_P));

	return way <= 0 ? 1 : exp(fmin(1, way) * log(WEIGHT_LEAST));
}

static bool is_seen(const struct anomaly_bucket *bucket)
{
	return bucket->coverage >= ANOMALY_COVERAGE_MIN;
}

static void learn_recent(struct anomaly *anomaly, const struct verdict *verdict, double weight,
			 double again)
{
	double kept = 1 - weight / BURN_MEMORY;
	double sum = sum_of(anomaly, anomaly->residual, verdict->residual);
	unsigned int at = anomaly->learned % BURN_BUCKETS;
	int side;

	anomaly->burn_squares = anomaly->burn_squares * kept + weight * sum * sum;
	anomaly->burn_weight = anomaly->burn_weight * kept + weight;
	/* what one bucket shows is not shown again by twelve */
	anomaly->residual[at] = weight < 1 ? 0 : verdict->residual;
	anomaly->excess[at] = weight < 1 ? 0 : verdict->excess;
	for (side = SIDE_HIGH; side <= SIDE_LOW; side++) {
		double sign = side == SIDE_HIGH ? 1 : -1;

		rarity_learn(&anomaly->rarity[side], verdict->ln_raw[side], again);
		tail_learn(&anomaly->single[side], sign * verdict->excess, again);
		tail_learn(&anomaly->several[side], verdict->lasting[side], again);
	}
}

/* Outliers that follow each other closely are one burst. */
static void learn_burst(struct model *model, bool far)
{
	bool begins = far && model->shaken < BURST_APART;

	model->bursts = (float)(model->bursts * (1 - 1 / model_memory(model)) + begins);
}

void anomaly_learn(struct anomaly *anomaly, const struct anomaly_bucket *bucket)
{
	const struct season_when when = when_of(anomaly, bucket);
	double coverage = fmin(1, bucket->coverage), count = clamp_count(bucket->count);
	double weight = 1, again;
	struct verdict verdict;
	bool far, lasts;

	if (bucket->start_s > anomaly->through_s)
		anomaly->through_s = bucket->start_s;
	if (!is_seen(bucket))
		return;
	if (!anomaly->learned) {
		model_learn(&anomaly->model, &when, NULL, count, coverage, 1, 1);
		anomaly->learned++;
		return;
	}
	judge(anomaly, bucket, coverage, &verdict);
	weight = weight_of(fmin(verdict.ln_usual[SIDE_HIGH], verdict.ln_usual[SIDE_LOW]));
	far = weight < 1;
	again = far ? pow(ECHO_AGAIN, anomaly->far) : 1;
	lasts = anomaly->far >= FAR_LASTS || anomaly->learned < ANOMALY_READY;
	if (lasts)
		weight = 1;
	if (anomaly->learned >= ANOMALY_READY) {
		learn_recent(anomaly, &verdict, weight, again);
		run_learn(&anomaly->run, verdict.recalibrated,
			  fmax(verdict.score[SIDE_HIGH], verdict.score[SIDE_LOW]));
		echo_learn(&anomaly->echo, verdict.view.mean, count,
			   model_ln_mass(&verdict.view, count), far);
	}
	model_learn(&anomaly->model, &when, &verdict.view, count, coverage, weight,
		    lasts ? 1 : again);
	if (far && anomaly->far < FAR_LASTS && anomaly->far + 1 >= FAR_LASTS)
		model_shift(&anomaly->model, count / coverage);
	anomaly->learned++;
	learn_burst(&anomaly->model, far);
	anomaly->model.shaken = far ? 1 : anomaly->model.shaken * SHAKEN_FADES;
	anomaly->far = far ? fmin(anomaly->far + 1, FAR_MOST)
			   : fmax(0, anomaly->far * FAR_FADES - .01);
}

void anomaly_judge(const struct anomaly *anomaly, const struct anomaly_bucket *bucket,
		   enum side side, struct anomaly_score *ret)
{
	struct verdict verdict;
	enum side farther = side;

	*ret = (struct anomaly_score){
		.probability = 1,
		.missing = anomaly_missing(anomaly),
		.learning = anomaly->learned < ANOMALY_READY,
		.skipped = !is_seen(bucket),
	};
	if (!anomaly->learned)
		return;
	judge(anomaly, bucket, ret->skipped ? 1 : fmin(1, bucket->coverage), &verdict);
	ret->typical = verdict.view.mean;
	if (ret->skipped)
		return;
	if (side == SIDE_BOTH)
		farther = verdict.ln_p[SIDE_HIGH] < verdict.ln_p[SIDE_LOW] ? SIDE_HIGH : SIDE_LOW;
	ret->score = verdict.score[farther];
	ret->probability = fmax(exp(fmin(0, verdict.ln_p[farther] + M_LN2)), DBL_MIN);
}

void anomaly_typical_range(const struct anomaly *anomaly, const struct anomaly_bucket *bucket,
			   double *low, double *high)
{
	const struct season_when when = when_of(anomaly, bucket);
	struct model_view view;

	*low = *high = 0;
	if (!anomaly->learned)
		return;
	model_view(&anomaly->model, &when, 1, &view);
	*low = model_quantile(&view, 0.05);
	*high = model_quantile(&view, 0.95);
}

double anomaly_influence(const struct anomaly *anomaly, const struct anomaly_bucket *bucket,
			 double part)
{
	const struct season_when when = when_of(anomaly, bucket);
	struct model_view view;
	double ln_whole, ln_rest;

	if (!anomaly->learned || !is_seen(bucket))
		return 0;
	model_view(&anomaly->model, &when, fmin(1, bucket->coverage), &view);
	ln_whole = fmin(0, model_ln_upper(&view, clamp_count(bucket->count)) + log(2));
	ln_rest = fmin(0, model_ln_upper(&view, clamp_count(bucket->count - part)) + log(2));
	return ln_whole < 0 ? 1 - ln_rest / ln_whole : 0;
}

__u64 anomaly_learned(const struct anomaly *anomaly)
{
	return anomaly->learned;
}

__s64 anomaly_through_s(const struct anomaly *anomaly)
{
	return anomaly->through_s;
}

unsigned int anomaly_missing(const struct anomaly *anomaly)
{
	return anomaly->learned < ANOMALY_READY ? ANOMALY_READY - (unsigned int)anomaly->learned
						: 0;
}

__u64 anomaly_bucket_s(const struct anomaly *anomaly)
{
	return anomaly->bucket_s;
}
