/* SPDX-License-Identifier: GPL-2.0-only */
/* Asking for pods: a watch of this node's, and questions for those of others. */
#include "tests/unit/pod_server.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
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
