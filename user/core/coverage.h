/* SPDX-License-Identifier: GPL-2.0-only */
/* What was lost during a window: sums of batches' losses that slide along with it. */
#ifndef CORE_COVERAGE_H
#define CORE_COVERAGE_H

#include "core/incident.h"

/*
 * Seconds with losses that are told apart: all of a 5-minute window. Beyond it, the newest ones
 * are told together, so that a loss is remembered too long rather than forgotten too early.
 */
#define COVERAGE_SECONDS_MAX 512

struct coverage_second {
	__u64 second;
	struct coverage lost; /* .exact unused */
};

/* All zero: nothing was lost. */
struct coverage_log {
	struct coverage_second entry[COVERAGE_SECONDS_MAX]; /* a ring */
	size_t oldest;
	size_t count;
	__u64 first_second; /* what lies before is of no interest any more */
};

/* Adds what a batch lost, and counts that the window had no room for; zeroes cost nothing. */
void coverage_add(struct coverage_log *log, __u64 second, const struct loss *loss, enum feed feed,
		  __u64 groups_dropped);
/* Forgets seconds before first_second. */
void coverage_advance(struct coverage_log *log, __u64 first_second);
void coverage_clear(struct coverage_log *log);
/* A gap lies before the end of its second; it counts from the first second that is of interest. */
void coverage_sum(const struct coverage_log *log, struct coverage *ret);

#endif
