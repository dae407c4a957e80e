/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tests of windows share: a window, numbered groups and records. */
#ifndef TESTS_UNIT_WINDOWS_H
#define TESTS_UNIT_WINDOWS_H

#include "tests/unit/core.h"
#include "core/window.h"

static inline struct window *new_window(__u32 span, enum distinct distinct)
{
	const struct window_cfg cfg = {
		.span = span,
		.distinct = distinct,
		.group_max = WINDOW_GROUP_MAX,
		.flow_max = WINDOW_FLOW_MAX,
		.cell_max = WINDOW_CELL_MAX,
		.seed = 5,
	};
	struct window *window;

	assert_int_equal(window_new(&cfg, &window), 0);
	return window;
}

static inline struct group_key group_of(__u32 n)
{
	return (struct group_key){ .source = { { 0, 0, 0, n } } };
}

/* One record of group n, whose other fields come from `variant`. */
static inline struct record record_of(__u32 n, __u32 variant, __u64 count)
{
	return (struct record){
		.count = count,
		.source = { { 0, 0, 0, n } },
		.destination = { { 0, 0, 1, variant % 3 } },
		.port = (__u16)(variant % 5),
		.code = (__u16)(400 + variant % 7),
		.hook = (__u8)(variant % 2),
	};
}

static inline __u64 add(struct window *window, __u32 n, __u32 variant, __u64 count)
{
	struct group_key key = group_of(n);
	struct record record = record_of(n, variant, count);
	__u64 measure;

	assert_int_equal(window_add(window, &key, &record, &measure), 0);
	return measure;
}

static inline struct window_group find(const struct window *window, __u32 n)
{
	struct group_key key = group_of(n);
	struct window_group group;

	window_find(window, &key, &group);
	return group;
}

#endif
