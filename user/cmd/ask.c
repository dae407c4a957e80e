/* SPDX-License-Identifier: GPL-2.0-only */
/* Asks the running sensor at its control socket. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "cmd/ask.h"
#include "cmd/cmd.h"
#include "sensor/clock.h"
#include "util/log.h"

/* The sensor answers between two epochs, which takes milliseconds. */
#define PATIENCE_NS 10000000000ULL
#define ANSWER_MAX  (64U << 20)

static int reach(const char *path, int *ret_fd)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&addr, sizeof(addr))) {
		int err = -errno;

		close(fd);
		return err;
	}
	*ret_fd = fd;
	return 0;
}

static void say_unreached(const char *path, int err)
{
	if (err == -ENOENT || err == -ECONNREFUSED)
		log_error(
			"no spikewatch answers at %s: is it running ('systemctl status spikewatch')?",
			path);
	else if (err == -EACCES || err == -EPERM)
		log_error("%s: permission denied: be root or in the group spikewatch", path);
	else
		log_error("cannot ask at %s: %s", path, strerror(-err));
}

/* Waits until something can be read, at most until due_ns. */
static int wait_readable(int fd, __u64 due_ns)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	__u64 now_ns = clock_now_ns(CLOCK_BOOTTIME);

	if (now_ns >= due_ns)
		return -ETIMEDOUT;
	return poll(&wait, 1, (int)((due_ns - now_ns) / 1000000) + 1) < 0 && errno != EINTR ? -errno
											    : 0;
}

/* One line, without its end. */
static int read_line(int fd, char **ret)
{
	__u64 due_ns = clock_now_ns(CLOCK_BOOTTIME) + PATIENCE_NS;
	size_t len = 0, room = 0;
	char *text = NULL;
	int err = 0;

	while (!err && !(len && text[len - 1] == '\n')) {
		ssize_t n;

		if (len + 1 >= room) {
			char *more = room < ANSWER_MAX ? realloc(text, room + 65536) : NULL;

			if (!more) {
				err = -EMSGSIZE;
				break;
			}
			text = more;
			room += 65536;
		}
		err = wait_readable(fd, due_ns);
		if (err)
			break;
		n = recv(fd, text + len, room - len - 1, MSG_DONTWAIT);
		if (n > 0)
			len += n;
		else if (!n)
			err = -ECONNRESET;
		else if (errno != EAGAIN && errno != EINTR)
			err = -errno;
	}
	if (err) {
		free(text);
		return err;
	}
	text[len - 1] = '\0';
	*ret = text;
	return 0;
}

static int talk(int fd, const char *line, char **ret)
{
	size_t len = strlen(line);

	/* A request fits the socket's buffer. */
	if (send(fd, line, len, MSG_NOSIGNAL) != (ssize_t)len ||
	    send(fd, "\n", 1, MSG_NOSIGNAL) != 1)
		return -errno;
	return read_line(fd, ret);
}

int ask(const char *path, const char *line, bool quiet, json_t **ret)
{
	json_t *answer;
	char *text = NULL;
	int fd = -1, err = reach(path, &fd);

	*ret = NULL;
	if (err) {
		if (!quiet)
			say_unreached(path, err);
		return EXIT_RUNTIME;
	}
	err = talk(fd, line, &text);
	close(fd);
	if (err) {
		log_error("spikewatch does not answer at %s: %s", path, strerror(-err));
		return EXIT_RUNTIME;
	}
	answer = json_loads(text, 0, NULL);
	free(text);
	if (!json_is_object(answer) || json_object_get(answer, "error")) {
		const char *says = json_string_value(json_object_get(answer, "error"));

		log_error("%s: %s", path, says ? says : "the answer is no JSON object");
		json_decref(answer);
		return EXIT_RUNTIME;
	}
	*ret = answer;
	return EXIT_GOOD;
}
