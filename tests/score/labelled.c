/* SPDX-License-Identifier: GPL-2.0-only */
/* Series of cascades and of ramps. */
#include "tests/score/labelled.h"
#include "tests/score/generate.h"

#include <math.h>
#include <stdlib.h>

#define DAY        288 /* buckets */
#define EVENTS     512
#define CASCADE    DAY /* buckets that one is followed for */
#define WINDOWED   0.1 /* of a series, all windows together */
#define MUCH       200.0
#define LEVEL_DAYS 6.0

struct event {
	long at;
	double size;
};

struct events {
	struct event event[EVENTS];
	unsigned int count;
};

const char *kind_name(enum kind kind)
{
	return kind == KIND_CASCADES ? "cascades" : "ramps";
}

static double between(struct random *random, double least, double most)
{
	return least + (most - least) * random_unit(random);
}

static double pareto(struct random *random, double exponent)
{
	return fmin(pow(random_unit(random), -1 / exponent), MUCH);
}

static void add(struct events *events, long at, double size)
{
	if (events->count < EVENTS)
		events->event[events->count++] = (struct event){ at, size };
}

static int by_size(const void *a, const void *b)
{
	const struct event *one = a, *other = b;

	return (one->size < other->size) - (one->size > other->size);
}

/* The largest, each outside the windows of larger ones. */
static void label(struct events *events, struct labelled *ret)
{
	long reach = (long)(WINDOWED * LABELLED_BUCKETS / LABELLED_WINDOWS / 2);
	unsigned int i, j;

	qsort(events->event, events->count, sizeof(*events->event), by_size);
	ret->windows = 0;
	for (i = 0; i < events->count && ret->windows < LABELLED_WINDOWS; i++) {
		long at = events->event[i].at;

		for (j = 0; j < ret->windows; j++)
			if (labs(ret->window[j].first + reach - at) <= 2 * reach)
				break;
		if (j == ret->windows && at >= reach && at + reach < LABELLED_BUCKETS)
			ret->window[ret->windows++] = (struct window){ at - reach, at + reach };
	}
}

/* A day of two waves, and a weekend. */
static double cycle(const double shape[5], long n)
{
	double at = 2 * M_PI * (double)(n % DAY) / DAY;
	double factor = exp(shape[0] * cos(at - shape[1]) + shape[2] * cos(2 * at - shape[3]));

	return n / DAY % 7 >= 5 ? factor * shape[4] : factor;
}

static void make_cascades(struct random *random, double *rate, struct events *events)
{
	double shape[5] = { between(random, 0.3, 1), between(random, 0, 6.28),
			    between(random, 0, 0.4), between(random, 0, 6.28),
			    between(random, 0.4, 1) };
	double base = pow(10, between(random, 0.7, 2.3)), wander = 0;
	double often = between(random, 1, 6) / DAY, heavy = between(random, 1.1, 1.8);
	long n, i;

	for (n = 0; n < LABELLED_BUCKETS; n++) {
		wander = 0.8 * wander + 0.12 * random_normal(random);
		rate[n] += base * cycle(shape, n) * exp(wander);
		if (random_unit(random) < often) {
			double peak = 0.5 * base * pareto(random, heavy), sum = 0;
			double slow = between(random, 1, 4), fades = between(random, 1.3, 2.5);

			for (i = 0; i < CASCADE && n + i < LABELLED_BUCKETS; i++) {
				double part = peak * pow(1 + (double)i / slow, -fades);

				rate[n + i] += part;
				sum += part;
			}
			add(events, n, sum);
		}
	}
}

/* 1 outside, else the factor of an event at this part of its time. */
static double part_of(unsigned int form, double factor, double part)
{
	if (form == 0) /* rises and falls */
		return 1 + (factor - 1) * (1 - fabs(2 * part - 1));
	return form == 1 ? factor : 1 / factor;
}

static void make_ramps(struct random *random, double *rate, struct events *events)
{
	double shape[5] = { between(random, 0, 0.5), between(random, 0, 6.28), 0, 0,
			    between(random, 0.7, 1) };
	double base = pow(10, between(random, 1.3, 2.7)), spread = between(random, 0.02, 0.1);
	double often = between(random, 0.5, 2) / DAY, factor = 1;
	long n, from = 0, until = 0;
	unsigned int form = 0;

	for (n = 0; n < LABELLED_BUCKETS; n++) {
		if (random_unit(random) < 1 / (LEVEL_DAYS * DAY))
			base *= exp(0.3 * random_normal(random));
		if (n >= until && random_unit(random) < often) {
			form = (unsigned int)(3 * random_unit(random));
			factor = 1 + 0.4 * pareto(random, 1.5);
			from = n;
			until = n + (long)between(random, 6, 48);
			add(events, (from + until) / 2, log(factor) * sqrt((double)(until - from)));
		}
		rate[n] = base * cycle(shape, n) * spread * random_gamma(random, 1 / spread);
		if (n < until)
			rate[n] *= part_of(form, factor,
					   (double)(n - from) / (double)(until - from));
	}
}

void labelled_make(enum kind kind, __u64 seed, struct labelled *ret)
{
	struct random random = { seed * 1000003 + 7919 * (900 + kind) };
	struct events events = { .count = 0 };
	long n;

	ret->buckets = LABELLED_BUCKETS;
	for (n = 0; n < LABELLED_BUCKETS; n++)
		ret->count[n] = 0;
	if (kind == KIND_CASCADES)
		make_cascades(&random, ret->count, &events);
	else
		make_ramps(&random, ret->count, &events);
	for (n = 0; n < LABELLED_BUCKETS; n++)
		ret->count[n] = random_poisson(&random, ret->count[n]);
	label(&events, ret);
}
