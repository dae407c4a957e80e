/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads captures by libpcap, as Ethernet frames. */
#include "capture/capture.h"
#include "capture/link.h"
#include "capture/stream.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pcap/pcap.h>

#define SECOND_NS       1000000000ULL
#define SECONDS_MAX     16725225600LL /* the year 2500; in nanoseconds they fit 64 bits until 2554 */
#define ETHERNET_HEADER 14

struct capture {
	struct stream *stream;
	pcap_t *pcap;
	int dlt;
	__u8 *buf; /* a frame with another header than it was captured with */
	size_t room;
};

static int refuse_link_type(int dlt, char error[CAPTURE_ERROR_MAX])
{
	const char *name = pcap_datalink_val_to_name(dlt);
	const char *says = pcap_datalink_val_to_description(dlt);

	snprintf(
		error, CAPTURE_ERROR_MAX,
		"link type %d (%s%s%s) is not read; Ethernet, raw IP, Linux cooked, loopback, 802.11 and PPP are",
		dlt, name ? name : "unknown", says ? ", " : "", says ? says : "");
	return -EPROTONOSUPPORT;
}

/* What libpcap says, or why it was given nothing to read. */
static void say_error(const struct capture *capture, const char *pcap_says,
		      char error[CAPTURE_ERROR_MAX])
{
	const char *says = stream_error(capture->stream);

	snprintf(error, CAPTURE_ERROR_MAX, "%s", says ? says : pcap_says);
}

static int open_pcap(struct capture *capture, FILE *file, char error[CAPTURE_ERROR_MAX])
{
	char pcap_says[PCAP_ERRBUF_SIZE] = "";

	capture->pcap = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO,
								 pcap_says);
	if (!capture->pcap) {
		say_error(capture, pcap_says, error);
		fclose(file);
		if (strncmp(error, "unknown file format", 19) != 0)
			return -EBADMSG;
		snprintf(error, CAPTURE_ERROR_MAX, "neither pcap nor pcapng, nor either in gzip");
		return -EINVAL;
	}
	capture->dlt = pcap_datalink(capture->pcap);
	return link_is_known(capture->dlt) ? 0 : refuse_link_type(capture->dlt, error);
}

int capture_open(int fd, struct capture **ret, char error[CAPTURE_ERROR_MAX])
{
	struct capture *capture = calloc(1, sizeof(*capture));
	FILE *file;
	int err;

	snprintf(error, CAPTURE_ERROR_MAX, "%s", strerror(ENOMEM));
	if (!capture) {
		close(fd);
		return -ENOMEM;
	}
	err = stream_open(fd, &capture->stream, &file);
	if (!err)
		err = open_pcap(capture, file, error);
	if (err) {
		capture_close(capture);
		return err;
	}
	*ret = capture;
	return 0;
}

void capture_close(struct capture *capture)
{
	if (!capture)
		return;
	if (capture->pcap)
		pcap_close(capture->pcap); /* and the stream's file */
	stream_free(capture->stream);
	free(capture->buf);
	free(capture);
}

/* A new Ethernet header, and behind it the packet from `from` on. */
static int put_header(struct capture *capture, const __u8 *data, __u32 len, __u32 from, __u16 type,
		      struct frame *ret)
{
	__u32 rest = len > from ? len - from : 0;
	size_t need = (size_t)ETHERNET_HEADER + rest;

	if (need > capture->room) {
		__u8 *buf = realloc(capture->buf, need * 2);

		if (!buf)
			return -ENOMEM;
		capture->buf = buf;
		capture->room = need * 2;
	}
	memset(capture->buf, 0, ETHERNET_HEADER - 2);
	capture->buf[ETHERNET_HEADER - 2] = type >> 8;
	capture->buf[ETHERNET_HEADER - 1] = type & 0xff;
	memcpy(capture->buf + ETHERNET_HEADER, data + len - rest, rest);
	ret->data = capture->buf;
	ret->len = need;
	return 0;
}

/* One that ends within its link header becomes an IPv4 packet without a byte: truncated. */
static int put_cut(struct capture *capture, struct frame *ret)
{
	static const __u8 nothing[1];

	return put_header(capture, nothing, 0, 0, LINK_TYPE_IPV4, ret);
}

static int convert(struct capture *capture, const __u8 *data, __u32 len, struct frame *ret)
{
	struct link_header header;

	if (capture->dlt == DLT_EN10MB) {
		if (len < ETHERNET_HEADER)
			return put_cut(capture, ret);
		ret->data = data;
		ret->len = len;
		return 0;
	}
	link_read(capture->dlt, data, len, &header);
	ret->encrypted = header.encrypted;
	ret->aggregated = header.aggregated;
	ret->original_len += ETHERNET_HEADER;
	ret->original_len -= header.len < ret->original_len ? header.len : ret->original_len;
	if (header.len > len)
		return put_cut(capture, ret);
	return put_header(capture, data, len, header.len, header.type, ret);
}

/* libpcap scales to nanoseconds whatever the file holds, and checks nothing. */
static void take_time(const struct timeval *ts, struct frame *ret)
{
	if (ts->tv_sec < 0 || ts->tv_sec > SECONDS_MAX || ts->tv_usec < 0 ||
	    (__u64)ts->tv_usec >= SECOND_NS)
		ret->bad_time = true;
	else
		ret->time_ns = ts->tv_sec * SECOND_NS + ts->tv_usec;
}

int capture_next(struct capture *capture, struct frame *ret, char error[CAPTURE_ERROR_MAX])
{
	struct pcap_pkthdr *header;
	struct frame frame = {};
	const u_char *data;
	int got = pcap_next_ex(capture->pcap, &header, &data);

	if (got == PCAP_ERROR_BREAK)
		return 0;
	if (got != 1) {
		say_error(capture, pcap_geterr(capture->pcap), error);
		return -EBADMSG;
	}
	take_time(&header->ts, &frame);
	frame.original_len = header->len > header->caplen ? header->len : header->caplen;
	if (convert(capture, data, header->caplen, &frame)) {
		snprintf(error, CAPTURE_ERROR_MAX, "%s", strerror(ENOMEM));
		return -EBADMSG;
	}
	*ret = frame;
	return 1;
}

__u64 capture_position(const struct capture *capture)
{
	return stream_position(capture->stream);
}

__u64 capture_size(const struct capture *capture)
{
	return stream_size(capture->stream);
}
