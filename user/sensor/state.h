/* SPDX-License-Identifier: GPL-2.0-only */
/* What a sensor keeps over a restart: between its judge and the store. */
#ifndef SENSOR_STATE_H
#define SENSOR_STATE_H

#include "core/judge.h"
#include "store/store.h"

struct config;
struct sensor;
struct state;

/*
 * Opens the store at config->state and gives the judge its baselines back: those that were kept,
 * with what was counted after them; where there is none that can be read, one learned anew from the
 * counts. What goes wrong is said, by a record too, and the sensor goes on without state. -ENOMEM.
 */
int state_open(struct sensor *sensor);

/* The open store, which stays the state's; NULL where there is none. */
struct store *state_store(const struct sensor *sensor);

/* A bucket has been closed: a judge_bucket_fn, whose arg is the sensor. */
void state_take_bucket(const struct judge_series *series, const struct anomaly_bucket *bucket,
		       const struct anomaly_score *score, void *arg);

/* About once a second: every 10 s writes what is new. */
void state_look_after(struct sensor *sensor);

/*
 * The configuration is replaced. Before judge_replace(): writes what is new while its rules are
 * there. After it: rules of sensor->config that began anew, and are not old's, get the baselines
 * that were kept of them.
 */
void state_before_reload(struct sensor *sensor);
void state_after_reload(struct sensor *sensor, const struct config *old);

/* Writes what is new and closes the store. */
void state_close(struct sensor *sensor);

/*
 * Can the buckets of this rule be kept? Not those of a threshold, nor of lengths that are no whole
 * seconds. *ret is the rule's series without group.
 */
bool state_series(const struct rule *rule, struct store_series *ret);

#endif
