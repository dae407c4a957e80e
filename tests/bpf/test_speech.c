/* SPDX-License-Identifier: GPL-2.0-only */
/* speech.bpf.h: what connections speak is counted once for each of them. */
#include <string.h>

#include "host.h"
#include "kernel.h"
#include "packet.h"
#include "table.h"

/* What a row does not mention is zero. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define GET      "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define OK       "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
#define PREFACE  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define DATAGRAM 1200
#define SEGMENTS 4

/* A segment or a datagram: bytes, then zeroes up to len. */
struct piece {
	const char *bytes;
	size_t len;
	bool from_server;
	uint32_t seq, ack;
	uint8_t proto;
};

struct speech_row {
	const char *name;
	struct piece pieces[SEGMENTS];
	uint64_t want[SPEECH_MAX];
};

#define TLS(type)            .bytes = "\x16\x03\x01\x02\x00" type "\x00\x01\xfc\x03\x03", .len = 300
#define QUIC(first, version) .bytes = first version, .proto = PACKET_UDP

static const struct speech_row ROWS[] = {
	{ "ClientHello", { { TLS("\x01") } }, { [SPEECH_TLS] = 1 } },
	{ "ClientHello, repeated", { { TLS("\x01") }, { TLS("\x01") } }, { [SPEECH_TLS] = 1 } },
	{ "two connections",
	  { { TLS("\x01") }, { TLS("\x01"), .seq = 77 } },
	  { [SPEECH_TLS] = 2 } },
	{ "ServerHello", { { TLS("\x02"), .from_server = true } }, { 0 } },
	{ "a handshake that goes on", { { TLS("\x10") } }, { 0 } },
	{ "TLS data",
	  { { .bytes = "\x17\x03\x03\x01\x00\x01\x00\x00\x00\x00\x00", .len = 300 } },
	  { 0 } },
	{ "SSL 2",
	  { { .bytes = "\x16\x02\x01\x02\x00\x01\x00\x00\x00\x00\x00", .len = 300 } },
	  { 0 } },
	{ "a hello that is cut", { { .bytes = "\x16\x03\x01\x02\x00", .len = 5 } }, { 0 } },
	{ "HTTP/2's preface",
	  { { .bytes = PREFACE, .len = sizeof(PREFACE) - 1 } },
	  { [SPEECH_HTTP2] = 1 } },
	{ "the preface, repeated",
	  { { .bytes = PREFACE, .len = sizeof(PREFACE) - 1 },
	    { .bytes = PREFACE, .len = sizeof(PREFACE) - 1 } },
	  { [SPEECH_HTTP2] = 1 } },
	{ "a method that begins alike",
	  { { .bytes = "PRI /a HTTP/1.1\r\n\r\n", .len = 19 } },
	  { 0 } },
	{ "HTTP/1: a request that is not answered",
	  { { .bytes = GET, .len = sizeof(GET) - 1 } },
	  { 0 } },
	{ "HTTP/1: a first answer, and a second",
	  { { .bytes = GET, .len = sizeof(GET) - 1, .seq = 100, .ack = 500 },
	    { .bytes = OK,
	      .len = sizeof(OK) - 1,
	      .from_server = true,
	      .seq = 500,
	      .ack = 100 + sizeof(GET) - 1 },
	    { .bytes = GET,
	      .len = sizeof(GET) - 1,
	      .seq = 100 + sizeof(GET) - 1,
	      .ack = 500 + sizeof(OK) - 1 },
	    { .bytes = OK,
	      .len = sizeof(OK) - 1,
	      .from_server = true,
	      .seq = 500 + sizeof(OK) - 1,
	      .ack = 200 } },
	  { [SPEECH_HTTP1] = 1 } },
	{ "QUIC 1, repeated",
	  { { QUIC("\xc3", "\0\0\0\1"), .len = DATAGRAM },
	    { QUIC("\xc0", "\0\0\0\1"), .len = DATAGRAM } },
	  { [SPEECH_QUIC] = 1 } },
	{ "QUIC 2",
	  { { QUIC("\xd1", "\x6b\x33\x43\xcf"), .len = DATAGRAM } },
	  { [SPEECH_QUIC] = 1 } },
	{ "QUIC: a handshake packet", { { QUIC("\xe0", "\0\0\0\1"), .len = DATAGRAM } }, { 0 } },
	{ "QUIC: version negotiation", { { QUIC("\xc0", "\0\0\0\0"), .len = DATAGRAM } }, { 0 } },
	{ "QUIC: a short header", { { QUIC("\x43", "\0\0\0\1"), .len = DATAGRAM } }, { 0 } },
	{ "QUIC: too short", { { QUIC("\xc3", "\0\0\0\1"), .len = DATAGRAM - 1 } }, { 0 } },
	{ "QUIC: from the server",
	  { { QUIC("\xc3", "\0\0\0\1"), .len = DATAGRAM, .from_server = true } },
	  { 0 } },
};

#define QUIC_GIVEN 5
#define TLS_GIVEN  11

/* How many bytes a piece gives: they may be zeroes. */
static size_t given(const struct piece *piece)
{
	size_t most = piece->bytes[0] == '\x16' || piece->bytes[0] == '\x17' ? TLS_GIVEN
									     : piece->len;

	if (piece->proto)
		return QUIC_GIVEN;
	return piece->len < most ? piece->len : most;
}

static size_t build(const struct piece *piece, enum program program, uint8_t *packet)
{
	static char payload[DATAGRAM];
	struct packet_spec spec = {
		.ip_first = target_program_starts_at_ip(program),
		.from_client = !piece->from_server,
		.proto = piece->proto,
		.seq = piece->seq,
		.ack = piece->ack,
		.payload = payload,
		.payload_len = piece->len,
		.server_port = piece->proto ? 443 : 0,
	};

	memset(payload, 0, sizeof(payload));
	memcpy(payload, piece->bytes, given(piece));
	return packet_build(&spec, packet);
}

static void run_row(const struct speech_row *row, const struct target *target,
		    const enum program *programs, size_t count)
{
	static uint8_t packet[PACKET_MAX];
	static struct counts got;

	target->require_reverse(true);
	for (size_t i = 0; i < SEGMENTS && row->pieces[i].bytes; i++)
		for (size_t k = 0; k < count; k++) {
			size_t len = build(&row->pieces[i], programs[k], packet);

			assert_int_equal(target->run(programs[k], packet, len),
					 target_program_pass(programs[k]));
		}
	target->read(&got);
	table_check_identity(&got, row->name);
	for (int i = 0; i < SPEECH_MAX; i++)
		table_check_counter(&got, COUNT_SPOKEN_HTTP1 + i, row->want[i],
				    target_program_name(programs[0]));
}

/* At each kind of hook, and at two. */
static void test_row(void **state)
{
	static const enum program BOTH[] = { SW_INGRESS, SW_EGRESS };
	const struct table_case *c = *state;

	for (enum program p = 0; p < PROGRAMS; p++)
		if (c->target == &host_target || kernel_program_fd(p) >= 0)
			run_row(c->row, c->target, &p, 1);
	run_row(c->row, c->target, BOTH, ARRAY_SIZE(BOTH));
}

int main(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(ROWS); i++) {
		table_add(ROWS[i].name, &host_target, &ROWS[i], test_row);
		table_add(ROWS[i].name, &kernel_target, &ROWS[i], test_row);
	}
	return table_run("speech");
}
