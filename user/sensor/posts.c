/* SPDX-License-Identifier: GPL-2.0-only */
/* The interfaces that the sensor stands at, kept as planned. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/grace.h"
#include "kernel/uplinks.h"
#include "sensor/blind.h"
#include "sensor/clock.h"
#include "sensor/posts.h"
#include "sensor/sensor.h"
#include "sensor/unseen.h"
#include "util/exit.h"
#include "util/log.h"

/* Attaching and detaching wait for RCU: after so long, the rest of the process has its turn. */
#define TURN_NS 20000000ULL
/* What can't be attached is tried again. */
#define RETRY_NS 30000000000ULL

struct posts {
	struct post **list;
	size_t count, room;
	bool work_left; /* posts to attach or to leave */
	bool stale;     /* an interface was gone that was just listed */
	struct grace grace;
};

static int add_post(struct posts *posts, const struct plan_entry *entry)
{
	struct post *post = calloc(1, sizeof(*post));

	if (post && posts->count == posts->room) {
		size_t room = posts->room ? 2 * posts->room : 16;
		/* NOLINTNEXTLINE(bugprone-sizeof-expression): they are pointers */
		struct post **list = reallocarray(posts->list, room, sizeof(*list));

		if (list) {
			posts->list = list;
			posts->room = room;
		}
	}
	if (!post || posts->count == posts->room) {
		free(post);
		return -ENOMEM;
	}
	post->interface = *entry->interface;
	post->asked = entry->asked;
	post->tap = entry->tap;
	post->named = entry->named;
	posts->list[posts->count++] = post;
	return 0;
}

/* --- as planned ------------------------------------------------------------------------------- */

/* Does it stay what it was? Then it goes on, under another name perhaps. */
static bool is_kept(const struct post *post, const struct plan_entry *entry)
{
	return entry && entry->asked == post->asked && entry->tap == post->tap;
}

/* What the interface counted since it was listed last, while it was watched. */
static void tell_traffic(struct sensor *sensor, const struct post *post,
			 const struct interface *now)
{
	const struct interface *then = &post->interface;

	if (post->attached && now->rx_packets >= then->rx_packets &&
	    now->tx_packets >= then->tx_packets)
		sight_take_traffic(sensor, now->rx_packets - then->rx_packets,
				   post->tap ? 0 : now->tx_packets - then->tx_packets);
}

static void compare(struct sensor *sensor, const struct plan *plan)
{
	struct posts *posts = sensor->posts;

	for (size_t i = 0; i < posts->count; i++) {
		struct post *post = posts->list[i];
		const struct plan_entry *entry = plan_find(plan, post->interface.ifindex);

		if (!is_kept(post, entry)) {
			post->gone = true;
			continue;
		}
		if (strcmp(post->interface.name, entry->interface->name) != 0) {
			log_info("%s is %s now", post->interface.name, entry->interface->name);
			blind_over_all(sensor, post->interface.name, "has another name now");
		}
		post->named = entry->named;
		tell_traffic(sensor, post, entry->interface);
		post->interface = *entry->interface;
		unseen_native_xdp(sensor, &post->interface);
	}
	posts->work_left = true;
}

static bool has_post(const struct posts *posts, int ifindex)
{
	for (size_t i = 0; i < posts->count; i++)
		if (posts->list[i]->interface.ifindex == ifindex && !posts->list[i]->gone)
			return true;
	return false;
}

static int add_new(struct posts *posts, const struct plan *plan)
{
	int err = 0;

	for (size_t i = 0; i < plan->count && !err; i++)
		if (!has_post(posts, plan->entries[i].interface->ifindex))
			err = add_post(posts, &plan->entries[i]);
	return err;
}

/* True: the time is up, and more is to be done. */
static bool leave_those_gone(struct sensor *sensor, __u64 until_ns)
{
	struct posts *posts = sensor->posts;

	for (size_t i = 0; i < posts->count; i++) {
		struct post *post = posts->list[i];

		if (!post->gone)
			continue;
		if (clock_now_ns(CLOCK_BOOTTIME) > until_ns)
			return true;
		posts->list[i--] = posts->list[--posts->count];
		post_leave(sensor, post);
	}
	return false;
}

static bool is_due(const struct post *post, __u64 now_ns)
{
	return !post->attached && !post->gone &&
	       (!post->tried_ns || now_ns - post->tried_ns >= RETRY_NS);
}

/* By clsact, and for an interface that was deleted, the kernel waits for no grace period. */
static size_t slow_programs(const struct sensor *sensor, const struct post *post)
{
	if (!sensor->features.tcx || post->asked == ATTACH_CLSACT)
		return 0;
	return post->gone && !links_find(&sensor->interfaces, post->interface.name)
		       ? 0
		       : LOADER_ATTACHMENTS;
}

/* all: at the end, of every one that is attached; else of those that come or go. */
static size_t programs_to_change(const struct sensor *sensor, bool all)
{
	const struct posts *posts = sensor->posts;
	__u64 now_ns = clock_now_ns(CLOCK_BOOTTIME);
	size_t count = 0;

	for (size_t i = 0; i < posts->count; i++) {
		const struct post *post = posts->list[i];

		if (post->attached ? all || post->gone : is_due(post, now_ns))
			count += slow_programs(sensor, post);
	}
	return count;
}

static void hasten(struct sensor *sensor, size_t programs)
{
	if (sensor->config->expedite_rcu && grace_hasten(&sensor->posts->grace, programs))
		log_debug(GRACE_KNOB " is 1 while %zu programs come or go", programs);
}

static bool attach_those_due(struct sensor *sensor, __u64 until_ns)
{
	struct posts *posts = sensor->posts;

	for (size_t i = 0; i < posts->count; i++) {
		struct post *post = posts->list[i];
		__u64 now_ns = clock_now_ns(CLOCK_BOOTTIME);

		if (!is_due(post, now_ns))
			continue;
		if (now_ns > until_ns)
			return true;
		if (!post_attach(sensor, post))
			blind_over(sensor, BLIND_UNWATCHED, post->interface.name, "%s is watched",
				   post->interface.name);
		else if (post->err == -ENODEV) /* we shall hear of it */
			posts->stale = true;
		else
			unseen_post(sensor, post);
	}
	return false;
}

static void say_whether_any(struct sensor *sensor)
{
	if (!sensor->watched)
		blind_say(
			sensor, BLIND_NO_INTERFACE, SENSOR_BLIND, "interfaces",
			"no interface is watched, so no HTTP response is seen: none is up, or none fits interfaces:");
	else
		blind_over(sensor, BLIND_NO_INTERFACE, "interfaces", "an interface is watched");
}

bool posts_have_work(const struct sensor *sensor)
{
	return sensor->posts->work_left;
}

bool posts_are_stale(const struct sensor *sensor)
{
	return sensor->posts->stale;
}

void posts_work(struct sensor *sensor)
{
	struct posts *posts = sensor->posts;
	__u64 until_ns = clock_now_ns(CLOCK_BOOTTIME) + TURN_NS;

	if (!posts->work_left)
		return;
	hasten(sensor, programs_to_change(sensor, false));
	posts->work_left = leave_those_gone(sensor, until_ns) || attach_those_due(sensor, until_ns);
	grace_restore(&posts->grace);
	if (!posts->work_left)
		say_whether_any(sensor);
}

/* Before something is attached: what comes from other machines is counted otherwise. */
static void tell_uplinks(struct sensor *sensor)
{
	int err;

	if (sensor->config->http.count != HTTP_COUNT_SERVER_SIDE)
		return;
	err = uplinks_tell(sensor->loader, &sensor->interfaces);
	if (err)
		log_warning(
			"the programs can't be told of all interfaces: %s; responses may be counted twice in a cluster",
			strerror(-err));
}

int posts_plan_again(struct sensor *sensor)
{
	struct plan plan;
	int err = plan_make(sensor->config, &sensor->interfaces, &plan);

	if (err)
		return err;
	tell_uplinks(sensor);
	sensor->posts->stale = false;
	compare(sensor, &plan);
	err = add_new(sensor->posts, &plan);
	plan_clear(&plan);
	unseen_names(sensor);
	unseen_kinds(sensor);
	return err;
}

/* --- start and end ---------------------------------------------------------------------------- */

static int attach_first(struct sensor *sensor)
{
	struct posts *posts = sensor->posts;
	int code = EXIT_GOOD;

	hasten(sensor, programs_to_change(sensor, false));
	for (size_t i = 0; i < posts->count && !code; i++) {
		struct post *post = posts->list[i];

		if (!post_attach(sensor, post) || post->err == -ENODEV)
			continue;
		code = post_refuse(post);
		if (!code)
			unseen_post(sensor, post);
	}
	grace_restore(&posts->grace);
	return code;
}

int posts_refuse_unknown(const struct sensor *sensor)
{
	struct plan plan;
	int code = EXIT_GOOD;

	if (plan_make(sensor->config, &sensor->interfaces, &plan)) {
		log_error("out of memory");
		return EXIT_RUNTIME;
	}
	if (plan.unknown) {
		log_error("there is no interface '%s' here; 'ip link' lists them", plan.unknown);
		code = EXIT_USER;
	}
	plan_clear(&plan);
	return code;
}

static int make_posts(struct sensor *sensor)
{
	struct posts *posts = calloc(1, sizeof(*posts));

	if (!posts)
		return -ENOMEM;
	sensor->posts = posts;
	if (grace_open(&posts->grace, GRACE_KNOB, sensor->config->control))
		log_info(
			GRACE_KNOB
			" is 0 again: a process that was killed while it attached had left it at 1");
	if (plan_wants_tap(sensor->config))
		loader_prepare_taps(sensor->loader); /* where it can't be, attaching says so */
	return posts_plan_again(sensor);
}

int posts_open(struct sensor *sensor)
{
	int code;

	if (make_posts(sensor)) {
		log_error("out of memory");
		return EXIT_RUNTIME;
	}
	code = attach_first(sensor);
	if (code)
		return code;
	sensor->posts->work_left = false;
	say_whether_any(sensor);
	return EXIT_GOOD;
}

void posts_look_after(struct sensor *sensor)
{
	struct posts *posts = sensor->posts;
	__u64 now_ns = clock_now_ns(CLOCK_BOOTTIME);

	for (size_t i = 0; i < posts->count; i++)
		posts->work_left = posts->work_left || is_due(posts->list[i], now_ns);
}

void posts_detach(struct sensor *sensor)
{
	struct posts *posts = sensor->posts;

	if (!posts)
		return;
	if (!sensor->config->keep_attached)
		hasten(sensor, programs_to_change(sensor, true));
	for (size_t i = 0; i < posts->count; i++) {
		struct post *post = posts->list[i];

		if (!post->attached)
			continue;
		guard_remove(sensor, post->attachments, LOADER_ATTACHMENTS);
		loader_leave(sensor->loader, post->attachments);
		post->attached = false;
	}
	sensor->watched = 0;
	grace_restore(&posts->grace);
}

void posts_close(struct sensor *sensor)
{
	struct posts *posts = sensor->posts;

	if (!posts)
		return;
	posts_detach(sensor);
	grace_close(&posts->grace);
	for (size_t i = 0; i < posts->count; i++)
		free(posts->list[i]);
	free(posts->list);
	free(posts);
	sensor->posts = NULL;
}

const struct post *const *posts_list(const struct sensor *sensor, size_t *ret_count)
{
	*ret_count = sensor->posts ? sensor->posts->count : 0;
	return sensor->posts ? (const struct post *const *)sensor->posts->list : NULL;
}
