/* SPDX-License-Identifier: GPL-2.0-only */
/* YAML -> validated, immutable configuration. */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "core/rules.h"

enum attach_mode {
	ATTACH_AUTO, /* = tc */
	ATTACH_TC,   /* tcx where the kernel has it, else clsact */
	ATTACH_TCX,
	ATTACH_CLSACT,
	ATTACH_XDP, /* native */
	ATTACH_XDP_GENERIC,
};

enum interface_role { ROLE_AUTO, ROLE_TAP };

struct config_interface {
	char *name;              /* "auto", a name, or a glob */
	enum attach_mode attach; /* ATTACH_AUTO: as config.attach */
	enum interface_role role;
};

/* One entry of a list: a network, until when it holds (Unix seconds, 0 for ever). */
struct config_list_entry {
	struct net net;
	__u64 until_s;
	char *note; /* may be NULL */
};

struct config_list {
	char *name;
	struct config_list_entry *entries;
	size_t count;
};

/* Networks of internal: or external:; `connected` stands for those of this host's interfaces. */
struct config_nets {
	struct net *nets;
	size_t count;
	bool connected;
};

enum http_count { HTTP_COUNT_ALL, HTTP_COUNT_SERVER_SIDE };
enum http_evidence { EVIDENCE_NONE, EVIDENCE_PATH, EVIDENCE_FULL };
enum drops_netns { DROPS_NETNS_OWN, DROPS_NETNS_ALL };
enum resolve_mode { RESOLVE_HOSTS, RESOLVE_DNS, RESOLVE_OFF };
enum kube_names { KUBE_NAMES_OFF, KUBE_NAMES_KUBELET, KUBE_NAMES_API };
enum stdout_mode { STDOUT_AUTO, STDOUT_JSON, STDOUT_HUMAN, STDOUT_OFF };

/*
 * The whole configuration; every pointer is owned. See spikewatch.yaml(5) for what each key means.
 */
struct config {
	struct config_interface *interfaces;
	size_t interface_count;
	enum attach_mode attach;
	struct config_nets internal;
	struct config_nets external;
	struct config_list *lists; /* as configured; "self" is added by config_places() */
	size_t list_count;
	struct net *trusted_proxies;
	size_t trusted_proxy_count;
	struct {
		enum http_count count;
		struct net *cluster_cidrs;
		size_t cluster_cidr_count;
		enum http_evidence evidence;
		bool require_reverse;
	} http;
	struct {
		enum drops_netns netns;
		bool chains; /* tell tables and chains of netfilter */
	} drops;
	__u64 memory_budget; /* bytes */
	bool keep_attached;
	bool expedite_rcu; /* while many programs are attached or detached */
	enum resolve_mode resolve;
	char **geoip; /* NULL-terminated, or NULL */
	struct {
		enum kube_names names;
		char *url; /* NULL: the usual one */
		char *token, *ca;
		__u64 refresh_ns;
	} kubernetes;
	char *state;
	char *control;
	char *metrics_listen; /* "off", "address:port" or "unix:PATH" */
	bool journald;
	enum stdout_mode out;
	struct {
		char *url; /* NULL: no webhook */
		__u64 timeout_ns;
		char *ca;
		char *token_file;
	} webhook;
	struct rule *rules; /* the built-in ones first, then the file's own in its order */
	size_t rule_count;
	char **unused; /* what config_say_unused() says; NULL-terminated */
};

/* A message about a key: "FILE:LINE:COLUMN: text". Called for each, in the order of the file. */
typedef void (*config_say_fn)(const char *message, void *arg);

/*
 * Reads the built-in configuration and merges the file at path over it (NULL: the built-in one
 * alone). Errors, all that are found, go to say(); -EINVAL where there was one, -errno where the
 * file could not be read (said too), -ENOMEM. *ret is untouched on failure.
 */
int config_load(const char *path, config_say_fn say, void *arg, struct config **ret);

/* The same from memory; name stands for FILE in messages. */
int config_parse(const char *name, const char *text, size_t len, config_say_fn say, void *arg,
		 struct config **ret);

void config_free(struct config *config); /* NULL is fine */

/*
 * Replaces the interfaces: list by names (each auto, a name or a glob) as the command line gives
 * them. -ENOMEM: the configuration is as it was.
 */
int config_set_interfaces(struct config *config, const char *const *names, size_t count);

/*
 * Of keys that a running sensor can't change, `next` gets what `running` has, and the other way
 * round: so each still is whole, and next is what the sensor works by from now on. Calls say() with
 * the name of each that differed, for instance "memory_budget".
 */
void config_keep(struct config *next, struct config *running, config_say_fn say, void *arg);

/* Do both send records to the same places besides standard output, in the same way? */
bool config_same_outlets(const struct config *a, const struct config *b);

/*
 * Names each key that was given a value other than its default and has no effect in this version.
 */
void config_say_unused(const struct config *config, config_say_fn say, void *arg);

/* The rule of that id; NULL: there is none, or it is not enabled. */
const struct rule *config_find_rule(const struct config *config, const char *id);

/* Writes the effective configuration as YAML that config_load() reads back to the same. */
int config_print(const struct config *config, FILE *out);

/* How many entries of lists lie before now_s: config_places() leaves them out. */
size_t config_expired(const struct config *config, __u64 now_s);

/*
 * What the words of address terms mean: zones from internal and external, list 0 "self" from the
 * host's own addresses, then the configured lists in their order (struct addr_term.list counts the
 * same way). `connected` are the networks of the host's interfaces. Entries whose `until` lies
 * before now_s are left out. The caller clears *ret with places_clear().
 */
int config_places(const struct config *config, const struct addr *self, size_t self_count,
		  const struct net *connected, size_t connected_count, __u64 now_s,
		  struct places *ret);

#endif
