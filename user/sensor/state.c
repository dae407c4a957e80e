/* SPDX-License-Identifier: GPL-2.0-only */
/* Baselines and counts of buckets: from the judge to the store. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "record/text.h"
#include "sensor/clock.h"
#include "sensor/recall.h"
#include "sensor/sensor.h"
#include "sensor/state.h"
#include "util/log.h"

#define SECOND_NS     1000000000ULL
#define SAVE_EVERY_NS (10 * SECOND_NS)
/* So long at most the loop stands still for it, at each look. */
#define SAVE_SLICE_NS   (30 * 1000000ULL)
#define FORGET_EVERY_NS (3600 * SECOND_NS)
/* While the store fails, so many buckets wait: two of 15 minutes of 10,000 groups and more. */
#define WAITING_MAX 32768

struct waiting {
	const struct rule *rule;
	struct group_key group;
	struct anomaly_bucket bucket;
};

struct state {
	struct store *store;
	struct waiting *waiting;
	size_t count, capacity;
	size_t put;    /* of the waiting: their buckets are in the store */
	size_t models; /* baselines that are in the store, in the order of judge_each_series() */
	__u64 lost;    /* buckets that found no room */
	__u64 due_ns, forget_due_ns; /* CLOCK_BOOTTIME, CLOCK_MONOTONIC */
	bool failing;                /* and it was said */
};

bool state_series(const struct rule *rule, struct store_series *ret)
{
	__u64 bucket_ns = rule->anomaly.bucket_ns;

	if (!rule->enabled || rule->kind != RULE_ANOMALY || !bucket_ns || bucket_ns % SECOND_NS)
		return false;
	*ret = (struct store_series){
		.rule = rule->id,
		.definition = rule_definition(rule),
		.bucket_s = bucket_ns / SECOND_NS,
	};
	return true;
}

static void say_failing(struct sensor *sensor, const char *why)
{
	if (!sensor->state->failing)
		sensor_say(
			sensor, SENSOR_DEGRADED, "state",
			"%s; baselines and counts are kept in memory alone and lost at a restart",
			why);
	sensor->state->failing = true;
}

int state_open(struct sensor *sensor)
{
	struct store_told told;
	struct state *state = calloc(1, sizeof(*state));
	int err;

	if (!state)
		return -ENOMEM;
	sensor->state = state;
	err = store_open(sensor->config->state, STORE_WRITE, time(NULL), &told, &state->store);
	if (*told.damage)
		sensor_say(sensor, SENSOR_DEGRADED, "state", "%s", told.damage);
	if (err) {
		say_failing(sensor, told.failure);
		return err == -ENOMEM ? err : 0;
	}
	err = recall_baselines(sensor, NULL);
	if (err && err != -ENOMEM)
		log_warning("%s: not all baselines could be read (%s); some are learned anew",
			    sensor->config->state, store_failure(state->store));
	return err == -ENOMEM ? err : 0;
}

struct store *state_store(const struct sensor *sensor)
{
	return sensor->state ? sensor->state->store : NULL;
}

static bool make_room(struct state *state)
{
	size_t capacity = state->capacity ? state->capacity * 2 : 64;
	struct waiting *waiting;

	if (state->put && state->count == state->capacity) { /* their baselines tell of the rule */
		state->count -= state->put - 1;
		memmove(state->waiting, &state->waiting[state->put - 1],
			state->count * sizeof(*state->waiting));
		state->put = 1;
	}
	if (state->count < state->capacity)
		return true;
	if (state->capacity >= WAITING_MAX)
		return false;
	waiting = realloc(state->waiting, capacity * sizeof(*waiting));
	if (!waiting)
		return false;
	state->waiting = waiting;
	state->capacity = capacity;
	return true;
}

void state_take_bucket(const struct judge_series *series, const struct anomaly_bucket *bucket,
		       const struct anomaly_score *score, void *arg)
{
	struct state *state = ((struct sensor *)arg)->state;
	struct store_series known;

	if (!state || !state->store || !state_series(series->rule, &known))
		return;
	if (!make_room(state)) {
		state->lost++;
		return;
	}
	state->waiting[state->count++] = (struct waiting){
		.rule = series->rule,
		.group = *series->group,
		.bucket = *bucket,
	};
}

/* A part of the work of a save: what is due, until when. */
struct slice {
	struct state *state;
	__u64 until_ns;          /* CLOCK_MONOTONIC; 0: all of it */
	const struct rule *rule; /* the last one that was asked for, */
	bool closed;             /* and whether a bucket of it was closed since the last save */
	size_t series;           /* passed by */
	bool done;               /* nothing is left */
	int err;
};

static bool is_over(const struct slice *slice)
{
	return slice->until_ns && clock_now_ns(CLOCK_MONOTONIC) >= slice->until_ns;
}

static int put_buckets(struct slice *slice)
{
	struct state *state = slice->state;
	struct store_series series;
	int err = 0;

	while (state->put < state->count && !err && !is_over(slice)) {
		const struct waiting *waiting = &state->waiting[state->put];

		state_series(waiting->rule, &series);
		series.group = &waiting->group;
		err = store_put_bucket(state->store, &series, &waiting->bucket);
		if (err == -EINVAL) /* a clock before 1970 */
			err = 0;
		if (!err)
			state->put++;
	}
	return err;
}

static bool has_closed(struct slice *slice, const struct rule *rule)
{
	if (rule == slice->rule)
		return slice->closed;
	slice->rule = rule;
	slice->closed = false;
	for (size_t i = slice->state->count; i && !slice->closed; i--)
		slice->closed = slice->state->waiting[i - 1].rule == rule;
	return slice->closed;
}

/*
 * All series of a rule close their buckets together: where one did, all baselines are new. Their
 * order may change from slice to slice: one that is missed is at the next start what was kept
 * before, and learns the kept buckets anew.
 */
static void put_model(const struct judge_series *series, void *arg)
{
	unsigned char model[STORE_MODEL_MAX];
	struct slice *slice = arg;
	struct state *state = slice->state;
	struct store_series known;
	size_t len;

	if (slice->err || slice->series++ < state->models || is_over(slice))
		return;
	state->models++;
	if (!anomaly_learned(series->anomaly) || !has_closed(slice, series->rule) ||
	    !state_series(series->rule, &known))
		return;
	known.group = series->group;
	slice->err = anomaly_save(series->anomaly, model, sizeof(model), &len);
	if (!slice->err)
		slice->err = store_put_model(state->store, &known,
					     anomaly_through_s(series->anomaly), model, len);
}

static int put_models(struct sensor *sensor, struct slice *slice)
{
	judge_each_series(sensor->judge, put_model, slice);
	slice->done = slice->state->models >= slice->series;
	return slice->err;
}

/*
 * A slice in one transaction: the buckets first, which are what was counted, then the baselines,
 * which could be learned anew from them. Whatever ends the process, a series has a baseline and the
 * buckets since.
 */
static int save(struct sensor *sensor, __u64 budget_ns)
{
	struct state *state = sensor->state;
	__u64 now_ns = clock_now_ns(CLOCK_MONOTONIC);
	struct slice slice = { .state = state, .until_ns = budget_ns ? now_ns + budget_ns : 0 };
	size_t put = state->put, models = state->models;
	int err = store_begin(state->store);

	if (!err)
		err = put_buckets(&slice);
	if (!err && state->put == state->count)
		err = put_models(sensor, &slice);
	if (!err && now_ns >= state->forget_due_ns) {
		err = store_forget_idle(state->store, time(NULL));
		state->forget_due_ns = now_ns + FORGET_EVERY_NS;
	}
	if (!err)
		err = store_commit(state->store);
	if (err) { /* nothing of it is kept: it is done again */
		state->put = put;
		state->models = models;
	} else if (slice.done) {
		state->count = 0;
		state->put = 0;
		state->models = 0;
	}
	return err;
}

/* Returns whether there is more to be saved. */
static bool save_and_say(struct sensor *sensor, __u64 budget_ns)
{
	struct state *state = sensor->state;
	char why[256];

	if (!state || !state->store || !state->count)
		return false;
	if (save(sensor, budget_ns)) {
		snprintf(why, sizeof(why), "%.120s cannot be written (%.80s)",
			 sensor->config->state, store_failure(state->store));
		store_rollback(state->store);
		say_failing(sensor, why);
		return false;
	}
	if (state->failing)
		sensor_say(sensor, SENSOR_RECOVERED, "state",
			   "%s is written again; %llu buckets were lost", sensor->config->state,
			   state->lost);
	state->failing = false;
	state->lost = 0;
	return state->count > 0;
}

void state_look_after(struct sensor *sensor)
{
	__u64 now_ns = clock_now_ns(CLOCK_BOOTTIME);

	if (!sensor->state || now_ns < sensor->state->due_ns)
		return;
	if (!save_and_say(sensor, SAVE_SLICE_NS))
		sensor->state->due_ns = now_ns + SAVE_EVERY_NS;
}

void state_before_reload(struct sensor *sensor)
{
	save_and_say(sensor, 0);
}

/* Buckets that could not be written wait on, under the rule that they are of. */
static void keep_waiting(struct state *state, const struct config *config)
{
	size_t kept = 0;

	state->put = 0; /* once more does no harm */
	state->models = 0;
	for (size_t i = 0; i < state->count; i++) {
		struct waiting waiting = state->waiting[i];
		const struct rule *rule = config_find_rule(config, waiting.rule->id);

		if (!rule || !rule_counts_alike(waiting.rule, rule)) {
			state->lost++;
			continue;
		}
		waiting.rule = rule;
		state->waiting[kept++] = waiting;
	}
	state->count = kept;
}

void state_after_reload(struct sensor *sensor, const struct config *old)
{
	if (!sensor->state)
		return;
	keep_waiting(sensor->state, sensor->config);
	if (sensor->state->store && recall_baselines(sensor, old))
		log_warning("%s: not all baselines could be read (%s); some are learned anew",
			    sensor->config->state, store_failure(sensor->state->store));
}

void state_close(struct sensor *sensor)
{
	if (!sensor->state)
		return;
	save_and_say(sensor, 0);
	store_close(sensor->state->store);
	free(sensor->state->waiting);
	free(sensor->state);
	sensor->state = NULL;
}
