/* SPDX-License-Identifier: GPL-2.0-only */
/* The outbox's transactions. */
#include "outbox/ways.h"
#include "store/history.h"

#include <errno.h>
#include <string.h>

#define FORGET_EVERY_NS 3600000000000ULL

int outbox_count(struct outbox *outbox, struct way *way)
{
	return store_count_posts(outbox->store, way->outlet->ops->name, &way->stored,
				 &way->stored_bytes);
}

static int put_post(struct outbox *outbox, struct way *way, const struct kept *kept)
{
	const struct formed *formed = &kept->formed;
	bool ecs = way->outlet->ops->sends_ecs;
	const struct store_post post = {
		.sink = way->outlet->ops->name,
		.lane = formed->alarm ? LANE_ALARMS : LANE_OTHERS,
		.priority = formed->entry.priority,
		.wall_ns = formed->wall_ns,
		.payload = ecs ? formed->ecs : formed->entry.data,
		.len = ecs ? strlen(formed->ecs) : formed->entry.len,
	};
	__s64 row;
	int err = store_put_post(outbox->store, &post, &row);

	if (err)
		return err;
	way->stored++;
	way->stored_bytes += post.len;
	if (way->busy && way->flight.serial == kept->serial)
		way->flight = (struct place){ .row = row, .lane = post.lane };
	return 0;
}

static int put_kept(struct outbox *outbox, const struct kept *kept)
{
	const struct formed *formed = &kept->formed;
	const struct store_record record = {
		.event_id = formed->event_id,
		.wall_ns = formed->wall_ns,
		.rule = formed->rule,
		.action = formed->action,
		.dataset = formed->dataset,
		.held = kept->held,
		.ecs = formed->ecs,
	};
	bool is_new = false;
	int err = kept->digest ? store_unhold(outbox->store) : 0;

	if (!err)
		err = store_put_record(outbox->store, &record, &is_new);
	if (!is_new) /* formed by an earlier process too, which put its posts there */
		return err;
	for (size_t i = 0; i < outbox->way_count && !err; i++)
		if (kept->waiting & 1U << i)
			err = put_post(outbox, &outbox->way[i], kept);
	return err;
}

static int drop_taken(struct outbox *outbox, struct way *way)
{
	int err = 0;

	for (int lane = 0; lane < LANES && !err; lane++) {
		if (way->taken[lane] == way->dropped[lane])
			continue;
		err = store_drop_posts(outbox->store, way->outlet->ops->name, lane,
				       way->taken[lane]);
		way->dropped[lane] = way->taken[lane];
	}
	return err;
}

/* So many posts have to go. */
static size_t surplus(const struct way *way)
{
	if (way->stored > OUTBOX_POSTS_MAX)
		return way->stored - OUTBOX_POSTS_MAX;
	return way->stored_bytes > OUTBOX_POSTS_BYTES_MAX ? 1 + way->stored / 100 : 0;
}

static int keep_bounds(struct outbox *outbox, struct way *way, size_t *ret_shed)
{
	size_t shed;
	int err;

	if (!surplus(way))
		return 0;
	err = outbox_count(outbox, way);
	while (!err && surplus(way)) {
		err = store_shed_posts(outbox->store, way->outlet->ops->name, surplus(way), &shed);
		if (!err)
			err = outbox_count(outbox, way);
		if (err || !shed)
			return err;
		*ret_shed += shed;
	}
	return err;
}

static int put_all(struct outbox *outbox, __u64 now_ns, size_t shed[OUTBOX_WAYS_MAX])
{
	const struct memory *memory = &outbox->memory;
	__u64 newest_ns = 0;
	int err = 0;

	/* first: it makes room for what is new */
	for (size_t i = 0; i < outbox->way_count && !err; i++)
		err = drop_taken(outbox, &outbox->way[i]);
	for (size_t i = 0; i < memory->count && !err; i++) {
		err = put_kept(outbox, &memory->kept[i]);
		newest_ns = memory->kept[i].formed.wall_ns;
	}
	for (size_t i = 0; i < outbox->way_count && !err; i++)
		err = keep_bounds(outbox, &outbox->way[i], &shed[i]);
	if (!err && newest_ns && now_ns >= outbox->forget_due_ns) {
		err = store_forget_records(outbox->store, newest_ns);
		outbox->forget_due_ns = now_ns + FORGET_EVERY_NS;
	}
	return err;
}

static bool is_dirty(const struct outbox *outbox)
{
	if (outbox->memory.count)
		return true;
	for (size_t i = 0; i < outbox->way_count; i++)
		if (memcmp(outbox->way[i].taken, outbox->way[i].dropped,
			   sizeof(outbox->way[i].taken)))
			return true;
	return false;
}

static void fail(struct outbox *outbox)
{
	char why[128];

	strncpy(why, store_failure(outbox->store), sizeof(why) - 1);
	why[sizeof(why) - 1] = '\0';
	store_rollback(outbox->store);
	if (outbox->failing)
		return;
	outbox->failing = true;
	outbox_tell(
		outbox, OUTBOX_FAILING,
		"records can't be put on the disk (%s): they are sent all the same, but %d at most "
		"wait in memory for a sink that is away, and a restart loses them; free space or "
		"mend the store",
		why, MEMORY_RECORDS_MAX);
}

static void tell_shed(struct outbox *outbox, const size_t shed[OUTBOX_WAYS_MAX])
{
	for (size_t i = 0; i < outbox->way_count; i++) {
		struct way *way = &outbox->way[i];

		if (!shed[i])
			continue;
		way->counts.lost += shed[i];
		outbox_tell(
			outbox, OUTBOX_LOST,
			"%s: %zu record%s of the lowest priority had to go, since %zu wait; they "
			"stay in the history",
			way->outlet->ops->name, shed[i], shed[i] == 1 ? "" : "s", way->stored);
	}
}

void outbox_write(struct outbox *outbox, __u64 now_ns)
{
	struct way before[OUTBOX_WAYS_MAX];
	size_t shed[OUTBOX_WAYS_MAX] = { 0 };
	int err;

	if (!outbox->store) {
		memory_forget_sent(&outbox->memory);
		return;
	}
	if (!is_dirty(outbox))
		return;
	memcpy(before, outbox->way, sizeof(before));
	err = store_begin(outbox->store);
	if (!err)
		err = put_all(outbox, now_ns, shed);
	if (!err)
		err = store_commit(outbox->store);
	if (err) {
		memcpy(outbox->way, before, sizeof(before));
		fail(outbox);
		return;
	}
	memory_clear(&outbox->memory);
	outbox->unread = false;
	tell_shed(outbox, shed);
	if (outbox->failing) {
		outbox->failing = false;
		outbox_tell(outbox, OUTBOX_WRITTEN, "records are put on the disk again");
	}
}
