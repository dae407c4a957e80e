/* SPDX-License-Identifier: GPL-2.0-only */
/* A progress bar on standard error, where that is a terminal. */
#ifndef CMD_PROGRESS_H
#define CMD_PROGRESS_H

#include <stdbool.h>
#include <linux/types.h>

struct progress {
	bool shown, colour; /* on a terminal; coloured */
	bool drawn;         /* a bar stands on the line */
	__u64 start_ns;     /* CLOCK_MONOTONIC */
	__u64 drawn_ns;
};

void progress_begin(struct progress *progress);

/* Draws, at most ten times a second. size 0: how much there is to do is not known. */
void progress_tell(struct progress *progress, __u64 packets, __u64 position, __u64 size);

/* Takes the bar away, so that something else can be written. */
void progress_clear(struct progress *progress);

double progress_seconds(const struct progress *progress);

#endif
