/* SPDX-License-Identifier: GPL-2.0-only */
/* What both kinds of rules do with a batch and with an alert. */
#include "core/watch.h"

#include <errno.h>
#include <string.h>

int watch_window_init(struct watch *watch, __u32 span, __u32 groups, __u32 cells)
{
	const struct window_cfg cfg = {
		.span = span,
		.distinct = watch->rule->kind == RULE_THRESHOLD ? watch->rule->threshold.distinct
								: DISTINCT_NONE,
		.group_max = groups,
		.flow_max = WINDOW_FLOW_MAX,
		.cell_max = cells,
		.seed = watch->seed,
	};

	return window_new(&cfg, &watch->window);
}

int watch_incidents_init(struct watch *watch, const struct judge_cfg *cfg, __u64 calm_ns,
			 void (*stand)(const struct group_key *key, struct standing *ret,
				       void *arg),
			 void (*describe)(struct alert *alert, void *arg))
{
	const struct incidents_cfg incidents = {
		.rule = watch->rule,
		.calm_ns = calm_ns,
		.max = INCIDENT_MAX,
		.seed = cfg->seed,
		.emit = cfg->emit,
		.emit_arg = cfg->arg,
		.stand = stand,
		.describe = describe,
		.watch_arg = watch,
	};

	return incidents_new(&incidents, &watch->incidents);
}

void watch_reset(struct watch *watch)
{
	__u32 i;

	window_clear(watch->window);
	incidents_clear(watch->incidents);
	coverage_clear(&watch->coverage);
	samples_clear(&watch->samples);
	requests_clear(&watch->requests);
	buckets_init(&watch->buckets, watch->buckets.length_ns);
	for (i = 0; i < baselines_places(&watch->baselines); i++) {
		struct baseline *entry = baselines_at(&watch->baselines, i);

		if (!entry)
			continue;
		baseline_begin(entry);
		entry->actual = 0;
		entry->over = false;
	}
}

static void keep_samples(struct watch *watch, const struct batch *batch)
{
	__u64 wall_offset_ns = watch->moment.wall_ns - watch->moment.now_ns;
	size_t i;

	for (i = 0; i < batch->sample_count; i++) {
		struct sample sample = batch->samples[i];
		struct group_key group;

		sample.time_ns += watch->moment.shift_ns;
		if (samples_add(&watch->samples, watch->rule, watch->places, &sample,
				wall_offset_ns, &group) &&
		    sample.request[0])
			requests_add(&watch->requests, &group, &sample);
	}
}

/* A record of many sources is no group's, and no one's different value: it is told as a loss. */
static bool is_too_coarse(const struct rule *rule, const struct record *record)
{
	unsigned int source = GROUP_SOURCE, rest = GROUP_DESTINATION | GROUP_PORT;
	enum distinct distinct = rule->kind == RULE_THRESHOLD ? rule->threshold.distinct
							      : DISTINCT_NONE;

	if (record->merged & MERGED_SOURCE &&
	    (rule->group_by & source || distinct == DISTINCT_SOURCE))
		return true;
	return record->merged & MERGED_DESTINATION &&
	       (rule->group_by & rest || distinct == DISTINCT_DESTINATION ||
		distinct == DISTINCT_PORT);
}

int watch_count(struct watch *watch, const struct batch *batch, __u64 span_ns,
		int (*over)(struct watch *watch, const struct group_key *key, __u64 measure))
{
	struct window_stats before, after;
	struct group_key key;
	__u64 measure, late = 0;
	int err = 0;
	size_t i;

	window_stats(watch->window, &before);
	for (i = 0; i < batch->record_count; i++) {
		const struct record *record = &batch->records[i];

		if (is_too_coarse(watch->rule, record) ||
		    !rule_match(watch->rule, watch->places, record))
			continue;
		watch->matched += record->count;
		if (watch->moment.stall_ns >= span_ns) {
			late += record->count;
			continue;
		}
		rule_group(watch->rule, record, &key);
		if (window_add(watch->window, &key, record, &measure) ||
		    (over && over(watch, &key, measure) == -ENOMEM))
			err = -ENOMEM;
	}
	window_stats(watch->window, &after);
	coverage_add(&watch->coverage, watch->moment.second, &batch->loss, watch->rule->feed,
		     after.groups_dropped - before.groups_dropped + late);
	keep_samples(watch, batch);
	return err;
}

void watch_describe(const struct watch *watch, __u64 duration_ns, struct alert *alert,
		    struct evidence *evidence)
{
	/* where memory is short, the evidence says so itself, by what it calls the rest */
	evidence_gather(watch->window, &alert->group, watch->rule->feed, watch->places, watch->seed,
			evidence);
	memcpy(alert->top, evidence->top, sizeof(alert->top));
	requests_gather(&watch->requests, &alert->group, &alert->requests);
	evidence->paths = alert->requests.paths;
	evidence->paths_at_least = alert->requests.known < evidence->known ||
				   evidence->top[DIM_DESTINATION].rest;
	alert->cause = evidence_cause(evidence, duration_ns, alert->cause_says);
	alert->sample_count = samples_newest(&watch->samples, &alert->group, alert->sample);
	coverage_sum(&watch->coverage, &alert->coverage);
}
