/* SPDX-License-Identifier: GPL-2.0-only */
/* An autoregression behind outliers, and the odds that it holds. */
#include "anomaly/echo.h"

#include <float.h>
#include <math.h>

#define LOGISTIC     0.55132889542179204 /* sqrt(3) / pi: the scale of a deviation of 1 */
#define PRIOR        4.0                 /* witnesses */
#define PRIOR_PHI    0.6
#define PRIOR_ERRORS 0.5
#define BURST_FADES  0.8

static double clamp(double value, double least, double most)
{
	return fmax(least, fmin(value, most));
}

static double ratio_of(double mean, double count)
{
	return clamp(log((count + 0.5) / (mean + 0.5)), -ECHO_RATIO, ECHO_RATIO);
}

/* What is expected of r, from that of the last bucket. */
static double expected(const struct echo *echo)
{
	double phi = (echo->products + PRIOR * PRIOR_PHI) / (echo->squares + PRIOR);

	return clamp(phi, 0, 1) * echo->ratio;
}

/* Where y stands in the standard logistic distribution; the count is y, rounded down. */
static double standard(const struct echo *echo, double mean, double y)
{
	double variance = (echo->errors + PRIOR * PRIOR_ERRORS) / (echo->weight + PRIOR);

	return (log(y / (mean + 0.5)) - expected(echo)) / (LOGISTIC * sqrt(variance));
}

/* ln P(Z > z) of it. */
static double ln_above(double z)
{
	return z > 0 ? -z - log1p(exp(-z)) : -log1p(exp(z));
}

static double average(const struct echo *echo, double ln_usual, double ln_echo)
{
	double odds = ECHO_ODDS + echo->odds;
	double usual = ln_usual - log1p(exp(odds)), part = ln_echo - log1p(exp(-odds));

	return fmin(0, fmax(usual, part) + log1p(exp(-fabs(usual - part))));
}

double echo_ln_upper(const struct echo *echo, double mean, double count, double ln_usual)
{
	if (echo->ratio == 0 || count <= 0)
		return ln_usual;
	return average(echo, ln_usual, ln_above(standard(echo, mean, count)));
}

double echo_ln_lower(const struct echo *echo, double mean, double count, double ln_usual)
{
	if (echo->ratio == 0)
		return ln_usual;
	return average(echo, ln_usual, ln_above(-standard(echo, mean, count + 1)));
}

static double ln_mass(const struct echo *echo, double mean, double count)
{
	double least = count > 0 ? exp(ln_above(standard(echo, mean, count))) : 1;

	return log(fmax(least - exp(ln_above(standard(echo, mean, count + 1))), DBL_MIN));
}

static void witness(struct echo *echo, double mean, double count, double ln_usual)
{
	double factor = ln_mass(echo, mean, count) - ln_usual;
	double weight = pow(ECHO_AGAIN, echo->burst), kept = 1 - weight / ECHO_MEMORY;
	double ratio = ratio_of(mean, count), error = ratio - expected(echo);

	echo->news += weight * clamp(factor, -ECHO_DENIAL, ECHO_FACTOR);
	echo->odds *= kept;
	echo->weight = echo->weight * kept + weight;
	echo->products = echo->products * kept + weight * ratio * echo->ratio;
	echo->squares = echo->squares * kept + weight * echo->ratio * echo->ratio;
	echo->errors = echo->errors * kept + weight * error * error;
	echo->burst = fmin(echo->burst + 1, ECHO_BURST);
}

void echo_learn(struct echo *echo, double mean, double count, double ln_usual, int outlier)
{
	if (echo->ratio != 0)
		witness(echo, mean, count, ln_usual);
	echo->ratio = outlier ? ratio_of(mean, count) : 0;
	if (outlier)
		return;
	echo->odds = clamp(echo->odds + echo->news, ECHO_LEAST, ECHO_MOST);
	echo->news = 0;
	echo->burst *= BURST_FADES;
}
