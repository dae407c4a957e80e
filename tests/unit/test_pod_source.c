/* SPDX-License-Identifier: GPL-2.0-only */
/* Asking for pods: lists, and all that may go wrong with an answer. */
#include "tests/unit/pod_server.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_kubelet_s_list),
		TEST(whatever_is_answered),
		TEST(waits_grow),
		TEST(who_does_not_answer_is_given_up),
		TEST(a_token_that_cannot_be_read),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
