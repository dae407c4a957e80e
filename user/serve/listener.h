/* SPDX-License-Identifier: GPL-2.0-only */
/* Sockets that others connect to: TCP, and unix ones with their file. */
#ifndef SERVE_LISTENER_H
#define SERVE_LISTENER_H

#include <sys/types.h>
#include <time.h>

struct listener {
	int fd; /* non-blocking; the owner may take it and leave -1 */
	/* Of a unix socket: its file, and by what it is known, so that no other's is removed. */
	char *path;
	dev_t dev;
	ino_t ino; /* is given to another file soon */
	struct timespec changed;
};

#define LISTENER_NONE ((struct listener){ .fd = -1 })

/*
 * Listens at "address:port", "[address]:port" or "unix:/PATH". A unix socket is for root and for
 * `group`, where that exists (0660), else for root (0600); its folder is made where it is missing
 * (0750 for the same). A socket file that nobody listens at is replaced. -EADDRINUSE: somebody
 * does, or has the port; -EEXIST: the path is something else than a socket; -EINVAL; -errno.
 */
int listener_open(const char *at, const char *group, struct listener *ret);

/* Closes the socket and removes its file. LISTENER_NONE is fine. */
void listener_close(struct listener *listener);

#endif
