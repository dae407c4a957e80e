/* SPDX-License-Identifier: GPL-2.0-only */
/* Sockets that others connect to: what stands in the way, and what is left behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "serve/listener.h"

static char folder[64], at[128];
static const char *path = at + 5;

static int setup(void **state)
{
	strcpy(folder, "/tmp/spikewatch-test-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(at, sizeof(at), "unix:%s/run/sock", folder);
	return 0;
}

static int teardown(void **state)
{
	char run[128];

	unlink(path);
	snprintf(run, sizeof(run), "%s/run", folder);
	rmdir(run);
	return rmdir(folder);
}

static void makes_folder_and_removes_its_file(void **state)
{
	struct listener listener;
	struct stat st;

	assert_int_equal(listener_open(at, NULL, &listener), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	listener_close(&listener);
	assert_int_equal(stat(path, &st), -1);
	listener_close(&listener); /* closed already */
}

static void group_may_connect(void **state)
{
	struct listener listener;
	struct stat st;

	if (geteuid()) /* only root can give a file to any group */
		skip();
	assert_int_equal(listener_open(at, "daemon", &listener), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	assert_int_not_equal(st.st_gid, 0);
	listener_close(&listener);
	assert_int_equal(listener_open(at, "no-such-group", &listener), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	listener_close(&listener);
}

static void stale_socket_is_replaced(void **state)
{
	struct listener dead, listener;

	assert_int_equal(listener_open(at, NULL, &dead), 0);
	close(dead.fd); /* as a killed process leaves it */
	dead.fd = -1;
	assert_int_equal(listener_open(at, NULL, &listener), 0);
	listener_close(&dead); /* the file is another's now */
	assert_int_equal(access(path, F_OK), 0);
	listener_close(&listener);
}

static void served_socket_stays(void **state)
{
	struct listener first, second;

	assert_int_equal(listener_open(at, NULL, &first), 0);
	assert_int_equal(listener_open(at, NULL, &second), -EADDRINUSE);
	assert_int_equal(access(path, F_OK), 0);
	listener_close(&first);
}

static void other_file_stays(void **state)
{
	struct listener listener;
	FILE *file;

	assert_int_equal(listener_open(at, NULL, &listener), 0);
	listener_close(&listener);
	file = fopen(path, "w");
	assert_non_null(file);
	fclose(file);
	assert_int_equal(listener_open(at, NULL, &listener), -EEXIST);
	assert_int_equal(access(path, F_OK), 0);
	unlink(path);
}

static void tcp(void **state)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	socklen_t len = sizeof(addr);
	struct listener listener;
	char text[64];
	int taken;

	/* a port that is somebody's */
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	taken = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(taken, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(taken, 1), 0);
	assert_int_equal(getsockname(taken, (struct sockaddr *)&addr, &len), 0);
	snprintf(text, sizeof(text), "127.0.0.1:%u", ntohs(addr.sin_port));
	assert_int_equal(listener_open(text, NULL, &listener), -EADDRINUSE);
	close(taken);
	assert_int_equal(listener_open(text, NULL, &listener), 0);
	listener_close(&listener);
}

static void bad_places(void **state)
{
	static const char *const places[] = {
		"",
		"127.0.0.1",
		"127.0.0.1:",
		"127.0.0.1:0",
		"127.0.0.1:65536",
		"127.0.0.1:x",
		":80",
		"localhost:80",
		"[::1:80",
		"unix:relative",
		"unix:",
	};
	struct listener listener;
	char longer[200] = "unix:/tmp/";

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (listener_open(places[i], NULL, &listener) != -EINVAL)
			fail_msg("'%s' is taken", places[i]);
	memset(longer + strlen(longer), 'a', 150);
	assert_int_equal(listener_open(longer, NULL, &listener), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(makes_folder_and_removes_its_file, setup, teardown),
		cmocka_unit_test_setup_teardown(group_may_connect, setup, teardown),
		cmocka_unit_test_setup_teardown(stale_socket_is_replaced, setup, teardown),
		cmocka_unit_test_setup_teardown(served_socket_stays, setup, teardown),
		cmocka_unit_test_setup_teardown(other_file_stays, setup, teardown),
		cmocka_unit_test(tcp),
		cmocka_unit_test(bad_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
