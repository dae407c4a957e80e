/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * spikewatch probe: what this host supports, what would be attached where, what stands in the way.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/timex.h>
#include <unistd.h>

#include <jansson.h>

#include "cmd/cmd.h"
#include "cmd/options.h"
#include "sensor/plan.h"
#include "sensor/podnames.h"
#include "util/log.h"

/* What was found: printed once, as text or as JSON. */
struct findings {
	struct features features;
	struct capabilities capabilities;
	struct reasons reasons;
	struct interfaces interfaces;
	struct plan plan;
	struct sizes sizes;
	struct drops drops; /* as tried */
	struct chains chains;
	int load_error; /* of the programs, 0 or -errno */
	bool tried;     /* to load them */
};

static bool clock_is_unsynchronised(void)
{
	struct timex timex = {}; /* modes 0: only asks */

	return adjtimex(&timex) >= 0 && timex.status & STA_UNSYNC;
}

static void usage(FILE *out)
{
	fputs("usage: spikewatch probe [-c FILE] [--json]\n\n"
	      "Says what this host supports, what would be attached where, and what stands in the way.\n"
	      "Nothing is attached to an interface. Exit status 77 where something that is needed is missing.\n\n"
	      "  -c, --config FILE  instead of " CONFIG_PATH "\n"
	      "      --json         one JSON object\n"
	      "  -h, --help         this text\n",
	      out);
}

static void find(const struct config *config, struct findings *f)
{
	struct loader_cfg cfg = { .memory_budget = config->memory_budget, .follow_chains = true };
	struct loader *loader = NULL;

	probe_features(&f->features);
	probe_capabilities(&f->capabilities);
	sizes_fit(config->memory_budget, f->features.possible_cpus, &f->sizes);
	if (f->features.btf)
		reasons_read(&f->reasons);
	if (!links_list(&f->interfaces))
		plan_make(config, &f->interfaces, &f->plan);
	if (f->features.btf && !f->capabilities.missing) {
		f->tried = true;
		f->load_error = loader_new(&cfg, &f->features, &f->reasons, &loader);
		if (loader) {
			f->drops = *loader_drops(loader);
			f->chains = *loader_chains(loader);
		}
		loader_free(loader);
	}
}

static bool is_lacking(const struct findings *f)
{
	return !f->features.btf || f->capabilities.missing || f->load_error;
}

static const char *mode_of(const struct findings *f, const struct plan_entry *entry)
{
	enum loader_mode mode;

	if (!f->tried || f->load_error)
		return "not tried";
	if (plan_mode(entry, f->features.tcx, &mode))
		return "not possible: this kernel has no tcx";
	return loader_mode_name(mode);
}

static const char *yes_no(bool yes)
{
	return yes ? "yes" : "no";
}

static unsigned int count_class(const struct reasons *reasons, __u8 class)
{
	unsigned int n = 0;

	for (int i = 0; i < SW_REASON_MAX; i++)
		n += reasons->names.name[i] && reasons->class[i] == class;
	return n;
}

static const char *way_of(const struct findings *f)
{
	switch (f->drops.way) {
	case DROPS_BY_REASON:
		return "by reason: kfree_skb tells it";
	case DROPS_BY_SITE:
		return "by symbol: this kernel tells no reasons (they came with 5.17), but where it frees packets";
	case DROPS_BY_MARK:
		return "by mark: this kernel tells no reasons (they came with 5.17) and hides its symbols; netfilter's drops are known by fentry and fexit";
	case DROPS_BY_KPROBE:
		return "by kprobe: this kernel tells no reasons (they came with 5.17), hides its symbols and has no fentry; netfilter's drops are known by kprobes, which cost more";
	case DROPS_UNSEEN:
		break;
	}
	return "not seen: this kernel tells no reasons (they came with 5.17) and hides its symbols; CAP_SYSLOG would do";
}

static const char *way_name(const struct findings *f)
{
	static const char *const names[] = {
		[DROPS_BY_REASON] = "reason", [DROPS_BY_SITE] = "symbol",  [DROPS_BY_MARK] = "mark",
		[DROPS_BY_KPROBE] = "kprobe", [DROPS_UNSEEN] = "not seen",
	};

	return f->tried && !f->load_error ? names[f->drops.way] : "not tried";
}

static void print_drops(const struct findings *f)
{
	if (!f->tried || f->load_error) {
		printf("drops         not tried\n");
		return;
	}
	printf("drops         %s\n", way_of(f));
	if (f->drops.way == DROPS_UNSEEN)
		return;
	if (f->drops.symbols)
		printf("              NFQUEUE's are not seen: the kernel's symbols can't be read (%s; CAP_SYSLOG would do)\n",
		       strerror(-f->drops.symbols));
	printf("              of class firewall:");
	for (int i = 0; i < SW_REASON_MAX; i++)
		if (f->reasons.names.name[i] && f->reasons.class[i] == CLASS_FIREWALL)
			printf(" %s", f->reasons.names.name[i]);
	printf("\n");
}

/* "nft_do_chain, ipt_do_table": those that can be followed. */
static void list_followed(const struct chains *chains, char buf[64])
{
	size_t len = 0;

	buf[0] = '\0';
	for (int i = 0; i < CHAINS_FUNCTIONS; i++)
		if (!chains->err[i])
			len += snprintf(buf + len, 64 - len, "%s%s", len ? ", " : "",
					chains_function_name[i]);
}

/* What drops.chains would bring. */
static void print_chains(const struct config *config, const struct findings *f)
{
	char followed[64];

	if (!f->tried || f->load_error) {
		printf("chains        not tried\n");
		return;
	}
	list_followed(&f->chains, followed);
	if (!*followed)
		printf("chains        not known here: which chain denied a packet can't be told\n");
	else if (config->drops.chains)
		printf("chains        known, by fentry and fexit: %s\n", followed);
	else
		printf("chains        would be known with 'drops: {chains: true}', by fentry and fexit: %s\n",
		       followed);
	for (int i = 0; i < CHAINS_FUNCTIONS; i++) {
		int err = f->chains.err[i];

		if (err)
			printf("              not %s: %s\n", chains_function_name[i],
			       err == -ENOENT ? "it is not there, or this kernel has no BTF of it"
					      : strerror(-err));
	}
}

/* Where names of pods would come from, and what is missing for that. */
static void print_pods(const struct config *config)
{
	bool api = config->kubernetes.names == KUBE_NAMES_API;
	char missing[PODNAMES_SAYS_MAX];
	struct target target;

	if (config->kubernetes.names == KUBE_NAMES_OFF)
		return;
	if (!podnames_look_ahead(config, &target, missing))
		printf("pods          not named: %s\n", missing);
	else if (api && !*target.node)
		printf("pods          named by %s, all of the cluster: NODE_NAME is not in the environment\n",
		       target.url);
	else
		printf("pods          named by %s%s%s; token and certificates can be read\n",
		       target.url, api ? ", of node " : "", api ? target.node : "");
}

static json_t *pods_json(const struct config *config)
{
	static const char *const modes[] = {
		[KUBE_NAMES_OFF] = "off",
		[KUBE_NAMES_KUBELET] = "kubelet",
		[KUBE_NAMES_API] = "api",
	};
	const char *mode = modes[config->kubernetes.names];
	char missing[PODNAMES_SAYS_MAX];
	struct target target;

	if (config->kubernetes.names == KUBE_NAMES_OFF)
		return json_pack("{ss}", "names", mode);
	if (!podnames_look_ahead(config, &target, missing))
		return json_pack("{ss ss}", "names", mode, "missing", missing);
	return json_pack("{ss ss ss}", "names", mode, "url", target.url, "node", target.node);
}

static void print_text(const struct config *config, const struct findings *f)
{
	char missing[128];

	printf("kernel        %s %s, %u possible CPUs\n", f->features.release, f->features.machine,
	       f->features.possible_cpus);
	printf("BTF           %s\n",
	       f->features.btf ? "yes" : "no: CONFIG_DEBUG_INFO_BTF=y is needed");
	if (f->capabilities.missing)
		printf("capabilities  missing: %s\n",
		       capabilities_format(&f->capabilities, missing, sizeof(missing)));
	else
		printf("capabilities  yes\n");
	if (!f->tried)
		printf("programs      not tried\n");
	else if (f->load_error)
		printf("programs      refused: %s\n", strerror(-f->load_error));
	else
		printf("programs      loaded and unloaded\n");
	printf("tcx           %s\n", f->tried && !f->load_error
					     ? (f->features.tcx ? "yes" : "no: clsact is used")
					     : "not tried");
	printf("XDP frags     %s\n", yes_no(f->features.xdp_load_bytes));
	printf("NAT           %s\n", f->features.ct_lookup
					     ? "connection tracking is asked for the true ends"
					     : "true ends are known where both sides are watched");
	print_drops(f);
	print_chains(config, f);
	print_pods(config);
	printf("maps          %u flows, %u keys a counting map%s, about %llu MiB\n", f->sizes.flows,
	       f->sizes.counts, f->sizes.shared ? " (shared by the CPUs)" : " and CPU",
	       f->sizes.bytes >> 20);
	if (!f->plan.count)
		printf("interfaces    none would be watched\n");
	for (size_t i = 0; i < f->plan.count; i++)
		printf("%s %s (%s%s)\n", i ? "             " : "interfaces   ",
		       f->plan.entries[i].interface->name, mode_of(f, &f->plan.entries[i]),
		       f->plan.entries[i].tap ? ", tap" : "");
	if (f->plan.unknown)
		printf("              there is no '%s'\n", f->plan.unknown);
}

/* What would be blind at once, and interfaces that would not be watched. */
static void print_hindrances(const struct config *config, const struct findings *f)
{
	char name[ATTACH_NAME_MAX];

	for (size_t i = 0; i < f->plan.count; i++) {
		const struct interface *one = f->plan.entries[i].interface;

		if (!one->native_xdp)
			continue;
		attach_program_name(one->native_xdp, name);
		printf("in the way    %s: a native XDP program (id %u%s%s) runs first: what it drops is not seen\n",
		       one->name, one->native_xdp, name[0] ? ", " : "", name);
	}
	if (clock_is_unsynchronised())
		printf("in the way    the clock is not synchronised: times of alerts may be wrong\n");
	for (size_t i = 0; i < f->interfaces.count; i++) {
		const struct interface *one = &f->interfaces.list[i];

		if (!plan_find(&f->plan, one->ifindex))
			printf("not watched   %s: %s\n", one->name,
			       plan_why_not(config, &f->interfaces, one));
	}
}

static json_t *hindrances_json(const struct findings *f)
{
	json_t *list = json_array();

	for (size_t i = 0; i < f->plan.count; i++) {
		const struct interface *one = f->plan.entries[i].interface;

		if (one->native_xdp)
			json_array_append_new(list, json_pack("{ss ss si}", "kind", "native_xdp",
							      "interface", one->name, "program",
							      one->native_xdp));
	}
	if (clock_is_unsynchronised())
		json_array_append_new(list, json_pack("{ss}", "kind", "clock"));
	return list;
}

static json_t *not_watched_json(const struct config *config, const struct findings *f)
{
	json_t *list = json_array();

	for (size_t i = 0; i < f->interfaces.count; i++) {
		const struct interface *one = &f->interfaces.list[i];

		if (!plan_find(&f->plan, one->ifindex))
			json_array_append_new(list,
					      json_pack("{ss ss}", "name", one->name, "why",
							plan_why_not(config, &f->interfaces, one)));
	}
	return list;
}

static json_t *interfaces_json(const struct findings *f)
{
	json_t *list = json_array();

	for (size_t i = 0; i < f->plan.count; i++) {
		const struct plan_entry *entry = &f->plan.entries[i];

		json_array_append_new(list, json_pack("{ss ss ss}", "name", entry->interface->name,
						      "mode", mode_of(f, entry), "role",
						      entry->tap ? "tap" : "auto"));
	}
	return list;
}

static json_t *chains_json(const struct findings *f)
{
	json_t *list = json_array();

	for (int i = 0; f->tried && !f->load_error && i < CHAINS_FUNCTIONS; i++)
		if (!f->chains.err[i])
			json_array_append_new(list, json_string(chains_function_name[i]));
	return list;
}

static json_t *missing_json(const struct capabilities *capabilities)
{
	json_t *list = json_array();

	for (int i = 0; i < CAPABILITY_COUNT; i++)
		if (capabilities->missing & 1U << i)
			json_array_append_new(list, json_string(capability_names[i]));
	return list;
}

static int print_json(const struct config *config, const struct findings *f)
{
	json_t *object = json_pack(
		"{ss ss si sb so s{sb ss*} sb sb sb s{ss sb sb si si so} s{si si sb sI} so so so so ss*}",
		"kernel", f->features.release, "machine", f->features.machine, "possible_cpus",
		f->features.possible_cpus, "btf", f->features.btf, "missing_capabilities",
		missing_json(&f->capabilities), "programs", "loaded", f->tried && !f->load_error,
		"error", f->load_error ? strerror(-f->load_error) : NULL, "tcx", f->features.tcx,
		"xdp_frags", f->features.xdp_load_bytes, "ct_lookup", f->features.ct_lookup,
		"drop_reasons", "way", way_name(f), "queues", !f->drops.symbols, "known",
		f->reasons.known, "count", f->reasons.count, "firewall",
		count_class(&f->reasons, CLASS_FIREWALL), "chains", chains_json(f), "maps", "flows",
		f->sizes.flows, "counts", f->sizes.counts, "shared", f->sizes.shared, "bytes",
		(json_int_t)f->sizes.bytes, "interfaces", interfaces_json(f), "not_watched",
		not_watched_json(config, f), "hindrances", hindrances_json(f), "pods",
		pods_json(config), "unknown_interface", f->plan.unknown);
	int err = object ? json_dumpf(object, stdout, JSON_COMPACT) : -1;

	json_decref(object);
	return err || putchar('\n') < 0 || fflush(stdout);
}

static int probe(const char *path, bool json)
{
	struct findings f = {};
	struct config *config;
	int code = cmd_load_config(path, &config);

	if (code)
		return code;
	find(config, &f);
	if (json && print_json(config, &f))
		code = EXIT_RUNTIME;
	if (!json) {
		print_text(config, &f);
		print_hindrances(config, &f);
	}
	if (!code && is_lacking(&f))
		code = EXIT_HOST;
	plan_clear(&f.plan);
	links_clear(&f.interfaces);
	reasons_clear(&f.reasons);
	config_free(config);
	return code;
}

int cmd_probe(int argc, char **argv)
{
	const char *path = NULL;
	bool json = false;
	const struct cmd_option options[] = {
		{ .name = "config", .letter = 'c', .text = &path },
		{ .name = "json", .flag = &json },
		{},
	};
	int code = cmd_read_options_alone(argc, argv, options, usage, "");

	if (code == EXIT_GOOD)
		code = probe(path, json);
	return code < 0 ? EXIT_GOOD : code;
}
