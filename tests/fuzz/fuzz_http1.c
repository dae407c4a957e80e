/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Any dialogue of a client and a server: the programs count the responses that the reference reads;
 * where there is a doubt (doubts.c), never fewer or never more than it allows. In any case no byte
 * that does not look like a status line is counted, and none twice.
 *
 * Bits of a first byte below 0x80: how packets are made, and which hooks see them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dialogue.h"
#include "doubts.h"
#include "reached.h"
#include "reference.h"
#include "tests/bpf/host.h"
#include "tests/bpf/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define WRAPS  0x01 /* sequence numbers, soon after the start */
#define IPV6   0x02
#define TAGGED 0x04
#define TWO    0x08 /* hooks see each packet */
#define FRAGS  0x10 /* XDP in place of tc where packets come in */
#define SNAT   0x20 /* between two hooks the client's address and port change */
#define DNAT   0x40 /* or the server's address; the counts have the true ones */

#define TRANSLATED 0x40 /* this bit of the address */

#define CONNECTIONS 8
#define STATUSES    600

static struct {
	uint8_t how;
	uint32_t first[2]; /* sequence numbers of the first bytes; by the client? */
} now;

/* What may be counted of each status, 0 for all below 400. */
static struct bounds {
	uint64_t least[STATUSES], most[STATUSES];
	bool doubt;
	bool refused; /* no flow is made any more, in further connections too */
} bounds;

static struct dialogue dialogues[CONNECTIONS];
static struct reference references[CONNECTIONS];
static size_t connections;

static size_t key_status(unsigned int status)
{
	return status >= 400 ? status : 0;
}

/* The address's last byte in the packet, and how NAT changes it. */
static void translate(uint8_t *packet, bool source)
{
	size_t ip = now.how & TAGGED ? 18 : 14;
	size_t last = now.how & IPV6 ? (source ? 23 : 39) : (source ? 15 : 19);

	packet[ip + last] ^= TRANSLATED;
}

/* At one hook; behind: on the server's side, where it has its own address, and the client another.
 */
static void send_at(enum program program, struct packet_spec *spec, bool behind)
{
	static uint8_t packet[PACKET_MAX];
	size_t len;

	spec->ipv6 = now.how & IPV6;
	spec->tags[0] = now.how & TAGGED ? 0x8100 : 0;
	spec->client_port = behind && now.how & SNAT ? PACKET_CLIENT_PORT + 1 : 0;
	len = packet_build(spec, packet);
	if (behind && now.how & SNAT)
		translate(packet, spec->from_client);
	if (!behind && now.how & DNAT)
		translate(packet, !spec->from_client);
	if (host_target.run(program, packet, len) != target_program_pass(program))
		abort();
}

/* Comes in at one side of the host, and perhaps leaves at the other. */
static void send_packet(struct packet_spec *spec)
{
	bool translated = now.how & (SNAT | DNAT);

	send_at(now.how & FRAGS ? SW_XDP_FRAGS : SW_INGRESS, spec, !spec->from_client);
	if (now.how & TWO || translated)
		send_at(SW_EGRESS, spec, spec->from_client);
}

static void send_control(const struct dialogue_segment *s, uint8_t flags, int32_t before,
			 const char *payload, size_t len)
{
	struct packet_spec spec = {
		.from_client = s->by_client,
		.tcp_flags = flags,
		.seq = now.first[s->by_client] + s->start - before,
		.ack = now.first[!s->by_client] + s->acked,
		.payload = payload,
		.payload_len = len,
	};

	send_packet(&spec);
}

/* What happens besides, before the segment is sent. */
static void do_odd(const struct dialogue_segment *s)
{
	switch ((enum dialogue_odd)s->n) {
	case DIALOGUE_UNREADABLE:
		host_fail_load(1);
		break;
	case DIALOGUE_UNREADABLE2:
		host_fail_load(2);
		break;
	case DIALOGUE_OUTRUN:
		host_outrun_load(1);
		break;
	case DIALOGUE_REFUSE:
		host_refuse_flows();
		break;
	case DIALOGUE_FORGET:
		host_target.forget_flows();
		break;
	case DIALOGUE_KEEP_ALIVE:
		send_control(s, PACKET_ACK, 1, "", 1);
		break;
	case DIALOGUE_RESET:
		send_control(s, PACKET_RST, 0, NULL, 0);
		break;
	case DIALOGUE_CONNECTION:
		break; /* run_connection() has begun it */
	}
}

static void send_segment(const struct dialogue *d, const struct dialogue_segment *s)
{
	size_t first = dialogue_first_byte(s);
	struct packet_spec spec = {
		.from_client = s->by_client,
		.seq = now.first[s->by_client] + first,
		.ack = now.first[!s->by_client] + s->acked,
		.payload = d->bytes[s->by_client] + first,
		.payload_len = s->start + s->len - first,
	};

	if (s->act == DIALOGUE_ODD)
		do_odd(s);
	send_packet(&spec);
	host_fail_load(0);
	host_outrun_load(0);
}

static void run_connection(const struct dialogue *d, size_t number)
{
	const struct dialogue_segment opening = { .by_client = true };
	const struct dialogue_segment answering = { .by_client = false };

	now.first[true] = (now.how & WRAPS ? 0xffffff80u : 0x7fffff00u) + number * 0x11000000u;
	now.first[false] = (now.how & WRAPS ? 0xfffffff0u : 5000u) + number * 0x01000000u;
	if (d->sent_count && dialogue_is_odd(&d->sent[0], DIALOGUE_CONNECTION)) {
		send_control(&opening, PACKET_SYN, 1, NULL, 0);
		send_control(&answering, PACKET_SYN | PACKET_ACK, 1, NULL, 0);
	}
	for (size_t i = 0; i < d->seen_count; i++)
		send_segment(d, &d->sent[d->seen[i]]);
}

/* All that was sent, whether it is seen or not. */
static void refer(const struct dialogue *d, struct reference *ret)
{
	struct reference_segment segments[DIALOGUE_SEGMENTS];

	for (size_t i = 0; i < d->sent_count; i++) {
		const struct dialogue_segment *s = &d->sent[i];

		segments[i] = (struct reference_segment){
			.by_client = s->by_client,
			.seq = now.first[s->by_client] + s->start,
			.bytes = d->bytes[s->by_client] + s->start,
			.len = s->len,
		};
	}
	reference_read(segments, d->sent_count, ret);
}

/* Places that look like a status line. */
static void count_looks(const uint8_t *bytes, size_t len, uint64_t *looks)
{
	const uint8_t *end = bytes + len, *at = bytes;

	while (at < end && (at = memchr(at, 'H', end - at))) {
		unsigned int status = reference_status(at, end - at);

		if (status >= 200)
			looks[key_status(status)]++;
		at++;
	}
}

static void add_bounds(const struct dialogue *d, const struct reference *r)
{
	uint64_t read[STATUSES] = { 0 }, looks[STATUSES] = { 0 };
	unsigned int passes = doubts_about(d, r) | (bounds.refused ? DOUBT_LESS : 0);
	/* Names that NAT makes are joined by requests: without one each is a flow of its own. */
	unsigned int names = now.how & (SNAT | DNAT) ? 2 : 1;

	for (size_t i = 0; i < d->sent_count; i++)
		bounds.refused |= dialogue_is_odd(&d->sent[i], DIALOGUE_REFUSE);
	for (size_t i = 0; i < r->count; i++)
		if (r->responses[i].status >= 200)
			read[key_status(r->responses[i].status)]++;
	count_looks(d->bytes[true], d->len[true], looks);
	count_looks(d->bytes[false], d->len[false], looks);
	for (size_t i = 0; i < STATUSES; i++) {
		bounds.least[i] += passes & DOUBT_LESS ? 0 : read[i];
		if (passes & DOUBT_MORE)
			bounds.most[i] += looks[i] * names;
		else
			bounds.most[i] += read[i];
	}
	bounds.doubt |= passes & DOUBT_MORE;
}

static void show_side(const char *who, const uint8_t *bytes, size_t len)
{
	fprintf(stderr, "  %s: ", who);
	for (size_t i = 0; i < len && i < 4000; i++)
		fprintf(stderr, bytes[i] >= ' ' && bytes[i] < 127 ? "%c" : "\\x%02x", bytes[i]);
	fputc('\n', stderr);
}

static void show_connection(const struct dialogue *d, const struct reference *r)
{
	static const char *const ACTS[] = { "send", "late",  "lose",   "twice",
					    "back", "stale", "repeat", "odd" };

	fprintf(stderr, "connection: reading ends with %d\n", r->end);
	for (size_t i = 0; i < d->sent_count; i++)
		fprintf(stderr, "  %zu: %s %s %u: %zu+%zu, acknowledges %zu\n", i,
			d->sent[i].by_client ? "client" : "server", ACTS[d->sent[i].act],
			d->sent[i].n, d->sent[i].start, d->sent[i].len, d->sent[i].acked);
	fprintf(stderr, "  seen:");
	for (size_t i = 0; i < d->seen_count; i++)
		fprintf(stderr, " %zu", d->seen[i]);
	fputc('\n', stderr);
	show_side("client", d->bytes[true], d->len[true]);
	show_side("server", d->bytes[false], d->len[false]);
	for (size_t i = 0; i < r->count; i++)
		fprintf(stderr, "  response at %zu: %u\n", r->responses[i].start,
			r->responses[i].status);
	doubts_print(d, r);
}

static void fail(const struct counts *got, const char *why)
{
	static const char *const NAMES[] = {
#define X(constant, name) name,
		SW_COUNTERS(X)
#undef X
	};

	for (size_t i = 0; i < connections; i++)
		show_connection(&dialogues[i], &references[i]);
	for (size_t i = 0; i < COUNT_MAX; i++)
		if (got->totals.n[i])
			fprintf(stderr, "%s %llu\n", NAMES[i], got->totals.n[i]);
	for (size_t i = 0; i < STATUSES; i++)
		if (bounds.most[i])
			fprintf(stderr, "status %zu: from %lu to %lu\n", i, bounds.least[i],
				bounds.most[i]);
	for (size_t i = 0; i < got->key_count; i++)
		fprintf(stderr, "counted: %u x%llu\n", got->keys[i].status, got->key_counts[i]);
	fprintf(stderr, "FAIL: %s\n", why);
	abort();
}

static void check_keys(const struct counts *got, uint64_t *ret_sum)
{
	struct addr client = packet_client(now.how & IPV6), server = packet_server(now.how & IPV6);
	uint64_t counted[STATUSES] = { 0 };

	*ret_sum = 0;
	for (size_t i = 0; i < got->key_count; i++) {
		const struct http_key *key = &got->keys[i];
		bool right = !memcmp(&key->client, &client, sizeof(client)) &&
			     !memcmp(&key->server, &server, sizeof(server));

		if (!right && !bounds.doubt)
			fail(got, "the client is taken for the server");
		counted[key->status] += got->key_counts[i];
		*ret_sum += got->key_counts[i];
	}
	for (size_t i = 0; i < STATUSES; i++) {
		if (counted[i] < bounds.least[i])
			fail(got, "too few");
		if (counted[i] > bounds.most[i])
			fail(got, "too many");
	}
}

static void check(const struct counts *got)
{
	const __u64 *n = got->totals.n;
	__u64 errors = n[COUNT_HTTP_4XX] + n[COUNT_HTTP_5XX];
	uint64_t sum;

	check_keys(got, &sum);
	if (sum != n[COUNT_HTTP_2XX] + n[COUNT_HTTP_3XX] + errors)
		fail(got, "totals are not the sum of their keys");
	if (errors != n[COUNT_RING_SENT] + n[COUNT_RING_OVER_BUDGET] + n[COUNT_RING_DROPPED])
		fail(got, "an error without an event, or the other way round");
	if (n[COUNT_UNDERSTOOD] !=
	    n[COUNT_PACKETS_INGRESS] + n[COUNT_PACKETS_EGRESS] + n[COUNT_PACKETS_XDP])
		fail(got, "a packet was not understood");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct counts got;

	memset(&bounds, 0, sizeof(bounds));
	now.how = 0;
	if (size && *data < 0x80) {
		now.how = *data++;
		size--;
	}
	host_target.reset();
	for (connections = 0; size && connections < CONNECTIONS; connections++) {
		data = dialogue_read(data, size, &dialogues[connections], &size);
		run_connection(&dialogues[connections], connections);
		refer(&dialogues[connections], &references[connections]);
		add_bounds(&dialogues[connections], &references[connections]);
	}
	host_target.read(&got);
	reached_add(&got.totals);
	check(&got);
	while (connections)
		reference_free(&references[--connections]);
	return 0;
}
