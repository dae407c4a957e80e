/* SPDX-License-Identifier: GPL-2.0-only */
/* Follows packets through netfilter's chains: what is loaded and attached for that. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "spikewatch_abi.h"

#include "chains.skel.h"
#include "spikewatch.skel.h"

#include "kernel/chains.h"
#include "util/log.h"

#define ENOTSUPP 524 /* the kernel's own: no trampolines on this architecture */

const char *const chains_function_name[CHAINS_FUNCTIONS] = { "nft_do_chain", "ipt_do_table",
							     "ip6t_do_table" };

static const char *const modules[CHAINS_FUNCTIONS] = { "nf_tables", "ip_tables", "ip6_tables" };

/* --- what BTF says ---------------------------------------------------------------------------- */

/* The kernel's own types, or with them those of a module. The caller frees both. */
static const struct btf *load_module(struct btf *kernel, const char *module, struct btf **ret)
{
	*ret = btf__load_module_btf(module, kernel);
	return *ret ? *ret : kernel;
}

/* Where a structure has a member; bits. -ENOENT. */
static int find_member(const struct btf *btf, const char *name, const char *member, __u32 *ret)
{
	int id = btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT);
	const struct btf_type *t = id < 0 ? NULL : btf__type_by_id(btf, id);

	for (int i = 0; t && i < btf_vlen(t); i++) {
		const struct btf_member *m = &btf_members(t)[i];

		if (strcmp(btf__name_by_offset(btf, m->name_off), member) != 0)
			continue;
		*ret = btf_member_bit_offset(t, i);
		return 0;
	}
	return -ENOENT;
}

static int find_bytes(const struct btf *btf, const char *name, const char *member, __u32 *ret)
{
	int err = find_member(btf, name, member, ret);

	*ret /= 8;
	return err;
}

static int read_nft(const struct btf *btf, struct chain_layout *ret)
{
	__u32 family = 0, ops = 0;
	int err = find_bytes(btf, "nft_chain", "table", &ret->chain_table);

	err = err ? err : find_bytes(btf, "nft_chain", "name", &ret->chain_name);
	err = err ? err : find_bytes(btf, "nft_table", "name", &ret->table_name);
	err = err ? err : find_member(btf, "nft_table", "family", &family);
	err = err ? err : find_bytes(btf, "nft_base_chain", "chain", &ret->base_chain);
	err = err ? err : find_bytes(btf, "nft_base_chain", "ops", &ops);
	err = err ? err : find_bytes(btf, "nf_hook_ops", "hooknum", &ret->base_number);
	ret->base_number += ops;
	ret->table_family = family / 8;
	ret->table_family_shift = family % 8;
	/* It has 6 bits; that they share a byte is so from 4.16 to 6.18. */
	return err || ret->table_family_shift <= 2 ? err : -EOPNOTSUPP;
}

/* ipt_do_table(priv, skb, state), where priv is the table; before 5.16 (skb, state, table). */
static int read_order(const struct btf *btf, const char *function, bool *ret)
{
	int id = btf__find_by_name_kind(btf, function, BTF_KIND_FUNC);
	const struct btf_type *t = id < 0 ? NULL : btf__type_by_id(btf, id);

	if (!t)
		return -ENOENT;
	t = btf__type_by_id(btf, t->type);
	if (!btf_is_func_proto(t) || btf_vlen(t) != 3)
		return -EOPNOTSUPP;
	t = btf__type_by_id(btf, btf_params(t)[0].type);
	*ret = btf_is_ptr(t) && !t->type; /* void * */
	return 0;
}

static int read_xt(const struct btf *btf, struct chain_layout *ret)
{
	int err = find_bytes(btf, "xt_table", "name", &ret->xt_name);

	return err ? err : find_bytes(btf, "xt_table", "af", &ret->xt_family);
}

static int read_function(struct chains *chains, struct btf *kernel, enum chains_function function)
{
	struct btf *module;
	const struct btf *btf = load_module(kernel, modules[function], &module);
	int err;

	if (btf__find_by_name_kind(btf, chains_function_name[function], BTF_KIND_FUNC) < 0)
		err = -ENOENT;
	else if (function == CHAINS_NFT)
		err = read_nft(btf, &chains->layout);
	else
		err = read_xt(btf, &chains->layout);
	if (!err && function != CHAINS_NFT)
		err = read_order(btf, chains_function_name[function], &chains->table_is_first);
	btf__free(module);
	return err;
}

void chains_read(struct chains *ret)
{
	struct chains chains = { .asked = true };
	struct btf *kernel = btf__load_vmlinux_btf();

	for (int i = 0; i < CHAINS_FUNCTIONS; i++)
		chains.err[i] = kernel ? read_function(&chains, kernel, i) : -ENOENT;
	btf__free(kernel);
	*ret = chains;
}

/* --- programs --------------------------------------------------------------------------------- */

void chains_prepare(const struct chains *chains, struct spikewatch *skel)
{
	skel->rodata->follow_chains = chains->asked;
	memcpy((void *)&skel->rodata->chain_layout, &chains->layout, sizeof(chains->layout));
	if (chains->asked)
		bpf_map__set_max_entries(skel->maps.chains, SW_CHAINS_MAX);
}

/* Its own object for each, as one that is refused takes all of an object along. */
static int load(struct chains_bpf *skel, const struct spikewatch *main,
		enum chains_function function)
{
	struct bpf_program *const programs[CHAINS_FUNCTIONS][2] = {
		[CHAINS_NFT] = { skel->progs.sw_nft_enter, skel->progs.sw_nft_leave },
		[CHAINS_IPT] = { skel->progs.sw_ipt_enter, skel->progs.sw_ipt_leave },
		[CHAINS_IP6T] = { skel->progs.sw_ip6t_enter, skel->progs.sw_ip6t_leave },
	};
	int err = bpf_map__reuse_fd(skel->maps.chain_visits, bpf_map__fd(main->maps.chain_visits));

	for (int i = 0; i < 2; i++)
		bpf_program__set_autoload(programs[function][i], true);
	err = err ? err : chains_bpf__load(skel);
	err = err ? err : chains_bpf__attach(skel);
	return err == -ENOTSUPP ? -EOPNOTSUPP : err;
}

static int open_and_load(struct chains *chains, const struct spikewatch *main,
			 enum chains_function function)
{
	struct chains_bpf *skel = chains_bpf__open();
	int err;

	if (!skel)
		return -errno;
	skel->rodata->table_is_first = chains->table_is_first;
	err = load(skel, main, function);
	if (err) {
		chains_bpf__destroy(skel);
		return err;
	}
	chains->skel[function] = skel;
	return 0;
}

void chains_load(struct chains *chains, const struct spikewatch *skel)
{
	for (int i = 0; chains->asked && i < CHAINS_FUNCTIONS; i++)
		if (!chains->err[i])
			chains->err[i] = open_and_load(chains, skel, i);
}

void chains_unload(struct chains *chains)
{
	for (int i = 0; i < CHAINS_FUNCTIONS; i++) {
		chains_bpf__destroy(chains->skel[i]);
		chains->skel[i] = NULL;
	}
}

bool chains_known(const struct chains *chains)
{
	for (int i = 0; i < CHAINS_FUNCTIONS; i++)
		if (chains->skel[i])
			return true;
	return false;
}

void chains_say(const struct chains *chains)
{
	bool known = chains_known(chains);
	int err = chains->err[CHAINS_NFT];

	if (chains->asked && !known)
		log_warning("drops.chains: table and chain are not known here: %s: %s",
			    chains_function_name[CHAINS_NFT],
			    err == -ENOENT ? "it is not loaded" : strerror(-err));
	for (int i = 0; known && i < CHAINS_FUNCTIONS; i++)
		if (chains->err[i] && chains->err[i] != -ENOENT)
			log_warning("drops.chains: not known here: %s: %s", chains_function_name[i],
				    strerror(-chains->err[i]));
}
