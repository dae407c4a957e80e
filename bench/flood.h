/* SPDX-License-Identifier: GPL-2.0-only */
/* What flood.c and its BPF programs agree on. */
#ifndef BENCH_FLOOD_H
#define BENCH_FLOOD_H

#include <linux/types.h>

#define FLOOD_SLOTS       1024
#define FLOOD_HEAVY       20
#define FLOOD_FIRST       0x0b000000 /* 11.0.0.0 */
#define FLOOD_FIRST_HEAVY 0x0c000000 /* 12.0.0.0: the first is 12.0.0.1 */

/* Ethernet, IPv4 without options, UDP, 18 bytes: the shortest frame. */
struct flood_packet {
	__u8 to_mac[6];
	__u8 from_mac[6];
	__be16 ether_type;
	__u8 version;
	__u8 tos;
	__be16 total_len;
	__be16 id;
	__be16 fragment;
	__u8 ttl;
	__u8 proto;
	__be16 checksum;
	__be32 source;
	__be32 destination;
	__be16 source_port;
	__be16 destination_port;
	__be16 udp_len;
	__be16 udp_checksum;
	__u8 payload[18];
} __attribute__((packed));

#endif
