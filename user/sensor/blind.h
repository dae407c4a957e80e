/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the sensor can't see or not see whole: a list of conditions, each a record when it begins
 * and one when it is over.
 */
#ifndef SENSOR_BLIND_H
#define SENSOR_BLIND_H

#include <stdbool.h>
#include <stddef.h>

#include "record/record.h"

struct sensor;
struct blind;

enum blind_kind {
	BLIND_NO_INTERFACE,  /* none is watched */
	BLIND_MISSING,       /* an interface that the configuration names is not there */
	BLIND_UNWATCHED,     /* one that should be watched can't be */
	BLIND_DETACHED,      /* a program was detached by somebody else */
	BLIND_SHADOWED,      /* another program runs before ours */
	BLIND_NATIVE_XDP,    /* the same, in the driver: what it drops never becomes a packet */
	BLIND_SILENT,        /* packets pass, and our programs count none */
	BLIND_LOSS_HTTP,     /* responses without an entry, or not understood */
	BLIND_LOSS_DROPS,    /* drops, the same */
	BLIND_GAPS,          /* the sensor was held up */
	BLIND_MISSED,        /* runs of programs that the kernel skipped */
	BLIND_MAPS,          /* maps that are nearly full */
	BLIND_UNREAD,        /* connections that speak TLS, HTTP/2 or QUIC */
	BLIND_CLOCK,         /* the clock is not synchronised */
	BLIND_NOT_KEPT,      /* keep_attached is asked for and can't be */
	BLIND_FILTER_EVENTS, /* changes can't be followed */
	BLIND_KIND_MAX,
};

/* "shadowed", "loss_http"... */
const char *blind_kind_name(enum blind_kind kind);

struct blind_condition {
	enum blind_kind kind;
	enum sensor_action action; /* SENSOR_BLIND or SENSOR_DEGRADED */
	char subject[32];          /* an interface, perhaps with a side; a map... */
	char reason[512];          /* one sentence: what, where, what to do */
	char end[256];             /* the same, of why it is over */
	__u64 since_wall_ns;
	__u64 good_ns; /* CLOCK_BOOTTIME: since when it seems to be over, 0: it is not */
	bool said;     /* its record was sent */
};

int blind_open(struct sensor *sensor); /* -ENOMEM */
void blind_close(struct sensor *sensor);

/*
 * Something is so. The first time it is said at once, unless too much was said lately: then within
 * a minute or two, if it still is. While it goes on, it may be called again: the text is kept up to
 * date and nothing is said.
 */
void blind_say(struct sensor *sensor, enum blind_kind kind, enum sensor_action action,
	       const char *subject, const char *format, ...) __attribute__((format(printf, 5, 6)));

/*
 * It is over, and said as recovered when it has been for two seconds: what comes and goes is said
 * once. One that is not open is fine.
 */
void blind_over(struct sensor *sensor, enum blind_kind kind, const char *subject,
		const char *format, ...) __attribute__((format(printf, 4, 5)));

/* All conditions of an interface ("eth0", "eth0 ingress") are over: it `why` ("is gone"). */
void blind_over_all(struct sensor *sensor, const char *subject, const char *why);

/* Is it so at the moment? */
bool blind_is(const struct sensor *sensor, enum blind_kind kind, const char *subject);

/* About once a second: says what is due. */
void blind_look_after(struct sensor *sensor);

/* All that is so now, also what was not said yet; valid until the next call of another function. */
const struct blind_condition *blind_list(const struct sensor *sensor, size_t *ret_count);

#endif
