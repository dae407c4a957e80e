/* SPDX-License-Identifier: GPL-2.0-only */
/* Between those who make records and the ways out: on the disk first, then sent, then forgotten. */
#ifndef OUTBOX_OUTBOX_H
#define OUTBOX_OUTBOX_H

#include "out/outlet.h"
#include "out/sink.h"
#include "store/store.h"

#define OUTBOX_WAYS_MAX 4

/* A way's posts in the store; where there are more, the oldest of the lowest priority go. */
#define OUTBOX_POSTS_MAX       10000
#define OUTBOX_POSTS_BYTES_MAX (64ULL << 20)

/*
 * A record is formed once. What is new is put into the store (its history, and a post for each way)
 * in one transaction, and only then sent: alarms first, each in the order of time, each way by
 * itself. Posts that were taken are removed with the next transaction, so a kill may send some
 * twice, with the same event.id, and loses none.
 *
 * Where the store can't be written, records are sent from memory (memory.h), and put into the store
 * once it takes them.
 */
struct outbox;

/* What is to be told; text is one sentence. */
enum outbox_news {
	OUTBOX_FAILING, /* the store can't be written */
	OUTBOX_WRITTEN, /* it is written again */
	OUTBOX_LOST,    /* records were refused or had to go; the way is named */
	OUTBOX_WORK,    /* something is to be done: outbox_work() should be called soon; no text */
};

typedef void (*outbox_news_fn)(enum outbox_news news, const char *text, void *arg);

int outbox_new(const struct observer *observer, outbox_news_fn news, void *arg,
	       struct outbox **ret); /* -ENOMEM */
/* What is in memory alone is lost. */
void outbox_free(struct outbox *outbox);

/* Adds a way, which is the outbox's from now on. Before outbox_use_store(). */
void outbox_add_way(struct outbox *outbox, struct outlet *outlet);

/*
 * The store, which stays the caller's; NULL: there is none, or no more. What waits in it for these
 * ways will be sent; what waits for others is removed. now_ns: CLOCK_BOOTTIME.
 */
void outbox_use_store(struct outbox *outbox, struct store *store, __u64 now_ns);

/* New records. They are sent by outbox_work(). */
void outbox_take_alert(struct outbox *outbox, const struct alert *alert, __u64 now_ns);
void outbox_take_sensor(struct outbox *outbox, const struct sensor_event *event, __u64 now_ns);

/*
 * Writes what is new and sends what can be sent, a bounded amount of it. now_ns: CLOCK_BOOTTIME.
 * outbox_tidy() (about once a second) also tries a failing store again, removes what was taken,
 * and makes digests that are due.
 */
void outbox_work(struct outbox *outbox, __u64 now_ns);
void outbox_tidy(struct outbox *outbox, __u64 now_ns, __u64 wall_ns);

/* The digest of what is held, at once; then what outbox_tidy() does. */
void outbox_finish(struct outbox *outbox, __u64 now_ns, __u64 wall_ns);

/* At the end: goes on with what is being sent for ms at most. False: nothing is. */
bool outbox_wait(struct outbox *outbox, int ms, __u64 now_ns);

/* The ways, for those who tell about them; NULL where there is none of that number. */
const struct sink_counts *outbox_counts(const struct outbox *outbox, size_t way,
					const struct outlet **ret);

#endif
