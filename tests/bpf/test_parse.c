/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * parse.h: each kind of packet has a named result, at every length, on the host and in the kernel.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "host.h"
#include "kernel.h"
#include "packet.h"
#include "table.h"

/*
 * What each TCP row carries: if offsets and lengths are right, it is counted under the right key.
 */
#define RESPONSE "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"

struct row {
	const char *name;
	struct packet_spec spec;
	enum sw_counter want;
};

#define OK COUNT_UNDERSTOOD

/* Bytes of a packet that are linear: none, in the middle of the headers, and a little more. */
static const size_t LINEAR[] = { 0, 30, 66 };

#define EIGHT_OPTIONS                                                                   \
	{ PACKET_DESTINATION }, { PACKET_DESTINATION }, { PACKET_DESTINATION },         \
		{ PACKET_DESTINATION }, { PACKET_DESTINATION }, { PACKET_DESTINATION }, \
		{ PACKET_DESTINATION },                                                 \
	{                                                                               \
		PACKET_DESTINATION                                                      \
	}

static const struct row ROWS[] = {
	{ "TCP over IPv4", {}, OK },
	{ "TCP with options", { .tcp_options = 12 }, OK },
	{ "TCP with all the options that fit", { .tcp_options = 40 }, OK },
	{ "IPv4 with options", { .ip_options = 8 }, OK },
	{ "the longest headers: two tags, IPv4 and TCP with 40 bytes of options",
	  { .tags = { 0x88a8, 0x8100 }, .ip_options = 40, .tcp_options = 40 },
	  OK },
	{ "padding behind the IP packet", { .padding = 17 }, OK },
	{ "UDP", { .proto = PACKET_UDP, .payload_len = 3, .payload = "abc" }, OK },
	{ "ICMP", { .proto = PACKET_ICMP }, OK },
	{ "another protocol", { .proto = PACKET_SCTP, .payload_len = 1, .payload = "x" }, OK },
	{ "AH over IPv4 is a protocol as any other",
	  { .proto = PACKET_AH, .payload_len = 12, .payload = "\6\1\0\0\0\0\0\0\0\0\0\0" },
	  OK },
	{ "802.1Q", { .tags = { 0x8100 } }, OK },
	{ "QinQ", { .tags = { 0x88a8, 0x8100 } }, OK },
	{ "a third tag", { .tags = { 0x88a8, 0x8100, 0x8100 } }, COUNT_PARSE_VLAN_LIMIT },
	{ "ARP", { .ethertype = 0x0806 }, COUNT_PARSE_NOT_IP },
	{ "ARP in a VLAN", { .tags = { 0x8100 }, .ethertype = 0x0806 }, COUNT_PARSE_NOT_IP },
	{ "PPPoE is not looked into", { .ethertype = 0x8864 }, COUNT_PARSE_NOT_IP },
	{ "IPv4 behind the type of IPv6", { .ethertype = 0x86dd }, COUNT_PARSE_MALFORMED },
	{ "version 5 behind the type of IPv4", { .version = 5 }, COUNT_PARSE_MALFORMED },
	{ "IPv4 header of 16 bytes", { .ihl = 4 }, COUNT_PARSE_MALFORMED },
	{ "IPv4 length below its header", { .length_delta = -66 }, COUNT_PARSE_MALFORMED },
	{ "IPv4 length 0 in a short frame", { .no_length = true }, COUNT_PARSE_MALFORMED },
	{ "IPv4 length beyond the frame", { .length_delta = 1 }, COUNT_PARSE_TRUNCATED },
	{ "IPv4 first fragment", { .fragment = 0x2000 }, COUNT_PARSE_IP_FRAGMENT },
	{ "IPv4 later fragment", { .fragment = 0x0010 }, COUNT_PARSE_IP_FRAGMENT },
	{ "IPv4 must not be fragmented", { .fragment = 0x4000 }, OK },
	{ "TCP header cut by the IP length", { .length_delta = -46 }, COUNT_PARSE_L4_SHORT },
	{ "TCP options cut by the IP length",
	  { .tcp_options = 12, .length_delta = -46 },
	  COUNT_PARSE_L4_SHORT },
	{ "TCP data offset of 16 bytes", { .data_offset = 4 }, COUNT_PARSE_MALFORMED },
	{ "TCP data offset beyond the packet",
	  { .data_offset = 15, .length_delta = -45 },
	  COUNT_PARSE_L4_SHORT },
	{ "UDP header cut", { .proto = PACKET_UDP, .length_delta = -1 }, COUNT_PARSE_L4_SHORT },
	{ "ICMP header cut", { .proto = PACKET_ICMP, .length_delta = -5 }, COUNT_PARSE_L4_SHORT },

	{ "TCP over IPv6", { .ipv6 = true }, OK },
	{ "UDP over IPv6", { .ipv6 = true, .proto = PACKET_UDP }, OK },
	{ "ICMPv6", { .ipv6 = true, .proto = PACKET_ICMPV6 }, OK },
	{ "IPv6 in QinQ", { .ipv6 = true, .tags = { 0x88a8, 0x8100 } }, OK },
	{ "IPv6 and no next header", { .ipv6 = true, .proto = PACKET_NO_NEXT }, OK },
	{ "hop-by-hop options",
	  { .ipv6 = true, .exts = { { PACKET_HOP_BY_HOP, .len = 16 } } },
	  OK },
	{ "routing header", { .ipv6 = true, .exts = { { PACKET_ROUTING, .len = 24 } } }, OK },
	{ "destination options", { .ipv6 = true, .exts = { { PACKET_DESTINATION } } }, OK },
	{ "authentication header", { .ipv6 = true, .exts = { { PACKET_AH, .len = 24 } } }, OK },
	{ "atomic fragment", { .ipv6 = true, .exts = { { PACKET_FRAGMENT } } }, OK },
	{ "all kinds of extension headers",
	  { .ipv6 = true,
	    .exts = { { PACKET_HOP_BY_HOP },
		      { PACKET_DESTINATION },
		      { PACKET_ROUTING },
		      { PACKET_FRAGMENT },
		      { PACKET_AH },
		      { PACKET_DESTINATION } } },
	  OK },
	{ "eight extension headers", { .ipv6 = true, .exts = { EIGHT_OPTIONS } }, OK },
	{ "nine extension headers",
	  { .ipv6 = true, .exts = { EIGHT_OPTIONS, { PACKET_DESTINATION } } },
	  COUNT_PARSE_EXT_HEADER_LIMIT },
	{ "an extension header that reaches beyond the window",
	  { .ipv6 = true, .exts = { { PACKET_DESTINATION, .len = 160 } } },
	  COUNT_PARSE_EXT_HEADER_LIMIT },
	{ "an extension header beyond the packet",
	  { .ipv6 = true, .exts = { { PACKET_DESTINATION, .wrong_len = 200 } } },
	  COUNT_PARSE_MALFORMED },
	{ "an extension header cut by the IP length",
	  { .ipv6 = true, .exts = { { PACKET_DESTINATION } }, .length_delta = -70 },
	  COUNT_PARSE_MALFORMED },
	{ "IPv6 first fragment",
	  { .ipv6 = true, .exts = { { PACKET_FRAGMENT, .fragment = 0x0001 } } },
	  COUNT_PARSE_IP_FRAGMENT },
	{ "IPv6 later fragment",
	  { .ipv6 = true, .exts = { { PACKET_FRAGMENT, .fragment = 0x0100 } } },
	  COUNT_PARSE_IP_FRAGMENT },
	{ "IPv6 length beyond the frame",
	  { .ipv6 = true, .length_delta = 1 },
	  COUNT_PARSE_TRUNCATED },
	{ "IPv6 length 0 in a short frame",
	  { .ipv6 = true, .no_length = true },
	  COUNT_PARSE_L4_SHORT },
	{ "version 4 behind the type of IPv6",
	  { .ipv6 = true, .version = 4 },
	  COUNT_PARSE_MALFORMED },
	{ "TCP header cut by the IPv6 length",
	  { .ipv6 = true, .length_delta = -46 },
	  COUNT_PARSE_L4_SHORT },

	{ "IPv4 without Ethernet", { .ip_first = true, .tcp_options = 12 }, OK },
	{ "IPv6 without Ethernet", { .ip_first = true, .ipv6 = true }, OK },
	{ "UDP without Ethernet", { .ip_first = true, .proto = PACKET_UDP }, OK },
	{ "fragment without Ethernet",
	  { .ip_first = true, .fragment = 0x2000 },
	  COUNT_PARSE_IP_FRAGMENT },
	{ "neither 4 nor 6 without Ethernet",
	  { .ip_first = true, .version = 5 },
	  COUNT_PARSE_NOT_IP },
};

static bool is_tcp(const struct packet_spec *spec)
{
	return !spec->proto || spec->proto == PACKET_TCP;
}

/* The row's packet; a TCP segment carries the response. */
static struct packet_spec spec_of(const struct row *row)
{
	struct packet_spec spec = row->spec;

	spec.seq = 0x01020304;
	spec.ack = 0x05060708;
	if (is_tcp(&spec)) {
		spec.payload = RESPONSE;
		spec.payload_len = strlen(RESPONSE);
	}
	return spec;
}

static void check_key(const struct row *row, const struct counts *got, const char *doing)
{
	struct addr client = packet_client(row->spec.ipv6), server = packet_server(row->spec.ipv6);
	const struct http_key *key = &got->keys[0];
	const struct event *event = &got->events[0];

	table_check_counter(got, COUNT_HTTP_4XX, 1, doing);
	assert_int_equal(got->key_count, 1);
	assert_int_equal(got->key_counts[0], 1);
	assert_memory_equal(&key->client, &client, sizeof(client));
	assert_memory_equal(&key->server, &server, sizeof(server));
	assert_int_equal(key->port, htons(PACKET_SERVER_PORT));
	assert_int_equal(key->status, 404);
	assert_int_equal(got->event_count, 1);
	assert_memory_equal(&event->source, &client, sizeof(client));
	assert_memory_equal(&event->destination, &server, sizeof(server));
	assert_int_equal(event->source_port, htons(PACKET_CLIENT_PORT));
	assert_int_equal(event->destination_port, htons(PACKET_SERVER_PORT));
	assert_int_equal(event->code, 404);
	assert_int_equal(event->type, EVENT_HTTP_ERROR);
}

/* What the host can see besides: all that parse.h filled in. */
static void check_fields(const struct row *row)
{
	struct addr client = packet_client(row->spec.ipv6), server = packet_server(row->spec.ipv6);
	bool ports = is_tcp(&row->spec) || row->spec.proto == PACKET_UDP;
	bool fragment = row->want == COUNT_PARSE_IP_FRAGMENT;
	struct host_packet got;

	host_get_packet(&got);
	if (row->want != OK && !fragment)
		return;
	assert_memory_equal(&got.source, &server, sizeof(server));
	assert_memory_equal(&got.destination, &client, sizeof(client));
	assert_int_equal(got.proto, row->spec.proto ? row->spec.proto : PACKET_TCP);
	assert_int_equal(got.source_port, ports && !fragment ? PACKET_SERVER_PORT : 0);
	assert_int_equal(got.destination_port, ports && !fragment ? PACKET_CLIENT_PORT : 0);
	if (!is_tcp(&row->spec) || fragment)
		return;
	assert_int_equal(got.seq, 0x01020304);
	assert_int_equal(got.ack, 0x05060708);
	assert_int_equal(got.tcp_flags, PACKET_ACK);
	assert_int_equal(got.payload_len, strlen(RESPONSE));
}

/* Runs len bytes. False where the target can't. */
static bool run(const struct target *target, enum program program, const uint8_t *packet,
		size_t len, struct counts *ret)
{
	int verdict;

	target->require_reverse(false); /* one packet is no conversation */
	verdict = target->run(program, packet, len);
	if (verdict == -EOPNOTSUPP)
		return false;
	assert_int_equal(verdict, target_program_pass(program));
	target->read(ret);
	table_note_reached(ret);
	return true;
}

static int run_row(const struct table_case *c)
{
	const struct row *row = c->row;
	struct packet_spec spec = spec_of(row);
	static uint8_t packet[PACKET_MAX];
	size_t len = packet_build(&spec, packet);
	struct counts got;
	int ran = 0;

	for (enum program p = 0; p < PROGRAMS; p++) {
		const char *doing = target_program_name(p);

		if (target_program_starts_at_ip(p) != spec.ip_first ||
		    !run(c->target, p, packet, len, &got))
			continue;
		ran++;
		for (int i = COUNT_UNDERSTOOD; i <= COUNT_PARSE_L4_SHORT; i++)
			table_check_counter(&got, i, i == (int)row->want, doing);
		for (int i = COUNT_PACKETS_INGRESS; i <= COUNT_PACKETS_XDP; i++)
			table_check_counter(&got, i,
					    i == COUNT_PACKETS_INGRESS - HOOK_INGRESS +
							    (int)target_program_hook(p),
					    doing);
		if (row->want == OK && is_tcp(&spec))
			check_key(row, &got, doing);
		else
			assert_int_equal(got.key_count, 0);
		if (c->target == &host_target)
			check_fields(row);
	}
	return ran;
}

/* A packet is read where it is, or copied where not all of it is linear. */
static void test_row(void **state)
{
	const struct table_case *c = *state;

	assert_true(run_row(c) >= 2);
	for (size_t i = 0; i < ARRAY_SIZE(LINEAR) && c->target == &host_target; i++) {
		host_set_linear(LINEAR[i]);
		assert_true(run_row(c) >= 2);
	}
	host_set_linear(HOST_LINEAR_MOST);
}

/* The first n bytes of a packet, for each n, without anything behind them. */
static int run_cuts(const struct table_case *c)
{
	const struct row *row = c->row;
	struct packet_spec spec = spec_of(row);
	static uint8_t packet[PACKET_MAX];
	size_t whole = packet_build(&spec, packet);
	struct counts got;
	char doing[64];
	int ran = 0;

	for (enum program p = 0; p < PROGRAMS; p++) {
		if (target_program_starts_at_ip(p) != spec.ip_first)
			continue;
		for (size_t len = 1; len < whole; len++) {
			bool complete = len + spec.padding >= whole;

			if (!run(c->target, p, packet, len, &got))
				continue;
			ran++;
			snprintf(doing, sizeof(doing), "%s, %zu of %zu bytes",
				 target_program_name(p), len, whole);
			table_check_identity(&got, doing);
			if (row->want != OK)
				continue;
			table_check_counter(&got, OK, complete, doing);
			table_check_counter(&got, COUNT_PARSE_TRUNCATED, !complete, doing);
		}
	}
	return ran;
}

static void test_cut(void **state)
{
	const struct table_case *c = *state;

	assert_true(run_cuts(c) > 0);
	for (size_t i = 0; i < ARRAY_SIZE(LINEAR) && c->target == &host_target; i++) {
		host_set_linear(LINEAR[i]);
		assert_true(run_cuts(c) > 0);
	}
	host_set_linear(HOST_LINEAR_MOST);
}

/* Behind generic XDP with frags the Ethernet header is gone: skb->protocol tells. */
static void test_lost_ethernet(void **state)
{
	for (int ipv6 = 0; ipv6 < 2; ipv6++) {
		struct row row = { .spec = { .ip_first = true, .ipv6 = ipv6 } };
		struct packet_spec spec = spec_of(&row);
		static uint8_t packet[PACKET_MAX];
		size_t len = packet_build(&spec, packet);
		struct counts got;

		host_target.require_reverse(false);
		host_set_protocol(ipv6 ? 0x86dd : 0x0800);
		host_target.run(SW_INGRESS, packet, len);
		host_target.read(&got);
		table_check_counter(&got, OK, 1, "IP first");
		check_key(&row, &got, "IP first");
	}
}

/* BIG TCP: a length of 0 in the header, more than 64 KB of packet. */
static void test_big_tcp(void **state)
{
	static uint8_t packet[PACKET_MAX + 70000];
	struct counts got;

	for (int ipv6 = 0; ipv6 < 2; ipv6++) {
		struct row row = { .spec = { .ipv6 = ipv6, .no_length = true } };
		struct packet_spec spec = spec_of(&row);
		size_t len = packet_build(&spec, packet);
		struct host_packet p;

		memset(packet + len, 'x', 70000);
		host_target.require_reverse(false);
		host_target.run(SW_INGRESS, packet, len + 70000);
		host_get_packet(&p);
		host_target.read(&got);
		table_check_counter(&got, OK, 1, "BIG TCP");
		table_check_counter(&got, COUNT_HTTP_4XX, 1, "BIG TCP");
		assert_int_equal(p.payload_len, strlen(RESPONSE) + 70000);
	}
}

/* A frame whose bytes the hook can't give is truncated, whatever its length says. */
static void test_failed_load(void **state)
{
	struct packet_spec spec = spec_of(&ROWS[0]);
	static uint8_t packet[PACKET_MAX];
	size_t len = packet_build(&spec, packet);
	struct counts got;

	host_set_linear(0);
	for (int i = 0; i < 2; i++) {
		host_target.require_reverse(false);
		host_fail_load(1);
		host_target.run(i ? SW_XDP_FRAGS : SW_INGRESS, packet, len);
		host_target.read(&got);
		table_check_counter(&got, COUNT_PARSE_TRUNCATED, 1, "failed load");
		table_check_identity(&got, "failed load");
	}
	host_set_linear(HOST_LINEAR_MOST);
}

static void test_reached(void **state)
{
	table_check_reached(COUNT_PARSE_TRUNCATED, COUNT_PARSE_L4_SHORT);
}

int main(void)
{
	const struct target *targets[] = { &host_target, &kernel_target };
	char name[128];

	for (size_t t = 0; t < ARRAY_SIZE(targets); t++) {
		for (size_t i = 0; i < ARRAY_SIZE(ROWS); i++) {
			table_add(ROWS[i].name, targets[t], &ROWS[i], test_row);
			snprintf(name, sizeof(name), "%s, at every length", ROWS[i].name);
			table_add(name, targets[t], &ROWS[i], test_cut);
		}
	}
	table_add("an Ethernet header that is gone", &host_target, NULL, test_lost_ethernet);
	table_add("BIG TCP", &host_target, NULL, test_big_tcp);
	table_add("bytes that can't be loaded", &host_target, NULL, test_failed_load);
	table_add("each parse_* counter is reached", &host_target, NULL, test_reached);
	return table_run("parse");
}
