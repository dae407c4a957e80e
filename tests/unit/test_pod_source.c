/* SPDX-License-Identifier: GPL-2.0-only */
/* Asking for pods, in virtual time, of a server that answers with whatever a test gives it. */
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

static void note(const char *request)
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
static void hold(int fd, bool holds)
{
	struct pollfd client = { .fd = fd, .events = POLLIN };
	char byte;

	while (holds && !(poll(&client, 1, 5) > 0 && read(fd, &byte, 1) <= 0)) {
		pthread_mutex_lock(&server.lock);
		holds = server.holds;
		pthread_mutex_unlock(&server.lock);
	}
}

static void let_go(void)
{
	pthread_mutex_lock(&server.lock);
	server.holds = false;
	pthread_mutex_unlock(&server.lock);
}

static void *serve(void *arg)
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

static void *take_connections(void *arg)
{
	pthread_t thread;
	int fd;

	while ((fd = accept(server.fd, NULL, NULL)) >= 0)
		if (!pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd))
			pthread_detach(thread);
	return NULL;
}

static void answer_with(const char *answer, bool holds)
{
	pthread_mutex_lock(&server.lock);
	server.answer = answer;
	server.holds = holds;
	server.asked[0] = '\0';
	server.requests = 0;
	pthread_mutex_unlock(&server.lock);
}

static unsigned int count_requests(void)
{
	unsigned int count;

	pthread_mutex_lock(&server.lock);
	count = server.requests;
	pthread_mutex_unlock(&server.lock);
	return count;
}

static bool was_asked(const char *word)
{
	bool was;

	pthread_mutex_lock(&server.lock);
	was = strstr(server.asked, word);
	pthread_mutex_unlock(&server.lock);
	return was;
}

/* --- a source --------------------------------------------------------------------------------- */

static char token_path[] = "/tmp/spikewatch-token-XXXXXX";
static struct source *source;
static __u64 now_ns;

static int begin(void **state)
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

static int end(void **state)
{
	shutdown(server.fd, SHUT_RDWR);
	pthread_join(server.thread, NULL);
	close(server.fd);
	unlink(token_path);
	return 0;
}

static void open_source(enum target_way way, const char *node, const char *token)
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

static int close_source(void **state)
{
	source_free(source);
	source = NULL;
	return 0;
}

static void pass(__u64 seconds)
{
	now_ns += seconds * S;
	source_look_after(source, now_ns);
}

/* Does what there is to do until fn() says true; false: it never did. */
static bool work_until(bool (*fn)(const void *arg), const void *arg)
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

static bool has_failed(const void *arg)
{
	return source_state(source).failed >= *(const __u64 *)arg;
}

static bool has_pods(const void *arg)
{
	return source_state(source).pods.pods == *(const size_t *)arg;
}

static bool has_requests(const void *arg)
{
	return count_requests() >= *(const unsigned int *)arg;
}

static bool is_ended(const void *arg) /* the list at hand, well */
{
	return source_state(source).good_ns == now_ns;
}

static void wait_for_pods(size_t count)
{
	if (!work_until(has_pods, &count))
		fail_msg("%zu pods, not %zu", source_state(source).pods.pods, count);
}

static void wait_for_requests(unsigned int count)
{
	if (!work_until(has_requests, &count))
		fail_msg("%u requests, not %u", count_requests(), count);
}

static const char *who(const char *text)
{
	struct addr addr;
	struct addr_pod pod;

	addr_parse(text, &addr);
	return source_find(source, &addr, now_ns, &pod) ? pod.name : "";
}

static void want(const char *text)
{
	struct addr addr;

	addr_parse(text, &addr);
	source_want(source, &addr, now_ns);
}

/* --- what is asked, and what comes of it --------------------------------------------------------
 */

#define HEAD(status) "HTTP/1.1 " status "\r\nConnection: close\r\n\r\n"
#define POD(name, ip)                                                              \
	"{\"metadata\":{\"uid\":\"" name "\",\"namespace\":\"n\",\"name\":\"" name \
	"\",\"resourceVersion\":\"12\"},\"status\":{\"podIP\":\"" ip "\"}}"
#define LIST(items)      HEAD("200 OK") "{\"kind\":\"PodList\",\"items\":[" items "]}"
#define EVENT(type, pod) "{\"type\":\"" type "\",\"object\":" pod "}\n"
#define BOOKMARK         EVENT("BOOKMARK", "{\"metadata\":{\"resourceVersion\":\"77\"}}")
#define WATCH(events)    HEAD("200 OK") events

static void the_kubelet_s_list(void **state)
{
	answer_with(LIST(POD("a", "10.0.0.1") "," POD("b", "10.0.0.2")), false);
	open_source(TARGET_KUBELET, "", token_path);
	pass(0);
	wait_for_pods(2);
	assert_true(work_until(is_ended, NULL));
	assert_true(was_asked("/pods\n"));
	assert_string_equal(server.token, "Bearer s3cret");
	assert_string_equal(who("10.0.0.2"), "b");
	pass(1);
	assert_int_equal(count_requests(), 1); /* not before `refresh` */
	/* b goes, and c has its address. */
	answer_with(LIST(POD("a", "10.0.0.1") "," POD("c", "10.0.0.2")), false);
	pass(40);
	assert_true(work_until(is_ended, NULL));
	assert_string_equal(who("10.0.0.2"), "c");
	/* A list that fails takes nothing away, for ten minutes and ten more. */
	answer_with(HEAD("500 No"), false);
	pass(300);
	pass(301);
	assert_string_equal(who("10.0.0.1"), "a");
	pass(598);
	assert_string_equal(who("10.0.0.1"), "a");
	pass(3);
	assert_string_equal(who("10.0.0.1"), "");
	want("10.0.0.9"); /* the kubelet knows of no others */
	assert_int_equal(source_fd(source, 1), -1);
}

static void whatever_is_answered(void **state)
{
	static const struct {
		const char *name, *answer, *said;
	} rows[] = {
		{ "no token", HEAD("401 Unauthorized"), "401: see kubernetes.token" },
		{ "no right", HEAD("403 Forbidden") "{\"kind\":\"Status\"}",
		  "403: the service account" },
		{ "nowhere", HEAD("404 Not Found"), "404: see kubernetes.url" },
		{ "broken", HEAD("500 Oh") "<html>", "it answered 500" },
		{ "a redirect", "HTTP/1.1 302 F\r\nLocation: http://192.0.2.1/x\r\n\r\n",
		  "it redirects, which is not followed, to http://192.0.2.1/x" },
		{ "nothing at all", "", "Empty reply" },
		{ "no HTTP", "SSH-2.0-x\r\n", "" },
		{ "HTML", HEAD("200 OK") "<html>", "no JSON" },
		{ "an empty body", HEAD("200 OK"), "ended in the middle" },
		{ "another list", HEAD("200 OK") "{\"kind\":\"NodeList\",\"items\":[]}",
		  "no list of pods" },
		{ "no pod", LIST(""), "tells of no pod" },
		{ "cut", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"kind\":", "" },
		{ "a broken encoding",
		  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n", "" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *trouble;

		answer_with(rows[i].answer, false);
		open_source(TARGET_KUBELET, "", token_path);
		for (__u64 n = 1; n <= 3; n++) {
			if (source_state(source).trouble)
				fail_msg("%s: said after %llu", rows[i].name, n);
			pass(61); /* longer than any wait */
			if (!work_until(has_failed, &n))
				fail_msg("%s: it does not fail", rows[i].name);
		}
		trouble = source_state(source).trouble;
		if (!trouble || !strstr(trouble, rows[i].said))
			fail_msg("%s: %s", rows[i].name, trouble ? trouble : "no trouble");
		answer_with(LIST(POD("a", "10.0.0.1")), false);
		pass(61);
		wait_for_pods(1);
		assert_true(work_until(is_ended, NULL));
		assert_null(source_state(source).trouble);
		close_source(state);
	}
}

static void waits_grow(void **state)
{
	__u64 failed = 0;

	answer_with(HEAD("500 No"), false);
	open_source(TARGET_KUBELET, "", token_path);
	for (int second = 0; second < 120; second++) {
		unsigned int before = count_requests();

		pass(1);
		failed = source_state(source).asked;
		assert_true(work_until(has_failed, &failed));
		assert_true(count_requests() <= before + 1);
	}
	assert_in_range(count_requests(), 6, 10); /* in two minutes, not 120 */
}

static void who_does_not_answer_is_given_up(void **state)
{
	__u64 one = 1;

	answer_with(NULL, true);
	open_source(TARGET_KUBELET, "", token_path);
	pass(0);
	wait_for_requests(1);
	pass(10);
	assert_int_equal(source_state(source).failed, 0);
	pass(1);
	assert_true(has_failed(&one));
}

static void a_token_that_cannot_be_read(void **state)
{
	answer_with(LIST(POD("a", "10.0.0.1")), false);
	open_source(TARGET_API, "node-1", "/nowhere/token");
	for (int i = 0; i < 3; i++)
		pass(61);
	assert_non_null(strstr(source_state(source).trouble, "/nowhere/token: it cannot be read"));
	assert_int_equal(count_requests(), 0);
}

static void a_watch(void **state)
{
	answer_with(WATCH(EVENT("ADDED", POD("a", "10.0.0.1")) EVENT("ADDED", POD("b", "10.0.0.2"))
				  EVENT("DELETED", POD("a", "10.0.0.1")) BOOKMARK),
		    true);
	open_source(TARGET_API, "node-1", token_path);
	pass(0);
	wait_for_pods(2);
	assert_true(was_asked("/api/v1/pods?watch=1&allowWatchBookmarks=true"));
	assert_true(was_asked("resourceVersion=0&fieldSelector=spec.nodeName%3Dnode-1"));
	pass(6);
	assert_true(is_ended(NULL)); /* it goes well */
	pass(25);                    /* all has come */
	assert_string_equal(who("10.0.0.1"), "a");
	pass(600);
	assert_string_equal(who("10.0.0.1"), "");
	assert_string_equal(who("10.0.0.2"), "b");
	assert_int_equal(count_requests(), 1);
}

/* The connection ends by itself, at a version that the next watch begins with. */
static void a_watch_goes_on(void **state)
{
	answer_with(WATCH(EVENT("ADDED", POD("a", "10.0.0.1")) BOOKMARK), false);
	open_source(TARGET_API, "", token_path);
	pass(0);
	assert_true(work_until(is_ended, NULL));
	/* It ended before all had come: from the beginning, and not at once. */
	pass(0);
	assert_int_equal(count_requests(), 1);
	answer_with(WATCH(EVENT("ADDED", POD("b", "10.0.0.2")) BOOKMARK), true);
	pass(3);
	wait_for_pods(2);
	assert_true(was_asked("&resourceVersion=0\n"));
	pass(31); /* a was not told of again: it has gone */
	assert_string_equal(who("10.0.0.1"), "a");
	pass(601);
	assert_string_equal(who("10.0.0.1"), "");
	assert_string_equal(who("10.0.0.2"), "b");
}

static void a_watch_that_goes_on_at_its_version(void **state)
{
	unsigned int two = 2;

	answer_with(WATCH(EVENT("ADDED", POD("a", "10.0.0.1")) BOOKMARK), true);
	open_source(TARGET_API, "node-1", token_path);
	pass(0);
	wait_for_pods(1);
	pass(31); /* all has come */
	let_go();
	while (source_state(source).asked < two) {
		source_ready(source, now_ns);
		pass(1);
	}
	wait_for_requests(two);
	assert_true(was_asked("resourceVersion=77&"));
	assert_int_equal(source_state(source).failed, 0);
	assert_string_equal(who("10.0.0.1"), "a");
}

static void a_watch_that_stops_in_the_middle(void **state)
{
	answer_with(WATCH(EVENT("ADDED", POD("a", "10.0.0.1")) "{\"type\":"), true);
	open_source(TARGET_API, "node-1", token_path);
	pass(0);
	wait_for_pods(1);
	for (int i = 0; i < 10; i++)
		pass(1);
	assert_int_equal(source_state(source).failed, 0);
	pass(2);
	assert_int_equal(source_state(source).failed, 1);
}

static void a_watch_that_has_expired_begins_anew(void **state)
{
	unsigned int one = 1;
	__u64 failed = 1;

	answer_with(WATCH(EVENT("ERROR", "{\"kind\":\"Status\",\"code\":410}")), false);
	open_source(TARGET_API, "node-1", token_path);
	pass(0);
	assert_true(work_until(has_failed, &failed)); /* it has no reason to */
	answer_with(WATCH(EVENT("ADDED", POD("a", "10.0.0.1"))), true);
	pass(61);
	assert_true(work_until(has_requests, &one));
	assert_true(was_asked("resourceVersion=0&"));
}

static void a_watch_that_tells_of_nobody(void **state)
{
	__u64 one = 1;

	answer_with(WATCH(BOOKMARK), true);
	open_source(TARGET_API, "node-1", token_path);
	pass(0);
	wait_for_requests(1);
	for (int i = 0; i < 31 && !has_failed(&one); i++) {
		source_ready(source, now_ns);
		usleep(1000);
		pass(1);
	}
	assert_true(has_failed(&one));
	assert_int_equal(source_state(source).good_ns, 0);
}

static void pods_of_other_nodes(void **state)
{
	answer_with(WATCH(EVENT("ADDED", POD("a", "10.0.0.1")) BOOKMARK), true);
	open_source(TARGET_API, "node-1", token_path);
	pass(0);
	wait_for_pods(1);
	/* One that lies: of what it tells only what was asked for is taken. */
	answer_with(LIST(POD("far", "10.9.0.1") "," POD("other", "10.9.0.2")), true);
	want("10.0.0.1"); /* known */
	want("10.9.0.1");
	want("10.9.0.1");
	wait_for_pods(2);
	assert_int_equal(count_requests(), 1);
	assert_true(was_asked("fieldSelector=status.podIP%3D10.9.0.1\n"));
	assert_string_equal(who("10.9.0.1"), "far");
	assert_string_equal(who("10.9.0.2"), "");
	want("10.9.0.1"); /* new enough */
	assert_int_equal(count_requests(), 1);
	pass(31);
	answer_with(LIST(POD("next", "10.9.0.1")), true);
	want("10.9.0.1");
	wait_for_requests(1);
	wait_for_pods(2);
	while (strcmp(who("10.9.0.1"), "next") != 0)
		source_ready(source, now_ns);
	pass(301);
	assert_string_equal(who("10.9.0.1"), "");
}

static void many_questions_are_spread(void **state)
{
	char text[32];

	answer_with(WATCH(EVENT("ADDED", POD("a", "10.0.0.1")) BOOKMARK), true);
	open_source(TARGET_API, "node-1", token_path);
	pass(0);
	wait_for_pods(1);
	answer_with(LIST(""), true);
	for (int i = 1; i <= 100; i++) {
		snprintf(text, sizeof(text), "10.9.0.%d", i);
		want(text);
	}
	wait_for_requests(10);
	for (int i = 0; i < 50; i++) {
		source_ready(source, now_ns);
		usleep(1000);
	}
	assert_int_equal(count_requests(), 10);
	for (int i = 0; i < 10; i++) {
		pass(1);
		for (int k = 0; k < 20; k++) {
			source_ready(source, now_ns);
			usleep(1000);
		}
	}
	wait_for_requests(15);
	for (int i = 0; i < 50; i++) {
		source_ready(source, now_ns);
		usleep(1000);
	}
	assert_int_equal(count_requests(), 15);
	want("10.9.0.1"); /* nobody's: known for a minute */
	assert_string_equal(who("10.9.0.1"), "");
}

#define TEST(f) cmocka_unit_test_teardown(f, close_source)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_kubelet_s_list),
		TEST(whatever_is_answered),
		TEST(waits_grow),
		TEST(who_does_not_answer_is_given_up),
		TEST(a_token_that_cannot_be_read),
		TEST(a_watch),
		TEST(a_watch_goes_on),
		TEST(a_watch_that_goes_on_at_its_version),
		TEST(a_watch_that_stops_in_the_middle),
		TEST(a_watch_that_has_expired_begins_anew),
		TEST(a_watch_that_tells_of_nobody),
		TEST(pods_of_other_nodes),
		TEST(many_questions_are_spread),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
