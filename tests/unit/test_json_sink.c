/* SPDX-License-Identifier: GPL-2.0-only */
/* The sink of JSON lines: readers that are slow, gone or full. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "out/json_sink.h"
#include "record/json.h"
#include "tests/unit/example.h"

struct pipe_sink {
	int fd[2];
	struct sink *sink;
	struct example example;
	size_t line_len;
};

static int setup_pipe(void **state)
{
	struct pipe_sink *p = calloc(1, sizeof(*p));
	char *line;

	assert_non_null(p);
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(p->fd), 0); /* blocking, as standard output is */
	assert_int_equal(fcntl(p->fd[0], F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(sink_json_new(example_observer(), p->fd[1], &p->sink), 0);
	example_http(&p->example);
	assert_int_equal(json_format_alert(example_observer(), &p->example.alert, &line), 0);
	p->line_len = strlen(line) + 1;
	free(line);
	*state = p;
	return 0;
}

static int teardown_pipe(void **state)
{
	struct pipe_sink *p = *state;

	p->sink->ops->free(p->sink);
	close(p->fd[0]);
	close(p->fd[1]);
	free(p);
	return 0;
}

static int send_one(struct pipe_sink *p)
{
	return p->sink->ops->send_alert(p->sink, &p->example.alert);
}

/* Reads what there is; returns how many whole lines of JSON it was, *rest is what follows. */
static size_t read_lines(int fd, char *buf, size_t size, size_t *len)
{
	size_t lines = 0;
	char *newline;
	ssize_t n;

	while (*len < size && (n = read(fd, buf + *len, size - *len)) > 0)
		*len += n;
	while ((newline = memchr(buf, '\n', *len))) {
		size_t line_len = newline + 1 - buf;
		json_t *root = json_loadb(buf, line_len, 0, NULL);

		assert_non_null(root);
		json_decref(root);
		lines++;
		*len -= line_len;
		memmove(buf, newline + 1, *len);
	}
	return lines;
}

static void line_is_written_at_once(void **state)
{
	struct sensor_event event = { SENSOR_STARTED, EXAMPLE_WALL, "ready", NULL };
	struct pipe_sink *p = *state;
	char buf[16384];
	size_t len = 0;

	assert_string_equal(p->sink->ops->name, "json");
	assert_int_equal(send_one(p), 0);
	assert_int_equal(p->sink->ops->send_sensor(p->sink, &event), 0);
	assert_int_equal(p->sink->counts.sent, 2);
	assert_int_equal(read_lines(p->fd[0], buf, sizeof(buf), &len), 2);
	assert_int_equal(len, 0);
}

/* A reader that stops must not stop the sensor; when it reads on, every line is whole. */
static void slow_reader_gets_whole_lines(void **state)
{
	static char buf[JSON_PENDING_MAX];
	struct pipe_sink *p = *state;
	size_t sent = 0, got = 0, len = 0;
	int err;

	do {
		err = send_one(p);
		sent++;
	} while (!err && sent < 1000);
	assert_int_equal(err, -EAGAIN);
	assert_int_equal(send_one(p), -EAGAIN);
	sent++;
	assert_true(p->sink->counts.unsent >= 1);
	assert_int_equal(p->sink->counts.sent + p->sink->counts.unsent, sent);
	assert_int_equal(p->sink->ops->flush(p->sink), p->sink->counts.unsent);
	for (int i = 0; i < 100 && got < sent; i++) {
		got += read_lines(p->fd[0], buf, sizeof(buf), &len);
		p->sink->ops->flush(p->sink);
	}
	assert_int_equal(got, sent);
	assert_int_equal(len, 0);
	assert_int_equal(p->sink->ops->flush(p->sink), 0);
	assert_int_equal(p->sink->counts.sent, sent);
	assert_int_equal(p->sink->counts.lost, 0);
}

static void full_buffer_loses_new_lines_and_counts(void **state)
{
	static char buf[2 * JSON_PENDING_MAX];
	struct pipe_sink *p = *state;
	size_t most = (JSON_PENDING_MAX + (1 << 17)) / p->line_len, sent = 0, got = 0, len = 0;
	int err = 0;

	while (sent <= most && (err = send_one(p)) != -ENOBUFS) {
		assert_true(!err || err == -EAGAIN);
		sent++;
	}
	assert_int_equal(err, -ENOBUFS);
	assert_int_equal(p->sink->counts.lost, 1);
	assert_true(sent * p->line_len > JSON_PENDING_MAX - p->line_len);
	for (int i = 0; i < 1000 && got < sent; i++) {
		got += read_lines(p->fd[0], buf, sizeof(buf), &len);
		p->sink->ops->flush(p->sink);
	}
	assert_int_equal(got, sent);
	assert_int_equal(len, 0);
	assert_int_equal(send_one(p), 0);
}

static void reader_that_is_gone(void **state)
{
	struct pipe_sink *p = *state;

	close(p->fd[0]);
	p->fd[0] = -1;
	assert_int_equal(send_one(p), -EPIPE);
	assert_int_equal(send_one(p), -EPIPE);
	assert_int_equal(p->sink->counts.lost, 2);
	assert_int_equal(p->sink->ops->flush(p->sink), 0);
}

static void reader_that_goes_while_lines_wait(void **state)
{
	struct pipe_sink *p = *state;
	size_t sent = 0, unsent;

	while (send_one(p) == 0 && sent < 1000)
		sent++;
	unsent = p->sink->counts.unsent;
	assert_true(unsent > 0);
	close(p->fd[0]);
	p->fd[0] = -1;
	assert_int_equal(p->sink->ops->flush(p->sink), 0);
	assert_int_equal(p->sink->counts.lost, unsent);
}

/* A write that is cut short (here by a limit, as by a full disk) goes on where it stopped. */
static void partial_writes_go_on(void **state)
{
	struct rlimit old, limit;
	struct pipe_sink *p = *state;
	FILE *file = tmpfile();
	struct sink *sink;
	json_t *root;

	assert_non_null(file);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	limit = old;
	limit.rlim_cur = 1000;
	assert_int_equal(sink_json_new(example_observer(), fileno(file), &sink), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(sink->ops->send_alert(sink, &p->example.alert), -EAGAIN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(sink->ops->flush(sink), 0);
	assert_int_equal(sink->counts.sent, 1);
	rewind(file);
	root = json_loadf(file, 0, NULL);
	assert_non_null(root);
	json_decref(root);
	sink->ops->free(sink);
	fclose(file);
}

#define PIPE_TEST(f) cmocka_unit_test_setup_teardown(f, setup_pipe, teardown_pipe)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PIPE_TEST(line_is_written_at_once),
		PIPE_TEST(slow_reader_gets_whole_lines),
		PIPE_TEST(full_buffer_loses_new_lines_and_counts),
		PIPE_TEST(reader_that_is_gone),
		PIPE_TEST(reader_that_goes_while_lines_wait),
		PIPE_TEST(partial_writes_go_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
