/* SPDX-License-Identifier: GPL-2.0-only */
/* Baselines from the store, given back to the judge. */
#ifndef SENSOR_RECALL_H
#define SENSOR_RECALL_H

struct config;
struct sensor;

/*
 * For each rule whose buckets are kept: its series as they were kept, with what was counted after
 * them; where there is none that can be read, one learned anew from the counts. old: NULL, or the
 * configuration before, whose baselines go on. -ENOMEM, or what store_failure() has the words for.
 */
int recall_baselines(struct sensor *sensor, const struct config *old);

#endif
