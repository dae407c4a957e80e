/* SPDX-License-Identifier: GPL-2.0-only */
/* Any bytes as a packet, at each hook: one named result, the same wherever the bytes stand. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "reached.h"
#include "tests/bpf/host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Linear bytes of a packet: all, none, and parts of its headers. */
static const size_t LINEAR[] = { HOST_LINEAR_MOST, 0, 20, 60 };

static void expect(bool holds)
{
	if (!holds)
		abort();
}

static void check_result(const struct counts *got, const struct host_packet *p, size_t size)
{
	const __u64 *n = got->totals.n;
	__u64 named = n[COUNT_UNDERSTOOD];

	for (int i = COUNT_PARSE_TRUNCATED; i <= COUNT_PARSE_L4_SHORT; i++)
		named += n[i];
	expect(named == 1);
	expect(n[COUNT_PACKETS_INGRESS] + n[COUNT_PACKETS_EGRESS] + n[COUNT_PACKETS_XDP] == 1);
	if (!n[COUNT_UNDERSTOOD])
		expect(!got->key_count && !n[COUNT_FLOWS_CREATED]);
	expect(p->payload_off <= size && p->payload_len <= size - p->payload_off);
	expect(!n[COUNT_HTTP_UNREADABLE]);
	if (!got->drop_key_count)
		return;
	/* An ICMP error denies to nobody but who gets it. */
	expect(got->drop_key_count == 1 && got->drop_keys[0].class == CLASS_PROHIBITED);
	expect(!memcmp(&got->drop_keys[0].source, &p->destination, sizeof(p->destination)));
	expect(got->drop_values[0].packets == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct counts first, got;
	struct host_packet first_packet, packet;

	if (!size || size > HOST_LINEAR_MOST)
		return 0;
	for (enum program p = 0; p < PROGRAMS; p++) {
		for (size_t i = 0; i < sizeof(LINEAR) / sizeof(LINEAR[0]); i++) {
			host_set_linear(LINEAR[i]);
			host_set_fill(i % 2 ? 0xff
					    : 0); /* behind loaded bytes: it must not matter */
			host_target.reset();
			if (host_target.run(p, data, size) < -1)
				continue; /* sw_xdp has no packets that are not linear */
			host_target.read(&got);
			reached_add(&got.totals);
			host_get_packet(&packet);
			check_result(&got, &packet, size);
			if (!i) {
				first = got;
				first_packet = packet;
			}
			/* Both are zero where nothing was written, padding too. */
			expect(first.drop_key_count == got.drop_key_count);
			if (got.drop_key_count)
				expect(!memcmp(&first.drop_keys[0], &got.drop_keys[0],
					       offsetof(struct drop_key, port) + 2));
			expect(!memcmp(&first.totals, &got.totals, sizeof(got.totals)));
			if (got.totals.n[COUNT_UNDERSTOOD])
				expect(!memcmp(&first_packet, &packet, sizeof(packet)));
		}
	}
	return 0;
}
