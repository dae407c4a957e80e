/* SPDX-License-Identifier: GPL-2.0-only */
/* Baselines from the store, given back to the judge. */
#include <errno.h>
#include <string.h>

#include "record/text.h"
#include "sensor/clock.h"
#include "sensor/recall.h"
#include "sensor/sensor.h"
#include "sensor/state.h"
#include "util/log.h"

#define SECOND_NS 1000000000ULL

/* What is done for each series of a rule at the start. */
struct restoring {
	struct sensor *sensor;
	struct store_series wanted;
	size_t series, buckets;
	__s64 through_s;
};

static void learn(const struct anomaly_bucket *bucket, void *arg)
{
	struct anomaly_bucket local = *bucket;

	local.zone_s = clock_zone_s((__u64)local.start_s * SECOND_NS);
	anomaly_learn(arg, &local);
}

/* The baseline of a series: as it was kept, and then what was counted since. */
static int load_baseline(struct store *store, const struct store_series *series,
			 struct anomaly **ret)
{
	const struct anomaly_cfg cfg = { .bucket_s = series->bucket_s };
	unsigned char model[STORE_MODEL_MAX];
	struct anomaly *anomaly;
	__s64 through_s = -1;
	size_t len;
	int err = store_model(store, series, &through_s, model, sizeof(model), &len);

	if (!err)
		err = anomaly_load(&cfg, model, len, &anomaly);
	if (err == -ENOENT || err == -EINVAL || err == -EUCLEAN) {
		/* none, or one of another version: the counts tell the same */
		through_s = -1;
		err = anomaly_new(&cfg, &anomaly);
	}
	if (err)
		return err;
	err = store_each_bucket(store, series, through_s, learn, anomaly);
	if (err) {
		anomaly_free(anomaly);
		return err;
	}
	*ret = anomaly;
	return 0;
}

static int restore_series(const struct store_series *series, void *arg)
{
	struct restoring *restoring = arg;
	struct sensor *sensor = restoring->sensor;
	struct anomaly *anomaly;
	__u64 learned;
	int err;

	if (series->definition != restoring->wanted.definition ||
	    series->bucket_s != restoring->wanted.bucket_s)
		return 0;
	err = load_baseline(state_store(sensor), series, &anomaly);
	if (err)
		return err;
	learned = anomaly_learned(anomaly);
	err = judge_restore(sensor->judge, series->rule, series->group, anomaly);
	if (err) {
		anomaly_free(anomaly);
		return err == -ENOMEM ? err : 0; /* more groups than there is room for */
	}
	restoring->series++;
	if (learned > restoring->buckets)
		restoring->buckets = learned;
	if (series->through_s > restoring->through_s)
		restoring->through_s = series->through_s;
	return 0;
}

static void say_restored(const struct rule *rule, const struct restoring *restoring)
{
	char time[TEXT_TIME_MAX], length[TEXT_DURATION_MAX];
	__u64 end_s = (__u64)restoring->through_s + restoring->wanted.bucket_s;

	if (!restoring->series) {
		log_info("rule %s begins to learn: it can alert after %d buckets of %s", rule->id,
			 ANOMALY_READY, text_duration(rule->anomaly.bucket_ns, length));
		return;
	}
	log_info(
		"rule %s knows %zu series from before, of up to %zu buckets, the last of which ended %s",
		rule->id, restoring->series, restoring->buckets,
		text_time(end_s * SECOND_NS, time));
}

int recall_baselines(struct sensor *sensor, const struct config *old)
{
	const struct config *config = sensor->config;
	int err = 0;

	for (size_t i = 0; i < config->rule_count && !err; i++) {
		struct restoring restoring = { .sensor = sensor };
		const struct rule *before = old ? config_find_rule(old, config->rules[i].id) : NULL;

		if (!state_series(&config->rules[i], &restoring.wanted) ||
		    (before && rule_counts_alike(before, &config->rules[i])))
			continue;
		err = store_each_series(state_store(sensor), config->rules[i].id, restore_series,
					&restoring);
		if (!err)
			say_restored(&config->rules[i], &restoring);
	}
	return err;
}
