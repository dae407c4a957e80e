/* SPDX-License-Identifier: GPL-2.0-only */
/* Sockets that others connect to. */
#include "serve/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 16

/* "[::1]:9435" or "127.0.0.1:9435" */
static int parse_inet(const char *at, struct sockaddr_storage *ret, socklen_t *ret_len)
{
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;
	struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
	const char *colon = strrchr(at, ':');
	char host[64], *end;
	unsigned long port;
	size_t len;

	if (!colon)
		return -EINVAL;
	len = colon - at;
	port = strtoul(colon + 1, &end, 10);
	if (*end || !port || port > 65535 || len >= sizeof(host))
		return -EINVAL;
	if (len >= 2 && at[0] == '[' && at[len - 1] == ']') {
		at++;
		len -= 2;
	}
	memcpy(host, at, len);
	host[len] = '\0';
	memset(ret, 0, sizeof(*ret));
	if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		*ret_len = sizeof(*v4);
		return 0;
	}
	if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
		*ret_len = sizeof(*v6);
		return 0;
	}
	return -EINVAL;
}

static int open_inet(const char *at, int *ret_fd)
{
	struct sockaddr_storage addr;
	const int yes = 1;
	socklen_t len;
	int err = parse_inet(at, &addr, &len), fd;

	if (err)
		return err;
	fd = socket(addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* A restart must not wait for the former run's connections to be forgotten. */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (addr.ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes));
	if (bind(fd, (struct sockaddr *)&addr, len) || listen(fd, BACKLOG)) {
		err = -errno;
		close(fd);
		return err;
	}
	*ret_fd = fd;
	return 0;
}

/* Is somebody there? Asked without waiting: a full backlog is somebody too. */
static bool is_served(const struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool served = true;

	if (fd < 0)
		return served;
	if (connect(fd, (const struct sockaddr *)addr, sizeof(*addr)))
		served = errno != ECONNREFUSED && errno != ENOENT;
	close(fd);
	return served;
}

/* Removes a socket that a former run left. */
static int clear_path(const struct sockaddr_un *addr)
{
	struct stat st;

	if (lstat(addr->sun_path, &st))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	if (is_served(addr))
		return -EADDRINUSE;
	return unlink(addr->sun_path) && errno != ENOENT ? -errno : 0;
}

/* gid, or -1 where there is no such group. */
static gid_t find_group(const char *name)
{
	const struct group *group = name ? getgrnam(name) : NULL;

	return group ? group->gr_gid : (gid_t)-1;
}

static int make_folder(const char *path, gid_t gid)
{
	char *folder = strdup(path), *slash = folder ? strrchr(folder, '/') : NULL;
	int err = 0;

	if (!folder)
		return -ENOMEM;
	if (slash && slash != folder) {
		*slash = '\0';
		if (mkdir(folder, 0750))
			err = errno == EEXIST ? 0 : -errno;
		else if (gid != (gid_t)-1 && chown(folder, -1, gid))
			err = errno == EPERM ? 0 : -errno;
	}
	free(folder);
	return err;
}

/* Nobody else can connect before it has its group and mode: it is made as 0600. */
static int bind_unix(int fd, const struct sockaddr_un *addr, gid_t gid)
{
	mode_t before = umask(0177);
	int err = bind(fd, (const struct sockaddr *)addr, sizeof(*addr)) ? -errno : 0;

	umask(before);
	if (err)
		return err;
	/* Without CAP_CHOWN, as after a reload, it is root's alone. */
	if (gid != (gid_t)-1 && !chown(addr->sun_path, -1, gid) && chmod(addr->sun_path, 0660))
		return -errno;
	return listen(fd, BACKLOG) ? -errno : 0;
}

static int open_unix(const char *path, const char *group, struct listener *listener)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	gid_t gid = find_group(group);
	struct stat st;
	int err;

	if (path[0] != '/' || strlen(path) >= sizeof(addr.sun_path))
		return -EINVAL;
	strcpy(addr.sun_path, path);
	err = make_folder(path, gid);
	if (!err)
		err = clear_path(&addr);
	if (err)
		return err;
	listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listener->fd < 0)
		return -errno;
	err = bind_unix(listener->fd, &addr, gid);
	if (err)
		return err;
	if (lstat(path, &st))
		return -errno;
	listener->dev = st.st_dev;
	listener->ino = st.st_ino;
	listener->changed = st.st_ctim;
	listener->path = strdup(path);
	return listener->path ? 0 : -ENOMEM;
}

int listener_open(const char *at, const char *group, struct listener *ret)
{
	struct listener listener = LISTENER_NONE;
	int err;

	if (!strncmp(at, "unix:", 5))
		err = open_unix(at + 5, group, &listener);
	else
		err = open_inet(at, &listener.fd);
	if (err) {
		listener_close(&listener);
		return err;
	}
	*ret = listener;
	return 0;
}

static bool is_ours(const struct listener *listener)
{
	struct stat st;

	return listener->path && !lstat(listener->path, &st) && st.st_dev == listener->dev &&
	       st.st_ino == listener->ino && st.st_ctim.tv_sec == listener->changed.tv_sec &&
	       st.st_ctim.tv_nsec == listener->changed.tv_nsec;
}

void listener_close(struct listener *listener)
{
	if (listener->fd >= 0)
		close(listener->fd);
	if (is_ours(listener))
		unlink(listener->path);
	free(listener->path);
	*listener = LISTENER_NONE;
}
