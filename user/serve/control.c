/* SPDX-License-Identifier: GPL-2.0-only */
/* The control socket. */
#include "serve/control.h"

#include <errno.h>
#include <grp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/log.h"

#define EVENTS_MAX 16
#define GROUPS_MAX 256
#define LISTENER   UINT32_MAX /* among epoll's data; else the client's number */

struct client {
	int fd;       /* -1: nobody */
	bool closing; /* once all is written */
	__u64 active_ns;
	size_t in_len;
	char in[REQUEST_MAX];
	char *out; /* what is being written; no request is read meanwhile */
	size_t out_len, out_done;
};

struct control {
	int listen_fd, epoll_fd;
	gid_t gid; /* -1: none */
	control_answer_fn answer;
	void *arg;
	struct client clients[CONTROL_CLIENTS_MAX];
};

/* --- clients ---------------------------------------------------------------------------------- */

static bool has_line(const struct client *client)
{
	return memchr(client->in, '\n', client->in_len) || client->in_len == sizeof(client->in);
}

/* What was asked already is answered before more is read. */
static void watch_client(struct control *control, struct client *client)
{
	struct epoll_event event = {
		.events = client->out || has_line(client) ? EPOLLOUT : EPOLLIN,
		.data.u32 = client - control->clients,
	};

	epoll_ctl(control->epoll_fd, EPOLL_CTL_MOD, client->fd, &event);
}

static void close_client(struct client *client)
{
	close(client->fd); /* epoll forgets it */
	free(client->out);
	*client = (struct client){ .fd = -1 };
}

static void send_line(struct client *client, char *line)
{
	size_t len = line ? strlen(line) : 0;
	char *out = line ? realloc(line, len + 1) : NULL;

	if (!out) {
		free(line);
		client->closing = true;
		return;
	}
	out[len] = '\n';
	client->out = out;
	client->out_len = len + 1;
	client->out_done = 0;
}

static void send_error(struct client *client, const char *says)
{
	char *line;

	if (asprintf(&line, "{\"error\":\"%s\"}", says) < 0)
		line = NULL;
	send_line(client, line);
}

static void take_line(struct control *control, struct client *client, size_t len)
{
	enum request_result result;
	struct request request;
	char *line = NULL;

	result = request_parse(client->in, len, &request);
	if (result != REQUEST_GOOD)
		send_error(client, request_says(result));
	else if (control->answer(&request, &line, control->arg))
		send_error(client, "out of memory");
	else
		send_line(client, line);
	client->in_len -= len + 1;
	memmove(client->in, client->in + len + 1, client->in_len);
}

/* Writes what it takes now. False: the client is gone. */
static bool write_out(struct client *client)
{
	while (client->out) {
		ssize_t n = send(client->fd, client->out + client->out_done,
				 client->out_len - client->out_done, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		client->out_done += n;
		if (client->out_done < client->out_len)
			continue;
		free(client->out);
		client->out = NULL;
	}
	return !client->closing;
}

/* Reads what is there. False: the client is gone. */
static bool read_in(struct client *client)
{
	ssize_t n = recv(client->fd, client->in + client->in_len,
			 sizeof(client->in) - client->in_len, MSG_DONTWAIT);

	if (n > 0)
		client->in_len += n;
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

/* The first whole line, or that there is none in all the bytes that may be. */
static void answer_first(struct control *control, struct client *client)
{
	const char *end = memchr(client->in, '\n', client->in_len);

	if (end) {
		take_line(control, client, end - client->in);
	} else {
		send_error(client, "a request has at most 4096 bytes");
		client->closing = true;
	}
}

static void serve_client(struct control *control, struct client *client, __u32 events, __u64 now_ns)
{
	bool there;

	client->active_ns = now_ns;
	if (client->out || has_line(client))
		there = !(events & (EPOLLERR | EPOLLHUP)) && write_out(client);
	else
		there = read_in(client);
	/* One at a time: others are served in between, however many were sent at once. */
	if (there && !client->out && has_line(client)) {
		answer_first(control, client);
		there = write_out(client);
	}
	if (there)
		watch_client(control, client);
	else
		close_client(client);
}

/* --- who comes -------------------------------------------------------------------------------- */

static bool is_in_group(int fd, gid_t primary, gid_t gid)
{
	gid_t groups[GROUPS_MAX];
	socklen_t len = sizeof(groups);

	if (primary == gid)
		return true;
	/* Linux 4.13; who is in more groups than fit is asked to come with this one as primary. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len))
		return false;
	for (size_t i = 0; i < len / sizeof(groups[0]); i++)
		if (groups[i] == gid)
			return true;
	return false;
}

static bool may_ask(const struct control *control, int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len))
		return false;
	if (!peer.uid || peer.uid == geteuid())
		return true;
	return control->gid != (gid_t)-1 && is_in_group(fd, peer.gid, control->gid);
}

static void turn_away(int fd, const char *says)
{
	char line[128];
	int len = snprintf(line, sizeof(line), "{\"error\":\"%s\"}\n", says);

	if (send(fd, line, len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		log_debug("control socket: %s", strerror(errno));
	close(fd);
}

static void take_client(struct control *control, int fd, __u64 now_ns)
{
	struct epoll_event event = { .events = EPOLLIN };
	int i = 0;

	if (!may_ask(control, fd)) {
		turn_away(fd, "only root and the group spikewatch may ask");
		return;
	}
	while (i < CONTROL_CLIENTS_MAX && control->clients[i].fd >= 0)
		i++;
	if (i == CONTROL_CLIENTS_MAX) {
		turn_away(fd, "too many ask at once: try again");
		return;
	}
	event.data.u32 = i;
	if (epoll_ctl(control->epoll_fd, EPOLL_CTL_ADD, fd, &event)) {
		close(fd);
		return;
	}
	control->clients[i].fd = fd;
	control->clients[i].active_ns = now_ns;
}

static void accept_clients(struct control *control, __u64 now_ns)
{
	/* A few at a time: who knocks without end does not hold up the rest. */
	for (int i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		int fd = accept4(control->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0)
			return;
		take_client(control, fd, now_ns);
	}
}

/* --- the server ------------------------------------------------------------------------------- */

int control_new(int listen_fd, const char *group, control_answer_fn answer, void *arg,
		struct control **ret)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = LISTENER };
	struct control *control = calloc(1, sizeof(*control));
	const struct group *entry = group ? getgrnam(group) : NULL;
	int err = -ENOMEM;

	if (!control) {
		close(listen_fd);
		return err;
	}
	control->listen_fd = listen_fd;
	control->answer = answer;
	control->arg = arg;
	for (int i = 0; i < CONTROL_CLIENTS_MAX; i++)
		control->clients[i].fd = -1;
	control->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	control->gid = entry ? entry->gr_gid : (gid_t)-1;
	if (control->epoll_fd < 0 ||
	    epoll_ctl(control->epoll_fd, EPOLL_CTL_ADD, listen_fd, &event)) {
		err = -errno;
		goto out;
	}
	*ret = control;
	return 0;
out:
	control_free(control);
	return err;
}

void control_free(struct control *control)
{
	if (!control)
		return;
	for (int i = 0; i < CONTROL_CLIENTS_MAX; i++)
		if (control->clients[i].fd >= 0)
			close_client(&control->clients[i]);
	close(control->listen_fd);
	if (control->epoll_fd >= 0)
		close(control->epoll_fd);
	free(control);
}

int control_fd(const struct control *control)
{
	return control->epoll_fd;
}

void control_take(struct control *control, __u64 now_ns)
{
	struct epoll_event events[EVENTS_MAX];
	int n = epoll_wait(control->epoll_fd, events, EVENTS_MAX, 0);

	for (int i = 0; i < n; i++) {
		__u32 who = events[i].data.u32;

		if (who == LISTENER)
			accept_clients(control, now_ns);
		else if (control->clients[who].fd >= 0)
			serve_client(control, &control->clients[who], events[i].events, now_ns);
	}
}

void control_look_after(struct control *control, __u64 now_ns)
{
	for (int i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		struct client *client = &control->clients[i];

		if (client->fd >= 0 && now_ns - client->active_ns > CONTROL_IDLE_NS)
			close_client(client);
	}
}
