/* SPDX-License-Identifier: GPL-2.0-only */
/* http1.h and http.bpf.h: conversations are counted exactly, however they are cut into segments. */
#include <arpa/inet.h>
#include <assert.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "host.h"
#include "kernel.h"
#include "packet.h"
#include "table.h"
#include "talk.h"

static __u64 key_count(const struct counts *got, uint16_t status)
{
	for (size_t i = 0; i < got->key_count; i++)
		if (got->keys[i].status == status)
			return got->key_counts[i];
	return 0;
}

static void check_keys(const struct http_row *row, const struct counts *got, const char *doing)
{
	struct addr client = packet_client(row->ipv6), server = packet_server(row->ipv6);
	__u64 sum = 0, good = 0, errors = 0;

	for (int i = 0; i < STATUSES && row->want[i].status; i++) {
		uint16_t status = row->want[i].status;

		if (status < 200)
			continue;
		if (status >= 400 && key_count(got, status) != row->want[i].count)
			fail_msg("%s: %llu of status %u", doing, key_count(got, status), status);
		*(status >= 400 ? &errors : &good) += row->want[i].count;
	}
	if (key_count(got, 0) != good)
		fail_msg("%s: %llu good responses, not %llu", doing, key_count(got, 0), good);
	for (size_t i = 0; i < got->key_count; i++) {
		assert_memory_equal(&got->keys[i].client, &client, sizeof(client));
		assert_memory_equal(&got->keys[i].server, &server, sizeof(server));
		assert_int_equal(got->keys[i].port, htons(PACKET_SERVER_PORT));
		sum += got->key_counts[i];
	}
	assert_int_equal(sum, good + errors);
	/* The ring's budget is 64 events an epoch. */
	table_check_counter(got, COUNT_RING_SENT, errors < 64 ? errors : 64, doing);
	table_check_counter(got, COUNT_RING_OVER_BUDGET, errors < 64 ? 0 : errors - 64, doing);
	assert_int_equal(got->event_count, errors < 64 ? errors : 64);
}

static void check_nat(const struct http_row *row, const struct target *target, bool nat,
		      const char *doing)
{
	__u64 want[COUNT_MAX] = {};
	struct counts got;

	target->read(&got);
	table_note_reached(&got);
	table_check_identity(&got, doing);
	for (int i = 0; i < STATUSES && row->want[i].status; i++)
		want[COUNT_HTTP_1XX + row->want[i].status / 100 - 1] += row->want[i].count;
	for (int i = 0; i < ALSO && row->also[i].n; i++)
		want[row->also[i].counter] = row->also[i].n;
	want[COUNT_FLOWS_CREATED] = row->flows == NO_FLOW ? 0 : row->flows ? row->flows : 1;
	if (nat) {
		want[COUNT_FLOWS_JOINED] = want[COUNT_FLOWS_CREATED];
		/* Without a flow there is nothing to know both names by: each hook refuses. */
		want[COUNT_HTTP_NO_REVERSE] *= 2;
	}
	/* Of requests that are not seen, or cut into bytes, nobody knows what they ask for. */
	if (talk.client_unseen || (talk.border == BYTE_BY_BYTE && !row->whole_asks))
		want[COUNT_HTTP_UNCLEAR] = got.totals.n[COUNT_HTTP_UNCLEAR];
	for (enum sw_counter i = COUNT_HTTP_1XX; i <= COUNT_FLOWS_REFUSED; i++)
		table_check_counter(&got, i, want[i], doing);
	check_keys(row, &got, doing);
}

static void check(const struct http_row *row, const struct target *target, const char *doing)
{
	check_nat(row, target, false, doing);
}

/* As it stands, at each kind of hook, whatever stands behind the bytes that were loaded. */
static void test_row(void **state)
{
	static const uint8_t FILLS[] = { '\n', '\0', 'H', '0', ':' };
	const struct table_case *c = *state;
	size_t fills = c->target == &host_target ? sizeof(FILLS) : 1;
	int ran = 0;

	for (size_t i = 0; i < fills; i++) {
		host_set_fill(FILLS[i]);
		for (enum program p = 0; p < PROGRAMS; p++) {
			if (!talk_through(c->row, c->target, &p, 1, AS_SENT))
				continue;
			ran++;
			check(c->row, c->target, target_program_name(p));
		}
	}
	/* Before 5.18 no program takes a segment of more than a page. */
	if (!ran && c->target == &kernel_target && kernel_program_fd(SW_XDP_FRAGS) < 0) {
		print_message("this kernel's test run takes no such segment\n");
		skip();
	}
	assert_true(ran > 0);
}

static void test_borders(void **state)
{
	static const enum program KERNEL[] = { SW_EGRESS, SW_XDP }, HOST[] = { SW_INGRESS };
	const struct table_case *c = *state;
	bool host = c->target == &host_target;
	const enum program *programs = host ? HOST : KERNEL;
	char doing[64];

	for (size_t i = 0; i < (host ? ARRAY_SIZE(HOST) : ARRAY_SIZE(KERNEL)); i++) {
		size_t sent;

		assert_true(talk_through(c->row, c->target, &programs[i], 1, BYTE_BY_BYTE));
		check(c->row, c->target, "byte by byte");
		sent = talk.sent;
		/* The long ones are long because of what repeats. */
		for (size_t border = 1; border < sent && border < 1000; border++) {
			if (!talk_through(c->row, c->target, &programs[i], 1, border))
				return;
			snprintf(doing, sizeof(doing), "border at %zu", border);
			check(c->row, c->target, doing);
		}
	}
}

/* Each segment passes two or three hooks, as on a gateway. */
static void test_hooks(void **state)
{
	static const enum program HOOKS[] = { SW_XDP_FRAGS, SW_INGRESS, SW_EGRESS };
	const struct table_case *c = *state;

	if (talk_through(c->row, c->target, HOOKS, ARRAY_SIZE(HOOKS), AS_SENT))
		check(c->row, c->target, "three hooks");
	else if (talk_through(c->row, c->target, HOOKS + 1, 2, AS_SENT))
		check(c->row, c->target, "two hooks");
	else
		assert_ptr_equal(c->target, &kernel_target);
}

/* On a gateway with NAT: each is counted once, for the true client and server. */
static void test_nat(void **state)
{
	static const enum program HOOKS[] = { SW_INGRESS, SW_EGRESS };
	static const char *const KINDS[] = { "", "SNAT", "DNAT", "both NATs" };
	const struct table_case *c = *state;

	for (int kind = 1; kind < 4; kind++) {
		bool able;

		talk.snat = kind & 1;
		talk.dnat = kind & 2;
		able = talk_through(c->row, c->target, HOOKS, 2, AS_SENT);
		talk.snat = talk.dnat = false;
		if (able)
			check_nat(c->row, c->target, true, KINDS[kind]);
	}
}

/* The same responses are seen where the client's side is not. */
static void test_one_sided(void **state)
{
	static const enum program PROGRAM = SW_INGRESS;
	const struct table_case *c = *state;

	talk.client_unseen = true;
	assert_true(talk_through(c->row, c->target, &PROGRAM, 1, AS_SENT));
	check(c->row, c->target, "the client unseen");
	assert_true(talk_through(c->row, c->target, &PROGRAM, 1, BYTE_BY_BYTE));
	check(c->row, c->target, "the client unseen, byte by byte");
	talk.client_unseen = false;
}

static const struct http_row *row_named(const char *name)
{
	for (size_t i = 0; i < HTTP_FRAMING_COUNT; i++)
		if (!strcmp(HTTP_FRAMING[i].name, name))
			return &HTTP_FRAMING[i];
	for (size_t i = 0; i < HTTP_REVERSE_COUNT; i++)
		if (!strcmp(HTTP_REVERSE[i].name, name))
			return &HTTP_REVERSE[i];
	fail_msg("no row '%s'", name);
	return NULL;
}

/* A payload that can't be read is counted, and its flow is not trusted until a resync. */
static void test_unreadable(void **state)
{
	static const enum program PROGRAM = SW_INGRESS;
	struct counts got;

	for (int i = 0; i < 2; i++) {
		const struct http_row *row = row_named("keep-alive");

		talk_begin(row, &host_target, &PROGRAM, 1, AS_SENT);
		for (int k = 0; k < 2 && i; k++) /* the second segment instead of the first */
			talk_do(&talk, &row->steps[k]);
		host_fail_load(1);
		for (int k = i ? 2 : 0; k < 5; k++)
			talk_do(&talk, &row->steps[k]);
		host_target.read(&got);
		table_note_reached(&got);
		table_check_counter(&got, COUNT_HTTP_UNREADABLE, 1, "failed load");
		table_check_counter(&got, COUNT_HTTP_2XX, i, "failed load");
		table_check_counter(&got, COUNT_HTTP_4XX, !i, "failed load");
		table_check_counter(&got, COUNT_HTTP_5XX, 1, "failed load");
	}
}

/* Every hook would count what no hook can remember: nobody does. */
static void test_refused_flow(void **state)
{
	static const enum program PROGRAM = SW_INGRESS;
	static const char *const ROWS[] = { "a request that nobody answers",
					    "one-sided: no request is asked for" };
	struct counts got;

	for (size_t i = 0; i < ARRAY_SIZE(ROWS); i++) {
		const struct http_row *row = row_named(ROWS[i]);

		talk_begin(row, &host_target, &PROGRAM, 1, AS_SENT);
		host_refuse_flows();
		talk_do(&talk, &row->steps[0]);
		host_target.read(&got);
		table_check_counter(&got, COUNT_FLOWS_REFUSED, 1, ROWS[i]);
		table_check_counter(&got, COUNT_FLOWS_CREATED, 0, ROWS[i]);
		table_check_counter(&got, COUNT_HTTP_4XX, 0, ROWS[i]);
	}
}

static void test_reached(void **state)
{
	table_check_reached(COUNT_HTTP_1XX, COUNT_HTTP_UNREADABLE);
}

static void add_rows(const struct target *target, const struct http_row *rows, size_t count)
{
	char name[160];

	for (size_t i = 0; i < count; i++) {
		table_add(rows[i].name, target, &rows[i], test_row);
		if (!rows[i].one_sided && !rows[i].per_hook) {
			snprintf(name, sizeof(name), "%s, behind NAT", rows[i].name);
			table_add(name, target, &rows[i], test_nat);
		}
		if (rows[i].as_sent)
			continue;
		snprintf(name, sizeof(name), "%s, at every border", rows[i].name);
		table_add(name, target, &rows[i], test_borders);
		snprintf(name, sizeof(name), "%s, at every hook", rows[i].name);
		table_add(name, target, &rows[i], test_hooks);
	}
}

static void add_one_sided(const struct http_row *row)
{
	char name[160];

	snprintf(name, sizeof(name), "%s, one-sided", row->name);
	table_add(name, &host_target, row, test_one_sided);
}

/* The budget of events is each CPU's own: a test run must not move to another halfway. */
static void stay_on_a_cpu(void)
{
	cpu_set_t cpus;
	int cpu = 0;

	assert(!sched_getaffinity(0, sizeof(cpus), &cpus));
	while (!CPU_ISSET(cpu, &cpus))
		cpu++;
	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	assert(!sched_setaffinity(0, sizeof(cpus), &cpus));
}

int main(void)
{
	const struct target *targets[] = { &host_target, &kernel_target };

	stay_on_a_cpu();
	for (size_t t = 0; t < ARRAY_SIZE(targets); t++) {
		add_rows(targets[t], HTTP_FRAMING, HTTP_FRAMING_COUNT);
		add_rows(targets[t], HTTP_FLOW, HTTP_FLOW_COUNT);
		add_rows(targets[t], HTTP_REVERSE, HTTP_REVERSE_COUNT);
		add_rows(targets[t], HTTP_HEAD, HTTP_HEAD_COUNT);
	}
	for (size_t i = 0; i < HTTP_FRAMING_COUNT; i++)
		add_one_sided(&HTTP_FRAMING[i]);
	table_add("a payload that can't be read", &host_target, NULL, test_unreadable);
	table_add("a full map of flows", &host_target, NULL, test_refused_flow);
	table_add("each http_* counter is reached", &host_target, NULL, test_reached);
	return table_run("http");
}
