/* SPDX-License-Identifier: GPL-2.0-only */
/* Has a conversation of the tables with the programs, segment by segment. */
#include <errno.h>
#include <string.h>

#include "packet.h"
#include "table.h"
#include "talk.h"

#define MTU 1400

struct talk talk;

static void emit_packet(struct talk *t, const struct packet_spec *spec)
{
	static uint8_t packet[PACKET_MAX];

	for (size_t i = 0; i < t->program_count && !t->unable; i++) {
		struct packet_spec at_hook = *spec;
		bool servers_side = spec->from_client == (i > 0);
		int verdict;

		at_hook.client_natted = t->snat && servers_side;
		at_hook.server_natted = t->dnat && !servers_side;
		verdict = t->target->run(t->programs[i], packet, packet_build(&at_hook, packet));
		if (verdict == -EOPNOTSUPP)
			t->unable = true;
		else
			assert_int_equal(verdict, target_program_pass(t->programs[i]));
	}
}

/* A segment of the server. */
static void emit(struct talk *t, uint8_t flags, uint32_t seq, const void *bytes, size_t len)
{
	struct packet_spec spec = {
		.ip_first = target_program_starts_at_ip(t->programs[0]),
		.ipv6 = t->row->ipv6,
		.tags = { t->row->vlan ? 0x8100 : 0 },
		.tcp_flags = flags,
		.tcp_options = 12,
		.seq = seq,
		.ack = t->ack,
		.payload = bytes,
		.payload_len = len,
	};

	emit_packet(t, &spec);
}

/* Segments of the client, which has `have` bytes of what the server sent. */
static void ask(struct talk *t, const char *text, size_t have)
{
	size_t len = strlen(text), n = t->border == BYTE_BY_BYTE && !t->row->whole_asks ? 1 : len;
	struct packet_spec spec = {
		.ip_first = target_program_starts_at_ip(t->programs[0]),
		.ipv6 = t->row->ipv6,
		.tags = { t->row->vlan ? 0x8100 : 0 },
		.from_client = true,
		.ack = t->seq + have,
		.payload_len = n,
	};

	for (size_t i = 0; i < len; i += n) {
		spec.payload = text + i;
		spec.seq = t->ack + i;
		emit_packet(t, &spec);
	}
}

/* Bytes [from, to) of the stream, in segments of at most `most` bytes. */
static void emit_bytes(struct talk *t, size_t from, size_t to, size_t most)
{
	for (size_t n; from < to && !t->unable; from += n) {
		n = to - from < most ? to - from : most;
		if (t->border == BYTE_BY_BYTE)
			n = 1;
		else if (t->sent < t->border && t->border - t->sent < n)
			n = t->border - t->sent;
		emit(t, PACKET_ACK, t->seq + from, t->stream + from, n);
		t->sent += n;
	}
}

static void say(struct talk *t, const struct step *step)
{
	size_t from = t->len, times = step->times ? step->times : 1, n = strlen(step->text);

	assert_true(t->len + times * n <= sizeof(t->stream));
	for (size_t i = 0; i < times; i++, t->len += n)
		memcpy(t->stream + t->len, step->text, n);
	if (step->act != LOSE)
		emit_bytes(t, from, t->len, step->act == SEND ? MTU : STREAM_BYTES);
}

void talk_do(struct talk *t, const struct step *step)
{
	const char *text = step->text ? step->text : GET;

	switch (step->act) {
	case SEND:
	case SEND_WHOLE:
	case LOSE:
		say(t, step);
		break;
	case AGAIN:
		assert_true(step->from + step->len <= t->len);
		emit(t, PACKET_ACK, t->seq + step->from, t->stream + step->from, step->len);
		break;
	case ASK:
	case ASK_OLD:
	case ASK_UNSEEN:
		if (step->act != ASK_UNSEEN && !t->client_unseen)
			ask(t, text, step->act == ASK ? t->len : step->from);
		t->ack += strlen(text);
		break;
	case ASK_LATE:
		t->ack -= strlen(text);
		ask(t, text, step->from);
		t->ack += strlen(text);
		break;
	case SYN:
		if (t->seq != step->from + 1) {
			t->seq = step->from + 1;
			t->len = 0;
		}
		emit(t, PACKET_SYN | PACKET_ACK, step->from, NULL, 0);
		break;
	case FORGET:
		t->target->forget_flows();
		break;
	case END:
		break;
	}
}

/* Both SYNs of a connection. */
static void open_connection(struct talk *t)
{
	struct packet_spec spec = {
		.ip_first = target_program_starts_at_ip(t->programs[0]),
		.ipv6 = t->row->ipv6,
		.tags = { t->row->vlan ? 0x8100 : 0 },
		.from_client = true,
		.tcp_flags = PACKET_SYN,
		.seq = t->ack - 1,
	};

	if (!t->client_unseen)
		emit_packet(t, &spec);
	emit(t, PACKET_SYN | PACKET_ACK, t->seq - 1, NULL, 0);
}

void talk_begin(const struct http_row *row, const struct target *target,
		const enum program *programs, size_t program_count, size_t border)
{
	static const struct step REQUEST = { .act = ASK };

	talk.row = row;
	talk.target = target;
	talk.programs = programs;
	talk.program_count = program_count;
	talk.border = border;
	talk.sent = 0;
	talk.seq = row->first_seq ? row->first_seq : 1000;
	talk.ack = 0xffffffe0; /* wraps with the second request */
	talk.len = 0;
	talk.unable = false;
	target->require_reverse(!row->one_sided && !talk.client_unseen);
	if (!row->joined)
		open_connection(&talk);
	if (!row->unasked)
		talk_do(&talk, &REQUEST);
}

bool talk_through(const struct http_row *row, const struct target *target,
		  const enum program *programs, size_t program_count, size_t border)
{
	talk_begin(row, target, programs, program_count, border);
	for (int i = 0; i < STEPS && row->steps[i].act != END && !talk.unable; i++)
		talk_do(&talk, &row->steps[i]);
	return !talk.unable;
}
