/* SPDX-License-Identifier: GPL-2.0-only */
/* Cuts frames that are too long for one run of a program into several that say the same. */
#ifndef CAPTURE_SEGMENT_H
#define CAPTURE_SEGMENT_H

#include <stdbool.h>
#include <linux/types.h>

/*
 * The longest frame that is not cut: what every kernel takes in a test run of an XDP program
 * without frags (a page without head and tail room), so that no result depends on the kernel.
 */
#define SEGMENT_MAX 3072

/* A frame while it is handed out. */
struct segmenter {
	const __u8 *frame; /* Ethernet */
	__u32 len;
	__u32 pos; /* of the TCP payload */
	bool done;
	__u8 buf[SEGMENT_MAX];
};

/* The frame, of at least an Ethernet header, stays the caller's. */
static inline void segment_begin(struct segmenter *s, const __u8 *frame, __u32 len)
{
	s->frame = frame;
	s->len = len;
	s->pos = 0;
	s->done = false;
}

/*
 * The next part, NULL after the last one; valid until the next call. TCP segments are cut into
 * some with advancing sequence numbers; of all else the beginning is kept, with an IP length that
 * fits, as nobody looks at the rest. What the parser says of a frame, it says of its parts.
 */
const __u8 *segment_next(struct segmenter *s, __u32 *ret_len);

#endif
