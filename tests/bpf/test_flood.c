/* SPDX-License-Identifier: GPL-2.0-only */
/* What is counted where there is no room for each key, on the host. */
#include <arpa/inet.h>
#include <string.h>

#include "host.h"
#include "packet.h"
#include "table.h"

#define OWN     4026531840U
#define ROOM    32
#define PACKETS 4000
/* Of the IPv4 header, and of the TCP header behind it. */
#define SOURCE_OFF      12
#define DESTINATION_OFF 16
#define PORT_OFF        22

struct row {
	const char *name;
	bool many_sources, many_destinations, many_ports;
	__u8 merged; /* under which most are counted */
};

static const struct row ROWS[] = {
	{ "forged sources: by destination and port", true, false, false, MERGED_SOURCE },
	{ "one source, every port: by source", false, false, true, MERGED_DESTINATION },
	{ "one source, every host: by source", false, true, false, MERGED_DESTINATION },
	{ "everything differs: neither", true, true, true, MERGED_SOURCE | MERGED_DESTINATION },
	{ "one flow", false, false, false, 0 },
};

static void put32(uint8_t *to, uint32_t value)
{
	value = htonl(value);
	memcpy(to, &value, sizeof(value));
}

static void drop_packets(const struct row *row)
{
	static const struct host_drop_knobs KNOBS = { .own_netns = OWN, .class = CLASS_FIREWALL };
	struct packet_spec spec = { .ip_first = true };
	static uint8_t packet[PACKET_MAX];
	struct host_drop drop = {
		.packet = packet,
		.len = packet_build(&spec, packet),
		.protocol = 0x0800,
		.device_netns = OWN,
		.reason = 8,
	};

	for (uint32_t i = 0; i < PACKETS; i++) {
		if (row->many_sources)
			put32(packet + SOURCE_OFF, 0x0b000000 + i);
		if (row->many_destinations)
			put32(packet + DESTINATION_OFF, 0x0c000000 + i);
		if (row->many_ports)
			put32(packet + PORT_OFF - 2, 0x1000 << 16 | (i & 0xffff));
		assert_int_equal(host_run_drop(&drop, &KNOBS), 0);
	}
}

static bool is_zero(const struct addr *addr)
{
	static const struct addr zero;

	return !memcmp(addr, &zero, sizeof(zero));
}

static void test_row(void **state)
{
	const struct table_case *c = *state;
	const struct row *row = c->row;
	__u64 sum = 0, by_merged[4] = {};
	struct counts got;

	host_target.reset();
	drop_packets(row);
	host_target.read(&got);
	for (size_t i = 0; i < got.drop_key_count; i++) {
		const struct drop_key *key = &got.drop_keys[i];

		assert_true(key->merged < 4);
		assert_int_equal(is_zero(&key->source), !!(key->merged & MERGED_SOURCE));
		assert_int_equal(is_zero(&key->destination), !!(key->merged & MERGED_DESTINATION));
		if (key->merged & MERGED_DESTINATION)
			assert_int_equal(key->port, 0);
		by_merged[key->merged] += got.drop_values[i].packets;
		sum += got.drop_values[i].packets;
	}
	/* Nothing is lost, and the room is kept: but for the last resort. */
	assert_int_equal(sum, PACKETS);
	assert_int_equal(got.totals.drop_class[CLASS_FIREWALL], PACKETS);
	assert_true(got.drop_key_count <= ROOM + 1);
	assert_true(by_merged[row->merged] > PACKETS * 9 / 10);
	table_note_reached(&got);
}

/* One who sends much is counted under its own key, through a flood of others. */
static void test_heavy(void **state)
{
	static const struct host_drop_knobs KNOBS = { .own_netns = OWN, .class = CLASS_FIREWALL };
	struct packet_spec spec = { .ip_first = true };
	static uint8_t packet[PACKET_MAX];
	struct host_drop drop = {
		.packet = packet,
		.len = packet_build(&spec, packet),
		.protocol = 0x0800,
		.device_netns = OWN,
		.reason = 8,
	};
	struct counts got;
	__u64 heavy = 0;

	host_target.reset();
	for (uint32_t i = 0; i < PACKETS; i++) {
		/* It comes when half of the room is gone. */
		put32(packet + SOURCE_OFF, i > ROOM && i % 4 == 0 ? 0x0d000001 : 0x0b000000 + i);
		host_run_drop(&drop, &KNOBS);
	}
	host_target.read(&got);
	for (size_t i = 0; i < got.drop_key_count; i++)
		if (got.drop_keys[i].source.w[3] == htonl(0x0d000001))
			heavy = got.drop_values[i].packets;
	assert_in_range(heavy, (PACKETS - ROOM) / 4 * 9 / 10, PACKETS / 4);
}

/* In the epoch after one that had no room for all, few are let in, and who was heavy is at once. */
static void test_next_epoch(void **state)
{
	static const struct host_drop_knobs KNOBS = { .own_netns = OWN, .class = CLASS_FIREWALL };
	struct packet_spec spec = { .ip_first = true };
	static uint8_t packet[PACKET_MAX];
	struct host_drop drop = {
		.packet = packet,
		.len = packet_build(&spec, packet),
		.protocol = 0x0800,
		.device_netns = OWN,
		.reason = 8,
	};
	struct counts got;
	__u64 heavy = 0, sum = 0;

	host_target.reset();
	for (uint32_t i = 0; i < 2 * PACKETS; i++) {
		host_set_epoch(i < PACKETS);
		put32(packet + SOURCE_OFF, i % 40 == 39 ? 0x0d000001 : 0x0b000000 + i);
		host_run_drop(&drop, &KNOBS);
	}
	host_target.read(&got);
	for (size_t i = 0; i < got.drop_key_count; i++) {
		sum += got.drop_values[i].packets;
		if (got.drop_keys[i].source.w[3] == htonl(0x0d000001))
			heavy = got.drop_values[i].packets;
	}
	assert_int_equal(sum, PACKETS);
	assert_int_equal(heavy, PACKETS / 40);
	/* The heavy one, two samples, one or two that share a place with it; what is merged. */
	assert_in_range(got.drop_key_count, 4, ROOM / 4);
}

int main(void)
{
	host_target.reset();
	host_set_drop_room(ROOM);
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++)
		table_add(ROWS[i].name, &host_target, &ROWS[i], test_row);
	table_add("who sends much is known", &host_target, NULL, test_heavy);
	table_add("an epoch later", &host_target, NULL, test_next_epoch);
	return table_run("flood");
}
