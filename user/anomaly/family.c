/* SPDX-License-Identifier: GPL-2.0-only */
/* Log-normal and log-logistic counts with a hurdle at zero. */
#include "anomaly/family.h"

#include <float.h>
#include <math.h>

#define SQRT_2PI 2.5066282746310002
/* scale of a logistic distribution of standard deviation 1: sqrt(3) / pi */
#define LOGISTIC 0.55132889542179204

/* Beyond 30 by the first terms of the asymptotic series (NIST DLMF 7.12.1). */
double normal_ln_upper(double z)
{
	if (z < 30)
		return log(0.5 * erfc(z * M_SQRT1_2));
	return -z * z / 2 - log(z * SQRT_2PI) - 1 / (z * z);
}

static double ln_above(const struct family_log *log, double ln_x)
{
	double z = (ln_x - log->location) / log->deviation;

	if (log->family == FAMILY_LOGNORMAL)
		return normal_ln_upper(z);
	z /= LOGISTIC;
	return z > 0 ? -z - log1p(exp(-z)) : -log1p(exp(z));
}

static double below(const struct family_log *log, double ln_x)
{
	double z = (ln_x - log->location) / log->deviation;

	if (log->family == FAMILY_LOGNORMAL)
		return 0.5 * erfc(-z * M_SQRT1_2);
	return 1 / (1 + exp(-z / LOGISTIC));
}

double family_ln_upper(const struct family_log *family, double x)
{
	return x <= 0 ? 0 : log(family->filled) + ln_above(family, log(x - 0.5));
}

double family_ln_lower(const struct family_log *family, double x)
{
	double p;

	if (x < 0)
		return -INFINITY;
	p = 1 - family->filled + family->filled * below(family, log(x + 0.5));
	return log(fmax(DBL_MIN, fmin(1, p)));
}

/* Of ln X at ln x. */
static double ln_density(const struct family_log *family, double ln_x)
{
	double z = (ln_x - family->location) / family->deviation;

	if (family->family == FAMILY_LOGNORMAL)
		return -z * z / 2 - log(SQRT_2PI * family->deviation);
	z = fabs(z) / LOGISTIC; /* symmetric */
	return -z - 2 * log1p(exp(-z)) - log(LOGISTIC * family->deviation);
}

double family_ln_mass(const struct family_log *family, double x)
{
	double mass;

	if (x < 1)
		return family_ln_lower(family, 0);
	if (x > 8) /* the cell is narrow: its width times the density */
		return log(family->filled) + ln_density(family, log(x)) - log(x);
	mass = below(family, log(x + 0.5)) - below(family, log(x - 0.5));
	return log(family->filled) + log(fmax(mass, DBL_MIN));
}
