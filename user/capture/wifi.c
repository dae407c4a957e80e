/* SPDX-License-Identifier: GPL-2.0-only */
/* 802.11 frames, with radiotap (https://www.radiotap.org) or without. */
#include "capture/link.h"

#include <string.h>

#define RADIOTAP_TSFT     (1U << 0)
#define RADIOTAP_FLAGS    (1U << 1)
#define RADIOTAP_EXTENDED (1U << 31)
#define FLAG_DATAPAD      0x20 /* the header is padded to a multiple of 4 */
#define FLAG_BADFCS       0x40

/* Frame control, IEEE 802.11-2020 9.2.4.1 */
#define FC_TYPE      0x0c
#define FC_DATA      0x08
#define FC_NULL      0x40 /* a data frame without data */
#define FC_QOS       0x80
#define FC1_DS       0x03
#define FC1_PROTECT  0x40
#define FC1_ORDER    0x80
#define QOS_AMSDU    0x80
#define HEADER_BYTES 24
#define SNAP_BYTES   8

static __u32 le16(const __u8 *p)
{
	return p[0] | p[1] << 8;
}

static __u32 le32(const __u8 *p)
{
	return le16(p) | le16(p + 2) << 16;
}

/* The radiotap header's flags, 0 where it has none. len is within the packet. */
static __u8 radiotap_flags(const __u8 *data, __u32 len)
{
	__u32 present = le32(data + 4), at = 8;

	if (!(present & RADIOTAP_FLAGS))
		return 0;
	for (__u32 word = present; word & RADIOTAP_EXTENDED; at += 4) {
		if (at + 4 > len)
			return 0;
		word = le32(data + at);
	}
	if (present & RADIOTAP_TSFT)
		at = (at + 7) / 8 * 8 + 8; /* fields are aligned to their size */
	return at < len ? data[at] : 0;
}

/* Skips radiotap: its length, or more than the packet has. */
static __u32 read_radiotap(const __u8 *data, __u32 len, __u8 *ret_flags)
{
	__u32 header = len < 8 ? 8 : le16(data + 2);

	if (header < 8)
		header = 8;
	*ret_flags = header <= len ? radiotap_flags(data, header) : 0;
	return header;
}

static __u32 header_len(const __u8 *frame)
{
	__u32 len = HEADER_BYTES;

	if ((frame[1] & FC1_DS) == FC1_DS)
		len += 6; /* a fourth address */
	if (frame[0] & FC_QOS) {
		len += 2;
		if (frame[1] & FC1_ORDER)
			len += 4; /* HT control */
	}
	return len;
}

/* IP comes in LLC with SNAP (RFC 1042). */
static void read_snap(const __u8 *snap, struct link_header *ret)
{
	if (!memcmp(snap, "\xaa\xaa\x03\x00\x00\x00", 6))
		ret->type = snap[6] << 8 | snap[7];
}

void link_read_wifi(bool radiotap, const __u8 *data, __u32 len, struct link_header *ret)
{
	__u32 start = 0, header;
	__u8 flags = 0;

	*ret = (struct link_header){ .type = LINK_TYPE_NONE };
	if (radiotap)
		start = read_radiotap(data, len, &flags);
	ret->len = start + HEADER_BYTES + SNAP_BYTES;
	if (start + HEADER_BYTES > len)
		return;
	data += start;
	if (flags & FLAG_BADFCS || (data[0] & FC_TYPE) != FC_DATA || data[0] & FC_NULL)
		goto out; /* noise, management, control, no data */
	header = header_len(data);
	if (data[1] & FC1_PROTECT) {
		ret->encrypted = true;
		goto out;
	}
	ret->len = start + header + (flags & FLAG_DATAPAD ? -header & 3 : 0) + SNAP_BYTES;
	if (ret->len > len)
		return;
	if (data[0] & FC_QOS && data[header - (data[1] & FC1_ORDER ? 6 : 2)] & QOS_AMSDU) {
		ret->aggregated = true;
		goto out;
	}
	read_snap(data + (ret->len - start) - SNAP_BYTES, ret);
	return;
out:
	ret->len = start;
}
