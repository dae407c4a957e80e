/* SPDX-License-Identifier: GPL-2.0-only */
/* The way to systemd-journald: its socket. */
#include "out/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct journal {
	struct outlet outlet;
	int fd; /* not connected: each send finds the socket that stands at the path now */
	struct sockaddr_un addr;
};

/* What may pass without our doing, once journald is there again, permitted or less busy. */
static bool is_passing(int err)
{
	switch (err) {
	case -ENOENT:
	case -ENOTDIR:
	case -ECONNREFUSED:
	case -ECONNRESET:
	case -ENOTCONN:
	case -EPIPE:
	case -EACCES:
	case -EAGAIN:
	case -EINTR:
	case -ENOBUFS:
	case -ENOMEM:
	case -EMFILE:
	case -ENFILE:
	case -ETOOMANYREFS:
		return true;
	default:
		return false;
	}
}

static int send_datagram(struct journal *journal, const void *data, size_t len)
{
	ssize_t n = sendto(journal->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL,
			   (struct sockaddr *)&journal->addr, sizeof(journal->addr));

	return n < 0 ? -errno : 0;
}

static int write_file(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= n;
	}
	return 0;
}

/* systemd's JOURNAL_NATIVE_PROTOCOL: an empty datagram that carries a sealed memfd. */
static int send_descriptor(struct journal *journal, int file)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {};
	struct msghdr message = {
		.msg_name = &journal->addr,
		.msg_namelen = sizeof(journal->addr),
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &file, sizeof(file));
	return sendmsg(journal->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* journald takes only a file that can't change under it any more. */
static int send_file(struct journal *journal, const void *data, size_t len)
{
	int file = memfd_create("spikewatch-entry", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int err;

	if (file < 0)
		return -errno;
	err = write_file(file, data, len);
	if (err)
		goto out;
	if (fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL)) {
		err = -errno;
		goto out;
	}
	err = send_descriptor(journal, file);
out:
	close(file);
	return err;
}

static int send_entry(struct journal *journal, const void *data, size_t len)
{
	int err = send_datagram(journal, data, len);

	if (err == -EMSGSIZE || err == -ENOBUFS)
		err = send_file(journal, data, len);
	return err;
}

static enum outlet_result send_post(struct outlet *outlet, const void *payload, size_t len,
				    __u64 now_ns)
{
	int err = send_entry((struct journal *)outlet, payload, len);

	if (!err)
		return OUTLET_SENT;
	snprintf(outlet->trouble, sizeof(outlet->trouble), "%s: %s",
		 ((struct journal *)outlet)->addr.sun_path, strerror(-err));
	return is_passing(err) ? OUTLET_LATER : OUTLET_REFUSED;
}

static void free_journal(struct outlet *outlet)
{
	struct journal *journal = (struct journal *)outlet;

	if (!outlet)
		return;
	close(journal->fd);
	free(journal);
}

static const struct outlet_ops ops = {
	.name = "journald",
	.send = send_post,
	.free = free_journal,
};

int journal_new(const char *socket_path, struct outlet **ret)
{
	size_t path_size = strlen(socket_path) + 1;
	struct journal *journal;
	int err;

	if (path_size > sizeof(journal->addr.sun_path))
		return -ENAMETOOLONG;
	journal = calloc(1, sizeof(*journal));
	if (!journal)
		return -ENOMEM;
	journal->outlet.ops = &ops;
	journal->outlet.fd = -1;
	journal->addr.sun_family = AF_UNIX;
	memcpy(journal->addr.sun_path, socket_path, path_size);
	journal->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (journal->fd < 0) {
		err = -errno;
		free(journal);
		return err;
	}
	*ret = &journal->outlet;
	return 0;
}
