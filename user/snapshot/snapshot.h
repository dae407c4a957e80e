/* SPDX-License-Identifier: GPL-2.0-only */
/* What a judge knows, as bytes in parts, and back: windows, incidents, the buckets at hand. */
#ifndef SNAPSHOT_SNAPSHOT_H
#define SNAPSHOT_SNAPSHOT_H

#include "core/judge.h"

/*
 * A rule's parts. What changes is written anew; counts of seconds that are over are written once,
 * in numbered parts, and dropped when they have left the window. So a save costs what has come
 * since the last one, not what there is.
 *
 * Each part names what its rule counts and how (matches, groups, window or bucket; not its limit):
 * those of a rule that was changed are not taken back. Drop reasons are numbers, which differ among
 * kernels: parts of rules that look at drops are of one set of them.
 */
#define SNAPSHOT_STATE    0 /* open incidents, losses, samples, the present bucket */
#define SNAPSHOT_CLOSED   1 /* closed incidents that are remembered */
#define SNAPSHOT_NUMBERED 16
#define SNAPSHOT_PRESENT  0x7fffffffffffffffLL /* counts that are in no numbered part yet */

/* Cells (what a flow counted in a second) that one save writes at most, at 4 to 45 bytes. */
#define SNAPSHOT_CELLS 65536

/*
 * Where parts go. put: the part's bytes, which are valid during the call; last: the second (of the
 * judge's time; of an anomaly rule: the slice) of the last count in a numbered part. drop: numbered
 * parts with last < before are of no use any more. clear: nor is anything of the rule.
 */
struct snapshot_sink {
	int (*put)(const char *rule, __s64 part, __u64 last, const void *bytes, size_t len,
		   void *arg);
	int (*drop)(const char *rule, __u64 before, void *arg);
	int (*clear)(const char *rule, void *arg);
	void *arg;
};

struct snapshot;

/* reasons, or NULL: of this kernel. Judge and reasons must outlive the snapshot. -ENOMEM. */
int snapshot_new(const struct judge *judge, const struct reason_names *reasons,
		 struct snapshot **ret);
void snapshot_free(struct snapshot *snapshot); /* NULL is fine */

/*
 * Writes what has changed since the last save that was kept. *ret_through_ns: all counts up to then
 * (the judge's time) are written; where that is not now, there were too many for one save: the next
 * one is due soon. all: as many as there are. The sink's error ends it; -ENOMEM.
 */
int snapshot_save(struct snapshot *snapshot, const struct snapshot_sink *sink, bool all,
		  __u64 *ret_through_ns);

/* Are the judge's rules those that they were? If not, a new snapshot is to be made. */
bool snapshot_is_current(const struct snapshot *snapshot);

/* The parts of the last save are kept. Without it the next save writes them again. */
void snapshot_kept(struct snapshot *snapshot);

/* Has something been told, opened or closed that no save knows of? */
bool snapshot_is_urgent(const struct snapshot *snapshot);

/*
 * How parts are taken back. No time in them may lie after now_ns (the judge's time at the restart),
 * no bucket begin after wall_ns. learned_s: the start of the last bucket that the rule's baselines
 * have learned, or -1: that bucket is over, whatever the parts say. no_counts: time between then
 * and now is not known, so incidents alone are taken.
 */
struct snapshot_terms {
	__u64 now_ns;
	__u64 wall_ns;
	__s64 learned_s;
	bool no_counts;
};

/*
 * Takes a part back, before the judge's first batch: of each rule SNAPSHOT_STATE first, then the
 * others in the order of their numbers. -ENOENT: no such rule, or it counts something else now;
 * -EINVAL: damaged, impossible, or another version; -ENOMEM. After a failure the rule begins anew,
 * and its further parts fail.
 */
int snapshot_load(struct snapshot *snapshot, const char *rule, __s64 part, const void *bytes,
		  size_t len, const struct snapshot_terms *terms);

/* A judge's clock, and the boot (an id of 16 bytes) that it was read in. */
#define SNAPSHOT_BOOT_LEN  16
#define SNAPSHOT_CLOCK_MAX 128 /* bytes */
struct snapshot_clock {
	struct judge_clock judge;
	unsigned char boot[SNAPSHOT_BOOT_LEN];
};
size_t snapshot_clock_save(const struct snapshot_clock *clock,
			   unsigned char bytes[SNAPSHOT_CLOCK_MAX]);
int snapshot_clock_load(const void *bytes, size_t len, struct snapshot_clock *ret); /* -EINVAL */

/*
 * How time goes on: within the same boot by CLOCK_BOOTTIME, over a restart of the machine by the
 * wall clock. Returns whether that is known; if not, as where the wall clock went back, *ret goes
 * on as if no time had passed. now: both clocks at this moment.
 */
bool snapshot_clock_resume(const struct snapshot_clock *kept,
			   const unsigned char boot[SNAPSHOT_BOOT_LEN], __u64 boot_ns,
			   __u64 wall_ns, struct judge_clock *ret);

#endif
