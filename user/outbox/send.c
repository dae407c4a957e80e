/* SPDX-License-Identifier: GPL-2.0-only */
/* From store and memory to the ways' outlets. */
#include "outbox/ways.h"

#include <errno.h>
#include <string.h>

/* So many posts are offered to a way at once; each takes tens of microseconds. */
#define AT_ONCE 200

struct picked {
	struct place place;
	const void *payload;
	size_t len;
};

/* Removes rows that no way can use from what is to be sent. -ENOENT: there is none in this lane. */
static int pick_stored(struct outbox *outbox, struct way *way, enum store_lane lane,
		       struct picked *ret)
{
	struct store_post post;
	int err;

	if (!outbox->store || outbox->unread || !way->stored)
		return -ENOENT;
	for (;;) {
		err = store_next_post(outbox->store, way->outlet->ops->name, lane, way->taken[lane],
				      &post);
		if (err)
			break;
		if (post.payload) {
			*ret = (struct picked){ { .row = post.id, .lane = lane },
						post.payload,
						post.len };
			return 0;
		}
		way->taken[lane] = post.id;
		way->stored -= way->stored > 0;
		way->counts.lost++;
		outbox_tell(outbox, OUTBOX_LOST,
			    "%s: a record in the store was damaged and is left out",
			    way->outlet->ops->name);
	}
	outbox->unread = err != -ENOENT;
	return err;
}

static bool pick_kept(struct outbox *outbox, struct way *way, bool alarm, struct picked *ret)
{
	const struct kept *kept = memory_next(&outbox->memory, (unsigned int)(way - outbox->way),
					      alarm);

	if (!kept)
		return false;
	ret->place = (struct place){ .serial = kept->serial };
	ret->payload = way->outlet->ops->sends_ecs ? kept->formed.ecs : kept->formed.entry.data;
	ret->len = way->outlet->ops->sends_ecs ? strlen(kept->formed.ecs) : kept->formed.entry.len;
	return true;
}

/* Alarms first; in each lane what is in the store is older. */
static bool pick(struct outbox *outbox, struct way *way, struct picked *ret)
{
	return !pick_stored(outbox, way, LANE_ALARMS, ret) || pick_kept(outbox, way, true, ret) ||
	       !pick_stored(outbox, way, LANE_OTHERS, ret) || pick_kept(outbox, way, false, ret);
}

static void take(struct outbox *outbox, struct way *way, const struct place *place)
{
	struct kept *kept;

	if (place->row) {
		way->taken[place->lane] = place->row;
		way->stored -= way->stored > 0;
		return;
	}
	kept = memory_find(&outbox->memory, place->serial);
	if (kept)
		kept->waiting &= ~(1U << (way - outbox->way));
}

/* False: it has to be offered again. */
static bool settle(struct outbox *outbox, struct way *way, const struct place *place,
		   enum outlet_result result)
{
	if (result != OUTLET_SENT && result != OUTLET_REFUSED)
		return false;
	take(outbox, way, place);
	if (result == OUTLET_SENT) {
		way->counts.sent++;
		return true;
	}
	way->counts.lost++;
	outbox_tell(outbox, OUTBOX_LOST, "%s refused a record: %s", way->outlet->ops->name,
		    way->outlet->trouble);
	return true;
}

static void done(enum outlet_result result, void *arg)
{
	struct way *way = arg;

	way->busy = false;
	settle(way->outbox, way, &way->flight, result);
	way->flight = (struct place){ 0 };
	way->outbox->news(OUTBOX_WORK, NULL, way->outbox->news_arg);
}

/* True: there may be more to send at once. */
static bool send_some(struct outbox *outbox, struct way *way, __u64 now_ns)
{
	struct picked picked;

	for (int i = 0; i < AT_ONCE; i++) {
		enum outlet_result result;

		if (way->busy || !pick(outbox, way, &picked))
			return false;
		way->outlet->done = done;
		way->outlet->done_arg = way;
		result = way->outlet->ops->send(way->outlet, picked.payload, picked.len, now_ns);
		if (result == OUTLET_BUSY) {
			way->busy = true;
			way->flight = picked.place;
		} else if (!settle(outbox, way, &picked.place, result)) {
			return false;
		}
	}
	return true;
}

void outbox_send(struct outbox *outbox, __u64 now_ns)
{
	bool more = false;

	for (size_t i = 0; i < outbox->way_count; i++) {
		struct way *way = &outbox->way[i];

		more |= send_some(outbox, way, now_ns);
		way->counts.unsent = way->stored;
		for (size_t k = 0; k < outbox->memory.count; k++)
			way->counts.unsent += outbox->memory.kept[k].waiting >> i & 1;
	}
	if (more)
		outbox->news(OUTBOX_WORK, NULL, outbox->news_arg);
}
