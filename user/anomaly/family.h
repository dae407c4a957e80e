/* SPDX-License-Identifier: GPL-2.0-only */
/* The families of count distributions besides the negative binomial, and the normal tail. */
#ifndef ANOMALY_FAMILY_H
#define ANOMALY_FAMILY_H

/*
 * Continuous distributions of ln Y, put on whole numbers by rounding, behind a hurdle: P(X >= x) =
 * filled * P(ln Y > ln(x - 1/2)) for x >= 1; P(X = 0) is what is left.
 */
enum family { FAMILY_NEGBIN, FAMILY_LOGNORMAL, FAMILY_LOGLOGISTIC, FAMILIES };

struct family_log {
	enum family family;
	double location;  /* mean of ln X */
	double deviation; /* its standard deviation */
	double filled;
};

double family_ln_upper(const struct family_log *log, double x);
double family_ln_lower(const struct family_log *log, double x);
double family_ln_mass(const struct family_log *log, double x);

/* ln P(Z > z) of the standard normal distribution. */
double normal_ln_upper(double z);

#endif
