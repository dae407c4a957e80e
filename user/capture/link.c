/* SPDX-License-Identifier: GPL-2.0-only */
/* Link layers: where the network packet begins (https://www.tcpdump.org/linktypes.html). */
#include "capture/link.h"

#include <pcap/pcap.h>

#define ARPHRD_NETLINK 824 /* its "protocol" is a netlink family */

bool link_is_known(int dlt)
{
	switch (dlt) {
	case DLT_EN10MB:
	case DLT_RAW:
	case DLT_IPV4:
	case DLT_IPV6:
	case DLT_NULL:
	case DLT_LOOP:
	case DLT_LINUX_SLL:
	case DLT_LINUX_SLL2:
	case DLT_IEEE802_11:
	case DLT_IEEE802_11_RADIO:
	case DLT_PPP:
	case DLT_PPP_SERIAL:
	case DLT_PPP_ETHER:
	case DLT_PPP_WITH_DIR:
		return true;
	}
	return false;
}

static __u16 be16(const __u8 *p)
{
	return p[0] << 8 | p[1];
}

static void read_raw(const __u8 *data, __u32 len, struct link_header *ret)
{
	__u8 version = len ? data[0] >> 4 : 4;

	if (version == 4)
		ret->type = LINK_TYPE_IPV4;
	else if (version == 6)
		ret->type = LINK_TYPE_IPV6;
}

/*
 * The address family is in the byte order of who captured (DLT_NULL) or of the network (DLT_LOOP):
 * of either, only one of its bytes is not zero. IPv6 has another number on each system.
 */
static void read_loopback(const __u8 *data, __u32 len, struct link_header *ret)
{
	ret->len = 4;
	if (len < 4)
		return;
	switch ((data[0] || data[1] ? data[0] | data[1] << 8 : data[3] | data[2] << 8)) {
	case 2:
		ret->type = LINK_TYPE_IPV4;
		break;
	case 10: /* Linux */
	case 24: /* NetBSD, OpenBSD */
	case 28: /* FreeBSD */
	case 30: /* macOS */
		ret->type = LINK_TYPE_IPV6;
		break;
	}
}

static void read_cooked(const __u8 *data, __u32 len, struct link_header *ret)
{
	ret->len = 16;
	if (len >= 16 && be16(data + 2) != ARPHRD_NETLINK)
		ret->type = be16(data + 14);
}

static void read_cooked2(const __u8 *data, __u32 len, struct link_header *ret)
{
	ret->len = 20;
	if (len >= 20 && be16(data + 8) != ARPHRD_NETLINK)
		ret->type = be16(data);
}

/* RFC 1661 and 1662: address and control may be left out, and so may the protocol's first byte. */
static void read_ppp(const __u8 *data, __u32 len, __u32 off, struct link_header *ret)
{
	__u16 protocol;

	if (off + 2 <= len && data[off] == 0xff && data[off + 1] == 0x03)
		off += 2;
	ret->len = off + 2;
	if (off >= len)
		return;
	if (data[off] & 1) {
		ret->len = off + 1;
		protocol = data[off];
	} else if (off + 2 <= len) {
		protocol = be16(data + off);
	} else {
		return;
	}
	if (protocol == 0x21)
		ret->type = LINK_TYPE_IPV4;
	else if (protocol == 0x57)
		ret->type = LINK_TYPE_IPV6;
}

void link_read(int dlt, const __u8 *data, __u32 len, struct link_header *ret)
{
	*ret = (struct link_header){ .type = LINK_TYPE_NONE };
	switch (dlt) {
	case DLT_RAW:
	case DLT_IPV4:
	case DLT_IPV6:
		read_raw(data, len, ret);
		break;
	case DLT_NULL:
	case DLT_LOOP:
		read_loopback(data, len, ret);
		break;
	case DLT_LINUX_SLL:
		read_cooked(data, len, ret);
		break;
	case DLT_LINUX_SLL2:
		read_cooked2(data, len, ret);
		break;
	case DLT_IEEE802_11:
	case DLT_IEEE802_11_RADIO:
		link_read_wifi(dlt == DLT_IEEE802_11_RADIO, data, len, ret);
		break;
	case DLT_PPP:
	case DLT_PPP_SERIAL:
		read_ppp(data, len, 0, ret);
		break;
	case DLT_PPP_WITH_DIR:
		read_ppp(data, len, 1, ret);
		break;
	case DLT_PPP_ETHER: /* RFC 2516: 6 bytes before PPP; code 0 is data */
		if (len < 6 || !data[1])
			read_ppp(data, len, 6, ret);
		break;
	}
}
