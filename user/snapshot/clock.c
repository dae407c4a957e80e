/* SPDX-License-Identifier: GPL-2.0-only */
/* The judge's clock as bytes, and how it goes on after a restart. */
#include "snapshot/parts.h"

#include <errno.h>
#include <string.h>

static const unsigned char magic[8] = "SWclock1";

size_t snapshot_clock_save(const struct snapshot_clock *clock,
			   unsigned char bytes[SNAPSHOT_CLOCK_MAX])
{
	struct pack pack = { .bytes = bytes, .capacity = SNAPSHOT_CLOCK_MAX };

	pack_bytes(&pack, magic, sizeof(magic));
	pack_bytes(&pack, clock->boot, sizeof(clock->boot));
	pack_number(&pack, clock->judge.shift_ns);
	pack_number(&pack, clock->judge.now_ns);
	pack_number(&pack, clock->judge.wall_ns);
	return pack.len;
}

int snapshot_clock_load(const void *bytes, size_t len, struct snapshot_clock *ret)
{
	struct unpack unpack = { .at = bytes, .end = (const unsigned char *)bytes + len };
	unsigned char began[sizeof(magic)];
	struct snapshot_clock clock;

	unpack_bytes(&unpack, began, sizeof(began));
	unpack_bytes(&unpack, clock.boot, sizeof(clock.boot));
	clock.judge.shift_ns = unpack_number(&unpack, ~0ULL);
	clock.judge.now_ns = unpack_number(&unpack, TIME_MAX_NS);
	clock.judge.wall_ns = unpack_number(&unpack, TIME_MAX_NS);
	if (unpack.failed || unpack.at != unpack.end || memcmp(began, magic, sizeof(magic)) != 0 ||
	    !clock.judge.now_ns)
		return -EINVAL;
	*ret = clock;
	return 0;
}

bool snapshot_clock_resume(const struct snapshot_clock *kept,
			   const unsigned char boot[SNAPSHOT_BOOT_LEN], __u64 boot_ns,
			   __u64 wall_ns, struct judge_clock *ret)
{
	__u64 now_ns = kept->judge.shift_ns + boot_ns;

	*ret = kept->judge;
	if (!memcmp(kept->boot, boot, SNAPSHOT_BOOT_LEN) && now_ns >= kept->judge.now_ns &&
	    now_ns <= TIME_MAX_NS)
		return true;
	/* another boot: what the wall clock says has passed, has passed */
	if (wall_ns >= kept->judge.wall_ns && wall_ns <= TIME_MAX_NS &&
	    wall_ns - kept->judge.wall_ns <= TIME_MAX_NS - kept->judge.now_ns) {
		ret->shift_ns = kept->judge.now_ns + (wall_ns - kept->judge.wall_ns) - boot_ns;
		return true;
	}
	ret->shift_ns = kept->judge.now_ns - boot_ns;
	ret->wall_ns = wall_ns;
	return false;
}
