/* SPDX-License-Identifier: GPL-2.0-only */
/* Forecasts, their errors, and the mixture of distributions around them. */
#include "anomaly/model.h"
#include "anomaly/family.h"
#include "anomaly/negbin.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>

#define SHIFT_BUCKETS 4.0
#define RETURNS       0.02
#define PRIOR_COUNT   0.5
#define DISPERSION    0.05 /* a before anything is known, and how sure that is */
#define DISPERSION_SD 0.1
#define LOG_PRIOR     3.0 /* buckets */
#define TREND_GAIN    0.15
#define TREND_SLOPE   0.002
#define WEIGHT_LEAST  1e-3

static const double memories[MODEL_MEMORIES] = { 12, 96, 1000 };

/* ln of weights before anything is known: simple models first. */
static const double season_doubt[SEASON_KINDS] = { 0, 1, 2, 2 };
static const double family_doubt[FAMILIES] = { 0, 4, 6 };

enum { TREND = MODEL_SEASONAL };

static double doubt(unsigned int forecast, unsigned int family)
{
	return family_doubt[family] +
	       (forecast >= TREND ? 2 : season_doubt[forecast / MODEL_MEMORIES]);
}

/* Buckets that a forecast's level was made of. */
static double level_buckets(const struct model *model, unsigned int i)
{
	return i == TREND ? fmin(model->buckets, 1 / TREND_GAIN) : model->forecast[i].factors;
}

static double clamp(double value, double least, double most)
{
	return fmax(least, fmin(value, most));
}

static double level_of(const struct model *model, unsigned int i, const double *factors)
{
	const struct model_forecast *forecast = &model->forecast[i];

	if (i == TREND)
		return fmax(model->trend_level + model->trend_slope,
			    PRIOR_COUNT / fmax(1, model->buckets));
	return (forecast->counts + PRIOR_COUNT) / forecast->factors * factors[i / MODEL_MEMORIES];
}

static double mean_of(const struct model *model, unsigned int i, const double *factors)
{
	return clamp(level_of(model, i, factors), MODEL_MEAN_LEAST, MODEL_MEAN_MOST);
}

/* Moments' estimate of a, its own variance about 2 (1 + a m)^2 / (n m^2). */
static double dispersion(const struct model_forecast *forecast, double mean)
{
	double prior = 1 / (DISPERSION_SD * DISPERSION_SD), estimate = 0, known, n;

	n = forecast->weight;
	if (n <= 1 || forecast->mean_squares <= 0)
		return DISPERSION + DISPERSION_SD;
	estimate = fmax(0, forecast->squares / forecast->mean_squares);
	known = n / 2 * pow(mean / (1 + fmax(estimate, DISPERSION) * mean), 2);
	return (prior * DISPERSION + known * estimate) / (prior + known) + 1 / sqrt(prior + known);
}

static void view_forecast(const struct model *model, unsigned int i, double mean, double coverage,
			  struct model_expert *ret)
{
	const struct model_forecast *forecast = &model->forecast[i];
	double n = fmax(1, level_buckets(model, i)), n_log = forecast->log_weight;
	double spread = dispersion(forecast, mean);
	double variance = (mean + spread * mean * mean) * (1 + 1 / n);
	double bias = forecast->logs / (n_log + LOG_PRIOR), deviation;
	double filled = (model->filled + 1) / (model->buckets + 1);
	int family;

	deviation = (forecast->log_squares + LOG_PRIOR * (DISPERSION + 1 / mean)) /
			    (n_log + LOG_PRIOR) -
		    bias * bias;
	deviation = sqrt(fmax(deviation, 1e-6) * (1 + 1 / n + 1 / (n_log + 1)));
	for (family = 0; family < FAMILIES; family++)
		ret[family] = (struct model_expert){
			.family = family,
			.mean = mean * coverage,
			/* what is thinned keeps its shape */
			.shape = family == FAMILY_NEGBIN ? mean * mean / (variance - mean)
							 : deviation,
			.location = log(mean * coverage) + bias,
			.filled = filled,
		};
}

/* The weighted median of the forecasts: one that ran after an outlier does not move it. */
static double median_mean(const struct model_view *view)
{
	double mean[MODEL_FORECASTS] = { 0 }, weight[MODEL_FORECASTS] = { 0 }, sum = 0;
	int i, j;

	for (i = 0; i < MODEL_FORECASTS; i++) {
		const struct model_expert *expert = &view->expert[i * MODEL_FAMILIES];
		double share = expert[0].weight + expert[1].weight + expert[2].weight;

		for (j = i; j > 0 && mean[j - 1] > expert->mean; j--) {
			mean[j] = mean[j - 1];
			weight[j] = weight[j - 1];
		}
		mean[j] = expert->mean;
		weight[j] = share;
	}
	for (i = 0; i < MODEL_FORECASTS - 1 && (sum += weight[i]) < 0.5; i++)
		;
	return mean[i];
}

/* Has it the longest memory? */
static bool remembers(unsigned int expert)
{
	unsigned int forecast = expert / MODEL_FAMILIES;

	return forecast < TREND && forecast % MODEL_MEMORIES == MODEL_MEMORIES - 1;
}

void model_view(const struct model *model, const struct season_when *when, double coverage,
		struct model_view *ret)
{
	double factors[SEASON_KINDS], best = -INFINITY, sum = 0, settled = 0;
	double returns = RETURNS * model->shaken;
	unsigned int i;

	season_factors(&model->season, when, factors);
	for (i = 0; i < MODEL_FORECASTS; i++)
		view_forecast(model, i, mean_of(model, i, factors), coverage,
			      &ret->expert[i * MODEL_FAMILIES]);
	for (i = 0; i < MODEL_EXPERTS; i++) {
		ret->expert[i].weight = model->merit[i] -
					doubt(i / MODEL_FAMILIES, i % MODEL_FAMILIES);
		best = fmax(best, ret->expert[i].weight);
	}
	for (i = 0; i < MODEL_EXPERTS; i++)
		sum += ret->expert[i].weight = exp(ret->expert[i].weight - best);
	for (i = 0; i < MODEL_EXPERTS; i++)
		if (remembers(i))
			settled += ret->expert[i].weight;
	for (i = 0; i < MODEL_EXPERTS; i++)
		ret->expert[i].weight *= (1 - returns) / sum +
					 (remembers(i) ? returns / settled : 0);
	ret->mean = median_mean(ret);
}

static struct negbin negbin_of(const struct model_expert *expert)
{
	return (struct negbin){ .mean = expert->mean, .shape = expert->shape };
}

static struct family_log log_of(const struct model_expert *expert)
{
	return (struct family_log){ .family = (enum family)expert->family,
				    .location = expert->location,
				    .deviation = expert->shape,
				    .filled = expert->filled };
}

static double expert_upper(const struct model_expert *expert, double count)
{
	struct negbin negbin = negbin_of(expert);
	struct family_log log = log_of(expert);

	return expert->family == FAMILY_NEGBIN ? negbin_ln_upper(&negbin, count)
					       : family_ln_upper(&log, count);
}

static double expert_lower(const struct model_expert *expert, double count)
{
	struct negbin negbin = negbin_of(expert);
	struct family_log log = log_of(expert);

	return expert->family == FAMILY_NEGBIN ? negbin_ln_lower(&negbin, count)
					       : family_ln_lower(&log, count);
}

static double expert_mass(const struct model_expert *expert, double count)
{
	struct negbin negbin = negbin_of(expert);
	struct family_log log = log_of(expert);

	return expert->family == FAMILY_NEGBIN ? negbin_ln_mass(&negbin, count)
					       : family_ln_mass(&log, count);
}

static double mix(const struct model_view *view, double count,
		  double (*ln_p)(const struct model_expert *expert, double count))
{
	double best = -INFINITY, sum = 0, kept = 0, part[MODEL_EXPERTS];
	int i, parts = 0;

	for (i = 0; i < MODEL_EXPERTS; i++) {
		const struct model_expert *expert = &view->expert[i];

		if (expert->weight < WEIGHT_LEAST)
			continue;
		kept += expert->weight;
		part[parts] = log(expert->weight) + ln_p(expert, count);
		best = fmax(best, part[parts++]);
	}
	if (!isfinite(best))
		return -DBL_MAX;
	for (i = 0; i < parts; i++)
		sum += exp(part[i] - best);
	return fmin(0, best + log(sum / kept));
}

double model_ln_upper(const struct model_view *view, double count)
{
	return mix(view, count, expert_upper);
}

double model_ln_lower(const struct model_view *view, double count)
{
	return mix(view, count, expert_lower);
}

double model_ln_mass(const struct model_view *view, double count)
{
	return mix(view, count, expert_mass);
}

/* Around what a gamma distribution of about that mean and spread has (Wilson and Hilferty 1931). */
double model_quantile(const struct model_view *view, double p)
{
	double low = -1, high = ceil(view->mean) + 1, ln_p = log(p);

	while (model_ln_lower(view, high) < ln_p && high < 1e16) {
		low = high;
		high = ceil(high * 1.3) + 1;
	}
	while (high - low > 1 && high - low > view->mean * 1e-3) {
		double middle = floor(low + (high - low) / 2);

		if (model_ln_lower(view, middle) < ln_p)
			low = middle;
		else
			high = middle;
	}
	return high;
}

static void learn_trend(struct model *model, double count, double weight)
{
	double forecast = model->trend_level + model->trend_slope;
	double gain = fmax(TREND_GAIN, 1 / (model->buckets + 1)), error = count - forecast;

	model->trend_level = clamp(forecast + gain * weight * error, 0, MODEL_MEAN_MOST);
	model->trend_slope = clamp(model->trend_slope + TREND_SLOPE * weight * error,
				   -MODEL_MEAN_MOST, MODEL_MEAN_MOST);
}

static void learn_errors(struct model_forecast *forecast, double mean, double count, double weight)
{
	double kept = 1 - weight / MODEL_ERROR_MEMORY, ln;

	forecast->weight = forecast->weight * kept + weight;
	forecast->squares = forecast->squares * kept +
			    weight * ((count - mean) * (count - mean) - mean);
	forecast->mean_squares = forecast->mean_squares * kept + weight * mean * mean;
	if (count <= 0)
		return;
	ln = clamp(log(count / mean), -MODEL_LOG_MOST, MODEL_LOG_MOST);
	forecast->logs = forecast->logs * kept + weight * ln;
	forecast->log_squares = forecast->log_squares * kept + weight * ln * ln;
	forecast->log_weight = forecast->log_weight * kept + weight;
}

double model_memory(const struct model *model)
{
	return clamp(model->seen / MODEL_MERIT_YOUTH, MODEL_MERIT_SHORT, MODEL_MERIT_MEMORY);
}

static void learn_merit(struct model *model, const struct model_view *view, double count,
			double weight)
{
	double merit[MODEL_EXPERTS], best = -INFINITY, kept = 1 - weight / model_memory(model);
	double outlier = log(MODEL_OUTLIERS / (count + 1)) - fmin(model->bursts, MODEL_BURSTS_MOST);
	unsigned int i;

	for (i = 0; i < MODEL_EXPERTS; i++) {
		merit[i] = model->merit[i] * kept +
			   weight * fmax(expert_mass(&view->expert[i], count), outlier);
		best = fmax(best, merit[i] - doubt(i / MODEL_FAMILIES, i % MODEL_FAMILIES));
	}
	for (i = 0; i < MODEL_EXPERTS; i++)
		model->merit[i] = (float)fmax(merit[i] - best,
					      doubt(i / MODEL_FAMILIES, i % MODEL_FAMILIES) -
						      MODEL_MERIT_MOST);
}

void model_learn(struct model *model, const struct season_when *when, const struct model_view *view,
		 double count, double coverage, double weight, double merit_weight)
{
	double factors[SEASON_KINDS], whole = count / coverage;
	unsigned int i;

	if (view) {
		learn_merit(model, view, count, merit_weight);
		for (i = 0; i < MODEL_FORECASTS; i++)
			learn_errors(&model->forecast[i],
				     view->expert[i * MODEL_FAMILIES].mean / coverage, whole,
				     weight);
	} else {
		model->trend_level = whole;
	}
	season_factors(&model->season, when, factors);
	for (i = 0; i < TREND; i++) {
		struct model_forecast *forecast = &model->forecast[i];
		double kept = 1 - weight / memories[i % MODEL_MEMORIES];

		forecast->counts = forecast->counts * kept + weight * count;
		forecast->factors = forecast->factors * kept +
				    weight * coverage * factors[i / MODEL_MEMORIES];
	}
	if (view)
		learn_trend(model, whole, weight);
	model->buckets = model->buckets * (1 - 1 / MODEL_ERROR_MEMORY) + 1;
	model->seen = fmin(model->seen + 1, MODEL_MERIT_MEMORY * MODEL_MERIT_YOUTH);
	model->filled = model->filled * (1 - 1 / MODEL_ERROR_MEMORY) + (count > 0);
	season_learn(&model->season, when, whole, weight);
}

void model_shift(struct model *model, double level)
{
	unsigned int i;

	for (i = 0; i < TREND; i += MODEL_MEMORIES) {
		model->forecast[i].factors = SHIFT_BUCKETS;
		model->forecast[i].counts = SHIFT_BUCKETS * level;
	}
	model->trend_level = level;
	model->trend_slope = 0;
}
