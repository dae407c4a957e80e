/* SPDX-License-Identifier: GPL-2.0-only */
/* An outbox with a store in a folder of its own, and ways that take what they are told to. */
#ifndef TESTS_UNIT_OUTBOXING_H
#define TESTS_UNIT_OUTBOXING_H

#include <jansson.h>

#include "outbox/outbox.h"
#include "store/history.h"
#include "store/outbox.h"
#include "tests/unit/storing.h"
#include "tests/unit/example.h"

#define WAYS 2

/* Plays a sink. */
struct player {
	struct outlet outlet;
	enum outlet_result answer;
	unsigned int sent;
	char said[4096]; /* of each post taken, its event.action or reason, and a blank */
};

struct desk {
	struct store *store;
	struct outbox *outbox;
	struct player *player[WAYS]; /* "journald", "webhook" */
	__u64 now_ns;
	unsigned int news[OUTBOX_WORK + 1];
	char last_news[512];
};

static inline void player_note(struct player *player, const char *payload, size_t len)
{
	json_t *root = json_loadb(payload, len, JSON_REJECT_DUPLICATES, NULL), *event;
	const char *word;

	assert_non_null(root);
	event = json_object_get(root, "event");
	word = json_string_value(json_object_get(event, "reason"));
	if (!word)
		word = json_string_value(json_object_get(event, "action"));
	player->sent++;
	if (strlen(player->said) + strlen(word) + 2 < sizeof(player->said))
		strcat(strcat(player->said, word), " ");
	json_decref(root);
}

static inline enum outlet_result player_send(struct outlet *outlet, const void *payload, size_t len,
					     __u64 now_ns)
{
	struct player *player = (struct player *)outlet;

	if (player->answer == OUTLET_SENT || player->answer == OUTLET_BUSY)
		player_note(player, payload, len);
	return player->answer;
}

static inline void player_free(struct outlet *outlet)
{
	free(outlet);
}

static inline void desk_news(enum outbox_news news, const char *text, void *arg)
{
	struct desk *desk = arg;

	desk->news[news]++;
	if (text)
		snprintf(desk->last_news, sizeof(desk->last_news), "%s", text);
}

/* A process begins: the store may hold what an earlier one left. */
static inline void desk_open(struct desk *desk, bool with_store)
{
	static const struct outlet_ops ops[WAYS] = {
		{ .name = "journald", .sends_ecs = true, .send = player_send, .free = player_free },
		{ .name = "webhook", .sends_ecs = true, .send = player_send, .free = player_free },
	};

	*desk = (struct desk){ .now_ns = 1000 * EXAMPLE_SECOND };
	assert_int_equal(outbox_new(example_observer(), desk_news, desk, &desk->outbox), 0);
	for (int i = 0; i < WAYS; i++) {
		desk->player[i] = calloc(1, sizeof(struct player));
		assert_non_null(desk->player[i]);
		desk->player[i]->outlet.ops = &ops[i];
		outbox_add_way(desk->outbox, &desk->player[i]->outlet);
	}
	if (with_store)
		desk->store = open_store();
	outbox_use_store(desk->outbox, desk->store, desk->now_ns);
}

/* It ends as by kill -9: nothing is tidied. */
static inline void desk_kill(struct desk *desk)
{
	outbox_free(desk->outbox);
	store_close(desk->store);
}

static inline void desk_work(struct desk *desk)
{
	do {
		desk->news[OUTBOX_WORK] = 0;
		outbox_work(desk->outbox, desk->now_ns);
	} while (desk->news[OUTBOX_WORK]);
}

static inline void desk_second(struct desk *desk)
{
	desk->now_ns += EXAMPLE_SECOND;
	outbox_tidy(desk->outbox, desk->now_ns, EXAMPLE_WALL + desk->now_ns);
	desk_work(desk);
}

static inline void desk_say(struct desk *desk, const char *reason)
{
	const struct sensor_event event = { SENSOR_BLIND, EXAMPLE_WALL, reason, NULL };

	outbox_take_sensor(desk->outbox, &event, desk->now_ns);
}

/* An alert of its own: the number makes its id. */
static inline void desk_alert(struct desk *desk, enum alert_action action, unsigned int number)
{
	struct example s;

	example_http(&s);
	s.alert.action = action;
	snprintf(s.alert.event_id, sizeof(s.alert.event_id), "%032u", number);
	outbox_take_alert(desk->outbox, &s.alert, desk->now_ns);
}

static inline const struct sink_counts *desk_counts(struct desk *desk, size_t way)
{
	const struct outlet *outlet;

	return outbox_counts(desk->outbox, way, &outlet);
}

static inline size_t stored_posts(struct desk *desk, const char *sink)
{
	size_t count;
	__u64 bytes;

	assert_int_equal(store_count_posts(desk->store, sink, &count, &bytes), 0);
	return count;
}

static inline int count_record(const struct store_record *record, void *arg)
{
	++*(size_t *)arg;
	return 0;
}

static inline size_t stored_records(struct desk *desk)
{
	size_t count = 0;

	assert_int_equal(store_each_record(desk->store, &(struct store_records_wanted){},
					   count_record, &count),
			 0);
	return count;
}

#endif
