/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Any bytes as a server's answers on one connection: however they are cut into segments, repeated,
 * and whatever stands behind them in memory, the same is counted.
 *
 * The first 8 bytes seed the cuts, the rest is the stream. It follows a request and a
 * response of its own segment, so that the flow is known to be HTTP.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bpf/host.h"
#include "tests/bpf/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FIRST "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
#define START 0xfffff000u /* wraps in longer streams */
/* Whole streams are one segment: the least step takes one byte, and the budget is 7,680 steps. */
#define MOST 2000

static const uint8_t *stream;

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static void send_packet(const struct packet_spec *spec)
{
	static uint8_t packet[PACKET_MAX];

	host_target.run(SW_EGRESS, packet, packet_build(spec, packet));
}

static void send(uint32_t seq, const void *bytes, size_t len)
{
	struct packet_spec spec = { .seq = seq, .ack = 1, .payload = bytes, .payload_len = len };

	send_packet(&spec);
}

static void begin(uint8_t fill)
{
	struct packet_spec request = {
		.from_client = true,
		.ack = START - strlen(FIRST),
		.payload = "GET ",
		.payload_len = 4,
	};

	host_target.reset();
	host_set_fill(fill);
	send_packet(&request);
	send(START - strlen(FIRST), FIRST, strlen(FIRST));
}

/* Sends the stream in pieces of at most `most` bytes, some of them again, with other borders. */
static void send_cut(size_t size, uint64_t random, size_t most)
{
	for (size_t from = 0, n; from < size; from += n) {
		size_t back = random_next(&random) % 4 ? 0 : random_next(&random) % (from + 1);

		n = 1 + random_next(&random) % most;
		if (n > size - from)
			n = size - from;
		send(START + from - back, stream + from - back, n + back);
		if (random_next(&random) % 4 == 0)
			send(START + from, stream + from, n);
	}
}

static void expect_same(const struct counts *a, const struct counts *b)
{
	/* A doubt is told where a segment shows that there is one: a part of a word is enough. */
	for (int i = COUNT_HTTP_1XX; i <= COUNT_FLOWS_REFUSED; i++)
		if (i != COUNT_HTTP_UNCLEAR && a->totals.n[i] != b->totals.n[i])
			abort();
	if (a->key_count != b->key_count || a->event_count != b->event_count ||
	    memcmp(a->keys, b->keys, a->key_count * sizeof(a->keys[0])) ||
	    memcmp(a->key_counts, b->key_counts, a->key_count * sizeof(a->key_counts[0])) ||
	    memcmp(a->events, b->events, a->event_count * sizeof(a->events[0])))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct counts whole, cut;
	uint64_t random;

	if (size < 9 || size > MOST)
		return 0;
	memcpy(&random, data, sizeof(random));
	stream = data + sizeof(random);
	size -= sizeof(random);

	begin('\n');
	send(START, stream, size);
	host_target.read(&whole);
	if (whole.totals.n[COUNT_HTTP_BUDGET] || whole.totals.n[COUNT_HTTP_GAP] ||
	    whole.totals.n[COUNT_HTTP_RESYNC] || whole.totals.n[COUNT_HTTP_UNREADABLE])
		abort();

	begin('0');
	send_cut(size, random, 64);
	host_target.read(&cut);
	expect_same(&whole, &cut);

	begin('H');
	send_cut(size, random, 1);
	host_target.read(&cut);
	expect_same(&whole, &cut);

	begin(':');
	send_cut(size, random, 1500);
	host_target.read(&cut);
	expect_same(&whole, &cut);
	return 0;
}
