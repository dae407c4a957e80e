/* SPDX-License-Identifier: GPL-2.0-only */
/* A sink that writes records for a human to read. */
#include "out/terminal.h"
#include "record/human.h"
#include "record/page.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct terminal_sink {
	struct sink sink;
	FILE *out;
};

static size_t terminal_width(FILE *out)
{
	const char *columns = getenv("COLUMNS");
	int fd = fileno(out);
	struct winsize size;
	char *end;
	long width;

	if (columns && *columns) {
		width = strtol(columns, &end, 10);
		if (!*end && width > 0 && width < 10000)
			return width;
	}
	if (fd >= 0 && ioctl(fd, TIOCGWINSZ, &size) == 0)
		return size.ws_col;
	return 0;
}

static bool has_colour(FILE *out)
{
	const char *no_color = getenv("NO_COLOR"); /* https://no-color.org: set and not empty */
	int fd = fileno(out);

	return !(no_color && *no_color) && fd >= 0 && isatty(fd);
}

/* A pipe or terminal that takes nothing now would make us wait in the middle of watching. */
static bool is_ready(FILE *out)
{
	struct pollfd ready = { .fd = fileno(out), .events = POLLOUT };

	return ready.fd < 0 || poll(&ready, 1, 0) != 0;
}

static int write_record(struct terminal_sink *terminal, const char *text, size_t len)
{
	if (!is_ready(terminal->out))
		return -ENOBUFS;
	errno = 0;
	if (fwrite(text, 1, len, terminal->out) == len && fflush(terminal->out) == 0)
		return 0;
	clearerr(terminal->out);
	return errno ? -errno : -EIO;
}

/* A record that is being put together in memory, to be written at once. */
struct record_text {
	struct page page;
	char *text;
	size_t len;
};

static int begin_record(struct terminal_sink *terminal, struct record_text *record)
{
	*record = (struct record_text){
		.page.width = terminal_width(terminal->out),
		.page.colour = has_colour(terminal->out),
	};
	record->page.out = open_memstream(&record->text, &record->len);
	if (record->page.out)
		return 0;
	terminal->sink.counts.lost++;
	return -ENOMEM;
}

static int end_record(struct terminal_sink *terminal, struct record_text *record)
{
	bool failed = record->page.failed || ferror(record->page.out);
	int err = -ENOMEM;

	if (!fclose(record->page.out) && !failed)
		err = write_record(terminal, record->text, record->len);
	free(record->text);
	if (err)
		terminal->sink.counts.lost++;
	else
		terminal->sink.counts.sent++;
	return err;
}

static int send_alert(struct sink *sink, const struct alert *alert)
{
	struct terminal_sink *terminal = (struct terminal_sink *)sink;
	struct record_text record;
	int err = begin_record(terminal, &record);

	if (err)
		return err;
	human_put_alert(&record.page, sink->observer, alert);
	return end_record(terminal, &record);
}

static int send_sensor(struct sink *sink, const struct sensor_event *event)
{
	struct terminal_sink *terminal = (struct terminal_sink *)sink;
	struct record_text record;
	int err = begin_record(terminal, &record);

	if (err)
		return err;
	human_put_sensor(&record.page, event);
	return end_record(terminal, &record);
}

static size_t flush(struct sink *sink)
{
	return 0; /* nothing is kept */
}

static void free_sink(struct sink *sink)
{
	free(sink);
}

static const struct sink_ops ops = {
	.name = "terminal",
	.send_alert = send_alert,
	.send_sensor = send_sensor,
	.flush = flush,
	.free = free_sink,
};

int sink_terminal_new(const struct observer *observer, FILE *out, struct sink **ret)
{
	struct terminal_sink *terminal = calloc(1, sizeof(*terminal));

	if (!terminal)
		return -ENOMEM;
	terminal->sink.ops = &ops;
	terminal->sink.observer = observer;
	terminal->out = out;
	*ret = &terminal->sink;
	return 0;
}
