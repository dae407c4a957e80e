/* SPDX-License-Identifier: GPL-2.0-only */
/* sw_drop, on the host alone: the kernel has no test run for tracepoints (EFAULT). */
#include <arpa/inet.h>
#include <string.h>

#include "host.h"
#include "packet.h"
#include "table.h"

/* What a row does not mention is zero. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define OWN   4026531840U
#define OTHER 4026532000U

struct row {
	const char *name;
	struct packet_spec spec; /* begins with the IP header, whatever it says */
	struct host_drop drop;
	struct host_drop_knobs knobs;
	enum sw_counter want; /* besides packets_drop */
	bool not_counted;
	bool no_key;
	bool zero_key; /* nothing of the packet is known */
	bool no_port;
};

#define FROM_OWN                                                     \
	{                                                            \
		.protocol = 0x0800, .device_netns = OWN, .reason = 8 \
	}
#define FIREWALL                                          \
	{                                                 \
		.own_netns = OWN, .class = CLASS_FIREWALL \
	}

static const struct row ROWS[] = {
	{ "TCP over IPv4", {}, FROM_OWN, FIREWALL, COUNT_DROP_UNDERSTOOD },
	{ "UDP over IPv6",
	  { .ipv6 = true, .proto = PACKET_UDP },
	  { .protocol = 0x86dd, .device_netns = OWN, .reason = 8 },
	  FIREWALL,
	  COUNT_DROP_UNDERSTOOD },
	{ "behind the transport header",
	  {},
	  { .protocol = 0x0800, .device_netns = OWN, .reason = 8, .pulled = 40 },
	  FIREWALL,
	  COUNT_DROP_UNDERSTOOD },
	{ "with its Ethernet header",
	  {},
	  { .protocol = 0x0800, .device_netns = OWN, .reason = 8, .pulled = -14 },
	  FIREWALL,
	  COUNT_DROP_UNDERSTOOD },
	{ "payload outside the linear part",
	  { .payload = "0123456789", .payload_len = 10 },
	  { .protocol = 0x0800, .device_netns = OWN, .reason = 8, .nonlinear = 10 },
	  FIREWALL,
	  COUNT_DROP_UNDERSTOOD },
	{ "headers outside the linear part",
	  {},
	  { .protocol = 0x0800, .device_netns = OWN, .reason = 8, .nonlinear = 40 },
	  FIREWALL,
	  COUNT_DROP_PARSE_TRUNCATED,
	  .zero_key = true },
	{ "a length beyond the packet",
	  { .length_delta = 5 },
	  FROM_OWN,
	  FIREWALL,
	  COUNT_DROP_PARSE_TRUNCATED,
	  .no_port = true },
	{ "a header that contradicts itself",
	  { .ihl = 4 },
	  FROM_OWN,
	  FIREWALL,
	  COUNT_DROP_PARSE_MALFORMED,
	  .no_port = true },
	{ "ARP",
	  {},
	  { .protocol = 0x0806, .device_netns = OWN, .reason = 8 },
	  FIREWALL,
	  COUNT_DROP_PARSE_NOT_IP,
	  .zero_key = true },
	{ "nobody set the network header",
	  {},
	  { .protocol = 0x0800, .device_netns = OWN, .reason = 8, .no_network_header = true },
	  FIREWALL,
	  COUNT_DROP_PARSE_NOT_IP,
	  .zero_key = true },
	{ "a fragment",
	  { .fragment = 0x2000 },
	  FROM_OWN,
	  FIREWALL,
	  COUNT_DROP_PARSE_IP_FRAGMENT,
	  .no_port = true },
	{ "a TCP header cut by the IP length",
	  { .length_delta = -1 },
	  FROM_OWN,
	  FIREWALL,
	  COUNT_DROP_PARSE_L4_SHORT,
	  .no_port = true },
	{ "an extension header beyond the window",
	  { .ipv6 = true, .exts = { { PACKET_DESTINATION, .len = 240 } } },
	  { .protocol = 0x86dd, .device_netns = OWN, .reason = 8 },
	  FIREWALL,
	  COUNT_DROP_PARSE_EXT_HEADER_LIMIT,
	  .no_port = true },
	{ "a tunnel: it was judged, not what is inside",
	  { .proto = PACKET_IPV4, .payload = "no IP", .payload_len = 5 },
	  FROM_OWN,
	  FIREWALL,
	  COUNT_DROP_UNDERSTOOD,
	  .no_port = true },
	{ "another namespace",
	  {},
	  { .protocol = 0x0800, .device_netns = OTHER, .reason = 8 },
	  FIREWALL,
	  COUNT_DROP_OTHER_NETNS,
	  .not_counted = true },
	{ "another namespace, where all are watched",
	  {},
	  { .protocol = 0x0800, .device_netns = OTHER, .reason = 8 },
	  { .own_netns = 0, .class = CLASS_FIREWALL },
	  COUNT_DROP_UNDERSTOOD },
	{ "no device, a socket of this namespace",
	  {},
	  { .protocol = 0x0800, .socket_netns = OWN, .reason = 8 },
	  FIREWALL,
	  COUNT_DROP_UNDERSTOOD },
	{ "neither device nor socket",
	  {},
	  { .protocol = 0x0800, .reason = 8 },
	  FIREWALL,
	  COUNT_DROP_OTHER_NETNS,
	  .not_counted = true },
	{ "inside another run",
	  {},
	  FROM_OWN,
	  { .own_netns = OWN, .class = CLASS_FIREWALL, .nested = true },
	  COUNT_DROP_BUSY,
	  .no_key = true },
	{ "of no class that anybody decided",
	  {},
	  FROM_OWN,
	  { .own_netns = OWN, .class = CLASS_IGNORED },
	  COUNT_MAX,
	  .not_counted = true },
	{ "of another reason, counted by name alone",
	  {},
	  FROM_OWN,
	  { .own_netns = OWN, .class = CLASS_OTHER },
	  COUNT_MAX,
	  .no_key = true },
	{ "of another reason, with a key",
	  {},
	  FROM_OWN,
	  { .own_netns = OWN, .class = CLASS_OTHER, .key_other = true },
	  COUNT_DROP_UNDERSTOOD },
	{ "a reason of another subsystem",
	  {},
	  { .protocol = 0x0800, .device_netns = OWN, .reason = 0x20001 },
	  FIREWALL,
	  COUNT_DROP_UNDERSTOOD },
};

static void check_key(const struct row *row, const struct counts *got, size_t len)
{
	struct addr source = packet_server(row->spec.ipv6), none = {};
	struct addr destination = packet_client(row->spec.ipv6);
	const struct drop_key *key = &got->drop_keys[0];
	const struct event *event = &got->events[0];
	__u32 reason = row->drop.reason < SW_REASON_OWN ? row->drop.reason : SW_REASON_FOREIGN;
	__u8 proto = row->spec.proto ? row->spec.proto : PACKET_TCP;

	if (row->zero_key) {
		source = destination = none;
		proto = 0;
	}
	assert_int_equal(got->drop_key_count, 1);
	/* Twice the same drop: one key, one event. */
	assert_int_equal(got->drop_values[0].packets, 2);
	assert_int_equal(got->drop_values[0].bytes, 2 * (len - row->drop.pulled));
	assert_memory_equal(&key->source, &source, sizeof(source));
	assert_memory_equal(&key->destination, &destination, sizeof(destination));
	if (row->want != COUNT_DROP_PARSE_EXT_HEADER_LIMIT)
		assert_int_equal(key->proto, proto);
	assert_int_equal(key->port, row->zero_key || row->no_port ? 0 : htons(PACKET_CLIENT_PORT));
	assert_int_equal(key->class, row->knobs.class);
	assert_int_equal(key->reason, reason);
	assert_int_equal(key->netns,
			 row->drop.device_netns ? row->drop.device_netns : row->drop.socket_netns);
	assert_int_equal(key->out_ifindex, row->drop.device_netns ? 1 : 0);
	assert_int_equal(got->event_count, 1);
	assert_int_equal(event->type, EVENT_DROP);
	assert_int_equal(event->code, reason);
	assert_memory_equal(&event->source, &source, sizeof(source));
	assert_int_equal(event->destination_port, key->port);
}

static void test_row(void **state)
{
	const struct table_case *c = *state;
	const struct row *row = c->row;
	struct packet_spec spec = row->spec;
	struct host_drop drop = row->drop;
	static uint8_t packet[PACKET_MAX];
	__u64 want[COUNT_MAX] = {};
	struct counts got;

	spec.ip_first = true;
	drop.packet = packet;
	drop.len = packet_build(&spec, packet);
	host_target.reset();
	for (int i = 0; i < 2; i++)
		assert_int_equal(host_run_drop(&drop, &row->knobs), 0);
	host_target.read(&got);
	table_note_reached(&got);
	if (row->want < COUNT_MAX)
		want[row->want] = 2;
	want[COUNT_PACKETS_DROP] = row->not_counted || row->no_key ? 0 : 2;
	for (enum sw_counter i = 0; i < COUNT_RING_SENT; i++)
		table_check_counter(&got, i, want[i], row->name);
	assert_int_equal(got.totals.drop_class[row->knobs.class], row->not_counted ? 0 : 2);
	if (row->not_counted || row->no_key)
		assert_int_equal(got.drop_key_count, 0);
	else
		check_key(row, &got, drop.len);
}

/* Memory that the kernel will not read is a deny all the same. */
static void test_failed_read(void **state)
{
	static const struct host_drop_knobs KNOBS = FIREWALL;
	struct host_drop drop = FROM_OWN;
	struct packet_spec spec = { .ip_first = true };
	static uint8_t packet[PACKET_MAX];
	struct counts got;

	drop.packet = packet;
	drop.len = packet_build(&spec, packet);
	host_target.reset();
	host_fail_load(1);
	host_run_drop(&drop, &KNOBS);
	host_target.read(&got);
	table_check_counter(&got, COUNT_DROP_PARSE_TRUNCATED, 1, "failed read");
	assert_int_equal(got.drop_key_count, 1);
}

/* A length of every size: the linear part is a heap block of exactly that. */
static void test_cut(void **state)
{
	static const struct host_drop_knobs KNOBS = FIREWALL;
	struct packet_spec spec = { .ip_first = true, .payload = "0123456789", .payload_len = 10 };
	static uint8_t packet[PACKET_MAX];
	size_t len = packet_build(&spec, packet);
	struct counts got;

	for (size_t linear = 1; linear <= len; linear++) {
		struct host_drop drop = FROM_OWN;

		drop.packet = packet;
		drop.len = len;
		drop.nonlinear = len - linear;
		host_target.reset();
		host_run_drop(&drop, &KNOBS);
		host_target.read(&got);
		/* Known limit: headers outside the linear part are not looked for. */
		table_check_counter(&got, COUNT_DROP_UNDERSTOOD, linear >= 40, "cut");
		assert_int_equal(got.totals.n[COUNT_DROP_UNDERSTOOD] +
					 got.totals.n[COUNT_DROP_PARSE_TRUNCATED] +
					 got.totals.n[COUNT_DROP_PARSE_EXT_HEADER_LIMIT],
				 1);
	}
}

/* The VLAN limit has no way here: the tracepoint's packets begin with their IP header. */
/* Where a packet was freed, for each number of functions; the address is what a call returns to. */
static void test_sites(void **state)
{
	struct drop_site sites[SW_SITES_MAX];

	for (size_t count = 0; count <= SW_SITES_MAX; count++) {
		for (size_t i = 0; i < count; i++)
			sites[i] = (struct drop_site){ 1000 * (i + 1), 1000 * (i + 1) + 100,
						       i + 1 };
		host_set_sites(sites, count);
		assert_int_equal(host_site_reason(0), 0);
		for (size_t i = 0; i <= SW_SITES_MAX; i++) {
			__u64 start = 1000 * (i + 1);
			__u32 reason = i < count ? i + 1 : 0;

			assert_int_equal(host_site_reason(start), 0);
			assert_int_equal(host_site_reason(start + 1), reason);
			assert_int_equal(host_site_reason(start + 100), reason);
			assert_int_equal(host_site_reason(start + 101), 0);
		}
	}
	host_set_sites(sites, 0);
}

static void test_reached(void **state)
{
	table_check_reached(COUNT_DROP_UNDERSTOOD, COUNT_DROP_PARSE_EXT_HEADER_LIMIT);
	table_check_reached(COUNT_DROP_PARSE_L4_SHORT, COUNT_DROP_BUSY);
}

int main(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(ROWS); i++)
		table_add(ROWS[i].name, &host_target, &ROWS[i], test_row);
	table_add("a read that fails", &host_target, NULL, test_failed_read);
	table_add("every size of the linear part", &host_target, NULL, test_cut);
	table_add("functions that give no reason", &host_target, NULL, test_sites);
	table_add("each drop_* counter is reached", &host_target, NULL, test_reached);
	return table_run("drop");
}
