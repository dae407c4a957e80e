/* SPDX-License-Identifier: GPL-2.0-only */
/* Where a table's packets are run: on the host, or in the kernel through BPF_PROG_TEST_RUN. */
#ifndef TESTS_BPF_TARGET_H
#define TESTS_BPF_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spikewatch_abi.h"

/* The entry points, in the order of target_program_name(). */
enum program {
	SW_INGRESS,
	SW_EGRESS,
	SW_INGRESS_L3,
	SW_EGRESS_L3,
	SW_XDP,
	SW_XDP_FRAGS,
	PROGRAMS,
};

#define TARGET_KEYS   256
#define TARGET_EVENTS 128

/* What the programs counted since the last reset. */
struct counts {
	struct totals totals;
	struct http_key keys[TARGET_KEYS];
	__u64 key_counts[TARGET_KEYS];
	size_t key_count;
	struct drop_key drop_keys[TARGET_KEYS];
	struct drop_value drop_values[TARGET_KEYS];
	size_t drop_key_count;
	struct event events[TARGET_EVENTS];
	char requests[TARGET_EVENTS][SW_REQUEST_LINE + 1]; /* what was asked for; "" not known */
	size_t event_count;
};

struct target {
	const char *name;
	/* Forgets flows, counts and events. */
	void (*reset)(void);
	/*
	 * Runs a program over a packet: its verdict, or -EOPNOTSUPP where this target can't run
	 * such a packet (the kernel's test run has least and greatest sizes of its own).
	 */
	int (*run)(enum program program, const uint8_t *packet, size_t len);
	/* Forgets flows alone, as an LRU does. */
	void (*forget_flows)(void);
	void (*read)(struct counts *ret);
	/* What user space says to the programs: is everything a tap's; which second it is. */
	void (*set_tap)(bool on);
	void (*set_second)(__u32 second);
	/* How many attempts to connect are followed. */
	size_t (*attempts)(void);
	/* reset() with the knobs of these names; true, and false, until then. */
	void (*require_reverse)(bool on);
	void (*server_side)(bool on);
	/* The cluster's only address; is there another machine behind what packets come in by? */
	void (*set_cluster)(const struct addr *addr, bool uplink);
};

/* An event of the ring buffer, of size bytes, in two parts. */
void target_take_event(const void *data, size_t size, struct event *ret,
		       char ret_request[SW_REQUEST_LINE + 1]);

const char *target_program_name(enum program program);
enum sw_hook target_program_hook(enum program program);
bool target_program_starts_at_ip(enum program program);
/* The verdict that lets a packet pass as if the program were not there. */
int target_program_pass(enum program program);

#endif
