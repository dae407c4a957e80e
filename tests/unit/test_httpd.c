/* SPDX-License-Identifier: GPL-2.0-only */
/* The HTTP server: pages, methods, what is no HTTP, slow and many clients. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "serve/httpd.h"

static struct httpd *httpd;
static struct sockaddr_un addr = { .sun_family = AF_UNIX };
static size_t page_len;
static __u64 now_ns;

static int page(const char *path, const char *accept, struct httpd_page *ret, void *arg)
{
	ret->status = strcmp(path, "/page") ? 404 : 200;
	if (ret->status == 404)
		return 0;
	ret->type = accept && !strcmp(accept, "a/b") ? "a/b" : "text/plain";
	ret->body = malloc(page_len);
	memset(ret->body, 'p', page_len);
	ret->len = page_len;
	return 0;
}

static int setup(void **state)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "/tmp/spikewatch-httpd-%d", getpid());
	unlink(addr.sun_path);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, 64), 0);
	now_ns = 1;
	page_len = 10;
	return httpd_new(fd, page, NULL, &httpd);
}

static int teardown(void **state)
{
	httpd_free(httpd);
	return unlink(addr.sun_path);
}

static int come(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

/* As the loop does it: only when its descriptor says so. */
static void serve(void)
{
	struct pollfd wait = { .fd = httpd_fd(httpd), .events = POLLIN };

	for (int i = 0; i < 100 && poll(&wait, 1, 5) > 0; i++)
		httpd_take(httpd, now_ns);
}

static char *talk(const char *request)
{
	size_t len = 0, size = page_len + 4096;
	char *text = malloc(size);
	int fd = come(), idle = 0;

	assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
	while (len < size - 1 && idle < 200) {
		ssize_t n;

		serve();
		n = recv(fd, text + len, size - 1 - len, 0);
		if (!n)
			break;
		if (n > 0)
			len += n;
		else
			idle++;
	}
	text[len] = '\0';
	close(fd);
	serve();
	return text;
}

static void requests(void **state)
{
	static const struct {
		const char *name, *request, *wanted[3];
	} rows[] = {
		{ "a page",
		  "GET /page HTTP/1.1\r\nHost: x\r\n\r\n",
		  { "HTTP/1.1 200 ", "Content-Type: text/plain", "\r\n\r\npppppppppp" } },
		{ "of another type",
		  "GET /page HTTP/1.1\r\nHost: x\r\nAccept: a/b\r\n\r\n",
		  { "Content-Type: a/b", "Connection: close" } },
		{ "its head",
		  "HEAD /page HTTP/1.1\r\nHost: x\r\n\r\n",
		  { "HTTP/1.1 200 ", "Content-Length: 10" } },
		{ "none", "GET /pages HTTP/1.1\r\nHost: x\r\n\r\n", { "HTTP/1.1 404 " } },
		{ "another method",
		  "DELETE /page HTTP/1.1\r\nHost: x\r\n\r\n",
		  { "HTTP/1.1 405 ", "Allow: GET, HEAD" } },
		{ "an upload",
		  "POST /page HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\nabc",
		  { "HTTP/1.1 405 " } },
		{ "an old client", "GET /page HTTP/1.0\r\n\r\n", { " 200 ", "pppppppppp" } },
		{ "no HTTP", "hello\r\n\r\n", { "" } },
		{ "and a page after it", "GET /page HTTP/1.1\r\nHost: x\r\n\r\n", { " 200 " } },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text = talk(rows[i].request);

		for (size_t k = 0; k < 3 && rows[i].wanted[k]; k++)
			if (!strstr(text, rows[i].wanted[k]))
				fail_msg("%s: no '%s' in '%s'", rows[i].name, rows[i].wanted[k],
					 text);
		if (!strncmp(rows[i].request, "HEAD", 4))
			assert_null(strstr(text, "pppp"));
		free(text);
	}
}

static void large_page(void **state)
{
	char *text;

	page_len = 3 << 20; /* does not fit the socket at once */
	text = talk("GET /page HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_int_equal(strlen(strstr(text, "\r\n\r\n")), page_len + 4);
	free(text);
}

static void headers_without_end(void **state)
{
	char line[64] = "X-Filling: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n", buf[512];
	int fd = come();
	ssize_t n = 0;

	send(fd, "GET /page HTTP/1.1\r\n", 20, MSG_NOSIGNAL);
	for (int i = 0; i < 2000; i++) {
		send(fd, line, strlen(line), MSG_NOSIGNAL);
		serve();
		n = recv(fd, buf, sizeof(buf) - 1, 0);
		if (n >= 0)
			break;
	}
	assert_true(n >= 0); /* refused or closed */
	close(fd);
	serve();
}

/* Bytes that trickle in do not hold a place beyond the time that each has. */
static void slow_client(void **state)
{
	int fd = come();
	char buf[64];
	ssize_t n;

	send(fd, "GET /pa", 7, MSG_NOSIGNAL);
	serve();
	now_ns += HTTPD_PATIENCE_NS;
	send(fd, "g", 1, MSG_NOSIGNAL);
	serve();
	httpd_look_after(httpd, now_ns);
	assert_int_equal(recv(fd, buf, sizeof(buf), 0), -1);
	assert_int_equal(errno, EAGAIN);
	now_ns += 2;
	httpd_look_after(httpd, now_ns);
	serve();
	n = recv(fd, buf, sizeof(buf), 0);
	assert_true(n == 0 || errno == ECONNRESET);
	close(fd);
}

static void many_clients(void **state)
{
	int fds[HTTPD_CONNECTIONS_MAX];
	char *text;

	for (int i = 0; i < HTTPD_CONNECTIONS_MAX; i++)
		fds[i] = come();
	serve();
	/* who comes now waits until a place is free */
	close(fds[0]);
	serve();
	text = talk("GET /page HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_non_null(strstr(text, " 200 "));
	free(text);
	for (int i = 1; i < HTTPD_CONNECTIONS_MAX; i++)
		close(fds[i]);
	serve();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(requests, setup, teardown),
		cmocka_unit_test_setup_teardown(large_page, setup, teardown),
		cmocka_unit_test_setup_teardown(headers_without_end, setup, teardown),
		cmocka_unit_test_setup_teardown(slow_client, setup, teardown),
		cmocka_unit_test_setup_teardown(many_clients, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
