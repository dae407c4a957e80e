/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Builds packets for the tests of the BPF programs, right ones and wrong ones, from a description.
 */
#ifndef TESTS_BPF_PACKET_H
#define TESTS_BPF_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spikewatch_abi.h"

#define PACKET_TCP     6
#define PACKET_UDP     17
#define PACKET_ICMP    1
#define PACKET_ICMPV6  58
#define PACKET_IPV4    4
#define PACKET_IPV6    41
#define PACKET_GRE     47
#define PACKET_SCTP    132
#define PACKET_NO_NEXT 59

#define PACKET_HOP_BY_HOP  1 /* on the wire 0, which here means "no more headers" */
#define PACKET_ROUTING     43
#define PACKET_FRAGMENT    44
#define PACKET_AH          51
#define PACKET_DESTINATION 60

#define PACKET_FIN 0x01
#define PACKET_SYN 0x02
#define PACKET_RST 0x04
#define PACKET_ACK 0x10

#define PACKET_TAGS 4
#define PACKET_EXTS 10
#define PACKET_MAX  65536

/* One IPv6 extension header. */
struct packet_ext {
	uint8_t type;      /* PACKET_*; 0: no more */
	uint16_t len;      /* bytes: a multiple of 8, AH of 4; 0: the shortest */
	uint8_t wrong_len; /* written instead of what belongs in the length byte */
	uint16_t fragment; /* fragment header: offset and M as on the wire, in host order */
};

/*
 * All zero is a TCP segment over IPv4 in Ethernet, from the server to the client, without payload.
 * Lengths are right unless something here makes them wrong.
 */
struct packet_spec {
	bool ip_first; /* the packet begins with the IP header */
	bool ipv6;
	bool from_client;           /* the other way round */
	uint16_t tags[PACKET_TAGS]; /* VLAN TPIDs, outermost first */
	uint16_t ethertype;         /* instead of the right one */
	const char *shim;           /* between the EtherType and the IP header */
	size_t shim_len;
	uint8_t version;    /* in the IP header, instead of the right one */
	uint8_t ihl;        /* IPv4, in words, instead of the right one */
	uint8_t ip_options; /* IPv4, bytes, a multiple of 4 */
	uint16_t fragment;  /* IPv4 flags and offset, in host order */
	struct packet_ext exts[PACKET_EXTS];
	int length_delta;  /* added to the IP header's length */
	bool no_length;    /* the IP header's length is 0 (BIG TCP) */
	uint8_t proto;     /* 0: TCP */
	uint8_t icmp_type; /* 0: echo request */
	uint8_t icmp_code;
	uint16_t client_port; /* 0: PACKET_CLIENT_PORT */
	uint16_t server_port; /* 0: PACKET_SERVER_PORT */
	bool client_natted;   /* the client's address and port are a gateway's */
	bool server_natted;
	uint8_t tcp_flags;   /* 0: ACK */
	uint8_t tcp_options; /* bytes, a multiple of 4 */
	uint8_t data_offset; /* TCP, in words, instead of the right one */
	uint32_t seq;
	uint32_t ack;
	const void *payload;
	size_t payload_len;
	size_t padding; /* zeroes behind the IP packet, as on short Ethernet frames */
	size_t cut;     /* bytes that the frame lacks at its end */
	const struct packet_spec *outer; /* the packet that carries this one as its payload */
	const char *tunnel;              /* the tunnel's header, between the two */
	size_t tunnel_len;
	bool is_outer; /* the addresses are those of a tunnel's ends */
};

#define PACKET_CLIENT_PORT 40000
#define PACKET_SERVER_PORT 80

/* Writes the packet to buf (PACKET_MAX bytes). Returns its length; aborts where it does not fit. */
size_t packet_build(const struct packet_spec *spec, uint8_t *buf);

/* The addresses that packet_build() uses, also for what is in a tunnel. */
struct addr packet_client(bool ipv6);
struct addr packet_server(bool ipv6);

/* Those of the tunnel itself: from the one to the other. */
struct addr packet_tunnel_source(bool ipv6);
struct addr packet_tunnel_end(bool ipv6);

#endif
