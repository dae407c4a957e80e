/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Any bytes as a capture: it is read or refused with a reason; what the parser says of a frame, it
 * says of the parts that the frame is cut into, and they hold a TCP segment's payload.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bpf/parse.h"
#include "capture/capture.h"
#include "capture/segment.h"

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size);

static enum parse_result parse(const __u8 *frame, __u32 len, struct packet *ret)
{
	const struct parse_view view = {
		.buf = frame,
		.have = len < PARSE_WINDOW ? len : PARSE_WINDOW,
		.frame_len = len,
	};

	memset(ret, 0, sizeof(*ret));
	return parse_packet(&view, PARSE_START_ETHERNET, ret);
}

static void check_part(const __u8 *part, __u32 len, enum parse_result result,
		       const struct packet *whole, __u32 *payload)
{
	struct packet packet;

	if (len < 14 || len > SEGMENT_MAX || parse(part, len, &packet) != result)
		abort();
	if (memcmp(&packet.source, &whole->source, 16) || packet.proto != whole->proto ||
	    packet.source_port != whole->source_port || packet.seq != whole->seq + *payload)
		abort();
	*payload += packet.payload_len;
}

static void check_frame(const struct frame *frame)
{
	struct segmenter parts;
	struct packet whole;
	enum parse_result result = parse(frame->data, frame->len, &whole);
	__u32 len, payload = 0;
	const __u8 *part;

	segment_begin(&parts, frame->data, frame->len);
	while ((part = segment_next(&parts, &len)))
		check_part(part, len, result, &whole, &payload);
	if (result == PARSE_OK && whole.proto == PARSE_PROTO_TCP &&
	    !(whole.tcp_flags & PARSE_TCP_SYN) && payload != whole.payload_len)
		abort();
}

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size)
{
	char error[CAPTURE_ERROR_MAX] = "";
	struct capture *capture;
	struct frame frame;
	int fd = memfd_create("capture", MFD_CLOEXEC), got;

	if (fd < 0 || write(fd, data, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET))
		abort();
	if (capture_open(fd, &capture, error)) {
		if (!error[0])
			abort();
		return 0;
	}
	error[0] = '\0';
	while ((got = capture_next(capture, &frame, error)) == 1)
		check_frame(&frame);
	if (got < 0 && !error[0])
		abort();
	capture_close(capture);
	return 0;
}
