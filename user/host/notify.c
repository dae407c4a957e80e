/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the service manager is told about this process. By hand, as libsystemd would be a library
 * for one datagram, and blocks where the manager is busy.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/notify.h"

int notify_open(const char *socket_name, struct notify *ret)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	size_t len = socket_name ? strlen(socket_name) : 0;

	*ret = (struct notify){ .fd = -1 };
	if (!len)
		return 0;
	if ((socket_name[0] != '/' && socket_name[0] != '@') || len < 2 ||
	    len >= sizeof(addr.sun_path))
		return -EINVAL;
	memcpy(addr.sun_path, socket_name, len);
	if (socket_name[0] == '@')
		addr.sun_path[0] = '\0'; /* then the length ends the name */
	ret->addr = addr;
	ret->addr_len = offsetof(struct sockaddr_un, sun_path) + len + (socket_name[0] == '/');
	ret->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return ret->fd < 0 ? -errno : 0;
}

void notify_close(struct notify *notify)
{
	if (notify->fd >= 0)
		close(notify->fd);
	notify->fd = -1;
}

int notify_send(const struct notify *notify, const char *text)
{
	const struct sockaddr *addr = (const struct sockaddr *)&notify->addr;

	if (notify->fd < 0)
		return 0;
	if (sendto(notify->fd, text, strlen(text), MSG_NOSIGNAL, addr, notify->addr_len) < 0)
		return -errno;
	return 0;
}

__u64 notify_watchdog_ns(const char *usec, const char *pid, pid_t self)
{
	unsigned long long value;
	char *end;

	if (!usec || *usec < '0' || *usec > '9' || (pid && strtoll(pid, NULL, 10) != self))
		return 0;
	errno = 0;
	value = strtoull(usec, &end, 10);
	if (errno || *end || value > ~0ULL / 1000)
		return 0;
	return value * 1000;
}
