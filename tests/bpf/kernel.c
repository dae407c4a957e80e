/* SPDX-License-Identifier: GPL-2.0-only */
/* The BPF programs in this kernel. */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "kernel.h"
#include "spikewatch_abi.h"

#include "spikewatch.skel.h"

#define MAP_SIZE 65536
#define CPUS_MAX 512
#define ATTEMPTS 64
/* A test run puts more into frags, even for a program that does not take them. */
#define LINEAR_MOST 3000

static struct {
	struct spikewatch *skel;
	struct ring_buffer *ring;
	struct event events[TARGET_EVENTS];
	char requests[TARGET_EVENTS][SW_REQUEST_LINE + 1];
	size_t event_count;
	bool one_sided; /* loaded with require_reverse = false */
	bool server_side;
	int err; /* of kernel_load() */
	bool asked;
} state;

static int print_warnings(enum libbpf_print_level level, const char *format, va_list args)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, format, args) : 0;
}

static int take_event(void *ctx, void *data, size_t size)
{
	if (state.event_count == TARGET_EVENTS)
		return 0;
	target_take_event(data, size, &state.events[state.event_count],
			  state.requests[state.event_count]);
	state.event_count++;
	return 0;
}

/* Multi-buffer XDP came with 5.18, together with this helper. */
static bool takes_frags(void)
{
	return libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_xdp_load_bytes, NULL) == 1;
}

int kernel_load(void)
{
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	int err;

	setrlimit(RLIMIT_MEMLOCK, &unlimited); /* before 5.11 maps are charged to it */
	libbpf_set_print(print_warnings);
	if (libbpf_probe_bpf_map_type(BPF_MAP_TYPE_ARRAY, NULL) != 1)
		return -EPERM;
	state.skel = spikewatch__open();
	if (!state.skel)
		return -errno;
	bpf_program__set_autoload(state.skel->progs.sw_drop, false); /* can't be test-run */
	bpf_program__set_autoload(state.skel->progs.sw_xdp_frags, takes_frags());
	state.skel->rodata->require_reverse = !state.one_sided;
	state.skel->rodata->server_side = state.server_side;
	state.skel->rodata->follow_attempts = true;
	state.skel->rodata->keep_requests = true;
	bpf_map__set_max_entries(state.skel->maps.asked, SW_ASKED_PLACES);
	bpf_map__set_max_entries(state.skel->maps.flows, MAP_SIZE);
	bpf_map__set_max_entries(state.skel->maps.attempts, ATTEMPTS);
	err = spikewatch__load(state.skel);
	if (err)
		goto out;
	err = -ENOMEM;
	state.ring = ring_buffer__new(bpf_map__fd(state.skel->maps.events), take_event, NULL, NULL);
	if (!state.ring)
		goto out;
	return 0;
out:
	kernel_unload();
	return err;
}

void kernel_unload(void)
{
	ring_buffer__free(state.ring);
	spikewatch__destroy(state.skel);
	state.ring = NULL;
	state.skel = NULL;
}

bool kernel_must_run(void)
{
	const char *value = getenv("REQUIRE_BPF");

	return value && !strcmp(value, "1");
}

bool kernel_can_run(void)
{
	if (!state.asked) {
		state.asked = true;
		state.err = kernel_load();
		if (state.err)
			fprintf(stderr, "the kernel does not take the programs (%s): %s\n",
				strerror(-state.err),
				kernel_must_run() ? "REQUIRE_BPF=1, so this fails" : "skipped");
	}
	return !state.err;
}

static struct bpf_program *program_of(enum program program)
{
	return bpf_object__find_program_by_name(state.skel->obj, target_program_name(program));
}

int kernel_program_fd(enum program program)
{
	return bpf_program__fd(program_of(program));
}

struct spikewatch *kernel_skeleton(void)
{
	return state.skel;
}

static int run(enum program program, const uint8_t *packet, size_t len)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet, .data_size_in = len, .repeat = 1);
	int fd = kernel_program_fd(program), err;

	if (fd < 0 || (program == SW_XDP && len > LINEAR_MOST))
		return -EOPNOTSUPP;
	err = bpf_prog_test_run_opts(fd, &opts);
	if (err) /* too short or too long for a test run */
		return -EOPNOTSUPP;
	return (int)opts.retval;
}

static void empty_hash(int fd, size_t key_size)
{
	uint8_t key[128];

	assert(key_size <= sizeof(key));
	while (!bpf_map_get_next_key(fd, NULL, key))
		bpf_map_delete_elem(fd, key);
}

static void empty_map(const struct bpf_map *map)
{
	empty_hash(bpf_map__fd(map), bpf_map__key_size(map));
}

static void forget_flows(void)
{
	empty_map(state.skel->maps.flows);
	empty_map(state.skel->maps.notes);
	empty_map(state.skel->maps.holds);
}

static void set_tap(bool on)
{
	int fd = bpf_map__fd(state.skel->maps.taps);
	__u32 ifindex = 1; /* a test run's packets come in at lo */

	if (on)
		bpf_map_update_elem(fd, &ifindex, &ifindex, BPF_ANY);
	else
		bpf_map_delete_elem(fd, &ifindex);
}

static void set_second(__u32 second)
{
	state.skel->bss->tick = second;
}

static void reset(void)
{
	static struct totals zeroes[CPUS_MAX];
	__u32 zero = 0;

	assert(libbpf_num_possible_cpus() <= CPUS_MAX);
	forget_flows();
	memset(state.skel->bss->openings, 0, sizeof(state.skel->bss->openings));
	empty_hash(bpf_map__fd(state.skel->maps.http_counts_0), sizeof(struct http_key));
	empty_hash(bpf_map__fd(state.skel->maps.drop_counts_0), sizeof(struct drop_key));
	empty_map(state.skel->maps.attempts);
	empty_map(state.skel->maps.deniers);
	empty_map(state.skel->maps.uplinks);
	empty_map(state.skel->maps.cluster_nets);
	set_tap(false);
	set_second(1);
	bpf_map_update_elem(bpf_map__fd(state.skel->maps.totals), &zero, zeroes, BPF_ANY);
	ring_buffer__consume(state.ring);
	state.event_count = 0;
}

static void read_totals(struct totals *ret)
{
	static struct totals per_cpu[CPUS_MAX];
	__u32 zero = 0;

	memset(ret, 0, sizeof(*ret));
	if (bpf_map_lookup_elem(bpf_map__fd(state.skel->maps.totals), &zero, per_cpu))
		abort();
	for (int cpu = 0; cpu < libbpf_num_possible_cpus(); cpu++) {
		for (int i = 0; i < COUNT_MAX; i++)
			ret->n[i] += per_cpu[cpu].n[i];
		for (int i = 0; i < CLASS_MAX; i++)
			ret->drop_class[i] += per_cpu[cpu].drop_class[i];
		for (int i = 0; i < SW_REASON_MAX; i++)
			ret->drop_reason[i] += per_cpu[cpu].drop_reason[i];
	}
}

static void read_drops(struct counts *ret)
{
	static struct drop_value per_cpu[CPUS_MAX];
	int fd = bpf_map__fd(state.skel->maps.drop_counts_0);
	struct drop_key *before = NULL, key;

	ret->drop_key_count = 0;
	for (; !bpf_map_get_next_key(fd, before, &key);
	     before = &ret->drop_keys[ret->drop_key_count++]) {
		struct drop_value *value = &ret->drop_values[ret->drop_key_count];

		assert(ret->drop_key_count < TARGET_KEYS);
		ret->drop_keys[ret->drop_key_count] = key;
		*value = (struct drop_value){};
		if (bpf_map_lookup_elem(fd, &key, per_cpu))
			abort();
		for (int cpu = 0; cpu < libbpf_num_possible_cpus(); cpu++) {
			value->packets += per_cpu[cpu].packets;
			value->bytes += per_cpu[cpu].bytes;
		}
	}
}

static void read_counts(struct counts *ret)
{
	static struct http_value per_cpu[CPUS_MAX];
	int fd = bpf_map__fd(state.skel->maps.http_counts_0);
	struct http_key *before = NULL, key;

	read_totals(&ret->totals);
	ret->key_count = 0;
	read_drops(ret);
	for (; !bpf_map_get_next_key(fd, before, &key); before = &ret->keys[ret->key_count++]) {
		assert(ret->key_count < TARGET_KEYS);
		ret->keys[ret->key_count] = key;
		ret->key_counts[ret->key_count] = 0;
		if (bpf_map_lookup_elem(fd, &key, per_cpu))
			abort();
		for (int cpu = 0; cpu < libbpf_num_possible_cpus(); cpu++)
			ret->key_counts[ret->key_count] += per_cpu[cpu].count;
	}
	ring_buffer__consume(state.ring);
	memcpy(ret->events, state.events, state.event_count * sizeof(state.events[0]));
	memcpy(ret->requests, state.requests, sizeof(state.requests));
	ret->event_count = state.event_count;
}

static size_t count_attempts(void)
{
	int fd = bpf_map__fd(state.skel->maps.attempts);
	struct attempt_key key, *before = NULL;
	size_t count = 0;

	for (; !bpf_map_get_next_key(fd, before, &key); before = &key)
		count++;
	return count;
}

/* A constant to the programs: they are loaded anew. */
static void set_require_reverse(bool on)
{
	if (state.one_sided == on) {
		kernel_unload();
		state.one_sided = !on;
		if (kernel_load())
			abort();
	}
	reset();
}

static void set_server_side(bool on)
{
	if (state.server_side != on) {
		kernel_unload();
		state.server_side = on;
		if (kernel_load())
			abort();
	}
	reset();
}

static void set_cluster(const struct addr *addr, bool uplink)
{
	struct {
		__u32 prefix_len;
		struct addr addr;
	} net = { .prefix_len = 128, .addr = *addr };
	__u32 ifindex = 1;

	if (bpf_map_update_elem(bpf_map__fd(state.skel->maps.cluster_nets), &net, &ifindex, 0))
		abort();
	if (uplink)
		bpf_map_update_elem(bpf_map__fd(state.skel->maps.uplinks), &ifindex, &ifindex, 0);
}

const struct target kernel_target = {
	.name = "kernel",
	.reset = reset,
	.run = run,
	.forget_flows = forget_flows,
	.read = read_counts,
	.attempts = count_attempts,
	.set_tap = set_tap,
	.set_second = set_second,
	.require_reverse = set_require_reverse,
	.server_side = set_server_side,
	.set_cluster = set_cluster,
};
