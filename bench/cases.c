/* SPDX-License-Identifier: GPL-2.0-only */
/* The packets that are measured. */
#include <assert.h>
#include <string.h>

#include "bench/cases.h"

#define OK_135                                                                               \
	"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Sat, 21 Nov 2026 21:40:05 GMT\r\n" \
	"Content-Length: 20\r\nConnection: keep-alive\r\n"
#define MISSING_135                                                                          \
	"HTTP/1.1 404 No\r\nServer: nginx/1.22.1\r\nDate: Sat, 21 Nov 2026 21:40:05 GMT\r\n" \
	"Content-Length: 20\r\nConnection: keep-alive\r\n"
#define CHUNKED                                                                              \
	"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Sat, 21 Nov 2026 21:40:05 GMT\r\n" \
	"Content-Type: text/html\r\nTransfer-Encoding: chunked\r\n"
#define CHUNKS  "10\r\n0123456789abcdef\r\n8\r\n01234567\r\n3\r\nend\r\n0\r\n\r\n"
#define BODY_20 "01234567890123456789"

/* As in TLS: no response and no request. */
#define OPAQUE "\x17\x03\x03\x01\x40" BODY_20 BODY_20
#define REQUEST_200                                                                               \
	"GET /index.html HTTP/1.1\r\nHost: intranet.example\r\nUser-Agent: Mozilla/5.0 (X11; "    \
	"Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\nAccept: text/html,*/*;q=0.8\r\n" \
	"Connection: keep-alive\r\n\r\n"

const struct bench_case bench_cases[BENCH_CASES] = {
	{ .name = "ack_tc" },
	{ .name = "ack_ipv6_tc", .spec.ipv6 = true },
	{ .name = "syn_tc", .spec.from_client = true, .spec.tcp_flags = PACKET_SYN },
	{ .name = "udp_tc", .spec.proto = PACKET_UDP },
	{ .name = "data_without_state_tc", .body = OPAQUE },
	{ .name = "request_200_tc", .spec.from_client = true, .body = REQUEST_200 },
	{ .name = "request_behind_error_tc",
	  .before = MISSING_135 "\r\n" BODY_20,
	  .spec.ack = sizeof(BENCH_REQUEST) - 1,
	  .asks_again = true,
	  .body = REQUEST_200 },
	{ .name = "body_skip_tc",
	  .before = "HTTP/1.1 200 OK\r\nContent-Length: 400000000\r\n\r\n",
	  .spec.seq = 1000,
	  .body = BODY_20 BODY_20 },
	{ .name = "response_135_tc", .advances = true, .headers = OK_135, .body = BODY_20 },
	{ .name = "response_320_tc",
	  .advances = true,
	  .headers = OK_135,
	  .filler = 185,
	  .body = BODY_20 },
	{ .name = "response_1000_tc",
	  .advances = true,
	  .headers = OK_135,
	  .filler = 865,
	  .body = BODY_20 },
	{ .name = "error_320_event_tc",
	  .advances = true,
	  .headers = MISSING_135,
	  .filler = 185,
	  .body = BODY_20 },
	{ .name = "chunked_tc", .advances = true, .headers = CHUNKED, .body = CHUNKS },
	{ .name = "pipelined_10_tc",
	  .advances = true,
	  .headers = OK_135,
	  .body = BODY_20,
	  .times = 10 },
	{ .name = "ack_xdp", .hook = XDP },
	{ .name = "data_without_state_xdp", .hook = XDP, .body = OPAQUE },
	{ .name = "response_320_xdp",
	  .hook = XDP,
	  .advances = true,
	  .headers = OK_135,
	  .filler = 185,
	  .body = BODY_20 },
};

/* Header lines of a usual length, `bytes` in all. */
static void add_filler(char *to, size_t bytes)
{
	while (bytes) {
		size_t line = bytes < 64 ? bytes : 32;

		assert(line >= 8);
		memset(to, 'v', line);
		memcpy(to, "x-y: ", 5);
		memcpy(to + line - 2, "\r\n", 2);
		to += line;
		bytes -= line;
	}
}

size_t bench_payload(const struct bench_case *c, char *to)
{
	unsigned int times = c->times ? c->times : 1;
	size_t len = 0;

	for (unsigned int i = 0; i < times; i++) {
		if (c->headers) {
			memcpy(to + len, c->headers, strlen(c->headers));
			len += strlen(c->headers);
			add_filler(to + len, c->filler);
			len += c->filler;
			memcpy(to + len, "\r\n", 2);
			len += 2;
		}
		if (c->body) {
			memcpy(to + len, c->body, strlen(c->body));
			len += strlen(c->body);
		}
	}
	return len;
}
