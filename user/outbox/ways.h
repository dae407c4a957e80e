/* SPDX-License-Identifier: GPL-2.0-only */
/* What an outbox consists of: for the files of this folder. */
#ifndef OUTBOX_WAYS_H
#define OUTBOX_WAYS_H

#include "outbox/limit.h"
#include "outbox/memory.h"
#include "outbox/outbox.h"
#include "store/outbox.h"

/* Where a post stands: in the store (row > 0) or in memory (serial > 0). */
struct place {
	__s64 row;
	enum store_lane lane;
	__u64 serial;
};

struct way {
	struct outbox *outbox;
	struct outlet *outlet;
	struct sink_counts counts;
	size_t stored;        /* posts in the store that were not taken */
	__u64 stored_bytes;   /* of all in the store, at most */
	__s64 taken[LANES];   /* all posts up to this row were */
	__s64 dropped[LANES]; /* and these are gone from the store */
	bool busy;            /* the outlet is sending: */
	struct place flight;  /* this one */
};

struct outbox {
	const struct observer *observer;
	outbox_news_fn news;
	void *news_arg;
	struct store *store; /* NULL: none */
	struct memory memory;
	struct limit *limit;
	struct way way[OUTBOX_WAYS_MAX];
	size_t way_count;
	bool failing; /* the store, and it was said */
	bool unread;  /* posts can't be read: until the next transaction */
	__u64 forget_due_ns;
};

/* Tells; format makes a sentence. */
void outbox_tell(struct outbox *outbox, enum outbox_news news, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts what is in memory into the store, removes there what was taken. */
void outbox_write(struct outbox *outbox, __u64 now_ns);

/* What the store has for this way, counted anew. -errno. */
int outbox_count(struct outbox *outbox, struct way *way);

/* Offers posts to the ways' outlets until they take no more, or it is enough for now. */
void outbox_send(struct outbox *outbox, __u64 now_ns);

#endif
