/* SPDX-License-Identifier: GPL-2.0-only */
/* asked.bpf.h: with which request an error is told, and where that is not certain. */
#include <string.h>

#include "host.h"
#include "kernel.h"
#include "rows_http.h"
#include "table.h"
#include "talk.h"

/* What a row does not mention is zero. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define GET_OF(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"
#define EVENTS       4

struct asked_row {
	struct http_row talk;
	const char *want[EVENTS]; /* an event each: the request's first line, "" not known */
};

static const struct asked_row ROWS[] = {
	{ { "the first request of a connection", { { ASK, GET_OF("/a") }, { SEND, MISSING } } },
	  { "GET /a HTTP/1.1" } },
	{ { "the shortest request", { { ASK, "GET / HTTP/1.0\r\n\r\n" }, { SEND, MISSING } } },
	  { "GET / HTTP/1.0" } },
	{ { "each request behind an error",
	    { { ASK, GET_OF("/a") },
	      { SEND, MISSING },
	      { ASK, GET_OF("/b") },
	      { SEND, BROKEN },
	      { ASK, GET_OF("/c") },
	      { SEND, OK_5 },
	      { ASK, "HEAD /d HTTP/1.1\r\n\r\n" },
	      { SEND, MISSING } } },
	  { "GET /a HTTP/1.1", "GET /b HTTP/1.1", "HEAD /d HTTP/1.1" } },
	{ { "the first error behind a good response: only then requests are looked at",
	    { { ASK, GET_OF("/a") },
	      { SEND, OK_5 },
	      { ASK, GET_OF("/b") },
	      { SEND, MISSING },
	      { ASK, GET_OF("/c") },
	      { SEND, MISSING } } },
	  { "", "GET /c HTTP/1.1" } },
	{ { "two requests in a segment",
	    { { ASK, GET_OF("/a") GET_OF("/b") },
	      { SEND, MISSING },
	      { SEND, MISSING },
	      { ASK, GET_OF("/c") },
	      { SEND, MISSING } } },
	  { "GET /a HTTP/1.1", "", "" } },
	{ { "two requests in a segment, and a third before the second is answered",
	    { { ASK, GET_OF("/a") GET_OF("/b") },
	      { SEND, MISSING },
	      { ASK, GET_OF("/c") },
	      { SEND, MISSING },
	      { SEND, MISSING } } },
	  { "GET /a HTTP/1.1", "", "" } },
	{ { "a request before the first is answered",
	    { { ASK, GET_OF("/a") },
	      { ASK, GET_OF("/b") },
	      { SEND, MISSING },
	      { SEND, MISSING },
	      { ASK, GET_OF("/c") },
	      { SEND, MISSING } } },
	  { "GET /a HTTP/1.1", "", "" } },
	{ { "two requests in a segment behind an error",
	    { { ASK, GET_OF("/a") },
	      { SEND, MISSING },
	      { ASK, GET_OF("/b") GET_OF("/c") },
	      { SEND, MISSING },
	      { SEND, MISSING },
	      { ASK, GET_OF("/d") },
	      { SEND, MISSING } } },
	  { "GET /a HTTP/1.1", "GET /b HTTP/1.1", "", "" } },
	{ { "bodies in the segments of their requests",
	    { { ASK, "POST /a HTTP/1.1\r\ncontent-LENGTH: 7\r\n\r\nGET / x" },
	      { SEND, MISSING },
	      { ASK, "POST /b HTTP/1.1\r\nContent-Length:3\r\nHost: a\r\n\r\na=b" },
	      { SEND, MISSING },
	      { ASK, GET_OF("/c") },
	      { SEND, MISSING } } },
	  { "POST /a HTTP/1.1", "POST /b HTTP/1.1", "GET /c HTTP/1.1" } },
	{ { "a body that is longer, or shorter, than it says",
	    { { ASK, "POST /a HTTP/1.1\r\nContent-Length: 8\r\n\r\na=b" },
	      { SEND, MISSING },
	      { ASK, GET_OF("/b") },
	      { SEND, MISSING } } },
	  { "POST /a HTTP/1.1", "" } },
	{ { "a body without a length",
	    { { ASK, "POST /a HTTP/1.1\r\n\r\na=b" },
	      { SEND, MISSING },
	      { ASK, GET_OF("/b") },
	      { SEND, MISSING } } },
	  { "POST /a HTTP/1.1", "" } },
	{ { "a head longer than a window",
	    { { ASK, "GET /a HTTP/1.1\r\nX: " LONG_500 "\r\nY: " LONG_500 "\r\n\r\n" },
	      { SEND, MISSING },
	      { ASK, GET_OF("/b") },
	      { SEND, MISSING } } },
	  { "GET /a HTTP/1.1", "GET /b HTTP/1.1" } },
	{ { "a line longer than what is kept",
	    { { ASK, "GET /" LONG_50 LONG_50 LONG_50 " HTTP/1.1\r\n\r\n" }, { SEND, MISSING } } },
	  { "GET /" LONG_50 LONG_50 "01234567890123456789012" } },
	{ { "an interim response before the error",
	    { { ASK, GET_OF("/a") },
	      { SEND, "HTTP/1.1 103 Early Hints\r\n\r\n" },
	      { SEND, MISSING } } },
	  { "" } },
	{ { "an answer that no hook saw",
	    { { ASK, GET_OF("/a") },
	      { LOSE, MISSING },
	      { ASK, GET_OF("/b") },
	      { SEND, MISSING } } },
	  { "" } },
	{ { "a request that no hook saw",
	    { { ASK, GET_OF("/a") },
	      { SEND, MISSING },
	      { ASK_UNSEEN },
	      { SEND, MISSING },
	      { ASK, GET_OF("/c") },
	      { SEND, MISSING } } },
	  { "GET /a HTTP/1.1", "", "GET /c HTTP/1.1" } },
};

static void check_events(const struct asked_row *row, const struct target *target,
			 const char *doing)
{
	static struct counts got;
	size_t wanted = 0;

	target->read(&got);
	while (wanted < EVENTS && row->want[wanted])
		wanted++;
	if (got.event_count != wanted)
		fail_msg("%s: %zu events", doing, got.event_count);
	for (size_t i = 0; i < wanted; i++) {
		got.requests[i][strcspn(got.requests[i], "\r")] = '\0';
		if (strcmp(got.requests[i], row->want[i]) != 0)
			fail_msg("%s: event %zu is told with '%s', not '%s'", doing, i,
				 got.requests[i], row->want[i]);
	}
}

/* At each kind of hook, and at two. */
static void test_row(void **state)
{
	static const enum program BOTH[] = { SW_INGRESS, SW_EGRESS };
	const struct table_case *c = *state;
	const struct asked_row *row = c->row;
	struct http_row steps = row->talk;
	int ran = 0;

	steps.unasked = true;
	for (enum program p = 0; p < PROGRAMS; p++) {
		if (!talk_through(&steps, c->target, &p, 1, AS_SENT))
			continue;
		check_events(row, c->target, target_program_name(p));
		ran++;
	}
	assert_true(ran >= 3);
	assert_true(talk_through(&steps, c->target, BOTH, ARRAY_SIZE(BOTH), AS_SENT));
	check_events(row, c->target, "two hooks");
}

int main(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(ROWS); i++) {
		table_add(ROWS[i].talk.name, &host_target, &ROWS[i], test_row);
		table_add(ROWS[i].talk.name, &kernel_target, &ROWS[i], test_row);
	}
	return table_run("asked");
}
