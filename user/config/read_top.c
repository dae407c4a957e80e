/* SPDX-License-Identifier: GPL-2.0-only */
/* The keys of the configuration, without those of a rule. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/read.h"
#include "config/scalar.h"

#define INTERFACES_MAX   1000
#define RULES_MAX        1000
#define PATH_MAX_BYTES   4095
#define SOCKET_MAX_BYTES 107 /* sockaddr_un.sun_path, with its end */

#define NETS_EXPECTED "a network such as 10.0.0.0/8, or connected"

const struct word words_attach[] = {
	{ "auto", ATTACH_AUTO },
	{ "tc", ATTACH_TC },
	{ "tcx", ATTACH_TCX },
	{ "clsact", ATTACH_CLSACT },
	{ "xdp", ATTACH_XDP },
	{ "xdp-generic", ATTACH_XDP_GENERIC },
	{},
};
const struct word words_role[] = {
	{ "auto", ROLE_AUTO },
	{ "tap", ROLE_TAP },
	{},
};
const struct word words_http_count[] = {
	{ "all", HTTP_COUNT_ALL },
	{ "server-side", HTTP_COUNT_SERVER_SIDE },
	{},
};
const struct word words_evidence[] = {
	{ "none", EVIDENCE_NONE },
	{ "path", EVIDENCE_PATH },
	{ "full", EVIDENCE_FULL },
	{},
};
const struct word words_netns[] = {
	{ "own", DROPS_NETNS_OWN },
	{ "all", DROPS_NETNS_ALL },
	{},
};
const struct word words_resolve[] = {
	{ "hosts", RESOLVE_HOSTS },
	{ "dns", RESOLVE_DNS },
	{ "off", RESOLVE_OFF },
	{},
};
const struct word words_kube_names[] = {
	{ "off", KUBE_NAMES_OFF },
	{ "kubelet", KUBE_NAMES_KUBELET },
	{ "api", KUBE_NAMES_API },
	{},
};
const struct word words_stdout[] = {
	{ "auto", STDOUT_AUTO },
	{ "json", STDOUT_JSON },
	{ "human", STDOUT_HUMAN },
	{ "off", STDOUT_OFF },
	{},
};

/* What the kernel takes as a name, and the characters of a glob. */
static void read_interface_name(struct reader *r, const struct node *value, const struct key *key,
				void *field)
{
	const char *c;

	for (c = value->kind == NODE_SCALAR ? value->text : ""; *c; c++) {
		if ((unsigned char)*c > ' ' && *c != '/' && *c != ':' && *c != 0x7f)
			continue;
		read_refuse(r, value, key, "auto, an interface name or a glob such as eth*");
		return;
	}
	read_text(r, value, key, field);
}

#define INTERFACE_NAME_KEY                                                                       \
	{                                                                                        \
		"name", read_interface_name, offsetof(struct config_interface, name),            \
			.max = 127, .expected = "auto, an interface name or a glob such as eth*" \
	}

static const struct key interface_keys[] = {
	INTERFACE_NAME_KEY,
	KEY("attach", read_choice, struct config_interface, attach, .words = words_attach),
	KEY("role", read_choice, struct config_interface, role, .words = words_role),
	{},
};
static const struct keyset interface_keyset = { "an interface", interface_keys, NULL };

static void clear_interfaces(struct config *config)
{
	size_t i;

	for (i = 0; i < config->interface_count; i++)
		free(config->interfaces[i].name);
	free(config->interfaces);
	config->interfaces = NULL;
	config->interface_count = 0;
}

static void read_interface(struct reader *r, const struct node *entry)
{
	struct config *config = r->config;
	struct config_interface *to = &config->interfaces[config->interface_count];
	const struct key name_key = INTERFACE_NAME_KEY;
	char quoted[QUOTE_MAX];
	size_t i;

	if (entry->kind == NODE_MAP && !node_find(entry, "name"))
		read_error(r, entry, "an interface needs a 'name'");
	if (entry->kind == NODE_MAP)
		read_map(r, entry, &interface_keyset, to);
	else
		read_interface_name(r, entry, &name_key, &to->name);
	if (!to->name)
		return;
	for (i = 0; i < config->interface_count; i++) {
		if (!strcmp(config->interfaces[i].name, to->name))
			read_error(r, entry, "the interface %s is given twice",
				   text_quote(to->name, quoted));
	}
	config->interface_count++;
}

static void read_interfaces(struct reader *r, const struct node *value, const struct key *key,
			    void *field)
{
	const struct node *entries;
	size_t i, count;

	if (!read_list(r, value, key, INTERFACES_MAX, &entries, &count))
		return;
	if (!count) {
		read_error(r, value,
			   "'interfaces' has no entries: expected [auto], names or globs");
		return;
	}
	clear_interfaces(r->config);
	r->config->interfaces = calloc(count, sizeof(*r->config->interfaces));
	if (!r->config->interfaces) {
		r->err = -ENOMEM;
		return;
	}
	for (i = 0; i < count; i++)
		read_interface(r, &entries[i]);
}

/* Behind cluster_cidrs. */
static void read_count(struct reader *r, const struct node *value, const struct key *key,
		       void *field)
{
	read_choice(r, value, key, field);
	if (r->config->http.count == HTTP_COUNT_SERVER_SIDE && !r->config->http.cluster_cidr_count)
		read_error(
			r, value,
			"'count: server-side' needs 'cluster_cidrs': the networks of the cluster's pods and nodes");
}

/* cluster_cidrs before count. */
static const struct key http_keys[] = {
	KEY_WHOLE("cluster_cidrs", read_cluster_cidrs),
	KEY("count", read_count, struct config, http.count, .words = words_http_count),
	KEY("evidence", read_choice, struct config, http.evidence, .words = words_evidence),
	KEY("require_reverse", read_bool, struct config, http.require_reverse),
	{},
};
static const struct keyset http_keyset = { "'http'", http_keys, NULL };

static const struct key drops_keys[] = {
	KEY("netns", read_choice, struct config, drops.netns, .words = words_netns),
	KEY("chains", read_bool, struct config, drops.chains),
	{},
};
static const struct keyset drops_keyset = { "'drops'", drops_keys, NULL };

/* "192.0.2.1:9435", "[2001:db8::1]:9435" */
static bool is_address_and_port(const char *text)
{
	const char *colon = strrchr(text, ':');
	char addr_text[ADDR_TEXT_MAX];
	struct addr addr;
	size_t len;
	__u64 port;

	if (!colon || scalar_parse_number(colon + 1, &port) || !port || port > 65535)
		return false;
	len = colon - text;
	if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
		if (!memchr(text, ':', len))
			return false;
	} else if (memchr(text, ':', len)) {
		return false;
	}
	if (len >= sizeof(addr_text))
		return false;
	memcpy(addr_text, text, len);
	addr_text[len] = '\0';
	return !addr_parse(addr_text, &addr);
}

static void read_listen(struct reader *r, const struct node *value, const struct key *key,
			void *field)
{
	const char *text = value->kind == NODE_SCALAR ? value->text : "";

	if (!strncmp(text, "unix:", 5) && strlen(text) > strlen("unix:") + SOCKET_MAX_BYTES)
		read_refuse(r, value, key, "a socket's path of at most %d bytes", SOCKET_MAX_BYTES);
	else if (strcmp(text, "off") && strncmp(text, "unix:/", 6) && !is_address_and_port(text))
		read_refuse(
			r, value, key,
			"off, address:port such as 127.0.0.1:9435 or [::1]:9435, or unix:/PATH");
	else
		read_text(r, value, key, field);
}

static const struct key metrics_keys[] = {
	KEY("listen", read_listen, struct config, metrics_listen, .max = PATH_MAX_BYTES),
	{},
};
static const struct keyset metrics_keyset = { "'metrics'", metrics_keys, NULL };

static const struct key journald_keys[] = {
	KEY("enabled", read_bool, struct config, journald),
	{},
};
static const struct keyset journald_keyset = { "'journald'", journald_keys, NULL };

static void read_url(struct reader *r, const struct node *value, const struct key *key, void *field)
{
	const char *text = value->kind == NODE_SCALAR ? value->text : "";
	size_t scheme = !strncmp(text, "https://", 8) ? 8 : !strncmp(text, "http://", 7) ? 7 : 0;
	const char *c;

	/* No blanks, no control characters, no bytes past ASCII: RFC 3986 section 2. */
	for (c = text + scheme; *c > ' ' && *c != 0x7f; c++)
		;
	if (!node_is_null(value) && (!scheme || *c || !text[scheme]))
		read_refuse(r, value, key, "a URL that starts with https:// or http://");
	else
		read_text(r, value, key, field);
}

/* A token goes there, so never in the clear. */
static void read_https_url(struct reader *r, const struct node *value, const struct key *key,
			   void *field)
{
	if (value->kind == NODE_SCALAR && !node_is_null(value) &&
	    strncmp(value->text, "https://", 8) != 0)
		read_refuse(r, value, key, "a URL that starts with https://");
	else
		read_url(r, value, key, field);
}

static const struct key kubernetes_keys[] = {
	KEY("names", read_choice, struct config, kubernetes.names, .words = words_kube_names),
	KEY("url", read_https_url, struct config, kubernetes.url, .max = 2048, .nullable = true),
	KEY("token", read_path, struct config, kubernetes.token, .max = PATH_MAX_BYTES),
	KEY("ca", read_path, struct config, kubernetes.ca, .max = PATH_MAX_BYTES),
	KEY("refresh", read_duration, struct config, kubernetes.refresh_ns, .min = NS_PER_S,
	    .max = 3600 * NS_PER_S),
	{},
};
static const struct keyset kubernetes_keyset = { "'kubernetes'", kubernetes_keys, NULL };

static const struct key webhook_keys[] = {
	KEY("url", read_url, struct config, webhook.url, .max = 2048, .nullable = true),
	KEY("timeout", read_duration, struct config, webhook.timeout_ns, .min = NS_PER_S / 10,
	    .max = 300 * NS_PER_S),
	KEY("ca", read_path, struct config, webhook.ca, .max = PATH_MAX_BYTES, .nullable = true),
	KEY("token_file", read_path, struct config, webhook.token_file, .max = PATH_MAX_BYTES,
	    .nullable = true),
	{},
};
static const struct keyset webhook_keyset = { "'webhook'", webhook_keys, NULL };

static void read_geoip(struct reader *r, const struct node *value, const struct key *key,
		       void *field)
{
	size_t i;

	for (i = 0; value->kind == NODE_LIST && i < value->count; i++) {
		const struct node *entry = &value->items[i];

		if (entry->kind == NODE_SCALAR && *entry->text && *entry->text != '/')
			read_refuse(r, entry, key, "a path from the root, such as /etc/x.mmdb");
	}
	read_texts(r, value, key, field);
}

static void read_rules(struct reader *r, const struct node *value, const struct key *key,
		       void *field)
{
	size_t i;

	if (node_is_null(value))
		return;
	if (value->kind != NODE_MAP) {
		read_refuse(r, value, key, "a map of rules by id");
		return;
	}
	if (value->count / 2 > RULES_MAX) {
		read_refuse(r, value, key, "at most %d rules", RULES_MAX);
		return;
	}
	for (i = 0; i < value->count; i += 2) {
		if (value->items[i].kind == NODE_SCALAR)
			read_rule(r, &value->items[i], &value->items[i + 1]);
	}
}

/*
 * In the order in which they are read: internal before external, lists before the rules that name
 * them.
 */
static const struct key config_keys[] = {
	KEY_WHOLE("interfaces", read_interfaces),
	KEY("attach", read_choice, struct config, attach, .words = words_attach),
	KEY("internal", read_internal, struct config, internal, .expected = NETS_EXPECTED),
	KEY("external", read_external, struct config, external, .expected = NETS_EXPECTED),
	KEY_WHOLE("lists", read_lists),
	KEY_WHOLE("trusted_proxies", read_trusted_proxies),
	KEY_WHOLE("http", read_section, .section = &http_keyset),
	KEY_WHOLE("drops", read_section, .section = &drops_keyset),
	KEY("memory_budget", read_size, struct config, memory_budget, .min = 1ull << 20,
	    .max = 1ull << 40),
	KEY("keep_attached", read_bool, struct config, keep_attached),
	KEY("expedite_rcu", read_bool, struct config, expedite_rcu),
	KEY("resolve", read_choice, struct config, resolve, .words = words_resolve),
	KEY("geoip", read_geoip, struct config, geoip, .max = PATH_MAX_BYTES),
	KEY_WHOLE("kubernetes", read_section, .section = &kubernetes_keyset),
	KEY("state", read_path, struct config, state, .max = PATH_MAX_BYTES),
	KEY("control", read_path, struct config, control, .max = SOCKET_MAX_BYTES),
	KEY_WHOLE("metrics", read_section, .section = &metrics_keyset),
	KEY_WHOLE("journald", read_section, .section = &journald_keyset),
	KEY("stdout", read_choice, struct config, out, .words = words_stdout),
	KEY_WHOLE("webhook", read_section, .section = &webhook_keyset),
	KEY_WHOLE("rules", read_rules),
	{},
};
static const struct keyset config_keyset = { "the configuration", config_keys, NULL };

void read_config(struct reader *r, const struct node *root)
{
	read_map(r, root, &config_keyset, r->config);
}
