/* SPDX-License-Identifier: GPL-2.0-only */
/* cluster.bpf.h: of two nodes that see a response, the server's counts it. */
#include "host.h"
#include "kernel.h"
#include "packet.h"
#include "table.h"
#include "talk.h"

/* A request, and three responses to one and to two more. */
static const struct http_row TALK = { .name = "three responses" };
static const struct step STEPS_OF_TALK[] = {
	{ .act = SEND, .text = MISSING }, { .act = ASK },
	{ .act = SEND, .text = OK_5 },    { .act = ASK },
	{ .act = SEND, .text = BROKEN },
};

struct cluster_row {
	const char *name;
	bool off; /* count: all */
	bool ipv6;
	bool member; /* is the server of the cluster? */
	bool uplink; /* is another machine behind the interface? */
	bool elsewhere;
};

static const struct cluster_row ROWS[] = {
	{ "from another node", .member = true, .uplink = true, .elsewhere = true },
	{ "from another node, IPv6", .ipv6 = true, .member = true, .uplink = true,
	  .elsewhere = true },
	{ "from a pod of this node", .member = true },
	{ "from outside the cluster", .uplink = true },
	{ "all are counted", .off = true, .member = true, .uplink = true },
};

/* What leaves in a test run came in by no interface: a process of this host sent it. */
static bool is_own(enum program program)
{
	return target_program_hook(program) == HOOK_EGRESS;
}

static void run_row(const struct cluster_row *row, const struct target *target,
		    enum program program)
{
	struct addr server = packet_server(row->ipv6), client = packet_client(row->ipv6);
	struct http_row talking = TALK;
	static struct counts got;
	bool elsewhere = row->elsewhere && !is_own(program);

	talking.ipv6 = row->ipv6;
	talk_begin(&talking, target, &program, 1, AS_SENT);
	target->set_cluster(row->member ? &server : &client, row->uplink);
	for (size_t i = 0; i < ARRAY_SIZE(STEPS_OF_TALK); i++)
		talk_do(&talk, &STEPS_OF_TALK[i]);
	target->read(&got);
	table_check_identity(&got, row->name);
	table_check_counter(&got, COUNT_HTTP_ELSEWHERE, elsewhere ? 3 : 0, row->name);
	table_check_counter(&got, COUNT_HTTP_2XX, elsewhere ? 0 : 1, row->name);
	table_check_counter(&got, COUNT_HTTP_4XX, elsewhere ? 0 : 1, row->name);
	table_check_counter(&got, COUNT_HTTP_5XX, elsewhere ? 0 : 1, row->name);
	assert_int_equal(got.key_count, elsewhere ? 0 : 3);
	assert_int_equal(got.event_count, elsewhere ? 0 : 2);
}

static void test_row(void **state)
{
	const struct table_case *c = *state;
	const struct cluster_row *row = c->row;

	c->target->server_side(!row->off);
	for (enum program p = 0; p < PROGRAMS; p++)
		if (c->target == &host_target || kernel_program_fd(p) >= 0)
			run_row(row, c->target, p);
	c->target->server_side(false);
}

int main(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(ROWS); i++) {
		table_add(ROWS[i].name, &host_target, &ROWS[i], test_row);
		table_add(ROWS[i].name, &kernel_target, &ROWS[i], test_row);
	}
	return table_run("cluster");
}
