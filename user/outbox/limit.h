/* SPDX-License-Identifier: GPL-2.0-only */
/* So many alerts a second are sent one by one; the rest is held and told in a digest. */
#ifndef OUTBOX_LIMIT_H
#define OUTBOX_LIMIT_H

#include "record/digest.h"

#define LIMIT_RATE      10             /* alert records a second, and at once after silence */
#define LIMIT_RESERVE   5              /* of these, kept for records that alarm */
#define LIMIT_WINDOW_NS 10000000000ULL /* a digest comes so long after the first held record */

struct limit;

int limit_new(struct limit **ret); /* -ENOMEM */
void limit_free(struct limit *limit);

/*
 * Is this record sent? Where it is not, it is counted for the digest. Records that do not alarm
 * (closed, suppressed, of a prototype) leave LIMIT_RESERVE to those that do. An alarm of a rule
 * that had none sent for LIMIT_WINDOW_NS is sent in any case: a flood of one rule's hides no
 * other's. now_ns: CLOCK_BOOTTIME.
 */
bool limit_passes(struct limit *limit, const struct alert *alert, __u64 now_ns);

/* Counts one that an earlier process held and did not tell. */
void limit_add_held(struct limit *limit, const char *rule, bool alarm, __u64 wall_ns, __u64 now_ns);

/*
 * Is a digest due? Or, at the end, is there anything to tell? Fills *ret but for wall_ns and kept;
 * its strings live until the next call but for limit_told(), which begins anew.
 */
bool limit_due(struct limit *limit, __u64 now_ns, bool at_end, struct digest *ret);
void limit_told(struct limit *limit);

#endif
