/* SPDX-License-Identifier: GPL-2.0-only */
/* What is known of each packet program. */
#include <string.h>

#include "target.h"

static const struct {
	const char *name;
	enum sw_hook hook;
	bool starts_at_ip;
	int pass; /* TC_ACT_UNSPEC, XDP_PASS */
} PROGRAM[PROGRAMS] = {
	[SW_INGRESS] = { "sw_ingress", HOOK_INGRESS, false, -1 },
	[SW_EGRESS] = { "sw_egress", HOOK_EGRESS, false, -1 },
	[SW_INGRESS_L3] = { "sw_ingress_l3", HOOK_INGRESS, true, -1 },
	[SW_EGRESS_L3] = { "sw_egress_l3", HOOK_EGRESS, true, -1 },
	[SW_XDP] = { "sw_xdp", HOOK_XDP, false, 2 },
	[SW_XDP_FRAGS] = { "sw_xdp_frags", HOOK_XDP, false, 2 },
};

const char *target_program_name(enum program program)
{
	return PROGRAM[program].name;
}

enum sw_hook target_program_hook(enum program program)
{
	return PROGRAM[program].hook;
}

bool target_program_starts_at_ip(enum program program)
{
	return PROGRAM[program].starts_at_ip;
}

int target_program_pass(enum program program)
{
	return PROGRAM[program].pass;
}

void target_take_event(const void *data, size_t size, struct event *ret,
		       char ret_request[SW_REQUEST_LINE + 1])
{
	const struct http_event *error = data;

	memcpy(ret, data, sizeof(*ret));
	memset(ret_request, 0, SW_REQUEST_LINE + 1);
	if (size >= sizeof(*error))
		memcpy(ret_request, error->line, error->len);
}
