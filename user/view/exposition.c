/* SPDX-License-Identifier: GPL-2.0-only */
/* The form of metrics: OpenMetrics 1.0 (openmetrics.io), Prometheus' text format 0.0.4. */
#include "view/exposition.h"

#include <math.h>
#include <stdlib.h>

#include "util/utf8.h"

static const char *const type_name[] = {
	[FAMILY_COUNTER] = "counter",
	[FAMILY_GAUGE] = "gauge",
	[FAMILY_HISTOGRAM] = "histogram",
	[FAMILY_INFO] = "info",
};

static const char *const type_suffix[] = {
	[FAMILY_COUNTER] = "_total",
	[FAMILY_GAUGE] = "",
	[FAMILY_HISTOGRAM] = "",
	[FAMILY_INFO] = "_info",
};

void exposition_family(struct exposition *e, const char *name, enum family_type type,
		       const char *unit, const char *help)
{
	bool open = e->format == METRICS_OPENMETRICS;
	/* In the older text a family has the name of its samples, and there is no type info. */
	const char *suffix = open ? "" : type_suffix[type];
	const char *word = !open && type == FAMILY_INFO ? "gauge" : type_name[type];

	e->family = name;
	e->type = type;
	fprintf(e->out, "# HELP %s%s %s\n# TYPE %s%s %s\n", name, suffix, help, name, suffix, word);
	if (open && unit)
		fprintf(e->out, "# UNIT %s %s\n", name, unit);
}

void exposition_sample(struct exposition *e, const char *suffix)
{
	fprintf(e->out, "%s%s", e->family, suffix ? suffix : type_suffix[e->type]);
	e->labels = 0;
}

void exposition_label(struct exposition *e, const char *name, const char *value)
{
	char *clean;

	fprintf(e->out, "%s%s=\"", e->labels++ ? "," : "{", name);
	if (utf8_clean(value, &clean)) {
		e->failed = true;
		return;
	}
	/* Line ends are cleaned away. */
	for (const char *c = clean; *c; c++) {
		if (*c == '\\' || *c == '"')
			fputc('\\', e->out);
		fputc(*c, e->out);
	}
	free(clean);
	fputc('"', e->out);
}

static void end_labels(struct exposition *e)
{
	fputs(e->labels ? "} " : " ", e->out);
}

void exposition_value(struct exposition *e, double value)
{
	end_labels(e);
	if (isnan(value))
		fputs("NaN\n", e->out);
	else if (isinf(value))
		fputs(value > 0 ? "+Inf\n" : "-Inf\n", e->out);
	else
		fprintf(e->out, "%.15g\n", value);
}

void exposition_count(struct exposition *e, __u64 value)
{
	end_labels(e);
	fprintf(e->out, "%llu\n", value);
}

void exposition_end(struct exposition *e)
{
	if (e->format == METRICS_OPENMETRICS)
		fputs("# EOF\n", e->out);
}
