/* SPDX-License-Identifier: GPL-2.0-only */
/* A sink that writes records to systemd-journald: its socket and the queue before it. */
#include "out/journal.h"
#include "record/journal_entry.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct journal_sink {
	struct sink sink;
	int fd; /* not connected: each send finds the socket that stands at the path now */
	struct sockaddr_un addr;
	struct journal_entry queue[JOURNAL_QUEUE_MAX]; /* the oldest first */
	size_t queued;
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

static int send_datagram(struct journal_sink *journal, const struct journal_entry *entry)
{
	ssize_t n = sendto(journal->fd, entry->data, entry->len, MSG_DONTWAIT | MSG_NOSIGNAL,
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
static int send_descriptor(struct journal_sink *journal, int file)
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
static int send_file(struct journal_sink *journal, const struct journal_entry *entry)
{
	int file = memfd_create("spikewatch-entry", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int err;

	if (file < 0)
		return -errno;
	err = write_file(file, entry->data, entry->len);
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

static int send_entry(struct journal_sink *journal, const struct journal_entry *entry)
{
	int err = send_datagram(journal, entry);

	if (err == -EMSGSIZE || err == -ENOBUFS)
		err = send_file(journal, entry);
	return err;
}

static void drop_entry(struct journal_sink *journal, size_t i)
{
	assert(i < journal->queued);
	journal_entry_clear(&journal->queue[i]);
	journal->queued--;
	memmove(&journal->queue[i], &journal->queue[i + 1],
		(journal->queued - i) * sizeof(journal->queue[0]));
	journal->sink.counts.unsent = journal->queued;
}

/* Sends what is kept, the oldest first, until journald takes no more. */
static size_t flush(struct sink *sink)
{
	struct journal_sink *journal = (struct journal_sink *)sink;

	while (journal->queued) {
		int err = send_entry(journal, &journal->queue[0]);

		if (is_passing(err))
			break;
		if (err)
			sink->counts.lost++;
		else
			sink->counts.sent++;
		drop_entry(journal, 0);
	}
	return journal->queued;
}

/* Takes the entry over. Where there is no room, the oldest of the lowest priority has to go. */
static int keep(struct journal_sink *journal, struct journal_entry *entry)
{
	size_t victim = 0;

	if (journal->queued == JOURNAL_QUEUE_MAX) {
		/* A larger PRIORITY is a lower one. */
		for (size_t i = 1; i < journal->queued; i++)
			if (journal->queue[i].priority > journal->queue[victim].priority)
				victim = i;
		journal->sink.counts.lost++;
		if (entry->priority > journal->queue[victim].priority) {
			journal_entry_clear(entry);
			return -ENOBUFS;
		}
		drop_entry(journal, victim);
	}
	journal->queue[journal->queued++] = *entry;
	journal->sink.counts.unsent = journal->queued;
	return -EAGAIN;
}

/* Takes the entry over. */
static int send_or_keep(struct journal_sink *journal, struct journal_entry *entry)
{
	int err;

	if (flush(&journal->sink))
		return keep(journal, entry);
	err = send_entry(journal, entry);
	if (is_passing(err))
		return keep(journal, entry);
	if (err)
		journal->sink.counts.lost++;
	else
		journal->sink.counts.sent++;
	journal_entry_clear(entry);
	return err;
}

static int send_alert(struct sink *sink, const struct alert *alert)
{
	struct journal_entry entry;
	int err = journal_entry_from_alert(sink->observer, alert, &entry);

	if (err) {
		sink->counts.lost++;
		return err;
	}
	return send_or_keep((struct journal_sink *)sink, &entry);
}

static int send_sensor(struct sink *sink, const struct sensor_event *event)
{
	struct journal_entry entry;
	int err = journal_entry_from_sensor(sink->observer, event, &entry);

	if (err) {
		sink->counts.lost++;
		return err;
	}
	return send_or_keep((struct journal_sink *)sink, &entry);
}

static void free_sink(struct sink *sink)
{
	struct journal_sink *journal = (struct journal_sink *)sink;

	if (!sink)
		return;
	flush(sink);
	while (journal->queued)
		drop_entry(journal, journal->queued - 1);
	close(journal->fd);
	free(journal);
}

static const struct sink_ops ops = {
	.name = "journald",
	.send_alert = send_alert,
	.send_sensor = send_sensor,
	.flush = flush,
	.free = free_sink,
};

int sink_journal_new(const struct observer *observer, const char *socket_path, struct sink **ret)
{
	size_t path_size = strlen(socket_path) + 1;
	struct journal_sink *journal;
	int err;

	if (path_size > sizeof(journal->addr.sun_path))
		return -ENAMETOOLONG;
	journal = calloc(1, sizeof(*journal));
	if (!journal)
		return -ENOMEM;
	journal->sink.ops = &ops;
	journal->sink.observer = observer;
	journal->addr.sun_family = AF_UNIX;
	memcpy(journal->addr.sun_path, socket_path, path_size);
	journal->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (journal->fd < 0) {
		err = -errno;
		free(journal);
		return err;
	}
	*ret = &journal->sink;
	return 0;
}
