/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads captures: pcap and pcapng, also in gzip, of several link types, as Ethernet frames. */
#ifndef CAPTURE_CAPTURE_H
#define CAPTURE_CAPTURE_H

#include <stdbool.h>
#include <linux/types.h>

#define CAPTURE_ERROR_MAX 512

/* One packet, always as an Ethernet frame: other link layers get a header with their EtherType. */
struct frame {
	__u64 time_ns;      /* since the Unix epoch; 0 where bad_time */
	const __u8 *data;   /* valid until the next packet is read */
	__u32 len;          /* bytes that are there, at least those of an Ethernet header */
	__u32 original_len; /* as on the wire; the capture may hold less */
	bool bad_time;      /* no time that can be: before 1970, after 2500, 2 s in a second */
	bool encrypted;     /* 802.11: nobody can look inside */
	bool aggregated;    /* 802.11: several packets in one (A-MSDU), which are not taken apart */
};

struct capture;

/*
 * Reads the head of the capture behind fd, which is the capture's from then on, also on failure.
 * -EPROTONOSUPPORT: a link type that is not read. -EINVAL: no capture at all. -EBADMSG: a damaged
 * one. -ENOMEM. error says which, without the file's name.
 */
int capture_open(int fd, struct capture **ret, char error[CAPTURE_ERROR_MAX]);
void capture_close(struct capture *capture); /* NULL is fine */

/* 1 with the next packet, 0 at the end, -EBADMSG where the file is damaged: error says how. */
int capture_next(struct capture *capture, struct frame *ret, char error[CAPTURE_ERROR_MAX]);

/* How many bytes of the file were read, and how many it has; 0 of a pipe. */
__u64 capture_position(const struct capture *capture);
__u64 capture_size(const struct capture *capture);

#endif
