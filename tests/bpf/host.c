/* SPDX-License-Identifier: GPL-2.0-only */
/* The BPF programs on the host: their source, and the helpers that read packets. */
#pragma GCC diagnostic ignored "-Wunknown-pragmas"
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#include "../../bpf/spikewatch.bpf.c"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#ifdef __has_feature /* clang; gcc defines __SANITIZE_ADDRESS__ itself */
#if __has_feature(address_sanitizer) && !defined(__SANITIZE_ADDRESS__)
#define __SANITIZE_ADDRESS__
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, n)   ((void)(at), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(at, n) ((void)(at), (void)(n))
#endif

#include "host.h"

#define EFAULT     14
#define EOPNOTSUPP 95
#define PAGE       4096

#define HASH(m)                                                                             \
	{                                                                                   \
		.map = &(m), .key_size = sizeof(*(m).key), .value_size = sizeof(*(m).value) \
	}
#define ARRAY(m, n)                                                                              \
	{                                                                                        \
		.map = &(m), .key_size = 4, .value_size = sizeof(*(m).value), .array_entries = n \
	}

static struct host_map maps[] = {
	ARRAY(scratches, 1),
	ARRAY(drop_scratches, 1),
	ARRAY(chain_visits, VISIT_SETS),
	HASH(chains),
	HASH(flows),
	ARRAY(asked, SW_ASKED_PLACES),
	HASH(notes),
	HASH(holds),
	ARRAY(empty_holds, 1),
	HASH(attempts),
	HASH(deniers),
	HASH(speeches),
	HASH(taps),
	HASH(uplinks),
	HASH(cluster_nets),
	HASH(http_counts_0),
	HASH(http_counts_1),
	HASH(drop_counts_0),
	HASH(drop_counts_1),
	ARRAY(totals, 2),
	ARRAY(flow_locks, FLOW_LOCKS),
	{ .map = &http_epochs, .inner = (void *const *)http_epochs.values },
	{ .map = &drop_epochs, .inner = (void *const *)drop_epochs.values },
};

static struct {
	uint8_t *packet; /* a heap block of exactly len bytes */
	size_t len;
	uint8_t *low; /* a page below 4 GiB, with a forbidden one behind it */
	unsigned int fail_load, outrun_load;
	uint16_t protocol;
	uint8_t fill;
	size_t linear;
} now = { .fill = '\n', .linear = HOST_LINEAR_MOST };

static struct scratch *current_scratch(void)
{
	struct scratch *s = scratch_get();

	assert(s);
	return s;
}

/* As another CPU does that commits what it has read. */
static void outrun(void *ctx, const void *key, const void *value)
{
	struct http1_flow *flow = (void *)(unsigned long)value;

	if (flow->state != HTTP1_ALIAS)
		flow->turn++;
}

/* Behind parsed headers nothing may be read; behind a payload window anything may stand. */
static long load(__u32 offset, void *to, __u32 len)
{
	struct scratch *s = current_scratch();

	if (now.fail_load && !--now.fail_load)
		return -EFAULT;
	if (now.outrun_load && !--now.outrun_load)
		host_map_visit(&flows, outrun, NULL);
	if (!len || offset > now.len || len > now.len - offset)
		return -EFAULT;
	ASAN_UNPOISON_MEMORY_REGION(s->headers, sizeof(s->headers));
	memcpy(to, now.packet + offset, len);
	if (to == s->headers)
		ASAN_POISON_MEMORY_REGION(s->headers + len, sizeof(s->headers) - len);
	else if (to == s->run.window)
		memset((uint8_t *)to + len, now.fill, sizeof(s->run.window) - len);
	return 0;
}

long bpf_skb_load_bytes(const void *skb, __u32 offset, void *to, __u32 len)
{
	return load(offset, to, len);
}

long bpf_xdp_load_bytes(const void *xdp, __u32 offset, void *to, __u32 len)
{
	return load(offset, to, len);
}

__u64 bpf_xdp_get_buff_len(const void *xdp)
{
	return now.len;
}

long bpf_probe_read_kernel(void *to, __u32 len, const void *from)
{
	if (now.fail_load && !--now.fail_load)
		return -EFAULT;
	memcpy(to, from, len);
	return 0;
}

/* Programs ask only where chains are followed, which those on the host are not. */
long bpf_probe_read_kernel_str(void *to, __u32 len, const void *from)
{
	abort();
}

__u32 bpf_get_smp_processor_id(void)
{
	return 0;
}

/* One lock at a time, and never across a helper: the verifier asserts that, and so does this. */
void bpf_spin_lock(struct bpf_spin_lock *lock)
{
	assert(!lock->val);
	lock->val = 1;
}

void bpf_spin_unlock(struct bpf_spin_lock *lock)
{
	assert(lock->val);
	lock->val = 0;
}

__u64 bpf_ktime_get_boot_ns(void)
{
	return 1;
}

/* The same draws in each run; the lowest bits of such a series repeat soon, so they are not used.
 */
__u32 bpf_get_prandom_u32(void)
{
	static __u64 state = 1;

	state = state * 6364136223846793005ULL + 1442695040888963407ULL;
	return state >> 32;
}

static void set_packet(const uint8_t *packet, size_t len)
{
	free(now.packet);
	now.packet = malloc(len);
	assert(now.packet);
	memcpy(now.packet, packet, len);
	now.len = len;
}

/*
 * The linear part: contexts hold 32-bit addresses, so it is below 4 GiB; the packet's readable
 * memory ends where a forbidden page begins.
 */
static __u32 set_linear(__u32 *ret_end)
{
	size_t linear = now.len < now.linear ? now.len : now.linear;

	if (!now.low) {
		now.low = mmap(NULL, HOST_LINEAR_MOST + PAGE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
		assert(now.low != MAP_FAILED);
		assert(!mprotect(now.low + HOST_LINEAR_MOST, PAGE, PROT_NONE));
	}
	memcpy(now.low + HOST_LINEAR_MOST - linear, now.packet, linear);
	*ret_end = (__u32)(unsigned long)(now.low + HOST_LINEAR_MOST);
	return *ret_end - linear;
}

static int run_tc(enum program program)
{
	struct __sk_buff skb = { .len = now.len, .ifindex = 1 };

	skb.data = set_linear(&skb.data_end);
	if (now.protocol)
		skb.protocol = PARSE_BE16(now.protocol);
	else if (now.len >= 14)
		skb.protocol = parse_u16(now.packet + 12);
	switch (program) {
	case SW_INGRESS:
		return sw_ingress(&skb);
	case SW_EGRESS:
		return sw_egress(&skb);
	case SW_INGRESS_L3:
		return sw_ingress_l3(&skb);
	default:
		return sw_egress_l3(&skb);
	}
}

static int run_xdp(enum program program)
{
	struct xdp_md xdp = { .ingress_ifindex = 1 };

	xdp.data = set_linear(&xdp.data_end);
	return program == SW_XDP ? sw_xdp(&xdp) : sw_xdp_frags(&xdp);
}

static int run(enum program program, const uint8_t *packet, size_t len)
{
	struct scratch *s = current_scratch();

	if (program == SW_XDP && len > now.linear)
		return -EOPNOTSUPP; /* without frags a frame is a page at most */
	set_packet(packet, len);
	ASAN_UNPOISON_MEMORY_REGION(s->headers, sizeof(s->headers));
	memset(s->headers, 0xff, sizeof(s->headers));
	memset(s->run.window, now.fill, sizeof(s->run.window));
	return target_program_starts_at_ip(program) || program == SW_INGRESS || program == SW_EGRESS
		       ? run_tc(program)
		       : run_xdp(program);
}

/* Knobs are constants to the programs: user space sets them before it loads. */
static void set_knob(const volatile void *knob, const void *value, size_t len)
{
	unsigned long at = (unsigned long)knob, page;

	/* clang leaves out what is written to a constant, if it knows that it is one. */
	asm volatile("" : "+r"(at));
	page = at & ~(PAGE - 1UL);
	assert(!mprotect((void *)page, at + len - page, PROT_READ | PROT_WRITE));
	memcpy((void *)at, value, len);
}

static void reset(void)
{
	struct scratch *s;

	bool yes = true;

	set_knob(&follow_attempts, &yes, sizeof(yes));
	set_knob(&keep_requests, &yes, sizeof(yes));
	tick = 1;
	host_maps_register(maps, sizeof(maps) / sizeof(maps[0]));
	s = current_scratch();
	ASAN_UNPOISON_MEMORY_REGION(s->headers, sizeof(s->headers));
	host_maps_reset();
	memset(keys_used, 0, sizeof(keys_used));
	memset(drop_marks, 0, sizeof(drop_marks));
	memset(openings, 0, sizeof(openings));
	memset(denied, 0, sizeof(denied));
	now.fail_load = 0;
	now.outrun_load = 0;
	now.protocol = 0;
}

static void forget_flows(void)
{
	host_map_empty(&flows);
	host_map_empty(&notes);
	host_map_empty(&holds);
}

static void add_http(void *ctx, const void *key, const void *value)
{
	struct counts *c = ctx;

	assert(c->key_count < TARGET_KEYS);
	c->keys[c->key_count] = *(const struct http_key *)key;
	c->key_counts[c->key_count++] = ((const struct http_value *)value)->count;
}

static void add_drop(void *ctx, const void *key, const void *value)
{
	struct counts *c = ctx;

	assert(c->drop_key_count < TARGET_KEYS);
	c->drop_keys[c->drop_key_count] = *(const struct drop_key *)key;
	c->drop_values[c->drop_key_count++] = *(const struct drop_value *)value;
}

static void read_counts(struct counts *ret)
{
	__u32 zero = 0;
	const struct totals *t = bpf_map_lookup_elem(&totals, &zero);

	ret->totals = *t;
	ret->key_count = 0;
	ret->drop_key_count = 0;
	host_map_visit(&http_counts_0, add_http, ret);
	host_map_visit(&drop_counts_0, add_drop, ret);
	host_map_events(ret);
}

static void set_tap(bool on)
{
	__u32 ifindex = 1;

	if (on)
		bpf_map_update_elem(&taps, &ifindex, &ifindex, BPF_ANY);
	else
		bpf_map_delete_elem(&taps, &ifindex);
}

static void set_second(__u32 second)
{
	tick = second;
}

static void count_entry(void *ctx, const void *key, const void *value)
{
	++*(size_t *)ctx;
}

static size_t count_attempts(void)
{
	size_t count = 0;

	host_map_visit(&attempts, count_entry, &count);
	return count;
}

static void set_require_reverse(bool on)
{
	set_knob(&require_reverse, &on, sizeof(on));
	reset();
}

static void set_server_side(bool on)
{
	set_knob(&server_side, &on, sizeof(on));
	reset();
}

static void set_cluster(const struct addr *addr, bool uplink)
{
	struct cluster_net net = { .prefix_len = 128, .addr = *addr };
	__u32 ifindex = 1;

	bpf_map_update_elem(&cluster_nets, &net, &ifindex, BPF_ANY);
	if (uplink)
		bpf_map_update_elem(&uplinks, &ifindex, &ifindex, BPF_ANY);
}

const struct target host_target = {
	.name = "host",
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

void host_get_packet(struct host_packet *ret)
{
	const struct packet *p = &current_scratch()->packet;

	*ret = (struct host_packet){
		.source = p->source,
		.destination = p->destination,
		.source_port = PARSE_BE16(p->source_port),
		.destination_port = PARSE_BE16(p->destination_port),
		.proto = p->proto,
		.tcp_flags = p->tcp_flags,
		.seq = p->seq,
		.ack = p->ack,
		.payload_off = p->payload_off,
		.payload_len = p->payload_len,
	};
}

void host_set_drop_room(uint32_t keys)
{
	set_knob(&drop_room, &keys, sizeof(keys));
}

void host_set_sites(const struct drop_site *sites, size_t count)
{
	memset((void *)drop_sites, 0xff, sizeof(drop_sites));
	memcpy((void *)drop_sites[drop_site_set], sites, count * sizeof(*sites));
}

uint32_t host_site_reason(uint64_t location)
{
	return drop_site_reason(location, 0);
}

void host_set_epoch(uint32_t number)
{
	epoch = number;
}

void host_set_fill(uint8_t fill)
{
	now.fill = fill;
}

void host_set_linear(size_t most)
{
	assert(most <= HOST_LINEAR_MOST);
	now.linear = most;
}

void host_set_protocol(uint16_t protocol)
{
	now.protocol = protocol;
}

void host_fail_load(unsigned int n)
{
	now.fail_load = n;
}

void host_outrun_load(unsigned int n)
{
	now.outrun_load = n;
}

void host_refuse_flows(void)
{
	host_map_refuse(&flows);
}

static void set_drop_knobs(const struct host_drop_knobs *knobs)
{
	__u8 classes[SW_REASON_MAX];
	bool all = !knobs->own_netns, yes = true;

	memset(classes, knobs->class, sizeof(classes));
	set_knob(&has_drop_reason, &yes, sizeof(yes));
	set_knob(reason_class, classes, sizeof(classes));
	set_knob(&key_other_drops, &knobs->key_other, sizeof(bool));
	set_knob(&all_netns, &all, sizeof(all));
	set_knob(&own_netns, &knobs->own_netns, sizeof(own_netns));
}

int host_run_drop(const struct host_drop *drop, const struct host_drop_knobs *knobs)
{
	const size_t room =
		256; /* before the packet: an Ethernet header, or data that was pushed */
	struct net device_net = { .ns.inum = drop->device_netns };
	struct net socket_net = { .ns.inum = drop->socket_netns };
	struct net_device dev = { .ifindex = 1, .nd_net.net = &device_net };
	struct sock sk = { .__sk_common.skc_net.net = &socket_net };
	struct drop_scratch *scratch = drop_scratch_get();
	uint8_t *head = malloc(room + drop->len - drop->nonlinear);
	struct sk_buff skb = {
		.dev = drop->device_netns ? &dev : NULL,
		.sk = drop->socket_netns ? &sk : NULL,
		.len = drop->len - drop->pulled,
		.data_len = drop->nonlinear,
		.protocol = PARSE_BE16(drop->protocol),
		.network_header = drop->no_network_header ? DROP_NO_HEADER : room,
		.head = head,
		.data = head + room + drop->pulled,
	};
	__u64 ctx[3] = { (unsigned long)&skb, 0, drop->reason };
	int verdict;

	assert(head && scratch);
	memset(head, 0, room);
	memcpy(head + room, drop->packet, drop->len - drop->nonlinear);
	memset(scratch->headers, 0xff, sizeof(scratch->headers));
	set_drop_knobs(knobs);
	scratch->busy = knobs->nested;
	verdict = sw_drop(ctx);
	scratch->busy = 0;
	free(head);
	return verdict;
}
