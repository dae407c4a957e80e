/* SPDX-License-Identifier: GPL-2.0-only */
/* Rule definitions, matching of records, group keys. */
#ifndef CORE_RULES_H
#define CORE_RULES_H

#include <stdbool.h>

#include "anomaly/anomaly.h"
#include "core/batch.h"
#include "core/netset.h"

#define RULE_PORTS_MAX   32
#define RULE_STATUS_MAX  16
#define RULE_REASONS_MAX 32
#define RULE_ADDRS_MAX   16

/* An inclusive range; a single value has first == last. */
struct range {
	__u16 first;
	__u16 last;
};

/* One way to say which addresses are meant. */
struct addr_term {
	enum { ADDR_INTERNAL, ADDR_EXTERNAL, ADDR_NET, ADDR_LIST } kind;
	struct net net;    /* ADDR_NET */
	unsigned int list; /* ADDR_LIST: index into struct places */
	const char *name;  /* ADDR_LIST: not owned; NULL where nobody compares rules */
};

/* True for an address if any term holds; no terms: every address. */
struct addr_match {
	struct addr_term term[RULE_ADDRS_MAX];
	size_t count;
};

/* What a rule looks at: everything given must hold. Empty members hold for every record. */
struct match {
	struct range status[RULE_STATUS_MAX]; /* http */
	size_t status_count;
	struct addr_match source;      /* http: client */
	struct addr_match destination; /* http: server */
	struct range port[RULE_PORTS_MAX];
	size_t port_count;
	__u8 proto;                     /* drop: IP protocol number, 0 any */
	__u32 classes;                  /* drop: bit mask of 1 << enum sw_class, 0 any */
	__u32 hooks;                    /* drop: bit mask of 1 << enum sw_hook, 0 any */
	char *reason[RULE_REASONS_MAX]; /* drop: names as configured, owned */
	size_t reason_count;
	__u8 reason_set[SW_REASON_MAX / 8]; /* resolved by rule_resolve_reasons() */
};

/* None of these may hold. */
struct except {
	struct addr_match either; /* source or destination */
	struct addr_match source;
	struct addr_match destination;
};

enum group_field {
	GROUP_SOURCE = 1 << 0,      /* http: client */
	GROUP_DESTINATION = 1 << 1, /* http: server */
	GROUP_PORT = 1 << 2,
	GROUP_REASON = 1 << 3, /* drop */
};

enum rule_kind { RULE_THRESHOLD, RULE_ANOMALY };
enum distinct { DISTINCT_NONE, DISTINCT_SOURCE, DISTINCT_DESTINATION, DISTINCT_PORT };

/* One rule, immutable once loaded. Strings are owned by the rule; those not given are NULL. */
struct rule {
	char *id;
	char *title;
	char *category;
	char *summary;
	char *description;
	char **false_positives; /* NULL-terminated, or NULL */
	char **references;      /* NULL-terminated, or NULL */
	char **tags;            /* NULL-terminated, or NULL */
	bool enabled;
	bool prototype;
	enum feed feed;
	struct match match;
	struct except except;
	__u32 group_by; /* bits of enum group_field; 0: one group for all */
	enum rule_kind kind;
	struct {
		__u64 count;
		__u64 window_ns;
		enum distinct distinct;
	} threshold;
	struct {
		__u64 bucket_ns;
		double score; /* 0..100 */
		__u64 min_count;
		enum side side;
	} anomaly;
	__u64 suppress_ns;
	unsigned int severity;   /* 0..10 */
	unsigned int risk_score; /* 0..100 */
};

/* Fields that a rule does not group by are zero. Padding is zero: compared and hashed as bytes. */
struct group_key {
	struct addr source;
	struct addr destination;
	__u16 port;
	__u16 code;
	__u32 pad;
};

/* Frees what the rule owns, not the rule itself. */
void rule_clear(struct rule *rule);

/*
 * Turns reason names into this kernel's numbers. Returns how many of the rule's names this kernel
 * does not have; such a name never matches.
 */
size_t rule_resolve_reasons(struct rule *rule, const struct reason_names *names);

/* Does the rule look at this record? */
bool rule_match(const struct rule *rule, const struct places *places, const struct record *record);

/*
 * A number for what a rule counts: its feed, matches, exceptions and groups, not its title, level
 * or buckets. The same in each run; what lists and zones hold is no part of it.
 */
__u64 rule_definition(const struct rule *rule);

/*
 * Are a's counts good for b, which has the same id in another configuration? Where they look at the
 * same in the same windows or buckets, whatever their limits and words.
 */
bool rule_counts_alike(const struct rule *a, const struct rule *b);

/* The group that a matching record belongs to. */
void rule_group(const struct rule *rule, const struct record *record, struct group_key *ret);

#endif
