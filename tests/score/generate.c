/* SPDX-License-Identifier: GPL-2.0-only */
/* Random numbers and shapes of series. */
#include "tests/score/generate.h"

#include <math.h>

#define DAY_S 86400

/* SplitMix64 (Steele, Lea, Flood 2014). */
static __u64 random_next(struct random *random)
{
	__u64 z = random->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

double random_unit(struct random *random)
{
	return ((double)(random_next(random) >> 11) + 0.5) / 9007199254740992.0;
}

/* Box and Muller 1958. */
double random_normal(struct random *random)
{
	double radius = sqrt(-2 * log(random_unit(random)));

	return radius * cos(2 * M_PI * random_unit(random));
}

/* Marsaglia and Tsang 2000 (ACM TOMS 26, 363); below 1 by their note. */
double random_gamma(struct random *random, double shape)
{
	double d, c, x, v;

	if (shape < 1)
		return random_gamma(random, shape + 1) * pow(random_unit(random), 1 / shape);
	d = shape - 1.0 / 3;
	c = 1 / sqrt(9 * d);
	do {
		do {
			x = random_normal(random);
			v = 1 + c * x;
		} while (v <= 0);
		v = v * v * v;
	} while (log(random_unit(random)) >= x * x / 2 + d - d * v + d * log(v));
	return d * v;
}

/* Knuth's products below 12; the transformed rejection PTRS of Hoermann 1993 above. */
double random_poisson(struct random *random, double mean)
{
	double b = 0.931 + 2.53 * sqrt(mean), a = -0.059 + 0.02483 * b, count = 0, product;
	double inverse = 1.1239 + 1.1328 / (b - 3.4), limit = 0.9277 - 3.6224 / (b - 2);

	if (mean < 12) {
		for (product = random_unit(random); product > exp(-mean);
		     product *= random_unit(random))
			count++;
		return count;
	}
	for (;;) {
		double u = random_unit(random) - 0.5, v = random_unit(random);
		double us = 0.5 - fabs(u);

		count = floor((2 * a / us + b) * u + mean + 0.43);
		if (us >= 0.07 && v <= limit)
			return count;
		if (count < 0 || (us < 0.013 && v > us))
			continue;
		if (log(v * inverse / (a / (us * us) + b)) <=
		    count * log(mean) - mean - lgamma(count + 1))
			return count;
	}
}

double series_next(struct series *series, double mean)
{
	struct random *random = &series->random;
	double rate = mean;

	switch (series->shape) {
	case SHAPE_NEGBIN:
		rate = mean * SHAPE_NEGBIN_SPREAD * random_gamma(random, 1 / SHAPE_NEGBIN_SPREAD);
		break;
	case SHAPE_LOGNORMAL:
		rate = mean * exp(0.5 * random_normal(random) - 0.125);
		break;
	case SHAPE_BURSTS:
		if (series->state > 0)
			series->state = random_unit(random) < 0.5;
		else
			series->state = random_unit(random) < 0.05;
		rate = mean * (series->state > 0 ? 3 : 0.8);
		break;
	case SHAPE_PARETO:
		rate = mean * 0.6 * pow(random_unit(random), -1 / 2.5);
		break;
	case SHAPE_CORRELATED:
		series->state = 0.9 * series->state + 0.13 * random_normal(random);
		rate = mean * exp(series->state);
		break;
	case SHAPE_SPARSE:
		rate = random_unit(random) < 0.9 ? 0 : mean * exp(0.7 * random_normal(random));
		break;
	case SHAPE_POISSON:
	case SHAPES:
		break;
	}
	return random_poisson(random, rate);
}

const char *shape_name(enum shape shape)
{
	static const char *const names[SHAPES] = { "Poisson",          "negative binomial",
						   "log-normal rate",  "bursts",
						   "Pareto rate",      "wandering rate",
						   "nine of ten empty" };

	return names[shape];
}

double daily_factor(__s64 local_s, double swing, int sharp)
{
	double hour = (double)(local_s % DAY_S) / 3600;

	if (sharp)
		return hour >= 8 && hour < 18 ? swing : 1;
	return 1 + (swing - 1) * (1 - cos(2 * M_PI * (hour - 2) / 24)) / 2;
}

/* Five days of work (the epoch began with a Thursday), two at rest. */
double weekly_factor(__s64 local_s, double swing)
{
	int day = (int)(local_s / DAY_S % 7);

	return day == 2 || day == 3 ? 1 : daily_factor(local_s, swing, 0);
}
