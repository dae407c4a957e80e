/* SPDX-License-Identifier: GPL-2.0-only */
/* How the sensor stands: plain data that metrics and status are made from. */
#ifndef VIEW_VIEW_H
#define VIEW_VIEW_H

#include "core/judge.h"
#include "record/record.h"
#include "view/tally.h"
#include "view/unread.h"

/* Records of a rule's incidents since the start, by enum alert_action. */
#define VIEW_ACTIONS (ALERT_SUPPRESSED + 1)

struct view_rule {
	struct judge_state state;
	__u64 told[VIEW_ACTIONS];
};

/* A program that should be attached somewhere. */
struct view_hook {
	char interface[32];
	const char *hook; /* "ingress", "egress"; "kfree_skb" where there is no interface */
	const char *mode; /* "tcx", "clsact", "xdp"... */
	bool attached;
};

struct view_map {
	const char *name;
	__u64 capacity;
	__u64 entries;
	bool entries_known; /* the kernel counts no entries: of some maps they are not known */
};

/* The kernel measures them where kernel.bpf_stats_enabled is 1. */
struct view_program {
	const char *name;
	__u64 run_ns, runs;
};

/* What the sensor is blind for, or does worse than it should. */
struct view_condition {
	enum sensor_action action; /* SENSOR_BLIND, SENSOR_DEGRADED */
	const char *kind;          /* "shadowed"...; NULL: one of no kind */
	const char *subject, *says;
	__u64 since_wall_ns;
};

struct view_sink {
	const char *name;
	__u64 sent, lost, unsent;
};

/* Names of pods. */
struct view_pods {
	const char *mode; /* "kubelet", "api"; NULL: off */
	__u64 pods, addresses;
	__u64 asked, failed; /* requests */
	__u64 refused;       /* pods with impossible names, too long, or beyond what is kept */
	bool answered;       /* since the start; then: */
	__u64 answer_age_ns; /* how long ago all went well for the last time */
	const char *trouble; /* why names are missing; NULL: they are not */
};

/* Arrays are the view's maker's, and valid until it makes the next one. */
struct view {
	const char *version, *revision, *hostname;
	__u64 start_wall_ns, now_wall_ns;
	__u64 uptime_ns;
	bool alive;            /* epochs are closed */
	const char *not_ready; /* why nothing is seen yet, a sentence; NULL: ready */
	const struct reason_names *reasons;
	const __u8 *reason_class; /* enum sw_class of each reason */
	const struct tally *tally;
	const struct unread *unread; /* NULL: not known */
	struct view_pods pods;
	const struct observer *observer; /* who knows names; NULL: nobody */
	const struct view_condition *conditions;
	size_t condition_count;
	__u64 reload_wall_ns; /* 0: there was no reload */
	const char *reload_says;
	const char *reload_failure; /* why the last one was refused; empty: it was not */
	__u64 recursion_missed;
	const struct view_rule *rules;
	size_t rule_count;
	const struct view_hook *hooks;
	size_t hook_count;
	const struct view_map *maps;
	size_t map_count;
	const struct view_program *programs;
	size_t program_count;
	const struct view_sink *sinks;
	size_t sink_count;
	double cpu_s; /* of this process */
	__u64 resident_bytes;
};

#endif
