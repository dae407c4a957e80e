/* SPDX-License-Identifier: GPL-2.0-only */
/* Which parts of which rule are to be written. */
#include "core/incident_state.h"
#include "snapshot/parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Fewer cells than this wait for more before they get a part of their own. */
#define PART_CELLS 1024

/* What counts are worth under: not the limits that they are held against. */
static __u64 identity_of(const struct rule *rule, const struct reason_names *reasons)
{
	struct pack pack = { 0 };
	__u64 identity;
	size_t i;

	pack_number(&pack, rule_definition(rule));
	pack_number(&pack, rule->kind);
	pack_number(&pack, rule->kind == RULE_ANOMALY ? rule->anomaly.bucket_ns
						      : rule->threshold.window_ns);
	pack_number(&pack, rule->kind == RULE_ANOMALY ? 0 : rule->threshold.distinct);
	for (i = 0; rule->feed == FEED_DROP && reasons && i < SW_REASON_MAX; i++) {
		const char *name = reasons->name[i] ? reasons->name[i] : "";

		pack_bytes(&pack, name, strlen(name) + 1);
	}
	identity = pack.failed ? 0 : pack_hash(pack.bytes, pack.len);
	pack_free(&pack);
	return identity;
}

int snapshot_new(const struct judge *judge, const struct reason_names *reasons,
		 struct snapshot **ret)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
	size_t i;

	if (!snapshot)
		return -ENOMEM;
	snapshot->judge = judge;
	snapshot->count = judge_rule_count(judge);
	snapshot->rules = calloc(snapshot->count ? snapshot->count : 1, sizeof(*snapshot->rules));
	if (!snapshot->rules) {
		snapshot_free(snapshot);
		return -ENOMEM;
	}
	for (i = 0; i < snapshot->count; i++) {
		struct rule_parts *rule = &snapshot->rules[i];

		rule->watch = judge_watch(judge, i);
		rule->rule = rule->watch->rule;
		rule->identity = identity_of(rule->rule, reasons);
		rule->kept.next_part = SNAPSHOT_NUMBERED;
	}
	*ret = snapshot;
	return 0;
}

void snapshot_free(struct snapshot *snapshot)
{
	if (!snapshot)
		return;
	pack_free(&snapshot->pack);
	free(snapshot->rules);
	free(snapshot);
}

bool snapshot_is_current(const struct snapshot *snapshot)
{
	size_t i;

	if (judge_rule_count(snapshot->judge) != snapshot->count)
		return false;
	for (i = 0; i < snapshot->count; i++)
		if (judge_watch(snapshot->judge, i) != snapshot->rules[i].watch ||
		    snapshot->rules[i].watch->rule != snapshot->rules[i].rule)
			return false;
	return true;
}

static void put_u64(unsigned char bytes[8], __u64 number)
{
	int i;

	for (i = 0; i < 8; i++)
		bytes[i] = (unsigned char)(number >> 8 * i);
}

static void begin_part(struct snapshot *snapshot, const struct rule_parts *rule, enum kind kind)
{
	struct head head = { .magic = "SWs", .version = PART_VERSION, .kind = kind };

	put_u64(head.identity, rule->identity);
	pack_restart(&snapshot->pack);
	pack_bytes(&snapshot->pack, &head, sizeof(head));
}

static int put_part(struct snapshot *snapshot, const struct rule_parts *rule, __s64 part,
		    __u64 last, const struct snapshot_sink *sink)
{
	const size_t hashed = offsetof(struct head, identity);
	struct pack *pack = &snapshot->pack;

	if (pack->failed)
		return -ENOMEM;
	put_u64(pack->bytes + offsetof(struct head, hash),
		pack_hash(pack->bytes + hashed, pack->len - hashed));
	return sink->put(rule->watch->rule->id, part, last, pack->bytes, pack->len, sink->arg);
}

static int put_cells(struct snapshot *snapshot, const struct rule_parts *rule, __u32 from, __u32 to,
		     __s64 part, const struct snapshot_sink *sink)
{
	__u64 last = 0;

	begin_part(snapshot, rule, KIND_CELLS);
	cells_pack(&snapshot->pack, rule->watch, from, to, &last);
	return put_part(snapshot, rule, part, last, sink);
}

/* Bounded for thresholds, whose windows may hold a million cells: *ret_through_s, in full. */
static int save_cells(struct snapshot *snapshot, struct rule_parts *rule,
		      const struct snapshot_sink *sink, bool all, __u64 *ret_through_s)
{
	const struct window *window = rule->watch->window;
	bool bounded = !all && rule->watch->rule->kind == RULE_THRESHOLD;
	__u32 present = window_present_cell(window), next = window_next_cell(window);
	__u32 oldest = window_oldest_cell(window), from = rule->pending.next_cell, count;
	int err = 0;

	if (from - oldest > next - oldest) /* what was not written has left the window */
		from = oldest;
	count = present - from;
	if (count >= PART_CELLS) {
		if (bounded && count > SNAPSHOT_CELLS)
			count = SNAPSHOT_CELLS;
		err = put_cells(snapshot, rule, from, from + count, rule->pending.next_part++,
				sink);
		from += count;
		rule->pending.next_cell = from;
	}
	*ret_through_s = window_second(window) + 1;
	if (bounded && next - from > SNAPSHOT_CELLS) {
		next = from; /* a later save's */
		rule->pending.behind = true;
		*ret_through_s = window_cell_second(window, from);
	}
	return err ? err : put_cells(snapshot, rule, from, next, SNAPSHOT_PRESENT, sink);
}

static struct written now_written(const struct rule_parts *rule)
{
	const struct watch *watch = rule->watch;
	struct written written = rule->kept;

	written.once = true;
	written.matched = watch->matched;
	written.told = watch->incidents->told;
	written.closed_changes = watch->incidents->closed_changes;
	written.bucket = watch->buckets.index;
	written.open = incidents_open(watch->incidents) > 0;
	written.lost = watch->coverage.count > 0;
	written.behind = false;
	return written;
}

static bool has_changed(const struct written *then, const struct written *now)
{
	return !then->once || then->behind || then->open || now->open || then->lost || now->lost ||
	       then->matched != now->matched || then->told != now->told ||
	       then->bucket != now->bucket;
}

static int save_rule(struct snapshot *snapshot, struct rule_parts *rule,
		     const struct snapshot_sink *sink, bool all, __u64 *ret_through_s)
{
	const struct written *kept = &rule->kept;
	struct watch *watch = rule->watch;
	int err = 0;

	rule->pending = now_written(rule);
	*ret_through_s = ~0ULL;
	if (!has_changed(kept, &rule->pending))
		return 0;
	if (!kept->once)
		err = sink->clear(watch->rule->id, sink->arg);
	if (!err) {
		begin_part(snapshot, rule, KIND_STATE);
		rest_pack(&snapshot->pack, watch);
		incidents_pack(&snapshot->pack, watch->incidents, false);
		err = put_part(snapshot, rule, SNAPSHOT_STATE, 0, sink);
	}
	if (!err && (!kept->once || kept->closed_changes != rule->pending.closed_changes)) {
		begin_part(snapshot, rule, KIND_CLOSED);
		incidents_pack(&snapshot->pack, watch->incidents, true);
		err = put_part(snapshot, rule, SNAPSHOT_CLOSED, 0, sink);
	}
	if (!err)
		err = save_cells(snapshot, rule, sink, all, ret_through_s);
	return err ? err : sink->drop(watch->rule->id, rest_first(watch), sink->arg);
}

int snapshot_save(struct snapshot *snapshot, const struct snapshot_sink *sink, bool all,
		  __u64 *ret_through_ns)
{
	struct judge_clock clock;
	__u64 through_s;
	int err = 0;
	size_t i;

	judge_clock(snapshot->judge, &clock);
	*ret_through_ns = clock.now_ns;
	for (i = 0; i < snapshot->count && !err; i++) {
		err = save_rule(snapshot, &snapshot->rules[i], sink, all, &through_s);
		/* slices of buckets are no seconds, and always written in full */
		if (snapshot->rules[i].watch->rule->kind == RULE_THRESHOLD &&
		    through_s < *ret_through_ns / SECOND_NS)
			*ret_through_ns = through_s * SECOND_NS;
	}
	return err;
}

void snapshot_kept(struct snapshot *snapshot)
{
	size_t i;

	for (i = 0; i < snapshot->count; i++)
		snapshot->rules[i].kept = snapshot->rules[i].pending;
}

bool snapshot_is_urgent(const struct snapshot *snapshot)
{
	size_t i;

	for (i = 0; i < snapshot->count; i++)
		if (snapshot->rules[i].watch->incidents->told != snapshot->rules[i].kept.told)
			return true;
	return false;
}
