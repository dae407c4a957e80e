/* SPDX-License-Identifier: GPL-2.0-only */
/* Losses, samples and the bucket at hand as bytes. */
#include "snapshot/parts.h"

#define COUNT_MAX (1ULL << 62)

__u64 rest_first(const struct watch *watch)
{
	return watch->rule->kind == RULE_ANOMALY ? watch->slice : window_first(watch->window);
}

static void coverage_pack(struct pack *pack, const struct coverage_log *log)
{
	size_t i;

	pack_number(pack, log->count);
	for (i = 0; i < log->count; i++) {
		const struct coverage_second *second =
			&log->entry[(log->oldest + i) % COVERAGE_SECONDS_MAX];

		pack_number(pack, second->second);
		pack_number(pack, second->lost.evicted);
		pack_number(pack, second->lost.unparsed);
		pack_number(pack, second->lost.gap_ns);
	}
}

static void coverage_unpack(struct unpack *unpack, struct coverage_log *ret, __u64 now_ns)
{
	__u64 second = 0;
	size_t i;

	*ret = (struct coverage_log){ .count = unpack_number(unpack, COVERAGE_SECONDS_MAX) };
	for (i = 0; i < ret->count; i++) {
		struct coverage_second *entry = &ret->entry[i];

		entry->second = unpack_number(unpack, now_ns / SECOND_NS);
		entry->lost.evicted = unpack_number(unpack, COUNT_MAX);
		entry->lost.unparsed = unpack_number(unpack, COUNT_MAX);
		entry->lost.gap_ns = unpack_number(unpack, TIME_MAX_NS);
		if (entry->second < second)
			unpack->failed = true;
		second = entry->second;
	}
}

static void samples_pack(struct pack *pack, const struct rule *rule, const struct samples *samples)
{
	size_t i;

	pack_number(pack, samples->count);
	for (i = 0; i < samples->count; i++) {
		const struct samples_entry *entry =
			&samples->entry[(samples->oldest + i) % SAMPLES_MAX];

		group_pack(pack, rule, &entry->group);
		pack_number(pack, entry->time_ns);
		sample_pack(pack, &entry->sample);
	}
}

static void samples_unpack(struct unpack *unpack, const struct rule *rule, struct samples *ret,
			   __u64 now_ns)
{
	size_t i;

	*ret = (struct samples){ .count = unpack_number(unpack, SAMPLES_MAX) };
	for (i = 0; i < ret->count; i++) {
		group_unpack(unpack, rule, &ret->entry[i].group);
		ret->entry[i].time_ns = unpack_number(unpack, now_ns);
		sample_unpack(unpack, &ret->entry[i].sample);
	}
}

static void entry_pack(struct pack *pack, const struct rule *rule, const struct baseline *entry)
{
	group_pack(pack, rule, &entry->key);
	pack_number(pack, entry->first_wall_ns);
	pack_number(pack, entry->last_wall_ns);
	pack_real(pack, entry->actual);
	pack_real(pack, entry->look_again);
	pack_number(pack, entry->over);
	pack_real(pack, entry->score.score);
	pack_real(pack, entry->score.probability);
	pack_real(pack, entry->score.typical);
	pack_number(pack, entry->score.missing);
	pack_number(pack, entry->score.skipped);
}

/* A group of which the present bucket, or an open incident of the last one, knows something. */
static bool is_of_interest(const struct baseline *entry)
{
	return entry->first_wall_ns || entry->actual > 0 || entry->score.score > 0;
}

static void bucket_pack(struct pack *pack, const struct watch *watch)
{
	const struct buckets *buckets = &watch->buckets;
	const struct baseline *entry;
	__u32 i, count = 0;

	pack_number(pack, watch->slice);
	pack_number(pack, buckets->started);
	pack_number(pack, buckets->cut);
	pack_number(pack, buckets->index);
	pack_number(pack, buckets->gap_ns);
	for (i = 0; i < baselines_places(&watch->baselines); i++) {
		entry = baselines_at(&watch->baselines, i);
		count += entry && is_of_interest(entry);
	}
	pack_number(pack, count);
	for (i = 0; i < baselines_places(&watch->baselines); i++) {
		entry = baselines_at(&watch->baselines, i);
		if (entry && is_of_interest(entry))
			entry_pack(pack, watch->rule, entry);
	}
}

static void entry_unpack(struct unpack *unpack, struct watch *watch, bool counts)
{
	struct baseline *entry, read = { 0 };

	group_unpack(unpack, watch->rule, &read.key);
	read.first_wall_ns = unpack_number(unpack, TIME_MAX_NS);
	read.last_wall_ns = unpack_number(unpack, TIME_MAX_NS);
	read.actual = unpack_real(unpack, 0, 1e18);
	read.look_again = unpack_real(unpack, 0, 1e19);
	read.over = unpack_number(unpack, 1);
	read.score.score = unpack_real(unpack, 0, 100);
	read.score.probability = unpack_real(unpack, 0, 1);
	read.score.typical = unpack_real(unpack, 0, 1e16);
	read.score.missing = (unsigned int)unpack_number(unpack, ANOMALY_READY);
	read.score.learning = read.score.missing > 0;
	read.score.skipped = unpack_number(unpack, 1);
	if (unpack->failed || !counts || baselines_reach(&watch->baselines, &read.key, &entry))
		return;
	entry->first_wall_ns = read.first_wall_ns;
	entry->last_wall_ns = read.last_wall_ns;
	entry->actual = read.actual;
	entry->look_again = read.look_again;
	entry->over = read.over;
	entry->score = read.score;
}

/* False: nothing can come of it any more, since the baselines have learned that bucket. */
static bool bucket_unpack(struct unpack *unpack, struct watch *watch,
			  const struct snapshot_terms *terms)
{
	__u64 length_ns = watch->buckets.length_ns, count;
	struct buckets buckets = { .length_ns = length_ns };
	bool counts;

	/* far from where adding slices could wrap */
	watch->slice = unpack_number(unpack, 1ULL << 48);
	buckets.started = unpack_number(unpack, 1);
	buckets.cut = unpack_number(unpack, 1);
	buckets.index = unpack_number(unpack, TIME_MAX_NS / length_ns);
	buckets.gap_ns = unpack_number(unpack, TIME_MAX_NS);
	counts = !terms->no_counts && buckets.started &&
		 buckets.index <= terms->wall_ns / length_ns &&
		 (__s64)(buckets.index * length_ns / SECOND_NS) > terms->learned_s;
	if (counts && !unpack->failed)
		watch->buckets = buckets;
	count = unpack_number(unpack, BASELINES_MAX);
	for (; count && !unpack->failed; count--)
		entry_unpack(unpack, watch, counts);
	return counts;
}

void rest_pack(struct pack *pack, const struct watch *watch)
{
	coverage_pack(pack, &watch->coverage);
	samples_pack(pack, watch->rule, &watch->samples);
	if (watch->rule->kind == RULE_ANOMALY)
		bucket_pack(pack, watch);
}

void rest_unpack(struct unpack *unpack, struct watch *watch, const struct snapshot_terms *terms,
		 bool *ret_counts)
{
	coverage_unpack(unpack, &watch->coverage, terms->now_ns);
	samples_unpack(unpack, watch->rule, &watch->samples, terms->now_ns);
	*ret_counts = watch->rule->kind == RULE_ANOMALY ? bucket_unpack(unpack, watch, terms)
							: !terms->no_counts;
	if (*ret_counts)
		return;
	coverage_clear(&watch->coverage);
	samples_clear(&watch->samples);
}
