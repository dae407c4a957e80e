/* SPDX-License-Identifier: GPL-2.0-only */
/* A sink that writes records for a human to read. */
#include "out/terminal.h"
#include "record/human.h"
#include "record/page.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

struct terminal_sink {
	struct sink sink;
	FILE *out;
};

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
	*record = (struct record_text){};
	page_fit(&record->page, terminal->out);
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
