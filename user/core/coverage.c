/* SPDX-License-Identifier: GPL-2.0-only */
/* Losses by second, in a ring that slides along with a window. */
#include "core/coverage.h"

#define SECOND_NS 1000000000ULL

static struct coverage_second *entry_at(struct coverage_log *log, size_t i)
{
	return &log->entry[(log->oldest + i) % COVERAGE_SECONDS_MAX];
}

void coverage_add(struct coverage_log *log, __u64 second, const struct loss *loss, enum feed feed,
		  __u64 groups_dropped)
{
	struct coverage_second *newest;
	__u64 evicted = loss->evicted[feed] + loss->merged[feed] + groups_dropped;

	if (!evicted && !loss->unparsed[feed] && !loss->gap_ns)
		return;
	newest = log->count ? entry_at(log, log->count - 1) : NULL;
	if (!newest || (newest->second != second && log->count < COVERAGE_SECONDS_MAX)) {
		newest = entry_at(log, log->count++);
		*newest = (struct coverage_second){ 0 };
	}
	newest->second = second;
	newest->lost.evicted += evicted;
	newest->lost.unparsed += loss->unparsed[feed];
	newest->lost.gap_ns += loss->gap_ns;
}

void coverage_advance(struct coverage_log *log, __u64 first_second)
{
	log->first_second = first_second;
	while (log->count && entry_at(log, 0)->second < first_second) {
		log->oldest = (log->oldest + 1) % COVERAGE_SECONDS_MAX;
		log->count--;
	}
}

void coverage_clear(struct coverage_log *log)
{
	log->count = 0;
}

static __u64 gap_within(const struct coverage_log *log, const struct coverage_second *second)
{
	__u64 seconds = second->second - log->first_second + 1;

	if (seconds > second->lost.gap_ns / SECOND_NS)
		return second->lost.gap_ns;
	return seconds * SECOND_NS;
}

void coverage_sum(const struct coverage_log *log, struct coverage *ret)
{
	size_t i;

	*ret = (struct coverage){ .exact = log->count == 0 };
	for (i = 0; i < log->count; i++) {
		const struct coverage_second *second =
			&log->entry[(log->oldest + i) % COVERAGE_SECONDS_MAX];

		ret->evicted += second->lost.evicted;
		ret->unparsed += second->lost.unparsed;
		ret->gap_ns += gap_within(log, second);
	}
}
