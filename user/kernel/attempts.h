/* SPDX-License-Identifier: GPL-2.0-only */
/* Attempts to connect that nobody answers: finds them in the map where the programs keep them. */
#ifndef KERNEL_ATTEMPTS_H
#define KERNEL_ATTEMPTS_H

#include "core/batch.h"

/* A SYN without answer for so many seconds is unanswered. */
#define ATTEMPTS_ANSWER_S 10

struct attempts {
	int fd;        /* of the map; -1: they are not followed */
	__u32 netns;   /* where they are seen */
	__u32 swept_s; /* when they were last looked through */
	size_t left;   /* then, and since */
};

typedef int attempts_fn(void *arg, const struct record *record);

/*
 * Once a second: hands a record of each attempt that has become unanswered by second now_s to
 * tell(), once, and removes those that will not be sent again. begun: attempts since the last call.
 * -errno of bpf(2) or tell().
 */
int attempts_sweep(struct attempts *attempts, __u32 now_s, __u64 begun, attempts_fn *tell,
		   void *arg);

#endif
