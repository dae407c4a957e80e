/* SPDX-License-Identifier: GPL-2.0-only */
/* Profiles of the day and the week from means of bins. */
#include "anomaly/season.h"

#include <math.h>

#define DAY_S        86400
#define WEEK_S       (7 * DAY_S)
#define REACH        3   /* bins to each side that the smooth day looks at */
#define SMOOTH_PULL  2.0 /* visits, over all bins in reach */
#define SHARP_PULL   3.0
#define WEEK_PULL    1.0
#define FACTOR_LEAST 0.02

static __s64 modulo(__s64 a, __s64 b)
{
	return (a % b + b) % b;
}

static unsigned int day_bin(const struct season_when *when)
{
	return (unsigned int)(modulo(when->middle_s, DAY_S) / (DAY_S / SEASON_DAY_BINS));
}

/* 1970-01-01 was a Thursday; which day the week begins with does not matter. */
static unsigned int week_bin(const struct season_when *when)
{
	return (unsigned int)(modulo(when->middle_s, WEEK_S) / (WEEK_S / SEASON_WEEK_BINS));
}

/* One bucket is a part of a visit where several fall into a bin. */
static void learn(struct season_bin *bin, double bin_s, double bucket_s, double most, double count,
		  double weight)
{
	double part = weight * fmin(1, bucket_s / bin_s);
	double visits = fmin(bin->visits + part, most);

	bin->visits = (float)visits;
	/* rounding may leave it below zero, which no stored baseline may be */
	bin->mean = (float)fmax(0, bin->mean + (count - bin->mean) * part / visits);
}

void season_learn(struct season *season, const struct season_when *when, double count,
		  double weight)
{
	double bucket_s = (double)when->bucket_s;

	learn(&season->day[day_bin(when)], (double)DAY_S / SEASON_DAY_BINS, bucket_s, SEASON_DAYS,
	      count, weight);
	learn(&season->week[week_bin(when)], (double)WEEK_S / SEASON_WEEK_BINS, bucket_s,
	      SEASON_WEEKS, count, weight);
}

/* The mean of all bins that were seen: what the factors stand around. */
static double general(const struct season_bin *bins, unsigned int count)
{
	double sum = 0, seen = 0;
	unsigned int i;

	for (i = 0; i < count; i++) {
		double trust = bins[i].visits / (bins[i].visits + 0.5);

		sum += trust * bins[i].mean;
		seen += trust;
	}
	return seen > 0 ? sum / seen : 0;
}

static double pull(double visits, double mean, double strength, double to)
{
	return (visits * mean + strength * to) / (visits + strength);
}

static double smooth_mean(const struct season *season, const struct season_when *when,
			  double overall)
{
	/* where in the bin: the triangle stands over the moment, not over the bin */
	double bin_s = (double)DAY_S / SEASON_DAY_BINS;
	double at = (double)modulo(when->middle_s, DAY_S) / bin_s - 0.5;
	int first = (int)floor(at) - REACH, i;
	double visits = 0, sum = 0;

	for (i = first; i <= first + 2 * REACH + 1; i++) {
		const struct season_bin *bin = &season->day[modulo(i, SEASON_DAY_BINS)];
		double weight = fmax(0, 1 - fabs(i - at) / (REACH + 1)) * bin->visits;

		visits += weight;
		sum += weight * bin->mean;
	}
	return visits > 0 ? pull(visits, sum / visits, SMOOTH_PULL, overall) : overall;
}

void season_factors(const struct season *season, const struct season_when *when,
		    double ret[SEASON_KINDS])
{
	double overall = general(season->day, SEASON_DAY_BINS);
	double weekly = general(season->week, SEASON_WEEK_BINS);
	const struct season_bin *sharp = &season->day[day_bin(when)];
	const struct season_bin *week = &season->week[week_bin(when)];
	double smooth;
	int kind;

	for (kind = 0; kind < SEASON_KINDS; kind++)
		ret[kind] = 1;
	if (overall <= 0 || weekly <= 0)
		return;
	smooth = smooth_mean(season, when, overall) / overall;
	ret[SEASON_SMOOTH] = fmax(smooth, FACTOR_LEAST);
	ret[SEASON_SHARP] = fmax(pull(sharp->visits, sharp->mean / overall, SHARP_PULL, smooth),
				 FACTOR_LEAST);
	ret[SEASON_WEEK] = fmax(pull(week->visits, week->mean / weekly, WEEK_PULL, smooth),
				FACTOR_LEAST);
}
