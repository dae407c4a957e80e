/* SPDX-License-Identifier: GPL-2.0-only */
/* Metrics as text, in OpenMetrics 1.0 or in the older format of Prometheus (0.0.4). */
#ifndef VIEW_METRICS_H
#define VIEW_METRICS_H

#include "view/view.h"

enum metrics_format { METRICS_OPENMETRICS, METRICS_PROMETHEUS };

/*
 * Which one an Accept header asks for (NULL: there is none): OpenMetrics where it is named and not
 * liked less than plain text (RFC 9110, 12.5.1).
 */
enum metrics_format metrics_negotiate(const char *accept);

/* Value of Content-Type. */
const char *metrics_type(enum metrics_format format);

/* The whole text, which the caller frees. -ENOMEM. */
int metrics_write(const struct view *view, enum metrics_format format, char **ret, size_t *ret_len);

#endif
