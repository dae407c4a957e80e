/* SPDX-License-Identifier: GPL-2.0-only */
/* Opens, sizes and loads the BPF object. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "spikewatch_abi.h"

#include "spikewatch.skel.h"

#include "kernel/attach.h"
#include "kernel/loader_state.h"
#include "util/log.h"

/* Of a counting map, what is left for merged keys' last resort. */
#define ROOM_SPARE 64
/* Packets of a test run come in at lo. */
#define REPLAY_IFINDEX 1

static int to_log(enum libbpf_print_level level, const char *format, va_list args)
{
	char line[1024];
	size_t len;

	vsnprintf(line, sizeof(line), format, args);
	len = strlen(line);
	while (len && line[len - 1] == '\n')
		line[--len] = '\0';
	/* Its warnings are about attempts that this program handles; the verifier's log is long. */
	if (level == LIBBPF_WARN)
		log_debug("%s", line);
	return 0;
}

/*
 * The outer map's template must be of its inner maps' type. libbpf 1.1 can't change the one in the
 * object (it has no object of its own), so another is made, which must live until the load.
 */
static int share_template(struct bpf_map *outer, const struct bpf_map *inner, int *ret_fd)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_HASH, NULL, bpf_map__key_size(inner),
				bpf_map__value_size(inner), 1, NULL);

	if (fd < 0)
		return fd;
	*ret_fd = fd;
	return bpf_map__set_inner_map_fd(outer, fd);
}

static int size_counts(struct bpf_map *outer, struct bpf_map *a, struct bpf_map *b, __u32 entries,
		       bool shared, int *template_fd)
{
	struct bpf_map *maps[] = { a, b };
	int err = 0;

	for (int i = 0; i < 2 && !err; i++) {
		if (shared)
			err = bpf_map__set_type(maps[i], BPF_MAP_TYPE_HASH);
		if (!err)
			err = bpf_map__set_max_entries(maps[i], entries);
	}
	return err || !shared ? err : share_template(outer, a, template_fd);
}

static int size_maps(struct spikewatch *skel, const struct sizes *sizes, int templates[2])
{
	__u32 asked = skel->rodata->keep_requests ? SW_ASKED_PLACES : 1;
	int err = bpf_map__set_max_entries(skel->maps.flows, sizes->flows);

	if (!err)
		err = bpf_map__set_max_entries(skel->maps.notes, sizes->notes);
	if (!err)
		err = bpf_map__set_max_entries(skel->maps.holds, sizes->holds);
	if (!err)
		err = bpf_map__set_max_entries(skel->maps.deniers, sizes->notes);
	if (!err)
		err = bpf_map__set_max_entries(skel->maps.speeches, sizes->notes);
	if (!err)
		err = bpf_map__set_max_entries(skel->maps.asked, asked);
	if (!err && sizes->attempts)
		err = bpf_map__set_max_entries(skel->maps.attempts, sizes->attempts);
	if (!err)
		err = size_counts(skel->maps.http_epochs, skel->maps.http_counts_0,
				  skel->maps.http_counts_1, sizes->counts, sizes->shared,
				  &templates[0]);
	if (!err)
		err = size_counts(skel->maps.drop_epochs, skel->maps.drop_counts_0,
				  skel->maps.drop_counts_1, sizes->drops, sizes->shared,
				  &templates[1]);
	return err;
}

/* Are these global variables of a sensor of this network namespace? */
static bool is_same_netns(const void *bss, void *arg)
{
	const struct loader *loader = arg;
	size_t offset = (const char *)&loader->skel->bss->kept_netns -
			(const char *)loader->skel->bss;
	__u32 netns;

	memcpy(&netns, (const char *)bss + offset, sizeof(netns));
	return netns == loader->skel->rodata->own_netns;
}

/* Sizes the maps, then loads. */
static int load(struct loader *loader)
{
	struct spikewatch *skel = loader->skel;
	int templates[2] = { -1, -1 }, err;
	const char *refused = NULL;

	err = size_maps(skel, &loader->sizes, templates);
	if (!err && loader->keep) {
		err = keep_prepare(loader->keep, skel->obj, is_same_netns, loader, &refused);
		loader->kept.refused = refused ? refused : loader->kept.refused;
	}
	if (!err)
		err = spikewatch__load(skel);
	for (int i = 0; i < 2; i++)
		if (templates[i] >= 0)
			close(templates[i]);
	return err;
}

static void set_knobs(struct spikewatch *skel, const struct loader_cfg *cfg,
		      const struct sizes *sizes)
{
	skel->rodata->key_other_drops = cfg->key_other_drops;
	skel->rodata->all_netns = cfg->all_netns;
	skel->rodata->own_netns = cfg->own_netns;
	skel->rodata->shared_counts = sizes->shared;
	skel->rodata->http_room = sizes->counts - sizes->counts / ROOM_SPARE;
	skel->rodata->drop_room = sizes->drops - sizes->drops / ROOM_SPARE;
	skel->rodata->follow_attempts = cfg->follow_attempts;
	skel->rodata->require_reverse = cfg->require_reverse;
	skel->rodata->server_side = cfg->server_side && !cfg->replay;
	skel->rodata->keep_requests = cfg->requests != REQUESTS_NONE;
}

/* A replay runs one program, as if it were attached for packets that come in. */
static void choose_programs(const struct loader *loader)
{
	const struct spikewatch *skel = loader->skel;
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, skel->obj)
	{
		bpf_program__set_autoload(prog, !loader->replay);
	}
	bpf_program__set_autoload(skel->progs.sw_xdp_frags, loader->frags);
	bpf_program__set_autoload(skel->progs.sw_xdp, !loader->frags);
}

/* Opens and loads the object. */
static int load_object(struct loader *loader, const struct loader_cfg *cfg, bool ct_lookup,
		       const struct reasons *reasons)
{
	int err;

	loader->skel = spikewatch__open();
	if (!loader->skel)
		return -errno;
	set_knobs(loader->skel, cfg, &loader->sizes);
	loader->skel->rodata->has_ct_lookup = ct_lookup;
	choose_programs(loader);
	drops_prepare(&loader->drops, reasons, loader->skel);
	chains_prepare(&loader->chains, loader->skel);
	if (loader->keep)
		getrandom((void *)&loader->skel->rodata->drop_generation, sizeof(__u32), 0);
	err = load(loader);
	if (!err)
		err = drops_attach_around(&loader->drops, loader->skel);
	if (err) {
		spikewatch__destroy(loader->skel);
		loader->skel = NULL;
	}
	return err;
}

/* What loading failed for, perhaps. True: there was something to do without. */
static bool give_up(bool *feature)
{
	bool had = *feature;

	*feature = false;
	return had;
}

static void forget_taps(const struct loader *loader)
{
	int fd = bpf_map__fd(loader->skel->maps.taps);
	__u32 ifindex;

	while (!bpf_map_get_next_key(fd, NULL, &ifindex) && !bpf_map_delete_elem(fd, &ifindex))
		;
}

/* In place of those that a process before us left. */
static int set_cluster(const struct loader *loader, const struct loader_cfg *cfg)
{
	struct {
		__u32 prefix_len;
		struct addr addr;
	} key;
	int fd = bpf_map__fd(loader->skel->maps.cluster_nets), err = 0;
	const __u32 yes = 1;

	while (!bpf_map_get_next_key(fd, NULL, &key) && !bpf_map_delete_elem(fd, &key))
		;
	for (size_t i = 0; i < cfg->cluster_count && !err; i++) {
		key.prefix_len = cfg->cluster[i].prefix_len;
		key.addr = cfg->cluster[i].addr;
		err = bpf_map_update_elem(fd, &key, &yes, BPF_ANY);
	}
	return err;
}

/* Maps and global variables may be those of a process before. */
static void settle(struct loader *loader)
{
	struct spikewatch *skel = loader->skel;

	loader->kept.keeps = true;
	loader->kept.continues = keep_continues(loader->keep);
	drops_settle(&loader->drops, skel);
	skel->bss->kept_netns = skel->rodata->own_netns;
	if (!loader->kept.continues) {
		skel->bss->drop_owner = skel->rodata->drop_generation;
		return;
	}
	loader->kept.until_ns = skel->bss->kept_until_ns;
	forget_taps(loader);
}

int loader_new(const struct loader_cfg *cfg, struct features *features,
	       const struct reasons *reasons, struct loader **ret)
{
	struct loader *loader;
	int err;

	libbpf_set_print(to_log);
	loader = calloc(1, sizeof(*loader));
	if (!loader)
		return -ENOMEM;
	loader->tap_socket = -1;
	sizes_fit(cfg->memory_budget, features->possible_cpus, &loader->sizes);
	if (!cfg->follow_attempts)
		loader->sizes.attempts = 0;
	loader->frags = features->xdp_load_bytes;
	loader->replay = cfg->replay;
	loader->requests = cfg->requests;
	if (cfg->replay) {
		sizes_for_replay(&loader->sizes, features->possible_cpus);
		features->ct_lookup = false; /* it knows this host's connections */
	}
	drops_choose(reasons, &loader->drops);
	if (cfg->follow_chains && !cfg->replay)
		chains_read(&loader->chains);
	if (cfg->keep && !cfg->replay)
		loader->kept.err = keep_open(&loader->keep);
	do
		err = load_object(loader, cfg, features->ct_lookup, reasons);
	while (err && (drops_next(&loader->drops) || give_up(&features->ct_lookup)));
	if (err)
		goto out;
	chains_load(&loader->chains, loader->skel);
	if (loader->keep)
		settle(loader);
	err = set_cluster(loader, cfg);
	if (!err && cfg->replay)
		err = loader_mark_tap(loader, REPLAY_IFINDEX);
	if (err)
		goto out;
	if (!cfg->replay)
		features->tcx = attach_has_tcx(bpf_program__fd(loader->skel->progs.sw_ingress));
	*ret = loader;
	return 0;
out:
	loader_free(loader);
	return err;
}

void loader_detach_drops(struct loader *loader)
{
	drops_detach(&loader->drops);
	chains_unload(&loader->chains);
}

void loader_free(struct loader *loader)
{
	if (!loader)
		return;
	loader_detach_drops(loader);
	drops_close(&loader->drops);
	if (loader->tap_socket >= 0)
		close(loader->tap_socket);
	spikewatch__destroy(loader->skel);
	keep_close(loader->keep);
	free(loader);
}

const struct kept *loader_kept(const struct loader *loader)
{
	return &loader->kept;
}

void loader_sweep_kept(struct loader *loader)
{
	if (loader->keep)
		keep_sweep(loader->keep);
}

const struct chains *loader_chains(const struct loader *loader)
{
	return &loader->chains;
}

const struct drops *loader_drops(const struct loader *loader)
{
	return &loader->drops;
}

void loader_look_after(struct loader *loader)
{
	drops_look_after(&loader->drops, loader->skel);
}

int loader_run(struct loader *loader, const void *frame, __u32 len)
{
	const struct spikewatch *skel = loader->skel;
	DECLARE_LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = len,
			    .repeat = 1);

	return bpf_prog_test_run_opts(
		bpf_program__fd(loader->frags ? skel->progs.sw_xdp_frags : skel->progs.sw_xdp),
		&opts);
}
