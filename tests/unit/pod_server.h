/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A server that plays the kubelet's and the API server's part, and answers with whatever a test
 * gives it; and a source that asks it, in virtual time. For tests with cmocka.
 */
#ifndef TESTS_UNIT_POD_SERVER_H
#define TESTS_UNIT_POD_SERVER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "pods/source.h"

#define S        1000000000ULL
#define PATIENCE 5 /* seconds of real time, until something happens */

/* --- a server --------------------------------------------------------------------------------- */

static struct {
	pthread_mutex_t lock;
	int fd;
	char url[64];
	pthread_t thread;
	const char *answer; /* whole, with its head; NULL: none */
	bool holds;         /* the connection stays open behind it, if it is a watch's */
	char asked[16384];  /* paths, a line each */
	char token[64];     /* of the last request */
	unsigned int requests;
} server = { .lock = PTHREAD_MUTEX_INITIALIZER };

static inline void note(const char *request)
{
	const char *path = strchr(request, ' '), *auth = strstr(request, "Authorization: ");
	size_t used = strlen(server.asked);

	server.requests++;
	snprintf(server.asked + used, sizeof(server.asked) - used, "%.*s\n",
		 path ? (int)strcspn(path + 1, " ") : 0, path ? path + 1 : "");
	snprintf(server.token, sizeof(server.token), "%.*s",
		 auth ? (int)strcspn(auth + 15, "\r") : 0, auth ? auth + 15 : "");
}

/* Until the client ends it, or the test does. */
static inline void hold(int fd, bool holds)
{
	struct pollfd client = { .fd = fd, .events = POLLIN };
	char byte;

	while (holds && !(poll(&client, 1, 5) > 0 && read(fd, &byte, 1) <= 0)) {
		pthread_mutex_lock(&server.lock);
		holds = server.holds;
		pthread_mutex_unlock(&server.lock);
	}
}

static inline void let_go(void)
{
	pthread_mutex_lock(&server.lock);
	server.holds = false;
	pthread_mutex_unlock(&server.lock);
}

static inline void *serve(void *arg)
{
	int fd = (int)(intptr_t)arg;
	char request[4096] = "";
	const char *answer;
	size_t len = 0;
	ssize_t n;
	bool holds;

	while (!strstr(request, "\r\n\r\n") && len < sizeof(request) - 1 &&
	       (n = read(fd, request + len, sizeof(request) - 1 - len)) > 0) {
		len += n;
		request[len] = '\0';
	}
	pthread_mutex_lock(&server.lock);
	note(request);
	answer = server.answer;
	holds = server.holds && (!answer || !strstr(request, "podIP"));
	pthread_mutex_unlock(&server.lock);
	if (answer)
		send(fd, answer, strlen(answer), MSG_NOSIGNAL);
	hold(fd, holds);
	close(fd);
	return NULL;
}

static inline void *take_connections(void *arg)
{
	pthread_t thread;
	int fd;

	while ((fd = accept(server.fd, NULL, NULL)) >= 0)
		if (!pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd))
			pthread_detach(thread);
	return NULL;
}

static inline void answer_with(const char *answer, bool holds)
{
	pthread_mutex_lock(&server.lock);
	server.answer = answer;
	server.holds = holds;
	server.asked[0] = '\0';
	server.requests = 0;
	pthread_mutex_unlock(&server.lock);
}

static inline unsigned int count_requests(void)
{
	unsigned int count;

	pthread_mutex_lock(&server.lock);
	count = server.requests;
	pthread_mutex_unlock(&server.lock);
	return count;
}

static inline bool was_asked(const char *word)
{
	bool was;

	pthread_mutex_lock(&server.lock);
	was = strstr(server.asked, word);
	pthread_mutex_unlock(&server.lock);
	return was;
}

/* --- what it says --------------------------------------------------------------------------------
 */

#define HEAD(status) "HTTP/1.1 " status "\r\nConnection: close\r\n\r\n"
#define POD(name, ip)                                                              \
	"{\"metadata\":{\"uid\":\"" name "\",\"namespace\":\"n\",\"name\":\"" name \
	"\",\"resourceVersion\":\"12\"},\"status\":{\"podIP\":\"" ip "\"}}"
#define LIST(items)      HEAD("200 OK") "{\"kind\":\"PodList\",\"items\":[" items "]}"
#define EVENT(type, pod) "{\"type\":\"" type "\",\"object\":" pod "}\n"
#define BOOKMARK         EVENT("BOOKMARK", "{\"metadata\":{\"resourceVersion\":\"77\"}}")
#define WATCH(events)    HEAD("200 OK") events

/* --- a source --------------------------------------------------------------------------------- */

static char token_path[] = "/tmp/spikewatch-token-XXXXXX";
static struct source *source;
static __u64 now_ns;

static inline int begin(void **state)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	socklen_t len = sizeof(addr);
	int fd = mkstemp(token_path);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || write(fd, "s3cret\n", 7) != 7 || close(fd) || server.fd < 0 ||
	    bind(server.fd, (struct sockaddr *)&addr, len) || listen(server.fd, 16) ||
	    getsockname(server.fd, (struct sockaddr *)&addr, &len))
		return -1;
	snprintf(server.url, sizeof(server.url), "http://127.0.0.1:%u", ntohs(addr.sin_port));
	return pthread_create(&server.thread, NULL, take_connections, NULL);
}

static inline int end(void **state)
{
	shutdown(server.fd, SHUT_RDWR);
	pthread_join(server.thread, NULL);
	close(server.fd);
	unlink(token_path);
	return 0;
}

static inline void open_source(enum target_way way, const char *node, const char *token)
{
	struct source_cfg cfg = {
		.target.way = way,
		.token = token,
		.ca = "/nowhere/ca.crt", /* of HTTP it is not read */
		.refresh_ns = 30 * S,
		.user_agent = "test",
		.seed = 1,
	};

	now_ns = 1000 * S;
	strcpy(cfg.target.url, server.url);
	strcpy(cfg.target.node, node);
	assert_int_equal(source_new(&cfg, &source), 0);
}

static inline int close_source(void **state)
{
	source_free(source);
	source = NULL;
	return 0;
}

static inline void pass(__u64 seconds)
{
	now_ns += seconds * S;
	source_look_after(source, now_ns);
}

/* Does what there is to do until fn() says true; false: it never did. */
static inline bool work_until(bool (*fn)(const void *arg), const void *arg)
{
	time_t end_s = time(NULL) + PATIENCE;

	while (!fn(arg)) {
		struct pollfd fds[SOURCE_FDS];

		for (int i = 0; i < SOURCE_FDS; i++)
			fds[i] = (struct pollfd){ .fd = source_fd(source, i), .events = POLLIN };
		if (time(NULL) > end_s)
			return false;
		poll(fds, SOURCE_FDS, 10);
		source_ready(source, now_ns);
	}
	return true;
}

static inline bool has_failed(const void *arg)
{
	return source_state(source).failed >= *(const __u64 *)arg;
}

static inline bool has_pods(const void *arg)
{
	return source_state(source).pods.pods == *(const size_t *)arg;
}

static inline bool has_requests(const void *arg)
{
	return count_requests() >= *(const unsigned int *)arg;
}

static inline bool is_ended(const void *arg) /* the list at hand, well */
{
	return source_state(source).good_ns == now_ns;
}

static inline void wait_for_pods(size_t count)
{
	if (!work_until(has_pods, &count))
		fail_msg("%zu pods, not %zu", source_state(source).pods.pods, count);
}

static inline void wait_for_requests(unsigned int count)
{
	if (!work_until(has_requests, &count))
		fail_msg("%u requests, not %u", count_requests(), count);
}

static inline const char *who(const char *text)
{
	struct addr addr;
	struct addr_pod pod;

	addr_parse(text, &addr);
	return source_find(source, &addr, now_ns, &pod) ? pod.name : "";
}

static inline void want(const char *text)
{
	struct addr addr;

	addr_parse(text, &addr);
	source_want(source, &addr, now_ns);
}

#define TEST(f) cmocka_unit_test_teardown(f, close_source)

#endif
