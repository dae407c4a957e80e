/* SPDX-License-Identifier: GPL-2.0-only */
/* What is loaded, for those that read it: maps, counters of programs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "spikewatch_abi.h"

#include "spikewatch.skel.h"

#include "kernel/loader_state.h"

void loader_maps(const struct loader *loader, struct loader_maps *ret)
{
	const struct spikewatch *skel = loader->skel;

	*ret = (struct loader_maps){
		.epoch = &skel->bss->epoch,
		.http_used = { skel->bss->keys_used[0][KEYS_HTTP],
			       skel->bss->keys_used[1][KEYS_HTTP] },
		.drops_used = { skel->bss->keys_used[0][KEYS_DROPS],
				skel->bss->keys_used[1][KEYS_DROPS] },
		.http_epochs = bpf_map__fd(skel->maps.http_epochs),
		.drop_epochs = bpf_map__fd(skel->maps.drop_epochs),
		.http_counts = { bpf_map__fd(skel->maps.http_counts_0),
				 bpf_map__fd(skel->maps.http_counts_1) },
		.drop_counts = { bpf_map__fd(skel->maps.drop_counts_0),
				 bpf_map__fd(skel->maps.drop_counts_1) },
		.drop_marks = { skel->bss->drop_marks[0], skel->bss->drop_marks[1] },
		.totals = bpf_map__fd(skel->maps.totals),
		.events = bpf_map__fd(skel->maps.events),
		.chains = loader->chains.asked ? bpf_map__fd(skel->maps.chains) : -1,
		.attempts = loader->sizes.attempts ? bpf_map__fd(skel->maps.attempts) : -1,
		.speeches = bpf_map__fd(skel->maps.speeches),
		.tick = &skel->bss->tick,
		.kept_until_ns = &skel->bss->kept_until_ns,
		.since_ns = loader->kept.until_ns,
		.netns = skel->rodata->own_netns,
		.shared = loader->sizes.shared,
		.queries = loader->requests == REQUESTS_FULL,
		.quiet = loader->replay,
		.entries = loader->sizes.counts,
		.drop_entries = loader->sizes.drops,
		.attempt_entries = loader->sizes.attempts,
	};
}

/* Of the loaded programs, one after the other; false: there is no other. */
static bool next_info(const struct loader *loader, struct bpf_program **prog,
		      struct bpf_prog_info *ret)
{
	while ((*prog = bpf_object__next_program(loader->skel->obj, *prog))) {
		__u32 len = sizeof(*ret);
		int fd = bpf_program__fd(*prog);

		memset(ret, 0, sizeof(*ret));
		if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, ret, &len))
			return true;
	}
	return false;
}

__u64 loader_recursion_missed(const struct loader *loader)
{
	struct bpf_program *prog = NULL;
	struct bpf_prog_info info;
	__u64 missed = 0;

	while (next_info(loader, &prog, &info))
		missed += info.recursion_misses;
	return missed;
}

const struct sizes *loader_sizes(const struct loader *loader)
{
	return &loader->sizes;
}

size_t loader_programs(const struct loader *loader, struct loader_program *ret, size_t max)
{
	struct bpf_program *prog = NULL;
	struct bpf_prog_info info;
	size_t count = 0;

	while (count < max && next_info(loader, &prog, &info)) {
		struct loader_program *program = &ret[count++];

		snprintf(program->name, sizeof(program->name), "%s", bpf_program__name(prog));
		program->run_ns = info.run_time_ns;
		program->runs = info.run_cnt;
	}
	return count;
}
