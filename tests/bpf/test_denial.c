/* SPDX-License-Identifier: GPL-2.0-only */
/* What the network says about denials: prohibited, refused, unanswered. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "host.h"
#include "kernel.h"
#include "packet.h"
#include "table.h"

/* What a row does not mention is zero. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

/* --- ICMP ------------------------------------------------------------------------------------ */

struct icmp_row {
	const char *name;
	uint8_t type, code;
	struct packet_spec quote; /* begins with the IP header, and is the client's */
	struct packet_spec spec;  /* the message around it */
	uint16_t quoted;          /* bytes of the quote; 0: all */
	enum sw_counter want;     /* 0: a deny */
	uint16_t reason;          /* 0: nothing is counted */
	bool no_port;
};

static const struct icmp_row ICMP_ROWS[] = {
	{ "net prohibited", 3, 9, .reason = SW_REASON_NET_PROHIBITED },
	{ "host prohibited", 3, 10, .reason = SW_REASON_HOST_PROHIBITED },
	{ "communication prohibited", 3, 13, .reason = SW_REASON_ADMIN_PROHIBITED },
	{ "port unreachable denies nothing", 3, 3 },
	{ "type of service denies nothing", 3, 11 },
	{ "time exceeded denies nothing", 11, 13 },
	{ "IPv6: prohibited", 1, 1, { .ipv6 = true }, .reason = SW_REASON_ADMIN_PROHIBITED },
	{ "IPv6: policy", 1, 5, { .ipv6 = true }, .reason = SW_REASON_POLICY_FAIL },
	{ "IPv6: reject route", 1, 6, { .ipv6 = true }, .reason = SW_REASON_REJECT_ROUTE },
	{ "IPv6: no route denies nothing", 1, 0, { .ipv6 = true } },
	{ "IPv6: another type denies nothing", 3, 1, { .ipv6 = true } },
	{ "UDP", 3, 13, { .proto = PACKET_UDP }, .reason = SW_REASON_ADMIN_PROHIBITED },
	{ "SCTP", 3, 13, { .proto = PACKET_SCTP }, .reason = SW_REASON_ADMIN_PROHIBITED },
	{ "an echo request",
	  3,
	  13,
	  { .proto = PACKET_ICMP },
	  .reason = SW_REASON_ADMIN_PROHIBITED,
	  .no_port = true },
	{ "8 bytes behind IP", 3, 13, .quoted = 28, .reason = SW_REASON_ADMIN_PROHIBITED },
	{ "7 bytes behind IP: no port", 3, 13, .quoted = 27, .reason = SW_REASON_ADMIN_PROHIBITED,
	  .no_port = true },
	{ "less than an IP header", 3, 13, .quoted = 19, .want = COUNT_DENIAL_UNREADABLE },
	{ "a quote of one byte", 3, 13, .quoted = 1, .want = COUNT_DENIAL_UNREADABLE },
	{ "IPv6: less than a header",
	  1,
	  1,
	  { .ipv6 = true },
	  .quoted = 39,
	  .want = COUNT_DENIAL_UNREADABLE },
	{ "a header length that is none", 3, 13, { .ihl = 4 }, .want = COUNT_DENIAL_UNREADABLE },
	{ "a length below its header",
	  3,
	  13,
	  { .length_delta = -21 },
	  .want = COUNT_DENIAL_UNREADABLE },
	{ "no IP", 3, 13, { .version = 5 }, .want = COUNT_DENIAL_UNREADABLE },
	{ "not to its sender", 3, 13, { .client_natted = true }, .want = COUNT_DENIAL_MISDIRECTED },
	{ "options in the quote",
	  3,
	  13,
	  { .ip_options = 40 },
	  .reason = SW_REASON_ADMIN_PROHIBITED },
	{ "the first fragment has ports",
	  3,
	  13,
	  { .fragment = 0x2000 },
	  .reason = SW_REASON_ADMIN_PROHIBITED },
	{ "another fragment has none",
	  3,
	  13,
	  { .fragment = 0x0010 },
	  .reason = SW_REASON_ADMIN_PROHIBITED,
	  .no_port = true },
	{ "IPv6: extension headers",
	  1,
	  1,
	  { .ipv6 = true, .exts = { { PACKET_HOP_BY_HOP }, { PACKET_DESTINATION } } },
	  .reason = SW_REASON_ADMIN_PROHIBITED },
	{ "IPv6: a quote that ends in an extension header",
	  1,
	  1,
	  { .ipv6 = true, .exts = { { PACKET_HOP_BY_HOP, .len = 64 } } },
	  .quoted = 44,
	  .want = COUNT_DENIAL_UNREADABLE },
	{ "IPv6: an extension header beyond its packet",
	  1,
	  1,
	  { .ipv6 = true, .exts = { { PACKET_DESTINATION, .wrong_len = 200 } } },
	  .want = COUNT_DENIAL_UNREADABLE },
	{ "in a VLAN", 3, 13, {}, { .tags = { 0x8100 } }, .reason = SW_REASON_ADMIN_PROHIBITED },
	{ "with options in front",
	  3,
	  13,
	  {},
	  { .ip_options = 40 },
	  .reason = SW_REASON_ADMIN_PROHIBITED },
	{ "a quote longer than is looked at",
	  3,
	  13,
	  { .payload = (const uint8_t[600]){}, .payload_len = 600 },
	  .reason = SW_REASON_ADMIN_PROHIBITED },
};

/* The message; ret_denied: bytes of the packet that was denied. */
static size_t build_message(const struct icmp_row *row, bool ip_first, uint8_t *buf,
			    size_t *ret_denied)
{
	struct packet_spec quote = row->quote, spec = row->spec;
	static uint8_t quoted[PACKET_MAX];

	quote.ip_first = true;
	quote.from_client = true;
	if (!quote.proto && !quote.tcp_flags)
		quote.tcp_flags = PACKET_SYN;
	*ret_denied = packet_build(&quote, quoted);
	spec.ip_first = ip_first;
	spec.ipv6 = quote.ipv6;
	spec.proto = quote.ipv6 ? PACKET_ICMPV6 : PACKET_ICMP;
	spec.icmp_type = row->type;
	spec.icmp_code = row->code;
	spec.payload = quoted;
	spec.payload_len = row->quoted ? row->quoted : *ret_denied;
	return packet_build(&spec, buf);
}

static void check_denied(const struct icmp_row *row, const struct counts *got, size_t denied,
			 const char *doing)
{
	struct addr client = packet_client(row->quote.ipv6);
	struct addr server = packet_server(row->quote.ipv6);
	const struct drop_key *key = &got->drop_keys[0];
	uint8_t proto = row->quote.proto ? row->quote.proto : PACKET_TCP;

	if (got->drop_key_count != 1)
		fail_msg("%s: %zu keys", doing, got->drop_key_count);
	assert_int_equal(got->drop_values[0].packets, 2);
	assert_int_equal(got->drop_values[0].bytes, 2 * denied);
	assert_memory_equal(&key->source, &client, sizeof(client));
	assert_memory_equal(&key->destination, &server, sizeof(server));
	assert_int_equal(key->port, row->no_port ? 0 : htons(PACKET_SERVER_PORT));
	assert_int_equal(key->proto, proto);
	assert_int_equal(key->class, CLASS_PROHIBITED);
	assert_int_equal(key->reason, row->reason);
	assert_int_equal(key->out_ifindex, 1);
	assert_int_equal(got->totals.drop_class[CLASS_PROHIBITED], 2);
	assert_int_equal(got->totals.drop_reason[row->reason], 2);
	assert_int_equal(got->event_count, 1);
	assert_int_equal(got->events[0].type, EVENT_DROP);
	assert_int_equal(got->events[0].source_port, row->no_port ? 0 : htons(PACKET_CLIENT_PORT));
}

/* Twice the same message: two packets were denied. */
static void run_icmp_row(const struct table_case *c)
{
	const struct icmp_row *row = c->row;
	static uint8_t packet[PACKET_MAX];
	static struct counts got;
	int ran = 0;

	for (enum program p = 0; p < PROGRAMS; p++) {
		const char *doing = target_program_name(p);
		bool leaves = target_program_hook(p) == HOOK_EGRESS;
		size_t denied,
			len = build_message(row, target_program_starts_at_ip(p), packet, &denied);

		if (target_program_starts_at_ip(p) && row->spec.tags[0])
			continue;
		c->target->reset();
		if (c->target->run(p, packet, len) == -EOPNOTSUPP)
			continue;
		c->target->run(p, packet, len);
		c->target->read(&got);
		table_note_reached(&got);
		table_check_identity(&got, doing);
		ran++;
		for (enum sw_counter i = COUNT_DENIAL_UNREADABLE; i <= COUNT_DENIAL_REPEATED; i++)
			table_check_counter(&got, i, !leaves && i == row->want ? 2 : 0, doing);
		if (row->reason && !leaves)
			check_denied(row, &got, denied, doing);
		else if (got.drop_key_count)
			fail_msg("%s: a deny was counted", doing);
	}
	assert_true(ran >= 3);
}

static void test_icmp_row(void **state)
{
	static const size_t LINEAR[] = { HOST_LINEAR_MOST, 0, 40, 60 };
	const struct table_case *c = *state;
	size_t times = c->target == &host_target ? ARRAY_SIZE(LINEAR) : 1;

	for (size_t i = 0; i < times; i++) {
		host_set_linear(LINEAR[i]);
		run_icmp_row(c);
	}
	host_set_linear(HOST_LINEAR_MOST);
}

/* --- attempts to connect ------------------------------------------------------------------------
 */

enum act {
	END,
	SYN,
	SYN_AGAIN,
	SYN_NEW,
	SYN_ACK,
	RESET,
	RESET_OTHER,
	RESET_DATA,
	PROHIBITED,
	LATER
};

#define ACTS 6

struct attempt_row {
	const char *name;
	enum act acts[ACTS];
	unsigned int attempts, answered, refused, unanswered, left;
	bool comes_in; /* the SYN is seen when it comes in, and does not go out */
	bool tap;
	bool ipv6;
};

static const struct attempt_row ATTEMPT_ROWS[] = {
	{ "answered", { SYN, SYN_ACK }, 1, 1 },
	{ "refused", { SYN, RESET }, 1, .refused = 1 },
	{ "refused, IPv6", { SYN, RESET }, 1, .refused = 1, .ipv6 = true },
	{ "refused once, whoever sees it again", { SYN, RESET, RESET }, 1, .refused = 1 },
	{ "a reset of something else", { SYN, RESET_OTHER }, 1, .left = 1 },
	{ "a reset with data is no refusal", { SYN, RESET_DATA }, 1, .left = 1 },
	{ "a reset without a SYN", { RESET } },
	{ "a reset behind the answer", { SYN, SYN_ACK, RESET }, 1, 1 },
	{ "sent again", { SYN, LATER, SYN_AGAIN }, 1, .left = 1 },
	{ "sent again, then refused", { SYN, SYN_AGAIN, RESET }, 1, .refused = 1 },
	{ "given up for another", { SYN, SYN_NEW }, 2, .unanswered = 1, .left = 1 },
	{ "prohibited by ICMP, so not unanswered", { SYN, PROHIBITED }, 1 },
	{ "comes in, and may be dropped here", { SYN, RESET }, .comes_in = true },
	{ "comes in at a tap", { SYN, RESET }, 1, .refused = 1, .comes_in = true, .tap = true },
};

static void do_act(const struct target *target, const struct attempt_row *row, enum act act,
		   enum program in, enum program out)
{
	static const char DATA[] = "why";
	struct packet_spec spec = { .ipv6 = row->ipv6 };
	struct icmp_row message = { .type = 3, .code = 13, .quote.seq = 1000 };
	static uint8_t packet[PACKET_MAX];
	enum program program = in;
	size_t len, denied;

	switch (act) {
	case SYN:
	case SYN_AGAIN:
	case SYN_NEW:
		program = row->comes_in ? in : out;
		spec.from_client = true;
		spec.tcp_flags = PACKET_SYN;
		spec.seq = act == SYN_NEW ? 5000 : 1000;
		break;
	case SYN_ACK:
		spec.tcp_flags = PACKET_SYN | PACKET_ACK;
		spec.ack = 1001;
		break;
	case RESET:
	case RESET_OTHER:
	case RESET_DATA:
		spec.tcp_flags = PACKET_RST | PACKET_ACK;
		spec.ack = act == RESET_OTHER ? 1002 : 1001;
		spec.payload = DATA;
		spec.payload_len = act == RESET_DATA ? 3 : 0;
		break;
	case LATER:
		target->set_second(3);
		return;
	case PROHIBITED:
	case END:
		break;
	}
	spec.ip_first = target_program_starts_at_ip(program);
	len = act == PROHIBITED ? build_message(&message, spec.ip_first, packet, &denied)
				: packet_build(&spec, packet);
	assert_int_equal(target->run(program, packet, len), target_program_pass(program));
}

static void run_attempts(const struct target *target, const struct attempt_row *row,
			 enum program in, enum program out)
{
	struct addr client = packet_client(row->ipv6), server = packet_server(row->ipv6);
	static struct counts got;

	target->reset();
	target->set_tap(row->tap);
	for (int i = 0; i < ACTS && row->acts[i] != END; i++)
		do_act(target, row, row->acts[i], in, out);
	target->read(&got);
	table_note_reached(&got);
	table_check_counter(&got, COUNT_ATTEMPTS, row->attempts, row->name);
	table_check_counter(&got, COUNT_ATTEMPTS_ANSWERED, row->answered, row->name);
	table_check_counter(&got, COUNT_ATTEMPTS_UNTRACKED, 0, row->name);
	assert_int_equal(got.totals.drop_class[CLASS_REFUSED], row->refused);
	assert_int_equal(got.totals.drop_class[CLASS_UNANSWERED], row->unanswered);
	for (size_t i = 0; i < got.drop_key_count; i++) {
		const struct drop_key *key = &got.drop_keys[i];

		assert_memory_equal(&key->source, &client, sizeof(client));
		assert_memory_equal(&key->destination, &server, sizeof(server));
		assert_int_equal(key->port, htons(PACKET_SERVER_PORT));
		assert_int_equal(key->proto, PACKET_TCP);
		assert_int_equal(got.drop_values[i].packets, 1);
	}
	assert_int_equal(target->attempts(), row->left);
}

static void test_attempt_row(void **state)
{
	const struct table_case *c = *state;

	run_attempts(c->target, c->row, SW_INGRESS, SW_EGRESS);
	run_attempts(c->target, c->row, SW_INGRESS_L3, SW_EGRESS_L3);
	run_attempts(c->target, c->row, SW_XDP, SW_EGRESS);
}

static void test_reached(void **state)
{
	table_check_reached(COUNT_DENIAL_UNREADABLE, COUNT_DENIAL_MISDIRECTED);
	table_check_reached(COUNT_ATTEMPTS, COUNT_ATTEMPTS_ANSWERED);
}

int main(void)
{
	const struct target *targets[] = { &host_target, &kernel_target };

	for (size_t t = 0; t < ARRAY_SIZE(targets); t++) {
		for (size_t i = 0; i < ARRAY_SIZE(ICMP_ROWS); i++)
			table_add(ICMP_ROWS[i].name, targets[t], &ICMP_ROWS[i], test_icmp_row);
		for (size_t i = 0; i < ARRAY_SIZE(ATTEMPT_ROWS); i++)
			table_add(ATTEMPT_ROWS[i].name, targets[t], &ATTEMPT_ROWS[i],
				  test_attempt_row);
	}
	table_add("each counter is reached", &host_target, NULL, test_reached);
	return table_run("denial");
}
