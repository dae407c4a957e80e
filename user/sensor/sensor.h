/* SPDX-License-Identifier: GPL-2.0-only */
/* One sensor at work: programs attached, epochs drained, rules judged, records sent. */
#ifndef SENSOR_SENSOR_H
#define SENSOR_SENSOR_H

#include <stdio.h>
#include <time.h>

#include "config/config.h"
#include "core/judge.h"
#include "kernel/drain.h"
#include "kernel/shadow.h"
#include "out/sink.h"
#include "sensor/answers.h"
#include "sensor/blind.h"
#include "sensor/counts.h"
#include "sensor/delivery.h"
#include "sensor/follow.h"
#include "sensor/keeper.h"
#include "sensor/loop.h"
#include "sensor/naming.h"
#include "sensor/podnames.h"
#include "sensor/posts.h"
#include "sensor/service.h"
#include "sensor/sight.h"
#include "sensor/speech.h"
#include "sensor/state.h"
#include "sensor/survey.h"

#define SENSOR_SINKS_MAX 4

struct sensor {
	struct config *config;
	struct loop *loop; /* NULL in a replay */
	struct features features;
	struct reasons reasons;
	struct interfaces interfaces;
	struct host_addrs host;
	struct loader *loader;
	struct drain *drain;
	struct shadow *shadow; /* NULL: what is attached can't be watched over */
	struct places places;
	size_t expired; /* entries of lists, when places were made */
	struct judge *judge;
	struct blind *blind;       /* NULL in a replay */
	struct posts *posts;       /* NULL in a replay */
	struct follow *follow;     /* the same */
	struct sight *sight;       /* NULL in a replay */
	struct unread *unread;     /* the same */
	struct state *state;       /* NULL in a replay */
	struct keeper *keeper;     /* NULL in a replay, and without store */
	struct delivery *delivery; /* NULL in a replay */
	struct service *service;   /* NULL in a replay */
	struct survey *survey;     /* NULL in a replay */
	struct answers *answers;   /* the same */
	struct naming *naming;     /* the same */
	struct podnames *podnames; /* the same, and with kubernetes.names: off */
	struct counts *counts;     /* NULL without --counts */
	struct observer observer;
	bool no_sandbox;      /* capabilities and system calls stay as they are */
	__u32 classes_loaded; /* of drops: 1 << CLASS_*, beyond those of firewalls */
	bool has_tap;         /* what taps need is there */
	void (*reopen_output)(struct sensor *sensor); /* as config says now */
	char reload_failure[512];        /* why the last reload was refused; empty: it was not */
	bool replay;                     /* packets are of a capture, of elsewhere and then */
	void (*before_alert)(void *arg); /* NULL: nothing is to be done before */
	void *before_alert_arg;
	char hostname[256];
	struct sink *sinks[SENSOR_SINKS_MAX]; /* those of standard output */
	size_t sink_count;
	int presence_fd; /* tells others of the network namespace that this sensor runs; 0 none */
	unsigned int watched;  /* interfaces attached */
	bool judged;           /* the last batch, as a whole */
	__u64 missed;          /* runs skipped by the kernel, as last seen */
	__s64 clock_offset_ns; /* wall clock minus CLOCK_BOOTTIME, as last seen */
	size_t unsent;         /* by all sinks, as last said */
};

/*
 * Reads what the kernel has, loads and attaches. Says what went wrong and returns an exit code; the
 * sensor, which must be zero but for config, is freed by sensor_close() in any case.
 */
int sensor_open(struct sensor *sensor);

/*
 * The part of sensor_open() that reads: capabilities, features, reasons, interfaces, addresses, and
 * who the observer is. An exit code, said.
 */
int sensor_read_host(struct sensor *sensor);

/*
 * Parts of sensor_open(): loads the programs; sets the rules up, with lists as they stand at now_s.
 * A replay's own host has no address in them. Exit codes, said.
 */
int sensor_load(struct sensor *sensor);
int sensor_start_judge(struct sensor *sensor, time_t now_s);

/* Does a rule look at drops of one of these classes, bits of 1 << CLASS_*? */
bool sensor_wants_classes(const struct config *config, __u32 classes);

/*
 * What reload.c does one by one: what the words of a configuration mean here; its drop reasons as
 * this kernel's numbers; its rules in the place of the judge's. -ENOMEM, -EINVAL.
 */
int sensor_places_of(const struct sensor *sensor, const struct config *config, time_t now_s,
		     struct places *ret);
void sensor_resolve_reasons(const struct sensor *sensor, struct config *config);
int sensor_replace_rules(struct sensor *sensor, const struct config *config);

/* The part of sensor_close_epoch() that judges, and keeps what --counts prints. An exit code. */
int sensor_take_batch(struct sensor *sensor, const struct batch *batch);

/* Adds a sink, which the sensor then owns. */
void sensor_add_sink(struct sensor *sensor, struct sink *sink);

/* Tells all sinks about the sensor itself, and the log. */
void sensor_say(struct sensor *sensor, enum sensor_action action, const char *subject,
		const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Closes the epoch that ends at end_ns (CLOCK_BOOTTIME) and judges it. An exit code. */
int sensor_close_epoch(struct sensor *sensor, __u64 end_ns);

/* About once a second: sinks try again, clocks and losses are looked at. */
void sensor_look_after(struct sensor *sensor);

/* Watches over what is attached to interfaces (guard.c), once a second and when something is told.
 */
void guard_open(struct sensor *sensor);
void guard_look_after(struct sensor *sensor);
void guard_close(struct sensor *sensor);
void guard_add(struct sensor *sensor, struct attachment *attachments, size_t count);
void guard_remove(struct sensor *sensor, const struct attachment *attachments, size_t count);

/* All is attached: goes on with what was kept over a restart, and says so (kept.c). */
void kept_open(struct sensor *sensor);
void kept_close(struct sensor *sensor);

/* Does a sensor run in this network namespace? */
bool kept_is_running(void);

/* Addresses of this host changed: what "self", "connected" and the observer mean follows. -errno.
 */
int host_follow_addrs(struct sensor *sensor);

/* About once a second: entries of lists whose `until` has passed hold no more. */
void host_look_after(struct sensor *sensor);

/* Makes places anew, with lists as they stand at now_s; on failure (-errno) they are as before. */
int sensor_make_places(struct sensor *sensor, time_t now_s);

/* Detaches, judges what is left, frees. */
void sensor_detach(struct sensor *sensor);
void sensor_close(struct sensor *sensor);

#endif
