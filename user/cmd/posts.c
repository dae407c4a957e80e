/* SPDX-License-Identifier: GPL-2.0-only */
/* The interfaces that the sensor stands at, kept as planned. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "cmd/blind.h"
#include "cmd/cmd.h"
#include "cmd/posts.h"
#include "cmd/sensor.h"
#include "config/scalar.h"
#include "kernel/changes.h"
#include "util/log.h"

#define MS_NS 1000000ULL
/* Interfaces are listed again so often at most, and not before ten times what listing took. */
#define LIST_NS (100 * MS_NS)
#define REST    10
/* Attaching and detaching wait for RCU: after so long, the rest of the process has its turn. */
#define TURN_NS (20 * MS_NS)
/* All are listed anew, for their counters, and in case that something was missed. */
#define RELIST_NS (10000 * MS_NS)
/* What can't be attached is tried again. */
#define RETRY_NS (30000 * MS_NS)

struct posts {
	struct post **list;
	size_t count, room;
	struct changes *changes; /* NULL: they can't be followed */
	int timer_fd;            /* -1: nothing is followed */
	bool links_changed, addrs_changed;
	bool work_left; /* posts to attach or to leave */
	__u64 list_due_ns, listed_ns;
	bool started; /* posts_open() is done: what can't be is a condition, not an error */
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

static int attach(struct sensor *sensor, struct post *post)
{
	const struct plan_entry entry = {
		.interface = &post->interface,
		.asked = post->asked,
		.tap = post->tap,
	};
	int err = plan_mode(&entry, sensor->features.tcx, &post->mode);

	post->tried_ns = cmd_now_ns(CLOCK_BOOTTIME);
	post->blocker = 0;
	if (!err)
		err = loader_attach(sensor->loader, &post->interface, post->mode, post->tap,
				    post->attachments, &post->blocker);
	post->err = err;
	if (err)
		return err;
	post->attached = true;
	sensor->watched++;
	log_info("watching %s (%s%s)", post->interface.name, loader_mode_name(post->mode),
		 post->tap ? ", tap" : "");
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

/* Why it can't be watched and what to do, as a sentence without the name. */
static const char *why(const struct post *post, char *buf, size_t size)
{
	if (post->err == -EBUSY && post->blocker)
		snprintf(
			buf, size,
			"an XDP program is attached already (id %u; 'bpftool net' names it): detach it, or use attach: tc",
			post->blocker);
	else if (post->err == -EBUSY)
		snprintf(
			buf, size,
			"an XDP program is attached already ('bpftool net' names it): detach it, or use attach: tc");
	else if (post->err == -EOPNOTSUPP && post->asked == ATTACH_TCX)
		snprintf(buf, size, "this kernel has no tcx (6.6): use attach: auto");
	else if (post->err == -EPERM && post->tap)
		snprintf(
			buf, size,
			"role: tap cannot make it promiscuous: give the program CAP_NET_RAW too, or run it as root");
	else
		snprintf(buf, size, "cannot attach: %s", strerror(-post->err));
	return buf;
}

/* At the start: the user's mistake where it was named or what the host lacks, else a blind spot. */
static int refuse(const struct post *post)
{
	char text[256];

	if (!post->named && post->err != -EBUSY &&
	    !(post->err == -EOPNOTSUPP && post->asked == ATTACH_TCX) &&
	    !(post->err == -EPERM && post->tap))
		return EXIT_GOOD;
	log_error("%s: %s", post->interface.name, why(post, text, sizeof(text)));
	if (post->err == -EBUSY)
		return EXIT_USER;
	return post->err == -EPERM || post->err == -EOPNOTSUPP ? EXIT_HOST : EXIT_RUNTIME;
}

static void say_unwatched(struct sensor *sensor, const struct post *post)
{
	const char *name = post->interface.name;
	char text[256];

	blind_say(sensor, BLIND_UNWATCHED, SENSOR_BLIND, name,
		  "%s is not watched: %s; or exclude it under interfaces:", name,
		  why(post, text, sizeof(text)));
}

/* --- as planned ------------------------------------------------------------------------------- */

/* Which names of the configuration are there, and which not. */
static void look_for_names(struct sensor *sensor)
{
	const struct config *config = sensor->config;
	const struct blind_condition *list;
	size_t count;

	for (size_t i = 0; i < config->interface_count; i++) {
		const char *name = config->interfaces[i].name;

		if (plan_is_name(name) && !links_find(&sensor->interfaces, name))
			blind_say(
				sensor, BLIND_MISSING, SENSOR_BLIND, name,
				"%s is gone: nothing of it is seen; it is watched again when it comes back, "
				"or take it out of interfaces:",
				name);
	}
	list = blind_list(sensor, &count);
	for (size_t i = 0; i < count; i++) {
		const char *name = list[i].subject;
		bool wanted = false;

		if (list[i].kind != BLIND_MISSING)
			continue;
		for (size_t k = 0; k < config->interface_count; k++)
			wanted = wanted || !strcmp(config->interfaces[k].name, name);
		if (!wanted)
			blind_over(sensor, BLIND_MISSING, name, "%s is not asked for any more",
				   name);
		else if (links_find(&sensor->interfaces, name))
			blind_over(sensor, BLIND_MISSING, name, "%s is there again", name);
	}
}

/* Up, and carries what is no Ethernet and no IP: "auto" leaves it out. */
static void look_for_unsupported(struct sensor *sensor)
{
	const struct interfaces *all = &sensor->interfaces;

	for (size_t i = 0; i < all->count; i++) {
		const struct interface *one = &all->list[i];

		if (link_layer_of(one) == LINK_UNSUPPORTED && one->flags & IFF_UP &&
		    plan_wants_auto(sensor->config))
			blind_say(
				sensor, BLIND_UNWATCHED, SENSOR_DEGRADED, one->name,
				"%s is not watched: its link layer (ARPHRD type %u) is not understood; "
				"what passes there is not seen",
				one->name, one->type);
	}
}

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

/* A program in the driver runs before all that tc and the generic XDP see. */
static void look_for_native_xdp(struct sensor *sensor, const struct post *post)
{
	const char *name = post->interface.name;
	__u32 id = post->interface.native_xdp;
	char program[ATTACH_NAME_MAX];

	if (!id || id == loader_xdp_id(sensor->loader)) {
		blind_over(sensor, BLIND_NATIVE_XDP, name, "%s has no native XDP program before us",
			   name);
		return;
	}
	if (blind_is(sensor, BLIND_NATIVE_XDP, name))
		return;
	attach_program_name(id, program);
	blind_say(
		sensor, BLIND_NATIVE_XDP, SENSOR_DEGRADED, name,
		"%s: a native XDP program (id %u%s%s) runs before ours: what it drops or redirects never becomes a packet that is seen; "
		"read its own counters besides",
		name, id, program[0] ? ", " : "", program);
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
		look_for_native_xdp(sensor, post);
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
		if (cmd_now_ns(CLOCK_BOOTTIME) > until_ns)
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
		__u64 now_ns = cmd_now_ns(CLOCK_BOOTTIME);

		if (!is_due(post, now_ns))
			continue;
		if (now_ns > until_ns)
			return true;
		if (!attach(sensor, post))
			blind_over(sensor, BLIND_UNWATCHED, post->interface.name, "%s is watched",
				   post->interface.name);
		else if (post->err == -ENODEV) /* we shall hear of it */
			posts->links_changed = true;
		else
			say_unwatched(sensor, post);
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

/* Goes on with what is to be done, for a while. */
static void work(struct sensor *sensor)
{
	struct posts *posts = sensor->posts;
	__u64 until_ns = cmd_now_ns(CLOCK_BOOTTIME) + TURN_NS;

	posts->work_left = leave_those_gone(sensor, until_ns) || attach_those_due(sensor, until_ns);
	if (!posts->work_left)
		say_whether_any(sensor);
}

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

static int plan_again(struct sensor *sensor)
{
	struct plan plan;
	int err = plan_make(sensor->config, &sensor->interfaces, &plan);

	if (err)
		return err;
	compare(sensor, &plan);
	err = add_new(sensor->posts, &plan);
	plan_clear(&plan);
	look_for_names(sensor);
	look_for_unsupported(sensor);
	return err;
}

/* --- changes ---------------------------------------------------------------------------------- */

static void set_timer(const struct posts *posts, __u64 now_ns)
{
	bool list = posts->links_changed || posts->addrs_changed;
	__u64 due_ns = posts->work_left ? now_ns + MS_NS : posts->list_due_ns;
	struct itimerspec timer = {};

	if (list || posts->work_left) {
		due_ns = due_ns > now_ns ? due_ns : now_ns + MS_NS;
		timer.it_value.tv_sec = due_ns / NS_PER_S;
		timer.it_value.tv_nsec = due_ns % NS_PER_S;
	}
	timerfd_settime(posts->timer_fd, TFD_TIMER_ABSTIME, &timer, NULL);
}

static void apply_changes(struct sensor *sensor)
{
	struct posts *posts = sensor->posts;
	__u64 now_ns = cmd_now_ns(CLOCK_BOOTTIME), took_ns;
	bool links = posts->links_changed;
	int err = 0;

	if ((!links && !posts->addrs_changed) || now_ns < posts->list_due_ns)
		return;
	/* What changes from here on is another change. */
	posts->links_changed = false;
	posts->listed_ns = links ? now_ns : posts->listed_ns;
	if (posts->addrs_changed)
		err = host_follow_addrs(sensor);
	posts->addrs_changed = err != 0;
	if (links && !err)
		err = list_again(sensor);
	if (links && !err)
		err = plan_again(sensor);
	if (err) {
		posts->links_changed = true;
		log_debug("cannot follow what changed: %s; tried again", strerror(-err));
	}
	took_ns = cmd_now_ns(CLOCK_BOOTTIME) - now_ns;
	posts->list_due_ns = now_ns + (took_ns * REST > LIST_NS ? took_ns * REST : LIST_NS);
}

static void go_on(struct sensor *sensor)
{
	struct posts *posts = sensor->posts;

	apply_changes(sensor);
	if (posts->work_left)
		work(sensor);
	if (posts->timer_fd >= 0)
		set_timer(posts, cmd_now_ns(CLOCK_BOOTTIME));
}

static void take_changes(__u32 events, void *arg)
{
	struct sensor *sensor = arg;
	struct posts *posts = sensor->posts;

	changes_take(posts->changes, &posts->links_changed, &posts->addrs_changed);
	go_on(sensor);
}

static void take_timer(__u32 events, void *arg)
{
	struct sensor *sensor = arg;
	__u64 times;

	if (read(sensor->posts->timer_fd, &times, sizeof(times)) > 0)
		go_on(sensor);
}

/* --- start and end ---------------------------------------------------------------------------- */

static int follow(struct sensor *sensor)
{
	struct posts *posts = sensor->posts;
	int err;

	posts->timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (posts->timer_fd < 0)
		return -errno;
	err = changes_new(&posts->changes);
	if (!err)
		err = loop_set(sensor->loop, changes_fd(posts->changes), EPOLLIN, take_changes,
			       sensor);
	if (!err)
		err = loop_set(sensor->loop, posts->timer_fd, EPOLLIN, take_timer, sensor);
	/* What changed since the first list. */
	posts->links_changed = posts->addrs_changed = true;
	return err;
}

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
			say_unwatched(sensor, post);
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
	if (sensor->posts)
		sensor->posts->timer_fd = -1;
	else
		err = -ENOMEM;
	if (!err && plan_wants_tap(sensor->config))
		loader_prepare_taps(sensor->loader); /* where it can't be, attaching says so */
	if (!err)
		err = plan_again(sensor);
	if (err) {
		log_error("out of memory");
		return EXIT_RUNTIME;
	}
	code = attach_first(sensor);
	if (code)
		return code;
	sensor->posts->started = true;
	sensor->posts->work_left = false;
	say_whether_any(sensor);
	err = follow(sensor);
	if (err)
		blind_say(
			sensor, BLIND_FILTER_EVENTS, SENSOR_DEGRADED, "interfaces",
			"changes of interfaces can't be followed: %s; interfaces that come later are seen with a delay",
			strerror(-err));
	return EXIT_GOOD;
}

void sensor_replan(struct sensor *sensor)
{
	sensor->posts->links_changed = true;
	sensor->posts->list_due_ns = 0;
	go_on(sensor);
}

void posts_look_after(struct sensor *sensor)
{
	struct posts *posts = sensor->posts;
	__u64 now_ns = cmd_now_ns(CLOCK_BOOTTIME);

	for (size_t i = 0; i < posts->count; i++)
		posts->work_left = posts->work_left || is_due(posts->list[i], now_ns);
	if (!posts->changes)
		posts->links_changed = posts->addrs_changed = true;
	if (now_ns - posts->listed_ns >= RELIST_NS)
		posts->links_changed = true;
	go_on(sensor);
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
	if (posts->changes) {
		loop_drop(sensor->loop, changes_fd(posts->changes));
		changes_free(posts->changes);
	}
	if (posts->timer_fd >= 0) {
		loop_drop(sensor->loop, posts->timer_fd);
		close(posts->timer_fd);
	}
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
