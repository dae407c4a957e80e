/* SPDX-License-Identifier: GPL-2.0-only */
/* What parts consist of: for the files of this folder. */
#ifndef SNAPSHOT_PARTS_H
#define SNAPSHOT_PARTS_H

#include "core/watch.h"
#include "snapshot/pack.h"
#include "snapshot/snapshot.h"

/* Times may be anything up to here: 146 years. */
#define TIME_MAX_NS (1ULL << 62)
#define SECOND_NS   1000000000ULL

#define PART_VERSION 1

/* Before the payload; as bytes, the same on every machine. */
struct head {
	unsigned char magic[4];
	unsigned char hash[8]; /* of all that follows */
	unsigned char identity[8];
	unsigned char version;
	unsigned char kind; /* enum kind */
};

enum kind { KIND_STATE, KIND_CLOSED, KIND_CELLS };

/* What is written of a rule. */
struct written {
	bool once;       /* false: nothing, and what was there before is to be removed */
	__u32 next_cell; /* the first one that is in no numbered part */
	__s64 next_part;
	__u64 matched, told, closed_changes, bucket;
	bool open, lost; /* there were open incidents, losses */
	bool behind;     /* there were more cells than one save takes */
};

struct rule_parts {
	struct watch *watch;
	const struct rule *rule; /* the watch's, when the snapshot was made */
	__u64 identity;
	struct written kept, pending;
	bool loaded; /* its state came back */
	bool counts; /* and its counts are taken */
	bool failed;
};

struct snapshot {
	const struct judge *judge;
	struct rule_parts *rules;
	size_t count;
	struct pack pack;
};

/* What a part may hold: bounds that are not the format's own. */
struct bounds {
	const struct rule *rule;
	__u64 now_ns;
};

/* cells.c: cells from `from` up to before `to`; numbers wrap. *ret_last: the last one's second. */
void cells_pack(struct pack *pack, const struct watch *watch, __u32 from, __u32 to,
		__u64 *ret_last);
/* Puts them into the window, of which they are the newest. seconds: least..most. */
void cells_unpack(struct unpack *unpack, struct watch *watch, __u64 least, __u64 most);

/* incidents.c */
void group_pack(struct pack *pack, const struct rule *rule, const struct group_key *group);
void group_unpack(struct unpack *unpack, const struct rule *rule, struct group_key *ret);
void incidents_pack(struct pack *pack, const struct incidents *incidents, bool closed);
void incidents_unpack(struct unpack *unpack, struct incidents *incidents, bool closed,
		      const struct bounds *bounds);
void sample_pack(struct pack *pack, const struct alert_sample *sample);
void sample_unpack(struct unpack *unpack, struct alert_sample *ret);

/* rest.c: losses, samples, and of an anomaly rule the bucket at hand. */
void rest_pack(struct pack *pack, const struct watch *watch);
/* counts: take them; else they are read and left. */
void rest_unpack(struct unpack *unpack, struct watch *watch, const struct snapshot_terms *terms,
		 bool *ret_counts);

/* Second (or slice) of the oldest count that can be of use. */
__u64 rest_first(const struct watch *watch);

#endif
