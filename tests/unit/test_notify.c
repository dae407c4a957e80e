/* SPDX-License-Identifier: GPL-2.0-only */
/* What the service manager is told: sockets of both kinds, a busy one, none; whose watchdog. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/notify.h"

/* As systemd listens. */
static int listen_at(const char *name)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	size_t len = strlen(name);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	memcpy(addr.sun_path, name, len);
	if (name[0] == '@')
		addr.sun_path[0] = '\0';
	assert_int_equal(
		bind(fd, (struct sockaddr *)&addr, offsetof(struct sockaddr_un, sun_path) + len),
		0);
	return fd;
}

static void hears(int fd, const char *expected)
{
	char text[256] = "";
	ssize_t n = recv(fd, text, sizeof(text) - 1, 0);

	assert_int_equal(n, (ssize_t)strlen(expected));
	assert_string_equal(text, expected);
}

static void goes_to(const char *name)
{
	struct notify notify;
	int fd = listen_at(name), err = 0;

	assert_int_equal(notify_open(name, &notify), 0);
	assert_int_equal(notify_send(&notify, "READY=1"), 0);
	hears(fd, "READY=1");
	assert_int_equal(notify_send(&notify, "STATUS=a\nWATCHDOG=1"), 0);
	hears(fd, "STATUS=a\nWATCHDOG=1");
	/* nobody reads: it must not block */
	for (int i = 0; i < 100000 && !err; i++)
		err = notify_send(&notify, "WATCHDOG=1");
	assert_int_equal(err, -EAGAIN);
	close(fd);
	assert_int_equal(notify_send(&notify, "WATCHDOG=1"), -ECONNREFUSED);
	notify_close(&notify);
	notify_close(&notify);
}

static void reaches_a_path(void **state)
{
	char folder[] = "/tmp/notify-XXXXXX", path[64];

	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/socket", folder);
	goes_to(path);
	unlink(path);
	rmdir(folder);
}

static void reaches_an_abstract_name(void **state)
{
	char name[64];

	snprintf(name, sizeof(name), "@spikewatch-test-%d", getpid());
	goes_to(name);
}

static void is_silent_where_nobody_listens(void **state)
{
	struct notify notify;

	assert_int_equal(notify_open(NULL, &notify), 0);
	assert_int_equal(notify_send(&notify, "READY=1"), 0);
	notify_close(&notify);
	assert_int_equal(notify_open("", &notify), 0);
	assert_int_equal(notify_send(&notify, "READY=1"), 0);
}

static void refuses_what_is_no_socket(void **state)
{
	char longest[200];
	static const char *const wrong[] = { "relative", "vsock:2:1234", "/", "@" };
	struct notify notify;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(notify_open(wrong[i], &notify), -EINVAL);
		assert_int_equal(notify_send(&notify, "READY=1"), 0);
	}
	memset(longest, 'a', sizeof(longest));
	longest[0] = '/';
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(notify_open(longest, &notify), -EINVAL);
}

static void reads_the_watchdog(void **state)
{
	static const struct {
		const char *name, *usec, *pid;
		__u64 ns;
	} rows[] = {
		{ "none", NULL, NULL, 0 },
		{ "30 s", "30000000", NULL, 30000000000ULL },
		{ "for us", "1000", "17", 1000000 },
		{ "for another process", "1000", "18", 0 },
		{ "no number", "soon", NULL, 0 },
		{ "a number and more", "1000x", NULL, 0 },
		{ "negative", "-1000", NULL, 0 },
		{ "beyond all numbers", "99999999999999999999", NULL, 0 },
		{ "beyond nanoseconds", "18446744073709551615", NULL, 0 },
		{ "empty", "", NULL, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		__u64 ns = notify_watchdog_ns(rows[i].usec, rows[i].pid, 17);

		if (ns != rows[i].ns)
			fail_msg("%s: %llu", rows[i].name, ns);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reaches_a_path),
		cmocka_unit_test(reaches_an_abstract_name),
		cmocka_unit_test(is_silent_where_nobody_listens),
		cmocka_unit_test(refuses_what_is_no_socket),
		cmocka_unit_test(reads_the_watchdog),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
