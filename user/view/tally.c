/* SPDX-License-Identifier: GPL-2.0-only */
/* What was counted since the start. */
#include "view/tally.h"

const double tally_edge_s[TALLY_EDGES] = { 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10 };

const char *const tally_counter_name[COUNT_MAX] = {
#define X(constant, name) [COUNT_##constant] = (name),
	SW_COUNTERS(X)
#undef X
};

const char *const tally_class_name[CLASS_MAX] = {
	[CLASS_IGNORED] = "ignored",       [CLASS_FIREWALL] = "firewall",
	[CLASS_PROHIBITED] = "prohibited", [CLASS_UNANSWERED] = "unanswered",
	[CLASS_REFUSED] = "refused",       [CLASS_OTHER] = "other",
};

static void add_totals(struct totals *sum, const struct totals *more)
{
	const __u64 *from = (const __u64 *)more;
	__u64 *to = (__u64 *)sum;

	for (size_t i = 0; i < sizeof(*sum) / sizeof(*to); i++)
		to[i] += from[i];
}

static void add_length(struct tally *tally, __u64 length_ns)
{
	size_t i = 0;

	while (i < TALLY_EDGES && (double)length_ns > tally_edge_s[i] * 1e9)
		i++;
	tally->epoch_count[i]++;
	tally->epoch_ns += length_ns;
	tally->epochs++;
}

void tally_add(struct tally *tally, const struct batch *batch)
{
	if (batch->totals)
		add_totals(&tally->totals, batch->totals);
	for (int feed = 0; feed < FEED_MAX; feed++) {
		tally->loss.evicted[feed] += batch->loss.evicted[feed];
		tally->loss.merged[feed] += batch->loss.merged[feed];
		tally->loss.unparsed[feed] += batch->loss.unparsed[feed];
		tally->entries[feed] = 0;
	}
	tally->loss.gap_ns += batch->loss.gap_ns;
	for (size_t i = 0; i < batch->record_count; i++) {
		const struct record *record = &batch->records[i];

		tally->drained[record->feed] += record->count;
		tally->entries[record->feed]++;
	}
	add_length(tally, batch->end_ns > batch->start_ns ? batch->end_ns - batch->start_ns : 0);
	tally->end_ns = batch->end_ns;
}

static __u64 sum(const __u64 *from, int first, int last)
{
	__u64 total = 0;

	for (int i = first; i <= last; i++)
		total += from[i];
	return total;
}

void tally_balances(const struct tally *tally, struct balance ret[TALLY_BALANCES])
{
	const __u64 *n = tally->totals.n;

	ret[0] = (struct balance){
		.name = "packets",
		.known_name = "understood",
		.named_name = "not_understood",
		.seen = sum(n, COUNT_PACKETS_INGRESS, COUNT_PACKETS_XDP),
		.known = n[COUNT_UNDERSTOOD],
		.named = sum(n, COUNT_PARSE_TRUNCATED, COUNT_PARSE_L4_SHORT),
	};
	ret[1] = (struct balance){
		.name = "dropped",
		.known_name = "understood",
		.named_name = "not_understood",
		.seen = n[COUNT_PACKETS_DROP],
		.known = n[COUNT_DROP_UNDERSTOOD],
		.named = sum(n, COUNT_DROP_PARSE_TRUNCATED, COUNT_DROP_PARSE_L4_SHORT),
	};
	ret[2] = (struct balance){
		.name = "responses",
		.known_name = "drained",
		.named_name = "evicted",
		.seen = sum(n, COUNT_HTTP_2XX, COUNT_HTTP_5XX),
		.known = tally->drained[FEED_HTTP],
		.named = tally->loss.evicted[FEED_HTTP],
	};
	ret[3] = (struct balance){
		.name = "denied",
		.known_name = "drained",
		.named_name = "evicted",
		.seen = n[COUNT_PACKETS_DROP] +
			sum(tally->totals.drop_class, CLASS_PROHIBITED, CLASS_REFUSED),
		.known = tally->drained[FEED_DROP],
		.named = tally->loss.evicted[FEED_DROP],
	};
}

bool balance_holds(const struct balance *balance)
{
	return balance->named <= balance->seen && balance->known == balance->seen - balance->named;
}
