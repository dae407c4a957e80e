/* SPDX-License-Identifier: GPL-2.0-only */
/* Records come in, and what is done with them when. */
#include "outbox/outbox.h"
#include "outbox/ways.h"
#include "store/history.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* With so many in memory they are written at once, not when the loop comes to it. */
#define WRITE_AT 256

void outbox_tell(struct outbox *outbox, enum outbox_news news, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	outbox->news(news, text, outbox->news_arg);
}

int outbox_new(const struct observer *observer, outbox_news_fn news, void *arg, struct outbox **ret)
{
	struct outbox *outbox = calloc(1, sizeof(*outbox));
	int err;

	if (!outbox)
		return -ENOMEM;
	err = limit_new(&outbox->limit);
	if (err) {
		free(outbox);
		return err;
	}
	outbox->observer = observer;
	outbox->news = news;
	outbox->news_arg = arg;
	*ret = outbox;
	return 0;
}

void outbox_free(struct outbox *outbox)
{
	if (!outbox)
		return;
	for (size_t i = 0; i < outbox->way_count; i++)
		outbox->way[i].outlet->ops->free(outbox->way[i].outlet);
	memory_clear(&outbox->memory);
	limit_free(outbox->limit);
	free(outbox);
}

void outbox_add_way(struct outbox *outbox, struct outlet *outlet)
{
	outbox->way[outbox->way_count++] = (struct way){ .outbox = outbox, .outlet = outlet };
}

struct holding {
	struct limit *limit;
	__u64 now_ns;
};

static int hold_again(const struct store_record *record, void *arg)
{
	const struct holding *holding = arg;
	bool alarm = !strcmp(record->action, "open") || !strcmp(record->action, "update");

	limit_add_held(holding->limit, record->rule, alarm, record->wall_ns, holding->now_ns);
	return 0;
}

/* What an earlier process left. */
static int take_up(struct outbox *outbox, __u64 now_ns)
{
	struct holding holding = { outbox->limit, now_ns };
	const char *names[OUTBOX_WAYS_MAX];
	size_t gone = 0;
	int err;

	for (size_t i = 0; i < outbox->way_count; i++)
		names[i] = outbox->way[i].outlet->ops->name;
	err = store_drop_other_posts(outbox->store, names, outbox->way_count, &gone);
	if (gone)
		outbox_tell(outbox, OUTBOX_LOST,
			    "%zu record%s waited for a sink that is not configured any more: they "
			    "stay in the history alone",
			    gone, gone == 1 ? "" : "s");
	for (size_t i = 0; i < outbox->way_count && !err; i++) {
		err = outbox_count(outbox, &outbox->way[i]);
		outbox->way[i].counts.unsent = outbox->way[i].stored;
	}
	return err ? err : store_each_held(outbox->store, hold_again, &holding);
}

void outbox_use_store(struct outbox *outbox, struct store *store, __u64 now_ns)
{
	outbox->store = store;
	outbox->unread = false;
	for (size_t i = 0; i < outbox->way_count; i++) {
		struct way *way = &outbox->way[i];

		way->stored = 0;
		memset(way->taken, 0, sizeof(way->taken));
		memset(way->dropped, 0, sizeof(way->dropped));
		if (way->flight.row) /* of a store that is gone */
			way->flight = (struct place){ 0 };
	}
	if (store && take_up(outbox, now_ns))
		outbox_tell(outbox, OUTBOX_LOST, "what waits in the store can't be read: %s",
			    store_failure(store));
}

/* Takes the record over. */
static void add(struct outbox *outbox, struct kept *kept, __u64 now_ns)
{
	__u32 lost;

	if (!kept->held)
		kept->waiting = (1U << outbox->way_count) - 1;
	if (memory_add(&outbox->memory, kept, &lost))
		lost = kept->waiting;
	for (size_t i = 0; i < outbox->way_count; i++)
		outbox->way[i].counts.lost += lost >> i & 1;
	if (lost)
		outbox_tell(outbox, OUTBOX_LOST,
			    "a record of the lowest priority had to go: %d wait in memory already",
			    MEMORY_RECORDS_MAX);
	if (outbox->memory.count >= WRITE_AT && outbox->store && !outbox->failing)
		outbox_write(outbox, now_ns);
	outbox->news(OUTBOX_WORK, NULL, outbox->news_arg);
}

void outbox_take_alert(struct outbox *outbox, const struct alert *alert, __u64 now_ns)
{
	struct kept kept = { .held = !limit_passes(outbox->limit, alert, now_ns) };

	if (formed_from_alert(outbox->observer, alert, &kept.formed)) {
		outbox_tell(outbox, OUTBOX_LOST, "an alert of rule %s: out of memory",
			    alert->rule->id);
		return;
	}
	add(outbox, &kept, now_ns);
}

void outbox_take_sensor(struct outbox *outbox, const struct sensor_event *event, __u64 now_ns)
{
	struct kept kept = {};

	if (!formed_from_sensor(outbox->observer, event, &kept.formed))
		add(outbox, &kept, now_ns);
}

static void make_digest(struct outbox *outbox, __u64 now_ns, __u64 wall_ns, bool at_end)
{
	struct kept kept = { .digest = true };
	struct digest digest;

	if (!limit_due(outbox->limit, now_ns, at_end, &digest))
		return;
	digest.wall_ns = wall_ns;
	digest.kept = outbox->store && !outbox->failing;
	if (formed_from_digest(outbox->observer, &digest, &kept.formed))
		return; /* no memory: tried again */
	limit_told(outbox->limit);
	add(outbox, &kept, now_ns);
}

void outbox_work(struct outbox *outbox, __u64 now_ns)
{
	/* A failing store is tried by outbox_tidy(). */
	if (outbox->memory.count && !outbox->failing)
		outbox_write(outbox, now_ns);
	outbox_send(outbox, now_ns);
}

void outbox_tidy(struct outbox *outbox, __u64 now_ns, __u64 wall_ns)
{
	make_digest(outbox, now_ns, wall_ns, false);
	outbox->unread = false;
	outbox_write(outbox, now_ns);
	outbox_send(outbox, now_ns);
}

void outbox_finish(struct outbox *outbox, __u64 now_ns, __u64 wall_ns)
{
	make_digest(outbox, now_ns, wall_ns, true);
	outbox_tidy(outbox, now_ns, wall_ns);
}

bool outbox_wait(struct outbox *outbox, int ms, __u64 now_ns)
{
	for (size_t i = 0; i < outbox->way_count; i++) {
		struct outlet *outlet = outbox->way[i].outlet;

		if (!outbox->way[i].busy)
			continue;
		outlet->ops->wait(outlet, ms, now_ns);
		return true;
	}
	return false;
}

const struct sink_counts *outbox_counts(const struct outbox *outbox, size_t way,
					const struct outlet **ret)
{
	if (way >= outbox->way_count)
		return NULL;
	*ret = outbox->way[way].outlet;
	return &outbox->way[way].counts;
}
