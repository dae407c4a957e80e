/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether a baseline that was read could have been learned: every member, and those that belong
 * together. */
#include "anomaly/state.h"

#include <math.h>

/* Sums are of doubles, and bins are floats: what is equal may differ by so much of it. */
#define ROUNDING 1e-3

/* False for what is not a number, too. */
static bool within(double value, double least, double most)
{
	return value >= least && value <= most;
}

static bool at_most(double value, double most)
{
	return within(value, 0, most * (1 + ROUNDING));
}

static bool bins_are_sane(const struct season_bin *bins, size_t count, double visits)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!within(bins[i].visits, 0, visits) || !at_most(bins[i].mean, MODEL_MEAN_MOST))
			return false;
	return true;
}

/* A sum of weight many values of which none is beyond most, and that of their squares. */
static bool moments_are_sane(double sum, double squares, double weight, double most)
{
	return at_most(squares, weight * most * most) &&
	       sum * sum <= weight * squares * (1 + ROUNDING) + ROUNDING;
}

static bool forecast_is_sane(const struct model_forecast *forecast)
{
	double squares = forecast->weight * MODEL_MEAN_MOST * MODEL_MEAN_MOST;

	return at_most(forecast->counts, MODEL_SUM_MOST) &&
	       at_most(forecast->factors, MODEL_SUM_MOST) &&
	       at_most(forecast->weight, MODEL_ERROR_MEMORY) &&
	       at_most(fabs(forecast->squares), squares) &&
	       at_most(forecast->mean_squares, squares) &&
	       at_most(forecast->log_weight, forecast->weight) && isfinite(forecast->logs) &&
	       moments_are_sane(forecast->logs, forecast->log_squares, forecast->log_weight,
				MODEL_LOG_MOST);
}

static bool model_is_sane(const struct model *model, bool learned)
{
	size_t i;

	for (i = 0; i < MODEL_FORECASTS; i++)
		if (!forecast_is_sane(&model->forecast[i]))
			return false;
	for (i = 0; learned && i < MODEL_SEASONAL; i++)
		if (model->forecast[i].factors < MODEL_FACTOR_LEAST)
			return false;
	for (i = 0; i < MODEL_EXPERTS; i++)
		if (!within(model->merit[i], -MODEL_MERIT_MOST, MODEL_DOUBT_MOST + ROUNDING))
			return false;
	return bins_are_sane(model->season.day, SEASON_DAY_BINS, SEASON_DAYS) &&
	       bins_are_sane(model->season.week, SEASON_WEEK_BINS, SEASON_WEEKS) &&
	       at_most(model->trend_level, MODEL_MEAN_MOST) && at_most(model->shaken, 1) &&
	       at_most(model->bursts, MODEL_MERIT_MEMORY) &&
	       at_most(model->seen, MODEL_MERIT_MEMORY * MODEL_MERIT_YOUTH) &&
	       at_most(fabs(model->trend_slope), MODEL_MEAN_MOST) &&
	       at_most(model->buckets, MODEL_ERROR_MEMORY) &&
	       at_most(model->filled, model->buckets);
}

static bool rarity_is_sane(const struct rarity *rarity)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < RARITY_BINS; i++) {
		if (!at_most(rarity->bin[i], RARITY_MEMORY))
			return false;
		sum += rarity->bin[i];
	}
	return at_most(rarity->seen, RARITY_MEMORY * RARITY_YOUTH) &&
	       at_most(rarity->total, RARITY_MEMORY) &&
	       fabs(sum - rarity->total) <= ROUNDING * (1 + rarity->total) &&
	       at_most(rarity->above, rarity->total) &&
	       at_most(rarity->excess, RARITY_EXCESS_MOST * rarity->above);
}

static bool tail_is_sane(const struct tail *tail)
{
	return at_most(tail->seen, TAIL_MEMORY * TAIL_YOUTH) &&
	       at_most(tail->weight, TAIL_MEMORY) && at_most(tail->above, tail->weight) &&
	       at_most(tail->excess, TAIL_LN_MOST * tail->above) &&
	       at_most(fabs(tail->ln_level), TAIL_LN_MOST);
}

static bool side_is_sane(const struct anomaly *anomaly, int side)
{
	return rarity_is_sane(&anomaly->rarity[side]) && tail_is_sane(&anomaly->single[side]) &&
	       tail_is_sane(&anomaly->several[side]);
}

static bool echo_is_sane(const struct echo *echo)
{
	return at_most(fabs(echo->ratio), ECHO_RATIO) &&
	       within(echo->odds, ECHO_LEAST, ECHO_MOST) &&
	       at_most(fabs(echo->news), ECHO_FACTOR / (1 - ECHO_AGAIN)) &&
	       at_most(echo->burst, ECHO_BURST) && at_most(echo->weight, ECHO_MEMORY) &&
	       at_most(echo->squares, echo->weight * ECHO_RATIO * ECHO_RATIO) &&
	       at_most(fabs(echo->products), echo->weight * ECHO_RATIO * ECHO_RATIO) &&
	       at_most(echo->errors, echo->weight * 4 * ECHO_RATIO * ECHO_RATIO);
}

/* The sums of lambda^k and of lambda^2k, of what counts for RUN_BEGINS each at the most. */
static bool run_is_sane(const struct run *run)
{
	double kept = 1 - 1 / RUN_MEMORY;

	return at_most(run->squares, 1 / (1 - kept * kept)) &&
	       at_most(fabs(run->sum), run->squares > 0 ? RUN_BEGINS * RUN_MEMORY : 0) &&
	       at_most(run->told, 1);
}

bool anomaly_is_sane(const struct anomaly *anomaly)
{
	size_t i;

	for (i = 0; i < BURN_BUCKETS; i++)
		if (!at_most(fabs(anomaly->residual[i]), RESIDUAL_MOST) ||
		    !at_most(fabs(anomaly->excess[i]), 4 * MODEL_MEAN_MOST))
			return false;
	return model_is_sane(&anomaly->model, anomaly->learned) && echo_is_sane(&anomaly->echo) &&
	       run_is_sane(&anomaly->run) && side_is_sane(anomaly, SIDE_HIGH) &&
	       side_is_sane(anomaly, SIDE_LOW) && at_most(anomaly->burn_weight, BURN_MEMORY) &&
	       at_most(anomaly->burn_squares,
		       anomaly->burn_weight * pow(BURN_BUCKETS * RESIDUAL_MOST, 2)) &&
	       at_most(anomaly->far, FAR_MOST);
}
