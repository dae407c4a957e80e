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
#include "rows_parse.h"
#include "table.h"

/*
 * What each TCP row carries: if offsets and lengths are right, it is counted under the right key.
 */
#define RESPONSE "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"

/* Bytes of a packet that are linear: none, in the middle of the headers, and a little more. */
static const size_t LINEAR[] = { 0, 30, 66 };

static bool is_tcp(const struct packet_spec *spec)
{
	return !spec->proto || spec->proto == PACKET_TCP;
}

/* The row's packet; a TCP segment carries the response. */
static struct packet_spec spec_of(const struct parse_row *row)
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

static void check_key(const struct parse_row *row, const struct counts *got, const char *doing)
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
static void check_fields(const struct parse_row *row)
{
	const struct packet_spec *spec = row->closed ? row->spec.outer : &row->spec;
	struct addr source = packet_server(spec->ipv6), destination = packet_client(spec->ipv6);
	bool fragment = row->want == COUNT_PARSE_IP_FRAGMENT;
	bool ports = !fragment &&
		     (is_tcp(spec) || spec->proto == PACKET_UDP || spec->proto == PACKET_SCTP);
	uint16_t port = spec->client_port ? spec->client_port : PACKET_CLIENT_PORT;
	struct host_packet got;

	host_get_packet(&got);
	if (row->want != OK && !fragment)
		return;
	if (row->closed) {
		source = packet_tunnel_source(spec->ipv6);
		destination = packet_tunnel_end(spec->ipv6);
	}
	assert_memory_equal(&got.source, &source, sizeof(source));
	assert_memory_equal(&got.destination, &destination, sizeof(destination));
	assert_int_equal(got.proto, spec->proto ? spec->proto : PACKET_TCP);
	assert_int_equal(got.source_port, ports ? PACKET_SERVER_PORT : 0);
	assert_int_equal(got.destination_port, ports ? port : 0);
	if (!is_tcp(spec) || fragment)
		return;
	assert_int_equal(got.seq, 0x01020304);
	assert_int_equal(got.ack, 0x05060708);
	assert_int_equal(got.tcp_flags, PACKET_ACK);
	assert_int_equal(got.payload_len, strlen(RESPONSE));
}

static const struct packet_spec *outermost(const struct packet_spec *spec)
{
	return spec->outer ? spec->outer : spec;
}

/* A device without Ethernet takes what begins with an IP header. */
static bool is_for(enum program program, const struct packet_spec *spec)
{
	return target_program_starts_at_ip(program) == outermost(spec)->ip_first;
}

/* Bytes at the end of the packet that no IP header speaks of. */
static size_t surplus(const struct packet_spec *spec)
{
	const struct packet_spec *first = outermost(spec);

	return first->padding + (first->length_delta < 0 ? -first->length_delta : 0);
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
	const struct parse_row *row = c->row;
	struct packet_spec spec = spec_of(row);
	static uint8_t packet[PACKET_MAX];
	size_t len = packet_build(&spec, packet);
	struct counts got;
	int ran = 0;

	for (enum program p = 0; p < PROGRAMS; p++) {
		const char *doing = target_program_name(p);

		if (!is_for(p, &spec) || !run(c->target, p, packet, len, &got))
			continue;
		ran++;
		for (int i = COUNT_UNDERSTOOD; i <= COUNT_PARSE_L4_SHORT; i++)
			table_check_counter(&got, i, i == (int)row->want, doing);
		for (int i = COUNT_PACKETS_INGRESS; i <= COUNT_PACKETS_XDP; i++)
			table_check_counter(&got, i,
					    i == COUNT_PACKETS_INGRESS - HOOK_INGRESS +
							    (int)target_program_hook(p),
					    doing);
		if (row->want == OK && is_tcp(&spec) && !row->closed)
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
	const struct parse_row *row = c->row;
	struct packet_spec spec = spec_of(row);
	static uint8_t packet[PACKET_MAX];
	size_t whole = packet_build(&spec, packet);
	struct counts got;
	char doing[64];
	int ran = 0;

	for (enum program p = 0; p < PROGRAMS; p++) {
		if (!is_for(p, &spec))
			continue;
		for (size_t len = 1; len < whole; len++) {
			bool complete = len + surplus(&spec) >= whole;

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
		struct parse_row row = { .spec = { .ip_first = true, .ipv6 = ipv6 } };
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
		struct parse_row row = { .spec = { .ipv6 = ipv6, .no_length = true } };
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
	struct packet_spec spec = spec_of(&PARSE_ROWS[0]);
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

static void add_rows(const struct target *target, const struct parse_row *rows, size_t count)
{
	char name[128];

	for (size_t i = 0; i < count; i++) {
		table_add(rows[i].name, target, &rows[i], test_row);
		snprintf(name, sizeof(name), "%s, at every length", rows[i].name);
		table_add(name, target, &rows[i], test_cut);
	}
}

int main(void)
{
	const struct target *targets[] = { &host_target, &kernel_target };

	for (size_t t = 0; t < ARRAY_SIZE(targets); t++) {
		add_rows(targets[t], PARSE_ROWS, PARSE_ROW_COUNT);
		add_rows(targets[t], TUNNEL_ROWS, TUNNEL_ROW_COUNT);
	}
	table_add("an Ethernet header that is gone", &host_target, NULL, test_lost_ethernet);
	table_add("BIG TCP", &host_target, NULL, test_big_tcp);
	table_add("bytes that can't be loaded", &host_target, NULL, test_failed_load);
	table_add("each parse_* counter is reached", &host_target, NULL, test_reached);
	return table_run("parse");
}
