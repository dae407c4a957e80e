/* SPDX-License-Identifier: GPL-2.0-only */
/* The form of metrics: families, samples and labels, in OpenMetrics or Prometheus' older text. */
#ifndef VIEW_EXPOSITION_H
#define VIEW_EXPOSITION_H

#include <stdbool.h>
#include <stdio.h>

#include "view/metrics.h"

enum family_type { FAMILY_COUNTER, FAMILY_GAUGE, FAMILY_HISTOGRAM, FAMILY_INFO };

struct exposition {
	FILE *out;
	enum metrics_format format;
	const char *family;
	enum family_type type;
	size_t labels; /* of the sample that is being written */
	bool failed;   /* memory was short */
};

/*
 * Begins a family: its name is without the suffix of its samples (_total, _info), and ends with the
 * unit where it has one (NULL: none). Samples follow.
 */
void exposition_family(struct exposition *e, const char *name, enum family_type type,
		       const char *unit, const char *help);

/*
 * A sample: its suffix is that of its family's type where none is given, then labels (any text: it
 * is cleaned and escaped), then the value.
 */
void exposition_sample(struct exposition *e, const char *suffix);
void exposition_label(struct exposition *e, const char *name, const char *value);
void exposition_value(struct exposition *e, double value);
void exposition_count(struct exposition *e, __u64 value);

/* What OpenMetrics has at the end. */
void exposition_end(struct exposition *e);

#endif
