/* SPDX-License-Identifier: GPL-2.0-only */
/* Negative binomial tails against slow exact sums, and far out against their logarithms. */
#include "tests/unit/core.h"
#include "anomaly/negbin.h"

#include <math.h>

/* ln of the probability of k, by lgammal in extended precision. */
static long double ln_point(const struct negbin *negbin, long double k)
{
	long double m = negbin->mean, r = negbin->shape;

	return lgammal(k + r) - lgammal(r) - lgammal(k + 1) + r * logl(r / (m + r)) +
	       k * logl(m / (m + r));
}

/* Sum over k >= x, relative to the first term, until terms no longer matter. */
static long double ln_upper_sum(const struct negbin *negbin, long double x)
{
	long double m = negbin->mean, r = negbin->shape, q = m / (m + r);
	long double term = 1, sum = 0, k = x;

	do {
		sum += term;
		term *= (k + r) / (k + 1) * q;
		k++;
	} while (term > sum * 1e-22L || k < m);
	return ln_point(negbin, x) + logl(sum);
}

static long double ln_lower_sum(const struct negbin *negbin, long double x)
{
	long double r = negbin->shape, q = negbin->mean / (negbin->mean + (double)r);
	long double term = 1, sum = 0, k = x;

	while (k >= 0) {
		sum += term;
		term *= k / ((k - 1 + r) * q);
		k--;
	}
	return ln_point(negbin, x) + logl(sum);
}

static const struct {
	double mean, shape;
} cases[] = {
	{ 0.05, 0.5 }, { 0.05, 1000 }, { 3, 0.2 },    { 3, 50 },      { 15, 3 }, { 200, 10 },
	{ 200, 1e5 },  { 20000, 0.7 }, { 20000, 20 }, { 20000, 1e6 }, { 1, 1 },
};

static void check(double value, long double expected, const char *tail, const struct negbin *negbin,
		  double x)
{
	/* relative to the probability and to its complement, and to the logarithm where that is
	 * huge */
	long double near = x > 50 ? (negbin->shape < 1 ? 0.3L : 0.08L) : 1e-6L;

	if (fabsl(value - expected) >
	    near * fminl(1, fabsl(expected)) + 1e-9L + 1e-9L * fabsl(expected))
		fail_msg("%s tail of mean %g shape %g at %g: %.12g, exactly %.12Lg", tail,
			 negbin->mean, negbin->shape, x, value, expected);
}

static void tails_agree_with_exact_sums(void **state)
{
	static const double sigmas[] = { -8, -4, -2, -1, -0.3, 0, 0.5, 1, 2, 4, 8, 16, 40, 200 };
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct negbin negbin = { .mean = cases[i].mean, .shape = cases[i].shape };
		double sigma = sqrt(negbin.mean + negbin.mean * negbin.mean / negbin.shape);

		for (j = 0; j < ARRAY_SIZE(sigmas); j++) {
			double x = floor(negbin.mean + sigmas[j] * sigma);

			if (x < 0)
				continue;
			check(negbin_ln_lower(&negbin, x), ln_lower_sum(&negbin, x), "lower",
			      &negbin, x);
			if (x > 0)
				check(negbin_ln_upper(&negbin, x), ln_upper_sum(&negbin, x),
				      "upper", &negbin, x);
		}
	}
}

static void extreme_counts_stay_finite(void **state)
{
	static const double counts[] = { 1e3, 1e6, 1e9, 1e12 };
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct negbin negbin = { .mean = cases[i].mean, .shape = cases[i].shape };
		double before = 0;

		for (j = 0; j < ARRAY_SIZE(counts); j++) {
			double ln = negbin_ln_upper(&negbin, counts[j]);

			assert_true(isfinite(ln));
			assert_true(ln <= before);
			before = ln;
		}
		assert_true(before < -1000);
	}
}

static void impossible_counts_have_their_limits(void **state)
{
	const struct negbin negbin = { .mean = 5, .shape = 2 };

	assert_true(negbin_ln_upper(&negbin, 0) == 0);
	assert_true(negbin_ln_upper(&negbin, -3) == 0);
	assert_true(isinf(negbin_ln_lower(&negbin, -1)));
}

static void masses_add_up(void **state)
{
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct negbin negbin = { .mean = cases[i].mean, .shape = cases[i].shape };
		double sum = 0;

		for (k = 0; k < 30; k++)
			sum += exp(negbin_ln_mass(&negbin, (double)k));
		if (fabs(sum - exp(negbin_ln_lower(&negbin, 29))) > 1e-9)
			fail_msg("mean %g shape %g: %.12g", negbin.mean, negbin.shape, sum);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tails_agree_with_exact_sums),
		cmocka_unit_test(extreme_counts_stay_finite),
		cmocka_unit_test(impossible_counts_have_their_limits),
		cmocka_unit_test(masses_add_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
