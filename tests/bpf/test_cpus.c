/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two CPUs at one flow: the same stream passes two hooks at the same time, with other segment
 * borders and with one hook behind the other. Each response is counted once.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "kernel.h"
#include "packet.h"
#include "table.h"

#define RESPONSES    6000
#define STREAM_BYTES (4 << 20)
#define FIRST_SEQ    0xfff00000u
#define MOST         2800 /* payload bytes that each kind of test run takes */

/* One way to cut the stream, and one to follow the other CPU. */
struct side {
	enum program program;
	unsigned int least; /* payload bytes of a segment: least..most */
	unsigned int most;
	unsigned int behind; /* stays so many bytes behind the other side, where it can */
};

struct row {
	const char *name;
	struct side sides[2];
};

static const struct row ROWS[] = {
	{ "the same borders", { { SW_INGRESS, 700, 700, 0 }, { SW_EGRESS, 700, 700, 0 } } },
	{ "ingress and XDP", { { SW_INGRESS, 1, 300, 0 }, { SW_XDP, 1, 300, 0 } } },
	{ "merged on one side", { { SW_XDP, 500, 500, 0 }, { SW_INGRESS, MOST, MOST, 0 } } },
	{ "small segments on both sides", { { SW_INGRESS, 1, 40, 0 }, { SW_EGRESS, 1, 40, 0 } } },
	{ "one a little behind", { { SW_INGRESS, 100, 900, 0 }, { SW_EGRESS, 100, 1500, 600 } } },
	{ "one far behind, merged", { { SW_XDP, 50, 600, 0 }, { SW_EGRESS, 1000, MOST, 5000 } } },
};

static struct {
	uint8_t stream[STREAM_BYTES];
	size_t len;
	__u64 want[COUNT_MAX];
	const struct row *row;
	atomic_size_t at[2]; /* bytes of the stream that each side has sent */
	pthread_barrier_t start;
	int errors[2];
} test;

/* SplitMix64 (Steele, Lea, Flood 2014): the same numbers on every machine. */
static uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static void add(const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf((char *)test.stream + test.len, STREAM_BYTES - test.len, format, args);
	va_end(args);
	assert_true(n > 0 && test.len + n < STREAM_BYTES);
	test.len += n;
}

/* Bodies imitate status lines: framing that slips by a byte shows as a wrong count. */
static void add_chunks(uint64_t *random)
{
	static const char IMITATION[] = "\r\nHTTP/1.1 503 Not A Response\r\n\r\n";

	for (int i = random_next(random) % 6; i > 0; i--)
		add("%zx;ext=%d\r\n%s\r\n", strlen(IMITATION), i, IMITATION);
	add("0\r\nTrailer: %llu\r\n\r\n", (unsigned long long)random_next(random) % 1000);
}

static void build_stream(void)
{
	static const char *const STATUS[] = { "200 OK", "404 Not Found", "302 Found", "500 Oops" };
	static const enum sw_counter CLASS[] = { COUNT_HTTP_2XX, COUNT_HTTP_4XX, COUNT_HTTP_3XX,
						 COUNT_HTTP_5XX };
	uint64_t random = 1;

	for (int i = 0; i < RESPONSES; i++) {
		unsigned int pick = random_next(&random) % 4, body = random_next(&random) % 400;

		test.want[CLASS[pick]]++;
		add("HTTP/1.1 %s\r\nServer: spikewatch-test\r\nX-Number: %d\r\n", STATUS[pick], i);
		if (random_next(&random) % 2) {
			add("Transfer-Encoding: chunked\r\n\r\n");
			add_chunks(&random);
		} else {
			add("Content-Length: %u\r\n\r\n", body);
			for (unsigned int k = 0; k < body; k++)
				test.stream[test.len++] = "HTTP/1.1 404 \r\n"[k % 15];
		}
	}
}

/* The request that the stream answers. */
static void ask(void)
{
	static const char REQUEST[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
	static uint8_t packet[PACKET_MAX];
	struct packet_spec spec = {
		.from_client = true,
		.ack = FIRST_SEQ,
		.payload = REQUEST,
		.payload_len = strlen(REQUEST),
	};

	assert_int_equal(kernel_target.run(SW_INGRESS, packet, packet_build(&spec, packet)),
			 target_program_pass(SW_INGRESS));
}

/* Waits until the other side is far enough ahead, or done. */
static void keep_behind(int me, size_t from)
{
	size_t behind = test.row->sides[me].behind;

	while (behind && atomic_load(&test.at[!me]) < test.len &&
	       from + behind > atomic_load(&test.at[!me]))
		sched_yield();
}

static void *run_side(void *arg)
{
	int me = (int)(intptr_t)arg, verdict;
	const struct side *side = &test.row->sides[me];
	uint64_t random = 1000 + me;
	uint8_t *packet = malloc(PACKET_MAX);
	cpu_set_t cpu;

	CPU_ZERO(&cpu);
	CPU_SET(me, &cpu);
	if (!packet || pthread_setaffinity_np(pthread_self(), sizeof(cpu), &cpu))
		test.errors[me] = 1;
	pthread_barrier_wait(&test.start);
	for (size_t from = 0, n; from < test.len && !test.errors[me]; from += n) {
		struct packet_spec spec = { .tcp_options = 12, .seq = FIRST_SEQ + from, .ack = 1 };

		n = side->least + random_next(&random) % (side->most - side->least + 1);
		if (n > test.len - from)
			n = test.len - from;
		keep_behind(me, from);
		spec.payload = test.stream + from;
		spec.payload_len = n;
		verdict = kernel_target.run(side->program, packet, packet_build(&spec, packet));
		if (verdict != target_program_pass(side->program))
			test.errors[me] = 1;
		atomic_store(&test.at[me], from + n);
	}
	atomic_store(&test.at[me], test.len);
	free(packet);
	return NULL;
}

static void test_row(void **state)
{
	const struct table_case *c = *state;
	pthread_t threads[2];
	struct counts got;

	test.row = c->row;
	for (int round = 0; round < 5; round++) {
		kernel_target.reset();
		ask();
		pthread_barrier_init(&test.start, NULL, 2);
		for (int i = 0; i < 2; i++) {
			atomic_store(&test.at[i], 0);
			assert_int_equal(
				pthread_create(&threads[i], NULL, run_side, (void *)(intptr_t)i),
				0);
		}
		for (int i = 0; i < 2; i++) {
			pthread_join(threads[i], NULL);
			assert_int_equal(test.errors[i], 0);
		}
		pthread_barrier_destroy(&test.start);
		kernel_target.read(&got);
		table_note_reached(&got);
		table_check_identity(&got, test.row->name);
		/* One request, thousands of answers: each body that imitates one is a doubt. */
		test.want[COUNT_HTTP_UNCLEAR] = got.totals.n[COUNT_HTTP_UNCLEAR];
		for (enum sw_counter i = COUNT_HTTP_1XX; i < COUNT_HTTP_CLAIM_LOST; i++)
			table_check_counter(&got, i, test.want[i], test.row->name);
		assert_int_equal(got.key_count, 3);
	}
}

/* The rows are worth something only if the CPUs met. */
static void test_met(void **state)
{
	table_check_reached(COUNT_HTTP_CLAIM_LOST, COUNT_HTTP_CLAIM_LOST);
}

static void test_two_cpus(void **state)
{
	cpu_set_t cpus;

	assert_int_equal(sched_getaffinity(0, sizeof(cpus), &cpus), 0);
	assert_true(CPU_ISSET(0, &cpus) && CPU_ISSET(1, &cpus));
}

int main(void)
{
	build_stream();
	table_add("there are two CPUs", &kernel_target, NULL, test_two_cpus);
	for (size_t i = 0; i < ARRAY_SIZE(ROWS); i++)
		table_add(ROWS[i].name, &kernel_target, &ROWS[i], test_row);
	table_add("the CPUs met at a flow", &kernel_target, NULL, test_met);
	return table_run("cpus");
}
