/* SPDX-License-Identifier: GPL-2.0-only */
/* Records that wait to be sent: on the disk before they are sent, until their sink has taken them.
 */
#ifndef STORE_OUTBOX_H
#define STORE_OUTBOX_H

#include "store/store.h"

#define STORE_POST_MAX (8 << 20) /* bytes of a payload */

/* Alerts do not stand behind other records: each sink's posts are two queues. */
enum store_lane { LANE_ALARMS, LANE_OTHERS, LANES };

/* What one sink is to be sent of a record. */
struct store_post {
	__s64 id; /* of what store_next_post() tells; else it is not looked at */
	const char *sink;
	enum store_lane lane;
	int priority; /* 0 the highest, 7 the lowest */
	__u64 wall_ns;
	const void *payload; /* what the sink sends, byte by byte; NULL: this row is damaged */
	size_t len;
};

/* *ret_id: its number. -EMSGSIZE: longer than STORE_POST_MAX. */
int store_put_post(struct store *store, const struct store_post *post, __s64 *ret_id);

/*
 * The oldest post of this sink and lane whose number is above after_id; -ENOENT: there is none. The
 * payload lives until the next call about posts.
 */
int store_next_post(struct store *store, const char *sink, enum store_lane lane, __s64 after_id,
		    struct store_post *ret);

/* Removes what has a number up to through_id; it was taken. */
int store_drop_posts(struct store *store, const char *sink, enum store_lane lane, __s64 through_id);

/* Removes the `count` oldest posts of the lowest priority. *ret_count: so many there were. */
int store_shed_posts(struct store *store, const char *sink, size_t count, size_t *ret_count);

int store_count_posts(struct store *store, const char *sink, size_t *ret_count, __u64 *ret_bytes);

/* Removes what waits for a sink that is none of these. *ret_count: so many there were. */
int store_drop_other_posts(struct store *store, const char *const *sinks, size_t sink_count,
			   size_t *ret_count);

#endif
