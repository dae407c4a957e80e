/* SPDX-License-Identifier: GPL-2.0-only */
/* What becomes of parts that come back. */
#include "core/incident_state.h"
#include "snapshot/parts.h"

#include <errno.h>
#include <string.h>

/* A fuzzer would otherwise never get past it. */
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
#define HASH_MATTERS false
#else
#define HASH_MATTERS true
#endif

static __u64 get_u64(const unsigned char bytes[8])
{
	__u64 number = 0;
	int i;

	for (i = 0; i < 8; i++)
		number |= (__u64)bytes[i] << 8 * i;
	return number;
}

static struct rule_parts *find_rule(const struct snapshot *snapshot, const char *id)
{
	size_t i;

	for (i = 0; i < snapshot->count; i++)
		if (!strcmp(snapshot->rules[i].watch->rule->id, id))
			return &snapshot->rules[i];
	return NULL;
}

static int check_head(const struct rule_parts *rule, enum kind kind, const void *bytes, size_t len)
{
	const size_t hashed = offsetof(struct head, identity);
	struct head head;

	if (len < sizeof(head))
		return -EINVAL;
	memcpy(&head, bytes, sizeof(head));
	if (memcmp(head.magic, "SWs", sizeof(head.magic)) != 0 || head.version != PART_VERSION ||
	    head.kind != kind ||
	    (HASH_MATTERS &&
	     get_u64(head.hash) != pack_hash((const char *)bytes + hashed, len - hashed)))
		return -EINVAL;
	return get_u64(head.identity) == rule->identity ? 0 : -ENOENT;
}

static void load_cells(struct rule_parts *rule, struct unpack *unpack,
		       const struct snapshot_terms *terms)
{
	struct watch *watch = rule->watch;
	__u64 least = window_second(watch->window), most = terms->now_ns / SECOND_NS;

	if (watch->rule->kind == RULE_ANOMALY) {
		least = least > watch->slice ? least : watch->slice;
		most = watch->slice + WATCH_SLICES - 1;
	}
	cells_unpack(unpack, watch, least, most);
}

static void load_payload(struct rule_parts *rule, __s64 part, struct unpack *unpack,
			 const struct snapshot_terms *terms)
{
	const struct bounds bounds = { rule->watch->rule, terms->now_ns };

	if (part == SNAPSHOT_STATE) {
		rest_unpack(unpack, rule->watch, terms, &rule->counts);
		incidents_unpack(unpack, rule->watch->incidents, false, &bounds);
		rule->loaded = true;
		rule->kept.once = rule->counts;
		return;
	}
	if (!rule->loaded) {
		unpack->failed = true;
		return;
	}
	if (part == SNAPSHOT_CLOSED) {
		incidents_unpack(unpack, rule->watch->incidents, true, &bounds);
		rule->kept.closed_changes = rule->watch->incidents->closed_changes;
		return;
	}
	if (!rule->counts) {
		unpack->at = unpack->end;
		return;
	}
	load_cells(rule, unpack, terms);
	if (part == SNAPSHOT_PRESENT)
		return;
	rule->kept.next_cell = window_next_cell(rule->watch->window);
	rule->kept.next_part = part + 1;
}

static enum kind kind_of(__s64 part)
{
	if (part == SNAPSHOT_STATE)
		return KIND_STATE;
	return part == SNAPSHOT_CLOSED ? KIND_CLOSED : KIND_CELLS;
}

/* Nothing of a rule is better than a part of it. */
static void begin_anew(struct rule_parts *rule)
{
	watch_reset(rule->watch);
	rule->kept = (struct written){ .next_part = SNAPSHOT_NUMBERED };
	rule->failed = true;
}

int snapshot_load(struct snapshot *snapshot, const char *id, __s64 part, const void *bytes,
		  size_t len, const struct snapshot_terms *terms)
{
	struct rule_parts *rule = find_rule(snapshot, id);
	struct unpack unpack;
	int err;

	if (!rule)
		return -ENOENT;
	if (rule->failed)
		return -EINVAL;
	err = check_head(rule, kind_of(part), bytes, len);
	if (!err) {
		unpack = (struct unpack){
			.at = (const unsigned char *)bytes + sizeof(struct head),
			.end = (const unsigned char *)bytes + len,
		};
		load_payload(rule, part, &unpack, terms);
		if (unpack.failed || unpack.at != unpack.end)
			err = -EINVAL;
	}
	if (err)
		begin_anew(rule);
	return err;
}
