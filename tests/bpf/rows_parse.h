/* SPDX-License-Identifier: GPL-2.0-only */
/* Packets, and what each is counted as. */
#ifndef TESTS_BPF_ROWS_PARSE_H
#define TESTS_BPF_ROWS_PARSE_H

#include "packet.h"

/* What a row does not mention is zero. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define OK COUNT_UNDERSTOOD

struct parse_row {
	const char *name;
	struct packet_spec spec;
	enum sw_counter want;
	bool closed; /* the tunnel is not opened: this is an ordinary packet of its protocol */
};

extern const struct parse_row PARSE_ROWS[], TUNNEL_ROWS[];
extern const size_t PARSE_ROW_COUNT, TUNNEL_ROW_COUNT;

#endif
