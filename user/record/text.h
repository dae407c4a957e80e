/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers, names and sentences of a record, the same for every sink. */
#ifndef RECORD_TEXT_H
#define RECORD_TEXT_H

#include "record/record.h"

#define TEXT_TIME_MAX     32
#define TEXT_DURATION_MAX 32
#define TEXT_NUMBER_MAX   32
#define TEXT_ENDPOINT_MAX (ADDR_TEXT_MAX + 9) /* "[", "]:65535" */
#define TEXT_ELAPSED_MAX  48
#define TEXT_ENTRY_MAX    128

/* RFC 3339 in UTC with milliseconds: "2026-11-21T20:15:31.204Z". Returns buf. */
const char *text_time(__u64 wall_ns, char buf[TEXT_TIME_MAX]);

/* As a configuration would say it, in the largest unit that fits: "5m", "90s", "300ms", "7d". */
const char *text_duration(__u64 ns, char buf[TEXT_DURATION_MAX]);

/* How long the incident has lasted, in its two largest units: "3 m 29 s", "1 d 4 h". */
const char *text_elapsed(const struct alert *alert, char buf[TEXT_ELAPSED_MAX]);

/* Rounded for reading: one decimal from 10 on, three significant digits below. */
double text_round(double value);

/* text_round() as text: "37.5", "4121", "0.0123". */
const char *text_number(double value, char buf[TEXT_NUMBER_MAX]);

/* "10.0.0.1:80", "[2001:db8::1]:80"; port 0: the address alone. */
const char *text_endpoint(const struct addr *addr, __u16 port, char buf[TEXT_ENDPOINT_MAX]);

/* "statuses", "sources", "servers", "ports", "reasons", "hooks", "chains" */
const char *text_dimension(enum dimension dimension);

/*
 * The value of a top entry: "404", "10.0.0.1", "10.0.0.1:80", "443", "ingress", or a drop reason by
 * this kernel's name, "reason 77" where it has none. Returns buf; the kernel's names are not
 * cleaned.
 */
const char *text_entry(const struct observer *observer, enum dimension dimension,
		       const struct top_entry *entry, char buf[TEXT_ENTRY_MAX]);

/* "ingress", "egress"... by enum sw_hook; "unknown" for what is none. */
const char *text_hook(__u16 hook);

/* "tcp", "udp": the words of the configuration; "89" where it has none. Lives as long as buf. */
const char *text_proto(__u8 proto, char buf[TEXT_NUMBER_MAX]);

/* "started", "stopped", "reloaded", "blind", "degraded", "recovered" */
const char *text_sensor_action(enum sensor_action action);

/*
 * What a rule counts: "errors", "responses", "denied", "unanswered", "refused", "dropped",
 * "ports"...
 */
const char *text_counted(const struct rule *rule, __u64 count);

/* The rule's title, or its id where it has none. */
const char *text_title(const struct rule *rule);

/* Name of the host that has this address, as far as the observer knows it, else NULL. */
const char *text_host(const struct observer *observer, const struct addr *addr);

/* The pod that has this address, as far as the observer knows it. False: it does not. */
bool text_pod(const struct observer *observer, const struct addr *addr, struct addr_pod *ret);

/* Where the address is registered, as far as the observer knows it. False: it does not. */
bool text_place(const struct observer *observer, const struct addr *addr, struct addr_place *ret);

/*
 * The functions below make a string that is one line of valid UTF-8 (see utf8_clean()), which the
 * caller frees. -ENOMEM.
 */

/* "HTTP Response Error Spike - Internal: 350 errors in 5m from 10.77.1.3 to 10.77.2.2 (scan)" */
int text_message(const struct alert *alert, char **ret);

/* What was counted: "350 errors in 5m", "4121 denied in 15m, typical 37.5 (20-61), score 91". */
int text_counts(const struct alert *alert, char **ret);

/*
 * The rule's summary with its {placeholders} filled; those that it does not have stay as they are,
 * what is not known is "unknown". Without a summary: the message.
 */
int text_summary(const struct alert *alert, char **ret);

/* "exact", or "at least; 15 of 4,100 could not be attributed; 2.1 s were not watched" */
int text_coverage(const struct alert *alert, char **ret);

/* "Sensor blind (eth0): no program is attached any more; restart spikewatch" */
int text_sensor(const struct sensor_event *event, char **ret);

#endif
