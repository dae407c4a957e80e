/* SPDX-License-Identifier: GPL-2.0-only */
/* What the programs cost the verifier, and that packet programs need no CO-RE relocation. */
#include <errno.h>
#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "kernel.h"
#include "spikewatch_abi.h"

#include "spikewatch.skel.h"
#include "table.h"

#define LIMIT     200000 /* a fifth of what a kernel takes: room for those not seen */
#define DROP_SECS "tp_btf/kfree_skb"

/*
 * Verified instructions on Linux 6.18, clang 14. Other kernels may differ by a half.
 */
static const struct {
	const char *name;
	__u32 insns;
} COMMITTED[] = {
	{ "sw_ingress", 90423 },   { "sw_egress", 90423 },   { "sw_ingress_l3", 90348 },
	{ "sw_egress_l3", 90348 }, { "sw_xdp", 127558 },     { "sw_xdp_frags", 89523 },
	{ "sw_drop", 18394 },      { "sw_hook_enter", 20 },  { "sw_hook_leave", 20 },
	{ "sw_hook_probe", 22 },   { "sw_hook_return", 20 },
};

static __u32 committed(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(COMMITTED); i++)
		if (!strcmp(COMMITTED[i].name, name))
			return COMMITTED[i].insns;
	fail_msg("%s has no committed figure", name);
	return 0;
}

static void check_program(const struct bpf_program *prog)
{
	const char *name = bpf_program__name(prog);
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info), was = committed(name);

	if (bpf_program__fd(prog) < 0) {
		print_message("%-14s not for this kernel\n", name);
		return;
	}
	assert_int_equal(bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len), 0);
	if (!info.verified_insns) {
		print_message("%-14s loaded; this kernel does not count (before 5.16)\n", name);
		return;
	}
	print_message("%-14s %6u verified instructions (%u)\n", name, info.verified_insns, was);
	if (info.verified_insns > LIMIT)
		fail_msg("%s: %u is above the limit of %u", name, info.verified_insns, LIMIT);
	if (info.verified_insns > was + was / 2)
		fail_msg("%s: %u is more than 1.5 times %u", name, info.verified_insns, was);
}

/* The tracepoint's arguments, behind the context: (skb, location[, reason[, rx_sk]]). */
static bool kernel_has_drop_reason(void)
{
	struct btf *btf = btf__load_vmlinux_btf();
	const struct btf_type *type;
	bool found = false;
	int id;

	if (!btf)
		return false;
	id = btf__find_by_name_kind(btf, "btf_trace_kfree_skb", BTF_KIND_TYPEDEF);
	if (id > 0) {
		type = btf__type_by_id(btf, btf__type_by_id(btf, id)->type);
		type = btf__type_by_id(btf, type->type);
		found = btf_vlen(type) >= 4;
	}
	btf__free(btf);
	return found;
}

static void test_verified(void **state)
{
	struct spikewatch *skel = spikewatch__open();
	struct bpf_program *prog;

	assert_non_null(skel);
	skel->rodata->follow_attempts = true;
	skel->rodata->keep_requests = true;
	skel->rodata->server_side = true;
	skel->rodata->all_netns = true;
	skel->rodata->has_drop_reason = kernel_has_drop_reason();
	bpf_program__set_autoload(skel->progs.sw_xdp_frags, kernel_program_fd(SW_XDP_FRAGS) >= 0);
	assert_int_equal(spikewatch__load(skel), 0);
	bpf_object__for_each_program(prog, skel->obj) check_program(prog);
	spikewatch__destroy(skel);
}

static Elf_Data *section(Elf *elf, const char *name)
{
	size_t names;
	Elf_Scn *scn = NULL;

	assert_int_equal(elf_getshdrstrndx(elf, &names), 0);
	while ((scn = elf_nextscn(elf, scn))) {
		Elf64_Shdr *header = elf64_getshdr(scn);

		if (header && !strcmp(elf_strptr(elf, names, header->sh_name), name))
			return elf_getdata(scn, NULL);
	}
	fail_msg("the object has no section %s", name);
	return NULL;
}

/* Head of .BTF.ext (Documentation/bpf/btf.rst, 4.2) and of the records of one section. */
struct ext_header {
	__u16 magic;
	__u8 version;
	__u8 flags;
	__u32 header_len;
	__u32 func_info_off, func_info_len;
	__u32 line_info_off, line_info_len;
	__u32 core_off, core_len;
};

struct ext_section {
	__u32 name_off;
	__u32 count;
};

/* Packet programs and the functions they share relocate only what connection tracking needs. */
static void check_relocations(const struct btf *btf, const struct ext_section *sec, const char *at,
			      __u32 record)
{
	for (__u32 i = 0; i < sec->count; i++, at += record) {
		const struct btf_type *type;
		struct bpf_core_relo relo;
		const char *name;

		assert_true(record >= sizeof(relo));
		memcpy(&relo, at, sizeof(relo));
		type = btf__type_by_id(btf, relo.type_id);
		name = btf__name_by_offset(btf, type->name_off);
		if (strcmp(name, "nf_conn") != 0 && strcmp(name, "nf_conntrack_man") != 0 &&
		    strcmp(name, "nf_conntrack_tuple") != 0)
			fail_msg("section %s relocates struct %s",
				 btf__name_by_offset(btf, sec->name_off), name);
	}
}

static void test_relocations(void **state)
{
	size_t size, drops = 0;
	const void *bytes = spikewatch__elf_bytes(&size);
	Elf_Data *raw, *ext;
	struct ext_header header;
	struct ext_section sec;
	const char *at, *end;
	struct btf *btf;
	__u32 record;
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = elf_memory((char *)(uintptr_t)bytes, size);
	assert_non_null(elf);
	raw = section(elf, ".BTF");
	ext = section(elf, ".BTF.ext");
	btf = btf__new(raw->d_buf, raw->d_size);
	assert_non_null(btf);
	assert_true(ext->d_size >= sizeof(header));
	memcpy(&header, ext->d_buf, sizeof(header));
	assert_int_equal(header.magic, 0xeb9f);
	assert_true(header.core_len > sizeof(record));
	at = (const char *)ext->d_buf + header.header_len + header.core_off;
	end = at + header.core_len;
	assert_true(end <= (const char *)ext->d_buf + ext->d_size);
	memcpy(&record, at, sizeof(record));
	for (at += sizeof(record); at + sizeof(sec) <= end;
	     at += sizeof(sec) + (size_t)sec.count * record) {
		const char *name;

		memcpy(&sec, at, sizeof(sec));
		name = btf__name_by_offset(btf, sec.name_off);
		if (!strcmp(name, DROP_SECS))
			drops += sec.count;
		else if (!strstr(name, "probe/")) /* of no packet: registers */
			check_relocations(btf, &sec, at + sizeof(sec), record);
	}
	/* That there are some shows that they are looked for in the right place. */
	assert_true(drops > 0);
	btf__free(btf);
	elf_end(elf);
}

int main(void)
{
	table_add("packet programs relocate connection tracking alone", NULL, NULL,
		  test_relocations);
	table_add("verified instructions", &kernel_target, NULL, test_verified);
	return table_run("verifier");
}
