/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An ICMP error about a packet that a firewall on this kernel has denied, and about any other. On
 * the host alone, as sw_drop is: the kernel's half is tests/e2e/nodes-policy.sh.
 */
#include <string.h>

#include "host.h"
#include "packet.h"
#include "table.h"

/* What a row does not mention is zero. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define NETNS 4026532000U

struct row {
	const char *name;
	struct packet_spec dropped, quoted; /* of the client; both begin with the IP header */
	bool answer;                        /* the server's was dropped */
	uint8_t class;                      /* 0: firewall's */
	bool own;                           /* only this namespace's drops are counted */
	uint32_t later_s;
	bool repeated; /* else it is a deny of its own */
};

static const struct row ROWS[] = {
	{ "TCP", .repeated = true },
	{ "UDP", { .proto = PACKET_UDP }, { .proto = PACKET_UDP }, .repeated = true },
	{ "IPv6", { .ipv6 = true }, { .ipv6 = true }, .repeated = true },
	{ "an echo request", { .proto = PACKET_ICMP }, { .proto = PACKET_ICMP }, .repeated = true },
	{ "IPv6, behind extension headers",
	  { .ipv6 = true, .exts = { { PACKET_DESTINATION } } },
	  { .ipv6 = true, .exts = { { PACKET_DESTINATION } } },
	  .repeated = true },
	{ "a second later", .later_s = 1, .repeated = true },
	{ "two seconds later", .later_s = 2 },
	{ "to another port", { .server_port = 81 } },
	{ "from another port", { .client_port = 40001 } },
	{ "of another protocol", { .proto = PACKET_UDP } },
	{ "from another host", { .client_natted = true } },
	{ "to another host", { .server_natted = true } },
	{ "an answer is another packet", .answer = true },
	{ "dropped by no firewall", .class = CLASS_OTHER },
	{ "the drop is not counted", .own = true },
};

static void drop(const struct row *row)
{
	struct host_drop_knobs knobs = {
		.own_netns = row->own ? NETNS + 1 : 0,
		.class = row->class ? row->class : CLASS_FIREWALL,
	};
	struct packet_spec spec = row->dropped;
	static uint8_t packet[PACKET_MAX];
	struct host_drop drop = {
		.packet = packet,
		.protocol = spec.ipv6 ? 0x86dd : 0x0800,
		.device_netns = NETNS,
		.reason = 8,
	};

	spec.ip_first = true;
	spec.from_client = !row->answer;
	drop.len = packet_build(&spec, packet);
	assert_int_equal(host_run_drop(&drop, &knobs), 0);
}

static void say_prohibited(const struct row *row, enum program program)
{
	static uint8_t quoted[PACKET_MAX], packet[PACKET_MAX];
	struct packet_spec quote = row->quoted;
	struct packet_spec spec = {
		.ip_first = target_program_starts_at_ip(program),
		.ipv6 = quote.ipv6,
		.proto = quote.ipv6 ? PACKET_ICMPV6 : PACKET_ICMP,
		.icmp_type = quote.ipv6 ? 1 : 3,
		.icmp_code = quote.ipv6 ? 1 : 13,
		.payload = quoted,
	};

	quote.ip_first = true;
	quote.from_client = true;
	spec.payload_len = packet_build(&quote, quoted);
	assert_int_equal(host_target.run(program, packet, packet_build(&spec, packet)),
			 target_program_pass(program));
}

static void test_row(void **state)
{
	const struct row *row = ((const struct table_case *)*state)->row;
	static struct counts got;

	for (enum program p = 0; p < PROGRAMS; p++) {
		if (target_program_hook(p) == HOOK_EGRESS)
			continue;
		host_target.reset();
		drop(row);
		host_target.set_second(1 + row->later_s);
		say_prohibited(row, p);
		host_target.read(&got);
		table_check_counter(&got, COUNT_DENIAL_REPEATED, row->repeated, row->name);
		assert_int_equal(got.totals.drop_class[CLASS_PROHIBITED], !row->repeated);
	}
}

int main(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(ROWS); i++)
		table_add(ROWS[i].name, &host_target, &ROWS[i], test_row);
	return table_run("denied");
}
