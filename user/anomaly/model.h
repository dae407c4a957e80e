/* SPDX-License-Identifier: GPL-2.0-only */
/* The predictive distribution of the next bucket: many simple models, weighted by their merit. */
#ifndef ANOMALY_MODEL_H
#define ANOMALY_MODEL_H

#include "anomaly/season.h"

/*
 * Forecasts. Of each kind of season, with each of three memories, the level is the ratio
 *
 *	(sum of weighted counts + 1/2) / sum of weighted factors
 *
 * where both sums forget (the Gamma-Poisson mean under the prior of Jeffreys; West and Harrison
 * 1997, Bayesian Forecasting and Dynamic Models, 2.3: discounting), and the forecast is the level
 * times the factor of this moment. One more forecast follows a trend (Holt 1957, reprinted in
 * International Journal of Forecasting 20, 5).
 *
 * Families. Around each forecast m stand three distributions of the count:
 *   negative binomial, variance m + a m^2. a is the moments' estimate from that forecast's own
 *     errors, drawn to a prior by precision, plus one posterior standard deviation (Robbins 1956);
 *     mean's own uncertainty widens it by (1 + 1/n);
 *   log-normal, from mean and variance of ln(count / m) where something was counted;
 *   log-logistic with the same mean and variance: power-law tails (Fisk 1961, Econometrica 29,
 *171). The latter two carry the share of empty buckets apart (a hurdle: Mullahy 1986, J.
 *Econometrics 33, 341), which is the zero-inflated model for counts.
 *
 * Weights. The product of predictive likelihoods, forgotten (dynamic model averaging: Raftery,
 * Karny and Ettler 2010, Technometrics 52, 52) over the last third of what was seen: heavy tails
 * are not forgotten in quiet weeks between two bursts, but what misled the first days is, before
 * a cycle was known. What none explains is taken for another thing's doing, a share of
 * MODEL_OUTLIERS spread over the decades (Box and Tiao 1968, Biometrika 55, 119): one outlier
 * alone moves no weights far, since an attack is one. That share falls by a factor of e with each
 * burst of that memory: what comes back is the series' own.
 */
#define MODEL_MEMORIES     3
#define MODEL_SEASONAL     (SEASON_KINDS * MODEL_MEMORIES)
#define MODEL_FORECASTS    (MODEL_SEASONAL + 1)
#define MODEL_FAMILIES     3
#define MODEL_EXPERTS      (MODEL_FORECASTS * MODEL_FAMILIES)
#define MODEL_MERIT_SHORT  500.0 /* buckets: the memory at first... */
#define MODEL_MERIT_YOUTH  3.0   /* ...which then is a third of what was seen... */
#define MODEL_MERIT_MEMORY 4000.0
#define MODEL_OUTLIERS     5e-4
#define MODEL_BURSTS_MOST  6.0   /* that count */
#define MODEL_DOUBT_MOST   8.0   /* ln of weights at the start, downwards */
#define MODEL_MERIT_MOST   20.0  /* ln of weights, below the best: nobody is lost for ever */
#define MODEL_ERROR_MEMORY 700.0 /* buckets */

/* What learning keeps its state within, so that what is stored can be held against it. */
#define MODEL_MEAN_LEAST   1e-6
#define MODEL_MEAN_MOST    1e17
#define MODEL_SUM_MOST     1e20
#define MODEL_FACTOR_LEAST 1e-3
#define MODEL_LOG_MOST     64.0 /* of ln(count / mean) */

/* Of one forecast: its level, and its errors. */
struct model_forecast {
	double counts; /* forgetting sums */
	double factors;
	double weight;       /* of the errors below */
	double squares;      /* (count - m)^2 - m */
	double mean_squares; /* m^2 */
	double logs;         /* over counted buckets: ln(count / m) */
	double log_squares;
	double log_weight;
};

/* Plain data; all zero: nothing is known. */
struct model {
	struct season season;
	struct model_forecast forecast[MODEL_FORECASTS];
	double trend_level;
	double trend_slope;
	double shaken; /* 0..1: 1 after an outlier, fading */
	double filled; /* forgetting sums: buckets that were not empty, and all */
	double buckets;
	double seen;                /* buckets, up to where the merits' memory is full */
	float merit[MODEL_EXPERTS]; /* ln of likelihood; of the best of all, its doubt at the start
				     */
	float bursts;               /* forgetting sum */
};

/* One distribution of the mixture. */
struct model_expert {
	int family;
	double weight;
	double mean;
	double shape;    /* negative binomial: r; else the scale of ln count */
	double location; /* of ln count */
	double filled;   /* P(X > 0) */
};

/* What a bucket is expected to hold: all experts that matter. */
struct model_view {
	struct model_expert expert[MODEL_EXPERTS];
	double mean;
};

/* What is expected of a bucket of which this part was seen. The model must have learned something.
 */
void model_view(const struct model *model, const struct season_when *when, double coverage,
		struct model_view *ret);
/*
 * ln P(X >= x) and ln P(X <= x), of the experts that have at least a thousandth of the weight; the
 * mixture is the same but for rounding.
 */
double model_ln_upper(const struct model_view *view, double count);
double model_ln_lower(const struct model_view *view, double count);
double model_ln_mass(const struct model_view *view, double count);
double model_quantile(const struct model_view *view, double p);

/*
 * view: of the same bucket; NULL for the first one. weight, merit_weight: 0..1, how much of it is
 * learned by the forecasts, and by the experts' merits.
 */
void model_learn(struct model *model, const struct season_when *when, const struct model_view *view,
		 double count, double coverage, double weight, double merit_weight);

/* Buckets that the merits remember. */
double model_memory(const struct model *model);

/* The level has changed to stay: forecasts of short memory begin there, the long ones keep theirs.
 */
void model_shift(struct model *model, double level);

#endif
