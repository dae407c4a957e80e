/* SPDX-License-Identifier: GPL-2.0-only */
/* What a series looks like over the day and over the week, learned online, in local time. */
#ifndef ANOMALY_SEASON_H
#define ANOMALY_SEASON_H

#include <linux/types.h>

/*
 * Means of what was counted by the quarter of an hour of the day, and by the hour of the week.
 * They are read as factors around 1 (multiplicative seasons as in Winters 1960, Management Science
 * 6, 324, but from means of bins, which need no start values). A bin is an average with equal
 * weights until it was visited on SEASON_DAYS days (SEASON_WEEKS weeks), then it forgets.
 * Bins that were seldom seen are drawn to what is more general, in the manner of empirical Bayes:
 * (n mean + k general) / (n + k), where n counts visits:
 *   the smooth day (seven bins around, triangular weights) to no season;
 *   the sharp day (the bin alone, for what comes by the clock) to the smooth day;
 *   the week to the smooth day.
 */
#define SEASON_DAY_BINS  96
#define SEASON_WEEK_BINS 168
#define SEASON_DAYS      12
#define SEASON_WEEKS     6

enum season_kind { SEASON_NONE, SEASON_SMOOTH, SEASON_SHARP, SEASON_WEEK, SEASON_KINDS };

struct season_bin {
	float visits; /* days or weeks */
	float mean;
};

/* Plain data; all zero: nothing is known. */
struct season {
	struct season_bin day[SEASON_DAY_BINS];
	struct season_bin week[SEASON_WEEK_BINS];
};

/* A bucket's middle in local seconds since the epoch, and its length. */
struct season_when {
	__s64 middle_s;
	__u64 bucket_s;
};

void season_learn(struct season *season, const struct season_when *when, double count,
		  double weight);
/* Factors by kind; all 1 where nothing is known. */
void season_factors(const struct season *season, const struct season_when *when,
		    double ret[SEASON_KINDS]);

#endif
