/* SPDX-License-Identifier: GPL-2.0-only */
/* The control socket's server: many requests, large answers, slow, idle, rude and many clients. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "serve/control.h"

#define LARGE (4U << 20)

static struct control *control;
static struct sockaddr_un addr = { .sun_family = AF_UNIX };
static size_t answer_len;
static __u64 now_ns;

/* status: what is asked for; history: as many letters as answer_len. */
static int answer(const struct request *request, char **ret, void *arg)
{
	if (request->kind == REQUEST_STATUS)
		return asprintf(ret, "{\"answer\":1}") < 0 ? -ENOMEM : 0;
	*ret = malloc(answer_len + 1);
	memset(*ret, 'h', answer_len);
	(*ret)[answer_len] = '\0';
	return 0;
}

static int setup(void **state)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "/tmp/spikewatch-control-%d", getpid());
	unlink(addr.sun_path);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, 64), 0);
	now_ns = 1;
	return control_new(fd, "spikewatch", answer, NULL, &control);
}

static int teardown(void **state)
{
	control_free(control);
	return unlink(addr.sun_path);
}

static int come(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

static void serve(void)
{
	for (int i = 0; i < 8; i++)
		control_take(control, now_ns);
}

/* Reads all there is; -1: the connection is closed behind it. */
static ssize_t take(int fd, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len < size && (n = recv(fd, buf + len, size - len, 0)) > 0)
		len += n;
	buf[len < size ? len : size - 1] = '\0';
	return len ? (ssize_t)len : (n == 0 || errno != EAGAIN ? -1 : 0);
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void assert_gone(int fd)
{
	char buf[256];

	while (take(fd, buf, sizeof(buf)) > 0)
		;
	assert_int_equal(take(fd, buf, sizeof(buf)), -1);
	close(fd);
}

static void requests_in_pieces_and_together(void **state)
{
	char buf[1024];
	int fd = come();

	say(fd, "sta");
	serve();
	assert_int_equal(take(fd, buf, sizeof(buf)), 0);
	say(fd, "tus\nstatus\nnonsense\ntop\nst");
	serve();
	take(fd, buf, sizeof(buf));
	assert_string_equal(buf,
			    "{\"answer\":1}\n{\"answer\":1}\n"
			    "{\"error\":\"no such request: expected status or history\"}\n"
			    "{\"error\":\"not in this version: expected status or history\"}\n");
	say(fd, "atus\n");
	serve();
	assert_int_equal(take(fd, buf, sizeof(buf)), 13);
	close(fd);
	serve();
}

static void answer_to_half_closed(void **state)
{
	char buf[64];
	int fd = come();

	say(fd, "status\n");
	shutdown(fd, SHUT_WR);
	serve();
	assert_int_equal(take(fd, buf, sizeof(buf)), 13);
	assert_gone(fd);
}

static void large_answer_to_slow_reader(void **state)
{
	char *buf = malloc(LARGE + 64);
	size_t len = 0;
	int slow = come(), other;

	answer_len = LARGE;
	say(slow, "history\nstatus\n");
	serve();
	other = come(); /* is served meanwhile */
	say(other, "status\n");
	serve();
	assert_int_equal(take(other, buf, LARGE), 13);
	close(other);
	while (len < LARGE + 1 + 13) {
		ssize_t n = take(slow, buf + len, LARGE + 64 - len);

		assert_true(n >= 0);
		len += n;
		serve();
	}
	assert_memory_equal(buf + LARGE - 1, "h\n{\"answer\":1}\n", 15);
	close(slow);
	free(buf);
}

static void reader_that_goes_away(void **state)
{
	int fd = come();

	answer_len = LARGE;
	say(fd, "history\n");
	serve();
	close(fd);
	serve();
	fd = come(); /* and the server goes on */
	say(fd, "status\n");
	serve();
	close(fd);
}

static void longest_request(void **state)
{
	char line[REQUEST_MAX + 1], buf[256];
	int fd = come();

	memset(line, ' ', sizeof(line));
	memcpy(line, "status", 6);
	line[REQUEST_MAX - 1] = '\n';
	assert_int_equal(send(fd, line, REQUEST_MAX, 0), REQUEST_MAX);
	serve();
	assert_int_equal(take(fd, buf, sizeof(buf)), 13);
	line[REQUEST_MAX - 1] = ' ';
	line[REQUEST_MAX] = '\n';
	assert_int_equal(send(fd, line, REQUEST_MAX + 1, 0), REQUEST_MAX + 1);
	serve();
	take(fd, buf, sizeof(buf));
	assert_string_equal(buf, "{\"error\":\"a request has at most 4096 bytes\"}\n");
	assert_gone(fd);
}

static void too_many(void **state)
{
	int fds[CONTROL_CLIENTS_MAX], fd;
	char buf[128];

	for (int i = 0; i < CONTROL_CLIENTS_MAX; i++)
		fds[i] = come();
	serve();
	fd = come();
	serve();
	take(fd, buf, sizeof(buf));
	assert_string_equal(buf, "{\"error\":\"too many ask at once: try again\"}\n");
	assert_gone(fd);
	close(fds[3]);
	serve();
	fd = come();
	say(fd, "status\n");
	serve();
	assert_int_equal(take(fd, buf, sizeof(buf)), 13);
	fds[3] = fd;
	for (int i = 0; i < CONTROL_CLIENTS_MAX; i++)
		close(fds[i]);
	serve();
}

static void idle(void **state)
{
	int quiet = come(), busy = come();
	char buf[64];

	serve();
	now_ns += CONTROL_IDLE_NS;
	say(busy, "status\n");
	serve();
	now_ns += 1;
	control_look_after(control, now_ns);
	assert_gone(quiet);
	assert_int_equal(take(busy, buf, sizeof(buf)), 13);
	say(busy, "status\n");
	serve();
	assert_int_equal(take(busy, buf, sizeof(buf)), 13);
	close(busy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(requests_in_pieces_and_together, setup, teardown),
		cmocka_unit_test_setup_teardown(answer_to_half_closed, setup, teardown),
		cmocka_unit_test_setup_teardown(large_answer_to_slow_reader, setup, teardown),
		cmocka_unit_test_setup_teardown(reader_that_goes_away, setup, teardown),
		cmocka_unit_test_setup_teardown(longest_request, setup, teardown),
		cmocka_unit_test_setup_teardown(too_many, setup, teardown),
		cmocka_unit_test_setup_teardown(idle, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
