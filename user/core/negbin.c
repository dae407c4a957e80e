/* SPDX-License-Identifier: GPL-2.0-only */
/* Negative binomial tails by the continued fraction of the incomplete beta function. */
#include "core/negbin.h"
#include "core/family.h"

#include <float.h>
#include <math.h>

/*
 * The fraction takes about sqrt(max(a, b)) steps at worst; more than this is no count of packets.
 */
#define STEPS_MAX   100000
#define EXACT_MOST  50
#define LN_SQRT_2PI 0.91893853320467274

/* lgamma() writes a global variable, lgamma_r() does not. */
static double ln_gamma(double x)
{
	int sign;

	return lgamma_r(x, &sign);
}

/*
 * The continued fraction of DLMF 8.17.22, 1/(1+ d1/(1+ d2/(1+ ...))), by the modified Lentz
 * algorithm (Thompson and Barnett 1986, J. Comput. Phys. 64, 490). Converges fast for
 * x < (a + 1) / (a + b + 2).
 */
static double beta_fraction(double x, double a, double b)
{
	double numerator = 1, denominator, value;
	unsigned int step;

	denominator = 1 / fmax(1 - (a + b) * x / (a + 1), DBL_MIN);
	value = denominator;
	for (step = 1; step < STEPS_MAX; step++) {
		double m = step, a2m = a + 2 * m, d, delta;

		d = m * (b - m) * x / ((a2m - 1) * a2m);
		denominator = 1 / fmax(1 + d * denominator, DBL_MIN);
		numerator = fmax(1 + d / numerator, DBL_MIN);
		value *= denominator * numerator;
		d = -(a + m) * (a + b + m) * x / (a2m * (a2m + 1));
		denominator = 1 / fmax(1 + d * denominator, DBL_MIN);
		numerator = fmax(1 + d / numerator, DBL_MIN);
		delta = denominator * numerator;
		value *= delta;
		if (fabs(delta - 1) < 4 * DBL_EPSILON)
			break;
	}
	return value;
}

/* ln I_x(a, b) where y = 1 - x, and their logarithms, are given to full precision. */
static double ln_beta(double x, double y, double ln_x, double ln_y, double a, double b)
{
	double ln_front = a * ln_x + b * ln_y + ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b);

	if (x < (a + 1) / (a + b + 2))
		return fmin(0, ln_front + log(beta_fraction(x, a, b) / a));
	/* I_x(a, b) = 1 - I_{1-x}(b, a): DLMF 8.17.4; on this side it is no small number */
	return log1p(-fmin(1, exp(ln_front) * beta_fraction(y, b, a) / b));
}

/* ln P(X >= x), for side 1; ln P(X < x) for -1. See negbin.h. */
static double ln_saddle(const struct negbin *negbin, double x, int side)
{
	double m = negbin->mean, r = negbin->shape, at = x - 0.5, d = at - m;
	double ln_1 = log1p(d / m), ln_2 = log1p(d / (m + r)), t = ln_1 - ln_2;
	double w = copysign(sqrt(2 * fmax(0, at * ln_1 - (at + r) * ln_2)), t);
	double u = 2 * sinh(t / 2) * sqrt(at + at * at / r), rest, mills;

	if (fabs(w) < 1e-3) /* both go to 0: what is left is small against one half */
		return normal_ln_upper(side * w);
	/* P = phi(w) (Q(w) / phi(w) + 1/u - 1/w) */
	rest = side * (1 / u - 1 / w);
	mills = exp(normal_ln_upper(side * w) + w * w / 2 + LN_SQRT_2PI);
	if (mills + rest <= 0 || !isfinite(mills))
		return normal_ln_upper(side * w);
	return fmin(0, log(mills + rest) - w * w / 2 - LN_SQRT_2PI);
}

double negbin_ln_mass(const struct negbin *negbin, double x)
{
	double m = negbin->mean, r = negbin->shape;

	if (r > 1e8 * (1 + x)) /* Poisson, where the differences below would cancel */
		return x * log(m) - m - ln_gamma(x + 1);
	return ln_gamma(x + r) - ln_gamma(r) - ln_gamma(x + 1) - r * log1p(m / r) -
	       x * log1p(r / m);
}

double negbin_ln_upper(const struct negbin *negbin, double x)
{
	double m = negbin->mean, r = negbin->shape;

	if (x <= 0)
		return 0;
	if (x > EXACT_MOST)
		return ln_saddle(negbin, x, 1);
	return ln_beta(m / (m + r), r / (m + r), -log1p(r / m), -log1p(m / r), x, r);
}

double negbin_ln_lower(const struct negbin *negbin, double x)
{
	double m = negbin->mean, r = negbin->shape;

	if (x < 0)
		return -INFINITY;
	if (x > EXACT_MOST)
		return ln_saddle(negbin, x + 1, -1);
	return ln_beta(r / (m + r), m / (m + r), -log1p(m / r), -log1p(r / m), r, x + 1);
}

double negbin_quantile(const struct negbin *negbin, double p)
{
	double low = -1, high = ceil(negbin->mean) + 1, ln_p = log(p);

	while (negbin_ln_lower(negbin, high) < ln_p && high < 1e18) {
		low = high;
		high *= 2;
	}
	/* P(X <= low) < p <= P(X <= high) */
	while (high - low > 1) {
		double middle = floor(low + (high - low) / 2);

		if (middle <= low || middle >= high)
			break;
		if (negbin_ln_lower(negbin, middle) < ln_p)
			low = middle;
		else
			high = middle;
	}
	return high;
}
