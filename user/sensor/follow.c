/* SPDX-License-Identifier: GPL-2.0-only */
/* Follows interfaces and addresses as they change. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "config/scalar.h"
#include "kernel/changes.h"
#include "sensor/blind.h"
#include "sensor/clock.h"
#include "sensor/follow.h"
#include "sensor/posts.h"
#include "sensor/sensor.h"
#include "util/exit.h"
#include "util/log.h"

#define MS_NS 1000000ULL
/* Interfaces are listed again so often at most, and not before ten times what listing took: a pod's
 * is added, named, moved and set up within milliseconds, and each is a message. */
#define LIST_NS (5 * MS_NS)
#define REST    10
/* All are listed anew, for their counters, and in case that something was missed. */
#define RELIST_NS (10000 * MS_NS)

struct follow {
	struct changes *changes; /* NULL: they can't be followed */
	int timer_fd;            /* -1: nothing is followed */
	bool links_changed, addrs_changed;
	__u64 list_due_ns, listed_ns;
};

static int list_again(struct sensor *sensor)
{
	struct interfaces listed;
	int err = links_list(&listed);

	if (err)
		return err;
	links_clear(&sensor->interfaces);
	sensor->interfaces = listed;
	return 0;
}

static void set_timer(const struct sensor *sensor, __u64 now_ns)
{
	const struct follow *follow = sensor->follow;
	bool work = posts_have_work(sensor);
	__u64 due_ns = work ? now_ns + MS_NS : follow->list_due_ns;
	struct itimerspec timer = {};

	if (work || follow->links_changed || follow->addrs_changed) {
		due_ns = due_ns > now_ns ? due_ns : now_ns + MS_NS;
		timer.it_value.tv_sec = due_ns / NS_PER_S;
		timer.it_value.tv_nsec = due_ns % NS_PER_S;
	}
	timerfd_settime(follow->timer_fd, TFD_TIMER_ABSTIME, &timer, NULL);
}

static void apply_changes(struct sensor *sensor)
{
	struct follow *follow = sensor->follow;
	__u64 now_ns = clock_now_ns(CLOCK_BOOTTIME), took_ns;
	bool links = follow->links_changed;
	int err = 0;

	if ((!links && !follow->addrs_changed) || now_ns < follow->list_due_ns)
		return;
	/* What changes from here on is another change. */
	follow->links_changed = false;
	follow->listed_ns = links ? now_ns : follow->listed_ns;
	if (follow->addrs_changed)
		err = host_follow_addrs(sensor);
	follow->addrs_changed = err != 0;
	if (links && !err)
		err = list_again(sensor);
	if (links && !err)
		err = posts_plan_again(sensor);
	if (err) {
		follow->links_changed = true;
		log_debug("cannot follow what changed: %s; tried again", strerror(-err));
	}
	took_ns = clock_now_ns(CLOCK_BOOTTIME) - now_ns;
	follow->list_due_ns = now_ns + (took_ns * REST > LIST_NS ? took_ns * REST : LIST_NS);
}

static void go_on(struct sensor *sensor)
{
	struct follow *follow = sensor->follow;

	apply_changes(sensor);
	posts_work(sensor);
	follow->links_changed = follow->links_changed || posts_are_stale(sensor);
	if (follow->timer_fd >= 0)
		set_timer(sensor, clock_now_ns(CLOCK_BOOTTIME));
}

static void take_changes(__u32 events, void *arg)
{
	struct sensor *sensor = arg;
	struct follow *follow = sensor->follow;

	changes_take(follow->changes, &follow->links_changed, &follow->addrs_changed);
	go_on(sensor);
}

static void take_timer(__u32 events, void *arg)
{
	struct sensor *sensor = arg;
	__u64 times;

	if (read(sensor->follow->timer_fd, &times, sizeof(times)) > 0)
		go_on(sensor);
}

static int listen_to_changes(struct sensor *sensor)
{
	struct follow *follow = sensor->follow;
	int err;

	follow->timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (follow->timer_fd < 0)
		return -errno;
	err = changes_new(&follow->changes);
	if (!err)
		err = loop_set(sensor->loop, changes_fd(follow->changes), EPOLLIN, take_changes,
			       sensor);
	if (!err)
		err = loop_set(sensor->loop, follow->timer_fd, EPOLLIN, take_timer, sensor);
	/* What changed since the first list. */
	follow->links_changed = follow->addrs_changed = true;
	return err;
}

int follow_open(struct sensor *sensor)
{
	int err;

	sensor->follow = calloc(1, sizeof(*sensor->follow));
	if (!sensor->follow) {
		log_error("out of memory");
		return EXIT_RUNTIME;
	}
	err = listen_to_changes(sensor);
	if (err)
		blind_say(
			sensor, BLIND_FILTER_EVENTS, SENSOR_DEGRADED, "interfaces",
			"changes of interfaces can't be followed: %s; interfaces that come later are seen with a delay",
			strerror(-err));
	return EXIT_GOOD;
}

void follow_replan(struct sensor *sensor)
{
	sensor->follow->links_changed = true;
	sensor->follow->list_due_ns = 0;
	go_on(sensor);
}

void follow_look_after(struct sensor *sensor)
{
	struct follow *follow = sensor->follow;

	posts_look_after(sensor);
	if (!follow->changes)
		follow->links_changed = follow->addrs_changed = true;
	if (clock_now_ns(CLOCK_BOOTTIME) - follow->listed_ns >= RELIST_NS)
		follow->links_changed = true;
	go_on(sensor);
}

void follow_close(struct sensor *sensor)
{
	struct follow *follow = sensor->follow;

	if (!follow)
		return;
	if (follow->changes) {
		loop_drop(sensor->loop, changes_fd(follow->changes));
		changes_free(follow->changes);
	}
	if (follow->timer_fd >= 0) {
		loop_drop(sensor->loop, follow->timer_fd);
		close(follow->timer_fd);
	}
	free(follow);
	sensor->follow = NULL;
}
