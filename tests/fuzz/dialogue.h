/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A fuzzer's bytes as what a client and a server say to each other. A byte from 0x80 on begins a
 * segment, and says whose it is and what becomes of it; the bytes below 0x80 behind it are its
 * payload. So text can be read, inserted and cut, and every input means something.
 *
 *   bit 0      by the server
 *   bits 1-3   enum dialogue_act
 *   bits 4-6   n, 0 to 7
 */
#ifndef TESTS_FUZZ_DIALOGUE_H
#define TESTS_FUZZ_DIALOGUE_H

#include "reference.h"

enum dialogue_act {
	DIALOGUE_SEND,
	DIALOGUE_LATE,   /* n + 1 segments overtake it */
	DIALOGUE_LOSE,   /* it is not seen */
	DIALOGUE_TWICE,  /* seen again n segments later */
	DIALOGUE_BACK,   /* begins with the 8^n last bytes of its side */
	DIALOGUE_STALE,  /* does not know the other side's last n + 1 segments */
	DIALOGUE_REPEAT, /* the payload 4^n times */
	DIALOGUE_ODD,    /* enum dialogue_odd */
};

/* n of DIALOGUE_ODD: what happens besides. */
enum dialogue_odd {
	DIALOGUE_UNREADABLE,  /* the first load of its bytes fails */
	DIALOGUE_OUTRUN,      /* another CPU changes the flow while it is read */
	DIALOGUE_REFUSE,      /* no room for flows from now on */
	DIALOGUE_FORGET,      /* flows are evicted before it */
	DIALOGUE_KEEP_ALIVE,  /* a byte that was confirmed long ago precedes it */
	DIALOGUE_CONNECTION,  /* a new connection with the same addresses and ports */
	DIALOGUE_UNREADABLE2, /* the second load fails */
	DIALOGUE_RESET,       /* RST before it */
};

#define DIALOGUE_SEGMENTS 300
#define DIALOGUE_BYTES    16000 /* of a segment: more than the budget of steps */
#define DIALOGUE_STREAM   40000

/* As it was sent. Offsets count from the first byte of the side's stream. */
struct dialogue_segment {
	bool by_client;
	enum dialogue_act act;
	unsigned int n;
	size_t start, len;
	size_t acked; /* bytes of the other side that it confirms */
};

struct dialogue {
	uint8_t bytes[2][DIALOGUE_STREAM]; /* by the client? */
	size_t len[2];
	struct dialogue_segment sent[DIALOGUE_SEGMENTS];
	size_t sent_count;
	size_t seen[2 *
		    DIALOGUE_SEGMENTS]; /* indexes of sent, in the order in which they are seen */
	size_t seen_count;
};

/* Reads one connection. The bytes that are left, from DIALOGUE_CONNECTION on: *ret_rest of them. */
const uint8_t *dialogue_read(const uint8_t *data, size_t size, struct dialogue *ret,
			     size_t *ret_rest);

/* Where the bytes that it carries begin. */
size_t dialogue_first_byte(const struct dialogue_segment *segment);

bool dialogue_is_odd(const struct dialogue_segment *segment, enum dialogue_odd odd);

#endif
