/* SPDX-License-Identifier: GPL-2.0-only */
/* What a baseline consists of: for the files that make it, not for those that use it. */
#ifndef ANOMALY_STATE_H
#define ANOMALY_STATE_H

#include "anomaly/anomaly.h"
#include "anomaly/echo.h"
#include "anomaly/model.h"
#include "anomaly/rarity.h"
#include "anomaly/run.h"
#include "anomaly/tail.h"

#define BURN_BUCKETS  12
#define BURN_MEMORY   1000.0
#define RESIDUAL_MOST 2.0
#define FAR_LASTS     48.0
#define FAR_MOST      (2 * FAR_LASTS)

/* Plain data without padding: it is stored as it stands. */
struct anomaly {
	__u64 bucket_s;
	__u64 learned; /* buckets */
	__s64 through_s;
	struct model model;
	struct rarity rarity[2];       /* SIDE_HIGH, SIDE_LOW */
	double residual[BURN_BUCKETS]; /* a ring: that of bucket n at n % BURN_BUCKETS */
	double excess[BURN_BUCKETS];   /* likewise: count minus what was expected */
	struct tail single[2];         /* of the excess, by side */
	struct tail several[2];        /* of that of twelve buckets */
	double burn_squares;           /* of sums of that many; forgetting */
	double burn_weight;
	double far; /* buckets far out, lately */
	struct echo echo;
	struct run run;
};

/* Whether all its members are finite, within what learning can reach, and agree. */
bool anomaly_is_sane(const struct anomaly *anomaly);

#endif
