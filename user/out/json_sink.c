/* SPDX-License-Identifier: GPL-2.0-only */
/* A sink that writes a JSON line a record to a file descriptor and never waits for its reader. */
#include "out/json_sink.h"
#include "record/json.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * A pipe or terminal that is ready takes this much without blocking, even where fd is in blocking
 * mode: pipe(7), PIPE_BUF. That mode is shared with other programs, so it is not ours to change.
 */
#define CHUNK 4096

struct json_sink {
	struct sink sink;
	int fd;
	size_t len; /* of what is pending: lines, the first of them perhaps begun already */
	char pending[JSON_PENDING_MAX];
};

static bool is_ready(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLOUT };

	return poll(&ready, 1, 0) == 1;
}

static size_t count_lines(const char *text, size_t len)
{
	size_t lines = 0;

	for (size_t i = 0; i < len; i++)
		lines += text[i] == '\n';
	return lines;
}

/* A full disk may have room later, as a slow reader may. */
static bool is_passing(int err)
{
	return err == EAGAIN || err == EINTR || err == ENOSPC || err == EDQUOT || err == EFBIG;
}

/* Writes what is taken at once. 0, also where something is left; -errno where all that was lost. */
static int write_pending(struct json_sink *json)
{
	struct sink_counts *counts = &json->sink.counts;
	size_t done = 0;
	int err = 0;

	while (done < json->len && is_ready(json->fd)) {
		size_t len = json->len - done < CHUNK ? json->len - done : CHUNK;
		ssize_t n = write(json->fd, json->pending + done, len);

		if (n < 0) {
			if (!is_passing(errno))
				err = -errno;
			break;
		}
		counts->sent += count_lines(json->pending + done, n);
		done += n;
	}
	json->len -= done;
	memmove(json->pending, json->pending + done, json->len);
	counts->unsent = count_lines(json->pending, json->len);
	if (!err)
		return 0;
	counts->lost += counts->unsent;
	counts->unsent = 0;
	json->len = 0;
	return err;
}

/* Takes the line and frees it. */
static int send_line(struct json_sink *json, char *line)
{
	size_t len = strlen(line);
	int err = 0;

	line[len] = '\n';
	if (json->len + len + 1 > sizeof(json->pending))
		err = write_pending(json);
	if (!err && json->len + len + 1 > sizeof(json->pending))
		err = -ENOBUFS;
	if (err) {
		json->sink.counts.lost++;
		goto out;
	}
	memcpy(json->pending + json->len, line, len + 1);
	json->len += len + 1;
	err = write_pending(json);
	if (!err && json->len)
		err = -EAGAIN;
out:
	free(line);
	return err;
}

static int send_alert(struct sink *sink, const struct alert *alert)
{
	char *line;
	int err = json_format_alert(sink->observer, alert, &line);

	if (err) {
		sink->counts.lost++;
		return err;
	}
	return send_line((struct json_sink *)sink, line);
}

static int send_sensor(struct sink *sink, const struct sensor_event *event)
{
	char *line;
	int err = json_format_sensor(sink->observer, event, &line);

	if (err) {
		sink->counts.lost++;
		return err;
	}
	return send_line((struct json_sink *)sink, line);
}

static size_t flush(struct sink *sink)
{
	write_pending((struct json_sink *)sink);
	return sink->counts.unsent;
}

static void free_sink(struct sink *sink)
{
	if (!sink)
		return;
	flush(sink);
	free(sink);
}

static const struct sink_ops ops = {
	.name = "json",
	.send_alert = send_alert,
	.send_sensor = send_sensor,
	.flush = flush,
	.free = free_sink,
};

int sink_json_new(const struct observer *observer, int fd, struct sink **ret)
{
	/* Pages of `pending` that are never used cost nothing. */
	struct json_sink *json = calloc(1, sizeof(*json));

	if (!json)
		return -ENOMEM;
	json->sink.ops = &ops;
	json->sink.observer = observer;
	json->fd = fd;
	*ret = &json->sink;
	return 0;
}
