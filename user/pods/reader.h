/* SPDX-License-Identifier: GPL-2.0-only */
/* What an API server or a kubelet tells of pods, as it comes, into the cache. */
#ifndef PODS_READER_H
#define PODS_READER_H

#include "pods/cache.h"
#include "pods/split.h"

#define READER_VERSION_MAX 64
#define READER_TROUBLE_MAX 128

enum reader_form {
	READER_LIST,  /* a PodList */
	READER_WATCH, /* watch events, one after the other */
};

/* Members are read by who owns it; all is set by reader_begin(). */
struct reader {
	enum reader_form form;
	struct split split;
	struct pods *pods;
	const struct addr *only; /* pods that have not this address are left out; NULL: none are */
	__u64 until_ns, now_ns;  /* as pods_put() */
	__u64 left;              /* bytes that may still come */
	__u64 told;              /* how often of a pod */
	__u64 odd;    /* pods that were left out: too long, or with names that can't be */
	bool expired; /* the server knows the version no more that the watch began at */
	char version[READER_VERSION_MAX]; /* of the last event; it may stand in a URL */
	char trouble[READER_TROUBLE_MAX]; /* why it went wrong; empty: it did not */
};

/* Pods go to `pods` with until_ns, see there. bytes_max: of a longer answer nothing is taken. */
void reader_begin(struct reader *reader, enum reader_form form, struct pods *pods, __u64 until_ns,
		  __u64 bytes_max);

/* False: `trouble` says why it can't be gone on with. */
bool reader_take(struct reader *reader, const char *data, size_t len, __u64 now_ns);

/* Did it end where it may end? Of a list also: was it one? False: `trouble` says. */
bool reader_finish(struct reader *reader);

void reader_clear(struct reader *reader);

#endif
