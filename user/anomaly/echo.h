/* SPDX-License-Identifier: GPL-2.0-only */
/* What follows an outlier: in some series bursts last and fade, in others they do not. */
#ifndef ANOMALY_ECHO_H
#define ANOMALY_ECHO_H

/*
 * Behind an outlier the next bucket may be its echo. With r = ln((count + 1/2) / (mean + 1/2)),
 *
 *	r(t) = phi r(t - 1) + noise
 *
 * with logistic noise (an autoregression of order 1 in logarithms: Box and Jenkins 1970, Time
 *Series Analysis, 3.2; phi and the noise by least squares under a prior). The bucket is then of two
 *kinds, an echo or as usual, and its tails are the average of both by the odds of an echo.
 *
 * The odds are those of the bursts before: each witness adds ln of its Bayes factor (Jeffreys 1961,
 * Theory of Probability, 5.0), ECHO_FACTOR at the most, when its burst is over; one against an
 * echo takes ECHO_DENIAL at the most: some bursts of a series last, and others do not. The
 * buckets of one burst are no independent witnesses: each counts for ECHO_AGAIN of the one
 * before. So what a series never showed before is told for as long as it lasts, and what it shows
 * each week is told when it begins: a burst moves the odds by at most
 * ECHO_FACTOR / (1 - ECHO_AGAIN), a third of the way from ECHO_ODDS to even.
 */
#define ECHO_ODDS   (-12.0) /* ln odds before anything is known */
#define ECHO_LEAST  (-3.0)  /* of what is learned of them */
#define ECHO_MOST   14.0
#define ECHO_AGAIN  0.5
#define ECHO_FACTOR 2.0
#define ECHO_DENIAL 0.5
#define ECHO_MEMORY 200.0 /* witnesses */
#define ECHO_RATIO  50.0  /* the most that r is */
#define ECHO_BURST  64.0  /* witnesses of a burst that are counted */

/* Plain data; all zero: nothing is known. */
struct echo {
	double ratio;  /* r of the last bucket; 0 where that was no outlier */
	double odds;   /* learned ln odds, from the bursts before this one */
	double news;   /* what this one adds to them */
	double burst;  /* its witnesses so far; fading behind it */
	double weight; /* forgetting sums */
	double products;
	double squares;
	double errors;
};

/* ln P(X >= x) and ln P(X <= x), from the same without echoes. */
double echo_ln_upper(const struct echo *echo, double mean, double count, double ln_usual);
double echo_ln_lower(const struct echo *echo, double mean, double count, double ln_usual);

/* ln_usual: ln P(X = count) without echoes. outlier: whether the count was one. */
void echo_learn(struct echo *echo, double mean, double count, double ln_usual, int outlier);

#endif
