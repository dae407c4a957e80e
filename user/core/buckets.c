/* SPDX-License-Identifier: GPL-2.0-only */
/* Buckets of wall-clock time; clocks may step, sensors may pause. */
#include "core/buckets.h"

void buckets_init(struct buckets *buckets, __u64 length_ns)
{
	*buckets = (struct buckets){ .length_ns = length_ns };
}

static void begin(struct buckets *buckets, __u64 index, bool cut, __u64 gap_ns)
{
	buckets->started = true;
	buckets->cut = cut;
	buckets->index = index;
	buckets->gap_ns = gap_ns;
}

/* A gap may lie in any bucket that its batch reached over, so it counts in each of them. */
static double coverage(const struct buckets *buckets, __u64 gap_ns)
{
	double length = (double)buckets->length_ns;

	gap_ns += buckets->gap_ns;
	if (buckets->cut)
		return 0;
	if (gap_ns <= buckets->length_ns / BUCKETS_GAP_PART)
		return 1;
	return gap_ns < buckets->length_ns ? 1 - (double)gap_ns / length : 0;
}

bool buckets_move(struct buckets *buckets, __u64 wall_ns, bool stepped, __u64 gap_ns,
		  struct bucket_end *ret)
{
	/* the batch lies before its end: one that ends with a bucket belongs to it */
	__u64 index = (wall_ns ? wall_ns - 1 : 0) / buckets->length_ns;
	bool seen = gap_ns <= buckets->length_ns / BUCKETS_GAP_PART;

	if (!buckets->started) {
		begin(buckets, index, true, gap_ns);
		return false;
	}
	if (!stepped && index <= buckets->index) {
		buckets->gap_ns += gap_ns;
		return false;
	}
	*ret = (struct bucket_end){
		.start_wall_ns = buckets_start_wall_ns(buckets),
		.coverage = stepped ? 0 : coverage(buckets, gap_ns),
	};
	if (!stepped && seen)
		ret->empty = index - buckets->index - 1;
	if (ret->empty > BUCKETS_EMPTY_MAX)
		ret->empty = BUCKETS_EMPTY_MAX;
	begin(buckets, index, stepped, gap_ns);
	return true;
}

__u64 buckets_start_wall_ns(const struct buckets *buckets)
{
	return buckets->index * buckets->length_ns;
}
