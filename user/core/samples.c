/* SPDX-License-Identifier: GPL-2.0-only */
/* The last packets that a rule looked at, in a ring. */
#include "core/samples.h"

#include <string.h>

static size_t position(const struct samples *samples, size_t i)
{
	return (samples->oldest + i) % SAMPLES_MAX;
}

bool samples_add(struct samples *samples, const struct rule *rule, const struct places *places,
		 const struct sample *sample, __u64 wall_offset_ns, struct group_key *group)
{
	const struct record record = {
		.source = sample->source,
		.destination = sample->destination,
		.port = sample->port,
		.code = sample->code,
		.feed = sample->feed,
		.proto = sample->proto,
		.class = sample->class,
		.hook = sample->hook,
	};
	struct samples_entry *entry;

	if (!rule_match(rule, places, &record))
		return false;
	if (samples->count == SAMPLES_MAX)
		samples->oldest = position(samples, 1);
	else
		samples->count++;
	entry = &samples->entry[position(samples, samples->count - 1)];
	rule_group(rule, &record, group);
	entry->group = *group;
	entry->time_ns = sample->time_ns;
	entry->sample = (struct alert_sample){
		.wall_ns = sample->time_ns + wall_offset_ns,
		.source = sample->source,
		.destination = sample->destination,
		.source_port = sample->source_port,
		.port = sample->port,
		.code = sample->code,
		.proto = sample->proto,
	};
	return true;
}

void samples_advance(struct samples *samples, __u64 first_ns)
{
	while (samples->count && samples->entry[samples->oldest].time_ns < first_ns) {
		samples->oldest = position(samples, 1);
		samples->count--;
	}
}

void samples_clear(struct samples *samples)
{
	samples->count = 0;
}

size_t samples_newest(const struct samples *samples, const struct group_key *group,
		      struct alert_sample ret[ALERT_SAMPLES_MAX])
{
	size_t i, found = 0;

	for (i = samples->count; i && found < ALERT_SAMPLES_MAX; i--) {
		const struct samples_entry *entry = &samples->entry[position(samples, i - 1)];

		if (!memcmp(&entry->group, group, sizeof(*group)))
			ret[found++] = entry->sample;
	}
	return found;
}
