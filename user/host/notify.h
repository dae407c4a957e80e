/* SPDX-License-Identifier: GPL-2.0-only */
/* What the service manager is told about this process: the protocol of sd_notify(3). */
#ifndef HOST_NOTIFY_H
#define HOST_NOTIFY_H

#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>
#include <linux/types.h>

struct notify {
	int fd; /* -1: nobody listens */
	struct sockaddr_un addr;
	socklen_t addr_len;
};

/*
 * socket: what $NOTIFY_SOCKET says, a path or '@' and an abstract name; NULL or empty: nobody
 * listens. -EINVAL where it is neither or too long, -errno of socket(2); *ret is usable in any
 * case.
 */
int notify_open(const char *socket, struct notify *ret);
void notify_close(struct notify *notify);

/*
 * Sends "VARIABLE=value" lines; never blocks. 0, also where nobody listens; -EAGAIN where the
 * manager is too busy to take it; -errno.
 */
int notify_send(const struct notify *notify, const char *text);

/*
 * How often the manager wants to hear that the process makes progress: nanoseconds, 0 not at all.
 * usec and pid are what $WATCHDOG_USEC and $WATCHDOG_PID say, or NULL; what is meant for another
 * process than self is not for us.
 */
__u64 notify_watchdog_ns(const char *usec, const char *pid, pid_t self);

#endif
