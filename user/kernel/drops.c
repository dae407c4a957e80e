/* SPDX-License-Identifier: GPL-2.0-only */
/* Chooses how denied packets are told from others that the kernel frees; attaches that. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "spikewatch_abi.h"

#include "spikewatch.skel.h"

#include "kernel/drops.h"

#define QUEUE_MODULE "/sys/module/nfnetlink_queue"
#define KPROBES      "/sys/bus/event_source/devices/kprobe"

static int read_sites(struct drops *drops, bool all)
{
	return drops->kallsyms ? sites_from(drops->kallsyms, all, &drops->sites) : -errno;
}

void drops_close(struct drops *drops)
{
	if (drops->kallsyms)
		fclose(drops->kallsyms);
	drops->kallsyms = NULL;
}

void drops_choose(const struct reasons *reasons, struct drops *ret)
{
	const char *forced = getenv("SPIKEWATCH_DROPS");
	struct drops drops = {};

	drops.kallsyms = fopen("/proc/kallsyms", "re");
	drops.symbols = forced && strcmp(forced, "site") != 0 ? -EPERM
							      : read_sites(&drops, !reasons->known);
	drops.has_queue_module = !access(QUEUE_MODULE, F_OK);
	if (drops.symbols || drops.has_queue_module)
		drops_close(&drops);
	if (reasons->known)
		drops.way = DROPS_BY_REASON;
	else
		drops.way = drops.symbols ? DROPS_BY_MARK : DROPS_BY_SITE;
	if (forced && !strcmp(forced, "kprobe"))
		drops.way = DROPS_BY_KPROBE;
	*ret = drops;
}

static bool is_around(enum drops_way way)
{
	return way == DROPS_BY_MARK || way == DROPS_BY_KPROBE;
}

bool drops_next(struct drops *drops)
{
	if (!is_around(drops->way))
		return false;
	drops->way = drops->way == DROPS_BY_MARK && !access(KPROBES, F_OK) ? DROPS_BY_KPROBE
									   : DROPS_UNSEEN;
	return true;
}

static void set_sites(const struct drops *drops, struct spikewatch *skel)
{
	__u32 set = !skel->bss->drop_site_set;
	struct drop_site *sites = (struct drop_site *)skel->bss->drop_sites[set];

	memcpy(sites, drops->sites.site, sizeof(drops->sites.site));
	for (__u32 i = drops->sites.count; i < SW_SITES_MAX; i++)
		sites[i].start = ~0ULL;
	/* Programs may run already: what they count on comes last. */
	__atomic_store_n(&skel->bss->drop_site_set, set, __ATOMIC_RELEASE);
}

void drops_prepare(const struct drops *drops, const struct reasons *reasons,
		   struct spikewatch *skel)
{
	bool live = bpf_program__autoload(skel->progs.sw_drop);
	bool mark = live && drops->way == DROPS_BY_MARK,
	     probe = live && drops->way == DROPS_BY_KPROBE;

	skel->rodata->has_drop_reason = reasons->known;
	skel->rodata->has_drop_socket = reasons->socket;
	skel->rodata->reason_unspecified = reasons->unspecified;
	skel->rodata->reason_socket_filter = reasons->socket_filter;
	skel->rodata->has_hook_marks = mark || probe;
	memcpy((void *)skel->rodata->reason_class, reasons->class, sizeof(reasons->class));
	memcpy((void *)skel->rodata->reason_hook, reasons->hook, sizeof(reasons->hook));
	bpf_program__set_autoload(skel->progs.sw_hook_enter, mark);
	bpf_program__set_autoload(skel->progs.sw_hook_leave, mark);
	bpf_program__set_autoload(skel->progs.sw_hook_probe, probe);
	bpf_program__set_autoload(skel->progs.sw_hook_return, probe);
	set_sites(drops, skel);
}

void drops_settle(const struct drops *drops, struct spikewatch *skel)
{
	set_sites(drops, skel);
}

int drops_attach_around(struct drops *drops, struct spikewatch *skel)
{
	bool live = bpf_program__autoload(skel->progs.sw_drop);
	bool kprobe = drops->way == DROPS_BY_KPROBE;
	struct bpf_program *const programs[] = {
		kprobe ? skel->progs.sw_hook_probe : skel->progs.sw_hook_enter,
		kprobe ? skel->progs.sw_hook_return : skel->progs.sw_hook_leave,
	};

	for (size_t i = 0; live && is_around(drops->way) && i < 2; i++) {
		int err;

		drops->links[1 + i] = bpf_program__attach(programs[i]);
		if (drops->links[1 + i])
			continue;
		err = -errno;
		drops_detach(drops);
		return err;
	}
	return 0;
}

int drops_attach(struct drops *drops, struct spikewatch *skel)
{
	if (drops->way == DROPS_UNSEEN)
		return -EOPNOTSUPP;
	drops->links[0] = bpf_program__attach(skel->progs.sw_drop);
	return drops->links[0] ? 0 : -errno;
}

void drops_detach(struct drops *drops)
{
	for (size_t i = 0; i < sizeof(drops->links) / sizeof(drops->links[0]); i++) {
		bpf_link__destroy(drops->links[i]);
		drops->links[i] = NULL;
	}
}

void drops_look_after(struct drops *drops, struct spikewatch *skel)
{
	if (drops->symbols || drops->has_queue_module || access(QUEUE_MODULE, F_OK))
		return;
	drops->has_queue_module = true;
	if (!read_sites(drops, drops->way != DROPS_BY_REASON))
		set_sites(drops, skel);
	drops_close(drops);
}
