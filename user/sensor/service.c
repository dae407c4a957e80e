/* SPDX-License-Identifier: GPL-2.0-only */
/* What makes a sensor a service. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <linux/capability.h>

#include "host/notify.h"
#include "host/sandbox.h"
#include "kernel/commands.h"
#include "sensor/clock.h"
#include "sensor/sensor.h"
#include "sensor/service.h"
#include "util/exit.h"
#include "util/log.h"

#define SECOND_NS 1000000000ULL
#ifndef CAP_BPF
#define CAP_BPF 39
#endif

/* Of each period of the watchdog, so many parts have a beat. */
#define BEATS 4

struct service {
	struct notify notify;
	__u64 watchdog_ns; /* 0: nobody waits for beats */
	__u64 beat_ns;     /* the last one; CLOCK_BOOTTIME */
	__u64 status_ns;
	bool ready, ready_told;
	char status[256]; /* as last told */
};

int service_open(struct sensor *sensor)
{
	const char *socket = getenv("NOTIFY_SOCKET");
	struct service *service = calloc(1, sizeof(*service));
	int err;

	if (!service)
		return -ENOMEM;
	sensor->service = service;
	err = notify_open(socket, &service->notify);
	if (err)
		log_warning("NOTIFY_SOCKET '%s': %s; the service manager is told nothing", socket,
			    strerror(-err));
	service->watchdog_ns = notify_watchdog_ns(getenv("WATCHDOG_USEC"), getenv("WATCHDOG_PID"),
						  getpid());
	return 0;
}

int service_confine(struct sensor *sensor)
{
	const __u64 keep = 1ULL << CAP_BPF | 1ULL << CAP_NET_ADMIN;
	size_t count;
	const __u32 *commands = commands_running(&count);
	int err;

	if (sensor->no_sandbox)
		return EXIT_GOOD;
	err = sandbox_drop_capabilities(keep);
	if (err) {
		log_error("cannot drop capabilities: %s; --no-sandbox does without",
			  strerror(-err));
		return EXIT_RUNTIME;
	}
	err = sandbox_filter(commands, count);
	if (err)
		log_warning("system calls can't be limited: %s; this kernel has no seccomp filters",
			    strerror(-err));
	return EXIT_GOOD;
}

static void tell(const struct service *service, const char *text)
{
	int err = notify_send(&service->notify, text);

	if (err)
		log_debug("the service manager can't be told: %s", strerror(-err));
}

void service_ready(struct sensor *sensor)
{
	sensor->service->ready = true;
	sensor->service->ready_told = !notify_send(&sensor->service->notify, "READY=1");
}

void service_reloading(struct sensor *sensor)
{
	char text[64];

	/* The manager orders this and the next READY by it. */
	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%llu",
		 clock_now_ns(CLOCK_MONOTONIC) / 1000);
	tell(sensor->service, text);
}

void service_stopping(struct sensor *sensor)
{
	tell(sensor->service, "STOPPING=1\nSTATUS=detaches, and writes what is left");
}

static void tell_status(struct sensor *sensor)
{
	struct service *service = sensor->service;
	size_t rules = judge_rule_count(sensor->judge), open = 0;
	char status[sizeof(service->status)];

	for (size_t i = 0; i < rules; i++) {
		struct judge_state state;

		judge_state(sensor->judge, i, &state);
		open += state.incidents_open;
	}
	snprintf(status, sizeof(status),
		 "STATUS=watches %u interface%s by %zu rule%s; %zu incident%s open%s",
		 sensor->watched, sensor->watched == 1 ? "" : "s", rules, rules == 1 ? "" : "s",
		 open, open == 1 ? "" : "s", *sensor->reload_failure ? "; reload refused" : "");
	if (!strcmp(status, service->status) || notify_send(&service->notify, status))
		return;
	memcpy(service->status, status, sizeof(status));
}

void service_look_after(struct sensor *sensor, bool judged)
{
	struct service *service = sensor->service;
	__u64 now_ns = clock_now_ns(CLOCK_BOOTTIME);

	if (judged && service->watchdog_ns &&
	    now_ns - service->beat_ns >= service->watchdog_ns / BEATS &&
	    !notify_send(&service->notify, "WATCHDOG=1"))
		service->beat_ns = now_ns;
	if (service->notify.fd < 0 || now_ns - service->status_ns < SECOND_NS)
		return;
	service->status_ns = now_ns;
	if (service->ready && !service->ready_told)
		service_ready(sensor);
	tell_status(sensor);
}

void service_close(struct sensor *sensor)
{
	if (!sensor->service)
		return;
	notify_close(&sensor->service->notify);
	free(sensor->service);
	sensor->service = NULL;
}
