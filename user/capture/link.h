/* SPDX-License-Identifier: GPL-2.0-only */
/* Link layers: where the network packet begins, and of which EtherType it is. */
#ifndef CAPTURE_LINK_H
#define CAPTURE_LINK_H

#include <stdbool.h>
#include <linux/types.h>

#define LINK_TYPE_NONE 0 /* neither IP nor anything else that is looked at */
#define LINK_TYPE_IPV4 0x0800
#define LINK_TYPE_IPV6 0x86dd

/* What a packet's link header says. */
struct link_header {
	__u32 len;  /* where the network packet begins; beyond the packet: it is cut before */
	__u16 type; /* EtherType, host order */
	bool encrypted, aggregated;
};

/* Is this libpcap link type (DLT_*) read? Ethernet is too, but needs no link_read(). */
bool link_is_known(int dlt);

/* Reads the link header of a packet of a known type but Ethernet. */
void link_read(int dlt, const __u8 *data, __u32 len, struct link_header *ret);

/* The same for 802.11, with a radiotap header before it or without. */
void link_read_wifi(bool radiotap, const __u8 *data, __u32 len, struct link_header *ret);

#endif
