/* SPDX-License-Identifier: GPL-2.0-only */
/* Incidents: open, update, close, suppression, evidence. What leaves the core is struct alert. */
#ifndef CORE_INCIDENT_H
#define CORE_INCIDENT_H

#include "core/rules.h"

#define ALERT_ID_LEN      32 /* hexadecimal digits */
#define ALERT_TOP_MAX     8
#define ALERT_SAMPLES_MAX 4
#define ALERT_TEXT        192

enum alert_action { ALERT_OPEN, ALERT_UPDATE, ALERT_CLOSE, ALERT_SUPPRESSED };

/* Which values of the records that made an incident were the most frequent. */
enum dimension {
	DIM_STATUS,      /* http: status codes */
	DIM_SOURCE,      /* addresses */
	DIM_DESTINATION, /* addresses with port (port 0: without) */
	DIM_PORT,        /* destination ports */
	DIM_REASON,      /* drop: kernel reason numbers */
	DIM_HOOK,        /* drop: enum sw_hook */
	DIM_CHAIN,       /* drop: index of struct chain_names; of this run alone */
	DIM_MAX,
};

struct top_entry {
	struct addr addr; /* DIM_SOURCE, DIM_DESTINATION */
	__u16 port;       /* DIM_DESTINATION, DIM_PORT */
	__u16 code;       /* DIM_STATUS, DIM_REASON, DIM_HOOK, DIM_CHAIN */
	__u32 pad;
	__u64 count;
};

/* The most frequent first; `rest` is what others hold together, `distinct` how many there are. */
struct top {
	struct top_entry entry[ALERT_TOP_MAX];
	size_t count;
	__u64 rest;
	__u64 distinct;
	bool distinct_at_least; /* more values came than were kept */
};

/* One of the packets that were counted. Numbers as in struct record. */
struct alert_sample {
	__u64 wall_ns;
	struct addr source;
	struct addr destination;
	__u16 source_port; /* 0 none */
	__u16 port;
	__u16 code;
	__u8 proto;
};

#define ALERT_REQUESTS_MAX 8

/* What was asked for, of the errors of which that is known. */
struct alert_requests {
	char text[ALERT_REQUESTS_MAX][REQUEST_TEXT]; /* the most frequent first, then the newest */
	size_t count;
	__u64 known;    /* errors whose request is known */
	__u64 distinct; /* different requests */
	__u64 paths;    /* different paths of different servers, whatever the method */
};

enum cause {
	CAUSE_MIXED,
	CAUSE_SCAN,
	CAUSE_SWEEP,
	CAUSE_FLOOD,
	CAUSE_MISCONFIGURATION,
	CAUSE_BEACON_OR_EXFILTRATION,
};

struct influencer {
	enum dimension dimension;
	struct top_entry value;
	double influence; /* 0.4..1 */
};

/* What could not be seen or attributed while the incident's counts were made. */
struct coverage {
	bool exact;
	__u64 evicted;
	__u64 unparsed;
	__u64 gap_ns;
};

/* One record about an incident, complete: a sink needs nothing else but who the observer is. */
struct alert {
	const struct rule *rule;
	enum alert_action action;
	bool suppressed;
	char incident[ALERT_ID_LEN + 1];
	char event_id[ALERT_ID_LEN + 1]; /* deterministic: see id.h */
	__u64 wall_ns;       /* when it was judged; all wall_ns are since the Unix epoch */
	__u64 start_wall_ns; /* first and last matching packet's second */
	__u64 end_wall_ns;
	struct group_key group;
	__u64 count; /* in the window, or the bucket's actual */
	__u64 peak;  /* largest count so far in this incident */
	struct {
		double score;
		double peak_score;
		double probability;
		double actual;
		double typical;
		double typical_low;
		double typical_high;
		__u64 bucket_start_wall_ns;
		double bucket_coverage; /* 0..1: the part of the bucket that was seen */
		bool bucket_closed;
		bool learning;
		struct influencer influencer[ALERT_TOP_MAX];
		size_t influencer_count;
	} anomaly; /* RULE_ANOMALY only */
	struct top top[DIM_MAX];
	struct alert_sample sample[ALERT_SAMPLES_MAX]; /* the newest first */
	size_t sample_count;
	struct alert_requests requests;
	enum cause cause;
	char cause_says[ALERT_TEXT]; /* "one client, 3 servers in 3 m 29 s" */
	struct coverage coverage;
};

/* "scan", "sweep", "flood", "misconfiguration", "beacon_or_exfiltration", "mixed" */
const char *cause_name(enum cause cause);
/* "open", "update", "close", "suppressed" */
const char *alert_action_name(enum alert_action action);

/*
 * The life of a rule's incidents. A group whose condition holds is raised; from then on
 * incidents_judge() asks how it stands and writes:
 * - open, when it was raised; or suppressed, where the same group's last record of open lies less
 *   than suppress_ns back, unless its peak is twice the one known then, or its cause is none of
 *   those told then, or its main source is another;
 * - open, too, when a suppressed one no longer meets that (it has grown, or has lasted too long);
 * - update, each time that the peak has doubled, at least INCIDENT_UPDATE_NS after the last record;
 * - close, after calm_ns without interruption below the closing level. Its evidence and cause are
 *   those of the last open or update: its own window is nearly empty by then.
 * Suppressed incidents have no updates. Records of one incident share its id; both ids are FNV-1a
 * hashes (128 bits) of rule id, group, first second (wall clock) and, of a record, its serial
 * number and action.
 */
struct incidents;

#define INCIDENT_UPDATE_NS 60000000000ULL

/*
 * Incidents of a rule, open ones and those remembered for suppression: 16,384 entries at 192 bytes,
 * and 4 KiB more for each open one (its last evidence), so 3 MiB and, in the worst case, 64 MiB
 * more. Where they do not suffice, what was closed first is forgotten (its next incident is told);
 * with that many open at once, further ones are counted and raised again by their next count.
 */
#define INCIDENT_MAX 16384

/* How a group stands when it is judged. */
struct standing {
	__u64 count; /* 0: the times below are not known */
	__u64 first_wall_ns;
	__u64 last_wall_ns;
	bool over; /* the condition holds */
	bool calm; /* below the closing level */
};

typedef void (*alert_emit_fn)(const struct alert *alert, void *arg);

struct incidents_cfg {
	const struct rule *rule; /* outlives the incidents */
	__u64 calm_ns;
	__u32 max;
	__u64 seed; /* for hashing */
	alert_emit_fn emit;
	void *emit_arg;
	/* How does this group stand now? */
	void (*stand)(const struct group_key *key, struct standing *ret, void *arg);
	/* Fills in evidence, cause, coverage and the anomaly's figures. */
	void (*describe)(struct alert *alert, void *arg);
	void *watch_arg; /* of stand and describe */
};

int incidents_new(const struct incidents_cfg *cfg, struct incidents **ret); /* -ENOMEM */
void incidents_free(struct incidents *incidents);
/* Forgets all, open and remembered ones, without a word. */
void incidents_clear(struct incidents *incidents);

/* The group's condition holds. Nothing new where it is open already. -ENOSPC (counted), -ENOMEM. */
int incidents_raise(struct incidents *incidents, const struct group_key *key);

/* Judges every open incident, in the order in which they were raised. */
void incidents_judge(struct incidents *incidents, __u64 now_ns, __u64 wall_ns);

/*
 * From now on they are those of this rule, and watch_arg that of stand and describe: the rule has
 * other words or limits, or its watch lies elsewhere.
 */
void incidents_adopt(struct incidents *incidents, const struct rule *rule, void *watch_arg);

/* The rule is no more: closes every open incident that was told. */
void incidents_end(struct incidents *incidents, __u64 now_ns, __u64 wall_ns);

size_t incidents_open(const struct incidents *incidents);
/* Closed ones that are kept to know their like when it comes back. */
size_t incidents_remembered(const struct incidents *incidents);
/* How often a condition held that found no room. */
__u64 incidents_dropped(const struct incidents *incidents);

#endif
