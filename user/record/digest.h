/* SPDX-License-Identifier: GPL-2.0-only */
/* What is said of alerts that were too many to be sent one by one. */
#ifndef RECORD_DIGEST_H
#define RECORD_DIGEST_H

#include "record/record.h"

#define DIGEST_RULES_MAX   16
#define DIGEST_SOURCES_MAX 8

struct digest_rule {
	const char *id;
	__u64 count;
};

struct digest_source {
	struct addr addr;
	__u64 count; /* at least so many, of those that were counted */
};

struct digest {
	__u64 wall_ns; /* when it was made */
	__u64 first_wall_ns, last_wall_ns;
	__u64 count;
	__u64 alarms;          /* of these: opened and updated ones, which would alarm somebody */
	unsigned int severity; /* the highest of their rules: 0..10 */
	struct digest_rule rule[DIGEST_RULES_MAX]; /* the most frequent first */
	size_t rule_count;
	__u64 other_rules;                               /* records of rules beyond these */
	struct digest_source source[DIGEST_SOURCES_MAX]; /* the same */
	size_t source_count;
	bool kept; /* in the history */
};

/* One line of valid UTF-8, which the caller frees. -ENOMEM. */
int digest_text(const struct digest *digest, char **ret);

/* The ECS line, as json_format_alert() makes one. */
int digest_json(const struct observer *observer, const struct digest *digest, char **ret);

#endif
