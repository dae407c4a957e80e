/* SPDX-License-Identifier: GPL-2.0-only */
/* The interfaces that the sensor stands at, kept as planned. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

/* --- one post --------------------------------------------------------------------------------- */

/* Of one that came after the start: what passed before we were there was not seen. */
static void say_watching(const struct sensor *sensor, const struct post *post)
{
	const char *tap = post->tap ? ", tap" : "", *mode = loader_mode_name(post->mode);
	__u64 before = 0;

	if (sensor->follow && !links_packets(post->interface.ifindex, &before) && before)
		log_info("watching %s (%s%s); %llu packets passed before", post->interface.name,
			 mode, tap, before);
	else
		log_info("watching %s (%s%s)", post->interface.name, mode, tap);
}

static int attach(struct sensor *sensor, struct post *post)
{
	const struct plan_entry entry = {
		.interface = &post->interface,
		.asked = post->asked,
		.tap = post->tap,
	};
	int err = plan_mode(&entry, sensor->features.tcx, &post->mode);

	post->tried_ns = clock_now_ns(CLOCK_BOOTTIME);
	post->blocker = 0;
	if (!err)
		err = loader_attach(sensor->loader, &post->interface, post->mode, post->tap,
				    post->attachments, &post->blocker);
	post->err = err;
	if (err)
		return err;
	post->attached = true;
	sensor->watched++;
	say_watching(sensor, post);
	guard_add(sensor, post->attachments, LOADER_ATTACHMENTS);
	return 0;
}

static void detach(struct sensor *sensor, struct post *post)
{
	if (!post->attached)
		return;
	guard_remove(sensor, post->attachments, LOADER_ATTACHMENTS);
	loader_release(sensor->loader, post->attachments);
	post->attached = false;
	sensor->watched--;
}

/* At the start: the user's mistake where it was named or what the host lacks, else a blind spot. */
static int refuse(const struct post *post)
{
	char text[256];

	if (!post->named && post->err != -EBUSY &&
	    !(post->err == -EOPNOTSUPP && post->asked == ATTACH_TCX) &&
	    !(post->err == -EPERM && post->tap))
		return EXIT_GOOD;
	log_error("%s: %s", post->interface.name, unseen_why(post, text, sizeof(text)));
	if (post->err == -EBUSY)
		return EXIT_USER;
	return post->err == -EPERM || post->err == -EOPNOTSUPP ? EXIT_HOST : EXIT_RUNTIME;
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

static void leave(struct sensor *sensor, struct post *post)
{
	const char *name = post->interface.name;

	if (post->attached)
		log_info("%s is not watched any more", name);
	detach(sensor, post);
	if (!links_find(&sensor->interfaces, name))
		blind_over_all(sensor, name, "is gone");
	else
		blind_over_all(sensor, name, "need not be watched any more");
	free(post);
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
		leave(sensor, post);
	}
	return false;
}

static bool is_due(const struct post *post, __u64 now_ns)
{
	return !post->attached && !post->gone &&
	       (!post->tried_ns || now_ns - post->tried_ns >= RETRY_NS);
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
		if (!attach(sensor, post))
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
	posts->work_left = leave_those_gone(sensor, until_ns) || attach_those_due(sensor, until_ns);
	if (!posts->work_left)
		say_whether_any(sensor);
}

/* Before something is attached: what comes from other machines is counted otherwise. */
static void tell_uplinks(struct sensor *sensor)
{
	int err;

	if (sensor->config->http.count != HTTP_COUNT_SERVER_SIDE &&
	    sensor->config->drops.netns != DROPS_NETNS_ALL)
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

	for (size_t i = 0; i < posts->count && !code; i++) {
		struct post *post = posts->list[i];

		if (!attach(sensor, post) || post->err == -ENODEV)
			continue;
		code = refuse(post);
		if (!code)
			unseen_post(sensor, post);
	}
	return code;
}

int posts_check(const struct sensor *sensor, const struct config *config, const char **ret_unknown)
{
	struct plan plan;
	int err = plan_make(config, &sensor->interfaces, &plan);

	if (err)
		return err;
	*ret_unknown = plan.unknown;
	plan_clear(&plan);
	return 0;
}

int posts_refuse_unknown(const struct sensor *sensor)
{
	const char *unknown = NULL;

	if (posts_check(sensor, sensor->config, &unknown)) {
		log_error("out of memory");
		return EXIT_RUNTIME;
	}
	if (!unknown)
		return EXIT_GOOD;
	log_error("there is no interface '%s' here; 'ip link' lists them", unknown);
	return EXIT_USER;
}

int posts_open(struct sensor *sensor)
{
	int code, err = 0;

	sensor->posts = calloc(1, sizeof(*sensor->posts));
	if (!sensor->posts)
		err = -ENOMEM;
	if (!err && plan_wants_tap(sensor->config))
		loader_prepare_taps(sensor->loader); /* where it can't be, attaching says so */
	if (!err)
		err = posts_plan_again(sensor);
	if (err) {
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

	for (size_t i = 0; posts && i < posts->count; i++) {
		struct post *post = posts->list[i];

		if (!post->attached)
			continue;
		guard_remove(sensor, post->attachments, LOADER_ATTACHMENTS);
		loader_leave(sensor->loader, post->attachments);
		post->attached = false;
	}
}

void posts_close(struct sensor *sensor)
{
	struct posts *posts = sensor->posts;

	if (!posts)
		return;
	posts_detach(sensor);
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
