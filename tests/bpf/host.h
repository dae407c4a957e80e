/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The BPF programs, compiled for the host and run under the sanitizers: maps are lists, a packet is
 * a heap block of its exact size, and what lies behind loaded bytes is poisoned or filled.
 */
#ifndef TESTS_BPF_HOST_H
#define TESTS_BPF_HOST_H

#include "target.h"

extern const struct target host_target;

/* What parse.h made of the last packet. Ports in host order. */
struct host_packet {
	struct addr source;
	struct addr destination;
	uint16_t source_port;
	uint16_t destination_port;
	uint8_t proto;
	uint8_t tcp_flags;
	uint32_t seq;
	uint32_t ack;
	uint32_t payload_off;
	uint32_t payload_len;
};
void host_get_packet(struct host_packet *ret);

/* What the machine finds behind the payload bytes that it loaded; it must not matter. */
void host_set_fill(uint8_t fill);

#define HOST_LINEAR_MOST 4096

/* How much of a packet is linear; the rest can only be loaded. HOST_LINEAR_MOST, until set. */
void host_set_linear(size_t most);

/* skb->protocol of the packets to come (host order); 0: what their bytes say. */
void host_set_protocol(uint16_t protocol);

/* The n-th load of packet bytes from now on fails (1: the next; 0: none). */
void host_fail_load(unsigned int n);

/* At the n-th load from now on another CPU commits to each flow (1: the next; 0: it does not). */
void host_outrun_load(unsigned int n);

/* From now on the map of flows is full and refuses, until the next reset. */
void host_refuse_flows(void);

/* Keys of drops that an epoch has room for; as many as one likes until it is set. */
void host_set_drop_room(uint32_t keys);

/* Counts of the epochs to come are those of set `number & 1`; a target reads set 0. */
void host_set_epoch(uint32_t number);

/* Functions that free without a reason, as user space sets them; what sw_drop makes of an address.
 */
void host_set_sites(const struct drop_site *sites, size_t count);
uint32_t host_site_reason(uint64_t location);

/* A dropped packet as the tracepoint sees it. It begins with its IP header. */
struct host_drop {
	const uint8_t *packet;
	size_t len;
	size_t nonlinear; /* bytes at its end that are not in the linear part */
	int pulled; /* skb->data stands so many bytes behind the IP header; negative: before it */
	bool no_network_header; /* nobody has set skb->network_header */
	uint16_t protocol;      /* ethertype, host order */
	uint32_t device_netns;  /* 0: no device */
	uint32_t socket_netns;  /* 0: no socket */
	uint32_t reason;
};

/* Runs sw_drop; own_netns 0: all of them. nested: inside another run on the same CPU. */
struct host_drop_knobs {
	uint32_t own_netns;
	bool key_other;
	bool nested;
	uint8_t class; /* of every reason */
};
int host_run_drop(const struct host_drop *drop, const struct host_drop_knobs *knobs);

/* --- host_maps.c ---------------------------------------------------------------------------- */

/* A map of the programs. */
struct host_map {
	void *map; /* the program's variable */
	uint32_t key_size;
	uint32_t value_size;
	uint32_t array_entries; /* 0: a hash */
	void *const *inner;     /* array of maps: what is in it */
	struct host_entry *entries;
	bool refuses;
};

typedef void host_visit(void *ctx, const void *key, const void *value);

void host_maps_register(struct host_map *maps, size_t count);
void host_maps_reset(void);
void host_map_empty(void *map);
void host_map_refuse(void *map);
void host_map_visit(void *map, host_visit *visit, void *ctx);
void host_map_events(struct counts *ret);

#endif
