/* SPDX-License-Identifier: GPL-2.0-only */
/* What the process waits for, by epoll. */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "sensor/loop.h"

#define SECOND_NS  1000000000ULL
#define EVENTS_MAX 16

/* fn NULL: not set. The serial tells an event of this source from one of an fd that had its number.
 */
struct source {
	loop_fn fn;
	void *arg;
	__u32 serial;
};

struct loop {
	int epoll_fd, timer_fd;
	__u32 serial;
	struct source *sources; /* by fd */
	int capacity;
};

int loop_new(struct loop **ret)
{
	struct loop *loop = calloc(1, sizeof(*loop));
	int err = -ENOMEM;

	if (!loop)
		return err;
	loop->timer_fd = -1;
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd >= 0)
		loop->timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	err = loop->timer_fd < 0 ? -errno : loop_set(loop, loop->timer_fd, EPOLLIN, NULL, NULL);
	if (err) {
		loop_free(loop);
		return err;
	}
	*ret = loop;
	return 0;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	if (loop->epoll_fd >= 0)
		close(loop->epoll_fd);
	if (loop->timer_fd >= 0)
		close(loop->timer_fd);
	free(loop->sources);
	free(loop);
}

static int make_room(struct loop *loop, int fd)
{
	int capacity = loop->capacity ? loop->capacity : 64;
	struct source *sources;

	while (capacity <= fd)
		capacity *= 2;
	if (capacity == loop->capacity)
		return 0;
	sources = calloc(capacity, sizeof(*sources));
	if (!sources)
		return -ENOMEM;
	for (int i = 0; i < loop->capacity; i++)
		sources[i] = loop->sources[i];
	free(loop->sources);
	loop->sources = sources;
	loop->capacity = capacity;
	return 0;
}

int loop_set(struct loop *loop, int fd, __u32 events, loop_fn fn, void *arg)
{
	struct epoll_event event = { .events = events };
	int err = make_room(loop, fd);

	if (err)
		return err;
	event.data.u64 = (__u64)++loop->serial << 32 | (__u32)fd;
	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, fd, &event) &&
	    (errno != ENOENT || epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event)))
		return -errno;
	loop->sources[fd] = (struct source){ .fn = fn, .arg = arg, .serial = loop->serial };
	return 0;
}

void loop_drop(struct loop *loop, int fd)
{
	if (fd < 0 || fd >= loop->capacity || !loop->sources[fd].serial)
		return;
	epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
	loop->sources[fd] = (struct source){};
}

static void dispatch(const struct loop *loop, const struct epoll_event *event)
{
	const struct source *source = &loop->sources[(__u32)event->data.u64];

	/* Dropped or replaced by a function that was called before. */
	if (source->fn && source->serial == event->data.u64 >> 32)
		source->fn(event->events, source->arg);
}

void loop_wait(struct loop *loop, __u64 due_ns)
{
	struct itimerspec timer = {
		.it_value = { .tv_sec = due_ns / SECOND_NS, .tv_nsec = due_ns % SECOND_NS },
	};
	struct epoll_event events[EVENTS_MAX];
	int n;

	/* Setting it also takes back that it had expired. */
	timerfd_settime(loop->timer_fd, TFD_TIMER_ABSTIME, &timer, NULL);
	n = epoll_wait(loop->epoll_fd, events, EVENTS_MAX, -1);
	for (int i = 0; i < n; i++)
		dispatch(loop, &events[i]);
}
