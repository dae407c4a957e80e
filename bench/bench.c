/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Nanoseconds a packet, above an empty program of the same type; --check FILE compares with a list,
 * NAME runs one case, --requests all with requests kept. sw_drop is in drops.c: the kernel has no
 * test run for tracepoints.
 */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "spikewatch_abi.h" /* what the skeleton has of it */

#include "bench.skel.h"
#include "bench/cases.h"
#include "tests/bpf/packet.h"

/*
 * The median of 9 rounds, each the best of 10 short runs: other guests of the machine make noise.
 */
#define ROUNDS     9
#define TRIES      10
#define REPEAT     2000
#define MAP_SIZE   65536
#define RING_BYTES (4 << 20)
#define TOLERANCE  2 /* times the committed value */
#define PASSES     6 /* at most, of the cases that are above their limit */
#define PAUSE_S    3

struct bench {
	struct bench_bpf *skel;
	struct ring_buffer *ring;
	uint8_t packet[PACKET_MAX];
	size_t packet_len;
	char payload[PACKET_MAX];
};

static int take_event(void *ctx, void *data, size_t size)
{
	return 0;
}

/* Mean nanoseconds of a run; negative errno. */
static int run(struct bench *b, const struct bpf_program *prog, unsigned int repeat)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = b->packet, .data_size_in = b->packet_len,
		    .repeat = repeat);
	int err = bpf_prog_test_run_opts(bpf_program__fd(prog), &opts);

	ring_buffer__consume(b->ring);
	return err ? err : (int)opts.duration;
}

/* Lowers *best to what this run took. */
static int run_best(struct bench *b, const struct bpf_program *prog, int *best)
{
	int ns = run(b, prog, REPEAT);

	if (ns < 0)
		return ns;
	if (ns < *best)
		*best = ns;
	return 0;
}

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* Each pass is a connection of its own: one that was read already has nothing to count. */
static uint16_t client_port(const struct bench_case *c, int pass)
{
	return 30000 + 100 * pass + (c - bench_cases);
}

static bool expects_response(const struct bench_case *c)
{
	return c->advances || c->before;
}

/* A response is one only where its request was seen. */
static int ask(struct bench *b, const struct bench_case *c, int pass)
{
	struct packet_spec spec = c->spec;

	spec.from_client = true;
	spec.client_port = client_port(c, pass);
	spec.ack = c->advances ? b->skel->bss->advance_seq : c->spec.seq;
	spec.payload = BENCH_REQUEST;
	spec.payload_len = strlen(BENCH_REQUEST);
	b->packet_len = packet_build(&spec, b->packet);
	return run(b, b->skel->progs.sw_ingress, 1) < 0 ? -EIO : 0;
}

/* *ret: the median of all rounds; *ret_least: the best round, which noise has touched least. */
static int run_case(struct bench *b, const struct bench_case *c, int pass, int *ret, int *ret_least)
{
	const struct bpf_program *empty, *full;
	int empty_ns[ROUNDS], full_ns[ROUNDS];
	struct packet_spec spec = c->spec;

	empty = c->advances
			? (c->hook == TC ? b->skel->progs.advance_tc : b->skel->progs.advance_xdp)
			: (c->hook == TC ? b->skel->progs.empty_tc : b->skel->progs.empty_xdp);
	full = c->advances
		       ? (c->hook == TC ? b->skel->progs.response_tc : b->skel->progs.response_xdp)
		       : (c->hook == TC ? b->skel->progs.sw_ingress : b->skel->progs.sw_xdp);
	spec.client_port = client_port(c, pass);
	if (expects_response(c) && ask(b, c, pass))
		return -EIO;
	if (c->before) {
		spec.payload = c->before;
		spec.payload_len = strlen(c->before);
		b->packet_len = packet_build(&spec, b->packet);
		if (run(b, full, 1) < 0)
			return -EIO;
		spec.seq += spec.payload_len;
	}
	if (c->asks_again) {
		__u32 seq = spec.ack;

		spec.from_client = true;
		spec.ack = spec.seq;
		spec.seq = seq;
	}
	spec.payload = b->payload;
	spec.payload_len = bench_payload(c, b->payload);
	b->packet_len = packet_build(&spec, b->packet);
	for (int i = 0; i < ROUNDS; i++) {
		empty_ns[i] = full_ns[i] = INT_MAX;
		for (int k = 0; k < TRIES; k++) {
			b->skel->bss->advance_by = 0;
			if (run_best(b, empty, &empty_ns[i]))
				return -EIO;
			b->skel->bss->advance_by = spec.payload_len;
			if (run_best(b, full, &full_ns[i]))
				return -EIO;
		}
	}
	qsort(empty_ns, ROUNDS, sizeof(int), compare);
	qsort(full_ns, ROUNDS, sizeof(int), compare);
	*ret = full_ns[ROUNDS / 2] - empty_ns[ROUNDS / 2];
	*ret_least = full_ns[0] - empty_ns[0];
	return 0;
}

/* The responses of a case must all have been counted, or the figure is one of something else. */
static __u64 responses(struct bench *b)
{
	int fd = bpf_map__fd(b->skel->maps.totals), cpus = libbpf_num_possible_cpus();
	struct totals *totals = calloc(cpus, sizeof(*totals));
	__u64 sum = 0;
	__u32 zero = 0;

	if (totals && !bpf_map_lookup_elem(fd, &zero, totals))
		for (int i = 0; i < cpus; i++)
			for (int k = COUNT_HTTP_2XX; k <= COUNT_HTTP_5XX; k++)
				sum += totals[i].n[k];
	free(totals);
	return sum;
}

/* keeps: first lines of requests are kept (http.evidence). */
static int load(struct bench *b, bool keeps)
{
	int err;

	b->skel = bench_bpf__open();
	if (!b->skel)
		return -errno;
	b->skel->rodata->ring_budget = UINT32_MAX;
	bpf_program__set_autoload(b->skel->progs.sw_drop, false);
	bpf_program__set_autoload(b->skel->progs.empty_drop, false);
	bpf_program__set_autoload(b->skel->progs.sw_xdp_frags, false);
	bpf_map__set_max_entries(b->skel->maps.flows, MAP_SIZE);
	b->skel->rodata->keep_requests = keeps;
	bpf_map__set_max_entries(b->skel->maps.asked, keeps ? SW_ASKED_PLACES : 1);
	bpf_map__set_max_entries(b->skel->maps.events, RING_BYTES);
	err = bench_bpf__load(b->skel);
	if (err)
		return err;
	b->ring = ring_buffer__new(bpf_map__fd(b->skel->maps.events), take_event, NULL, NULL);
	return b->ring ? 0 : -errno;
}

/* The committed value of a case: lines of "name nanoseconds"; -1 where there is none. */
static int committed(const char *path, const char *name)
{
	char line[128], word[64];
	int value = -1, n;
	FILE *f = fopen(path, "r");

	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%63s %d", word, &n) == 2 && !strcmp(word, name))
			value = n;
	fclose(f);
	return value;
}

/*
 * How much slower this machine is now than the one of the list, by work that never changes; never
 * less than 1. A figure of another machine or of a bad moment says nothing about the programs.
 */
static double slowness(struct bench *b, int then)
{
	struct packet_spec spec = { 0 };
	int now = INT_MAX;

	if (then <= 0)
		return 1;
	b->packet_len = packet_build(&spec, b->packet);
	for (int i = 0; i < TRIES; i++)
		if (run_best(b, b->skel->progs.reference_tc, &now))
			return 1;
	return now > then ? (double)now / then : 1;
}

/* The most that a case may take, by the list and by how slow the machine is around it. */
static int limit_of(const struct bench_case *c, const char *list, double before, double after)
{
	double slow = before > after ? before : after;

	return list ? (int)(committed(list, c->name) * TOLERANCE * slow) : INT_MAX;
}

enum verdict { GOOD, SLOW, WRONG };

/* Runs a case and prints it. SLOW: even its best round is above the limit of the list. */
static enum verdict report_case(struct bench *b, const struct bench_case *c, const char *list,
				int pass)
{
	int reference = list ? committed(list, "reference_tc") : 0;
	int ns = INT_MAX, least = INT_MAX, limit, err;
	double slow = slowness(b, reference);
	__u64 want = c->advances ? (__u64)ROUNDS * TRIES * REPEAT * (c->times ? c->times : 1)
				 : !!c->before;
	__u64 before = responses(b), counted;

	err = run_case(b, c, pass, &ns, &least);
	counted = responses(b) - before;
	if (err || counted != want) {
		fprintf(stderr, "bench: %s counted %llu responses, not %llu\n", c->name, counted,
			want);
		return WRONG;
	}
	printf("%-24s %5d\n", c->name, ns);
	limit = limit_of(c, list, slow, slowness(b, reference));
	if (least <= limit)
		return GOOD;
	fprintf(stderr, "bench: %s takes %d ns at best, the limit is %d\n", c->name, least, limit);
	return SLOW;
}

/* On one CPU after the other: a neighbour that makes noise often makes it on one of them. */
static void move_to_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/*
 * All cases, then those that were slow again, some seconds later: noise passes, a slow program
 * stays.
 */
static int report(struct bench *b, const char *list, const char *only)
{
	enum verdict verdicts[BENCH_CASES] = { GOOD };
	int cpus = sysconf(_SC_NPROCESSORS_ONLN), slow = 1;

	for (int pass = 0; slow && pass < PASSES; pass++) {
		move_to_cpu(pass % cpus);
		if (pass)
			printf("again:\n");
		slow = 0;
		for (size_t i = 0; i < BENCH_CASES; i++) {
			if (pass ? verdicts[i] != SLOW
				 : only && strcmp(only, bench_cases[i].name) != 0)
				continue;
			verdicts[i] = report_case(b, &bench_cases[i], list, pass);
			if (verdicts[i] == WRONG)
				return 1;
			slow |= verdicts[i] == SLOW;
		}
		if (slow)
			sleep(PAUSE_S);
	}
	return slow;
}

int main(int argc, char **argv)
{
	const char *list = argc == 3 && !strcmp(argv[1], "--check") ? argv[2] : NULL;
	bool keeps = argc == 2 && !strcmp(argv[1], "--requests");
	const char *only = argc == 2 && !keeps ? argv[1] : NULL;
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	struct bench *b = calloc(1, sizeof(*b));
	int err, failed = 0;

	if (!b)
		return 1;
	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	err = load(b, keeps);
	if (err) {
		fprintf(stderr, "bench: cannot load the programs: %s\n", strerror(-err));
		failed = 1;
		goto out;
	}
	failed = report(b, list, only);
out:
	ring_buffer__free(b->ring);
	bench_bpf__destroy(b->skel);
	free(b);
	return failed;
}
