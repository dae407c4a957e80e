/* SPDX-License-Identifier: GPL-2.0-only */
/* Threshold rules: an incident opens when a sliding window holds the limit or more. */
#include "core/watch.h"

#include <errno.h>

#define SECOND_NS 1000000000ULL

/* Wall time of a moment on CLOCK_BOOTTIME; what has not been reached yet is the present. */
static __u64 wall_at(const struct moment *moment, __u64 boot_ns)
{
	__u64 ago = boot_ns < moment->now_ns ? moment->now_ns - boot_ns : 0;

	return ago < moment->wall_ns ? moment->wall_ns - ago : 0;
}

static void stand(const struct group_key *key, struct standing *ret, void *arg)
{
	const struct watch *watch = arg;
	__u64 limit = watch->rule->threshold.count;
	struct window_group group;

	window_find(watch->window, key, &group);
	*ret = (struct standing){
		.count = group.measure,
		.over = group.measure >= limit,
		.calm = group.measure < limit - limit / 2, /* less than half, rounded right */
	};
	if (!group.measure)
		return;
	ret->first_wall_ns = wall_at(&watch->moment, group.first_second * SECOND_NS);
	ret->last_wall_ns = wall_at(&watch->moment, (group.last_second + 1) * SECOND_NS);
}

static void describe(struct alert *alert, void *arg)
{
	const struct watch *watch = arg;
	struct evidence evidence;
	struct window_group group;
	__u64 seconds = 0;

	window_find(watch->window, &alert->group, &group);
	if (group.measure)
		seconds = group.last_second - group.first_second + 1;
	watch_describe(watch, seconds * SECOND_NS, alert, &evidence);
}

static int raise_over(struct watch *watch, const struct group_key *key, __u64 measure)
{
	__u64 limit = watch->rule->threshold.count;

	if (measure < limit) {
		if (watch->near_fn && measure >= limit - limit / 2)
			watch->near_fn(watch->rule, key, watch->near_arg);
		return 0;
	}
	return incidents_raise(watch->incidents, key);
}

/* Windows are counted in seconds; a part of a second counts as one. */
static __u64 span_of(const struct rule *rule)
{
	__u64 window_ns = rule->threshold.window_ns;

	return window_ns / SECOND_NS + (window_ns % SECOND_NS != 0);
}

int threshold_init(struct watch *watch, const struct judge_cfg *cfg)
{
	__u64 span = span_of(watch->rule);
	int err;

	if (!span || span > WINDOW_SPAN_MAX || !watch->rule->threshold.count)
		return -EINVAL;
	err = watch_window_init(watch, (__u32)span, WINDOW_GROUP_MAX, WINDOW_CELL_MAX);
	if (err)
		return err;
	return watch_incidents_init(watch, cfg, span * SECOND_NS, stand, describe);
}

int threshold_batch(struct watch *watch, const struct batch *batch)
{
	const struct moment *moment = &watch->moment;
	__u64 span = span_of(watch->rule);
	__u64 first = moment->second < span ? 0 : moment->second - span + 1;
	int err;

	window_advance(watch->window, moment->second);
	coverage_advance(&watch->coverage, first);
	samples_advance(&watch->samples, first * SECOND_NS);
	requests_advance(&watch->requests, first * SECOND_NS);
	err = watch_count(watch, batch, span * SECOND_NS, raise_over);
	incidents_judge(watch->incidents, moment->now_ns, moment->wall_ns);
	return err;
}
