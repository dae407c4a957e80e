/* SPDX-License-Identifier: GPL-2.0-only */
/* Attaches the loaded programs to interfaces and to the tracepoint; detaches them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "spikewatch_abi.h"

#include "spikewatch.skel.h"

#include "kernel/attach.h"
#include "kernel/loader_state.h"
#include "util/log.h"

const char *loader_mode_name(enum loader_mode mode)
{
	switch (mode) {
	case MODE_TCX:
		return "tcx";
	case MODE_CLSACT:
		return "clsact";
	case MODE_XDP:
		return "xdp";
	case MODE_XDP_GENERIC:
		return "xdp-generic";
	}
	return "unknown";
}

int loader_mark_tap(const struct loader *loader, __u32 ifindex)
{
	const __u32 yes = 1;

	return bpf_map_update_elem(bpf_map__fd(loader->skel->maps.taps), &ifindex, &yes, BPF_ANY);
}

/* Takes over what is kept; else attaches, and pins. */
static int attach_link(const struct loader *loader, enum attachment_kind kind, int prog_fd,
		       int ifindex, bool egress, struct attachment *ret)
{
	int err;

	if (loader->keep && !attach_take_over(loader->keep, kind, prog_fd, ifindex, egress, ret))
		return 0;
	err = kind == ATTACHED_CLSACT ? attach_clsact(prog_fd, ifindex, egress, ret)
				      : attach_tcx(prog_fd, ifindex, egress, ret);
	if (!err && loader->keep && attach_pin(loader->keep, ret))
		log_warning("what is attached can't be pinned: it goes with this process");
	return err;
}

static int attach_tc(const struct loader *loader, const struct interface *interface, bool egress,
		     bool clsact, struct attachment *ret)
{
	const struct spikewatch *skel = loader->skel;
	bool ip = link_layer_of(interface) == LINK_IP;
	const struct bpf_program *prog;

	if (egress)
		prog = ip ? skel->progs.sw_egress_l3 : skel->progs.sw_egress;
	else
		prog = ip ? skel->progs.sw_ingress_l3 : skel->progs.sw_ingress;
	return attach_link(loader, clsact ? ATTACHED_CLSACT : ATTACHED_TCX, bpf_program__fd(prog),
			   interface->ifindex, egress, ret);
}

static int attach_ingress(const struct loader *loader, const struct interface *interface,
			  enum loader_mode mode, struct attachment *ret, __u32 *blocker)
{
	const struct spikewatch *skel = loader->skel;
	const struct bpf_program *xdp = loader->frags ? skel->progs.sw_xdp_frags
						      : skel->progs.sw_xdp;
	int err;

	if (mode == MODE_TCX || mode == MODE_CLSACT)
		return attach_tc(loader, interface, false, mode == MODE_CLSACT, ret);
	if (link_layer_of(interface) != LINK_ETHERNET)
		return -EOPNOTSUPP;
	if (loader->keep && !attach_take_over(loader->keep, ATTACHED_XDP, bpf_program__fd(xdp),
					      interface->ifindex, false, ret))
		return 0;
	err = attach_xdp(bpf_program__fd(xdp), interface->ifindex, mode == MODE_XDP_GENERIC, ret,
			 blocker);
	if (!err && loader->keep && attach_pin(loader->keep, ret))
		log_warning("what is attached can't be pinned: it goes with this process");
	return err;
}

int loader_prepare_taps(struct loader *loader)
{
	if (loader->tap_socket < 0)
		loader->tap_socket = attach_promiscuous_socket();
	return loader->tap_socket < 0 ? loader->tap_socket : 0;
}

static int attach_tap(struct loader *loader, const struct interface *interface,
		      struct attachment *ret)
{
	int err = loader_prepare_taps(loader);

	return err ? err : attach_promiscuous(loader->tap_socket, interface->ifindex, ret);
}

static void unmark_tap(const struct loader *loader, __u32 ifindex)
{
	bpf_map_delete_elem(bpf_map__fd(loader->skel->maps.taps), &ifindex);
}

int loader_attach(struct loader *loader, const struct interface *interface, enum loader_mode mode,
		  bool tap, struct attachment ret[LOADER_ATTACHMENTS], __u32 *blocker)
{
	struct attachment added[LOADER_ATTACHMENTS];
	bool clsact = mode == MODE_CLSACT;
	int err;

	if (link_layer_of(interface) == LINK_UNSUPPORTED)
		return -EOPNOTSUPP;
	err = tap ? loader_mark_tap(loader, interface->ifindex) : 0;
	if (err)
		return err;
	err = attach_ingress(loader, interface, mode, &added[0], blocker);
	if (err)
		goto out;
	/* Beside XDP, egress is by tcx where there is one. */
	err = tap ? attach_tap(loader, interface, &added[1])
		  : attach_tc(loader, interface, true, clsact, &added[1]);
	if (err == -EOPNOTSUPP && (mode == MODE_XDP || mode == MODE_XDP_GENERIC))
		err = attach_tc(loader, interface, true, true, &added[1]);
	if (err) {
		attach_remove(&added[0]);
		goto out;
	}
	memcpy(ret, added, sizeof(added));
	return 0;
out:
	if (tap)
		unmark_tap(loader, interface->ifindex);
	return err;
}

void loader_release(struct loader *loader, struct attachment attachments[LOADER_ATTACHMENTS])
{
	for (int i = 0; i < LOADER_ATTACHMENTS; i++)
		attach_remove(&attachments[i]);
	if (attachments[1].kind == ATTACHED_PROMISCUOUS)
		unmark_tap(loader, attachments[1].ifindex);
}

void loader_leave(struct loader *loader, struct attachment attachments[LOADER_ATTACHMENTS])
{
	if (!loader->keep) {
		loader_release(loader, attachments);
		return;
	}
	for (int i = 0; i < LOADER_ATTACHMENTS; i++)
		attach_leave(&attachments[i]);
}

__u32 loader_xdp_id(const struct loader *loader)
{
	const struct spikewatch *skel = loader->skel;

	return attach_program_id(
		bpf_program__fd(loader->frags ? skel->progs.sw_xdp_frags : skel->progs.sw_xdp));
}

int loader_attach_drops(struct loader *loader)
{
	int err = drops_attach(&loader->drops, loader->skel);

	chains_say(&loader->chains);
	if (err || !loader->keep)
		return err;
	/* Now there are two of sw_drop, if another process left one: which counts changes at once.
	 */
	__atomic_store_n(&loader->skel->bss->drop_owner, loader->skel->rodata->drop_generation,
			 __ATOMIC_RELEASE);
	for (size_t i = 0; i < sizeof(loader->drops.links) / sizeof(loader->drops.links[0]); i++) {
		char name[32];

		snprintf(name, sizeof(name), "link-drop-%zu", i);
		if (loader->drops.links[i] &&
		    keep_pin_link(loader->keep, name, bpf_link__fd(loader->drops.links[i])))
			log_warning("%s can't be pinned: it goes with this process", name);
	}
	return 0;
}
