/* SPDX-License-Identifier: GPL-2.0-only */
/* The effective configuration as YAML. */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "config/print.h"
#include "config/read.h"
#include "config/scalar.h"

/* Words that this or another reader of YAML takes for something else than text. */
static bool is_special(const char *text)
{
	static const char *const words[] = { "null", "true", "false", "yes", "no",
					     "on",   "off",  "y",     "n",   NULL };
	size_t i;

	for (i = 0; words[i]; i++) {
		if (!strcasecmp(text, words[i]))
			return true;
	}
	return false;
}

static bool is_plain(const char *text)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_/";
	static const char more[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_/"
				   "0123456789.-";

	return *text && strchr(first, *text) && text[strspn(text, more)] == '\0' &&
	       !is_special(text);
}

void print_text(FILE *out, const char *text)
{
	size_t left;
	__u32 point;
	int len;

	if (!text || is_plain(text)) {
		fputs(text ? text : "null", out);
		return;
	}
	fputc('"', out);
	for (left = strlen(text); left; left -= len, text += len) {
		len = scalar_decode_utf8(text, left, &point);
		if (len < 0) {
			/* The reader lets no such byte in; U+FFFD stands for it if one came. */
			len = 1;
			point = 0xfffd;
		}
		if (point == '"' || point == '\\')
			fprintf(out, "\\%c", (char)point);
		else if (point == '\n')
			fputs("\\n", out);
		else if (!scalar_is_printable(point) || point == 0xfffd)
			fprintf(out, "\\u%04X", point);
		else
			fwrite(text, 1, len, out);
	}
	fputc('"', out);
}

void print_texts(FILE *out, char *const *texts)
{
	size_t i;

	fputc('[', out);
	for (i = 0; texts && texts[i]; i++) {
		fputs(i ? ", " : "", out);
		print_text(out, texts[i]);
	}
	fputs("]\n", out);
}

/* IPv6 in quotes: its colons mean something to YAML. */
static void print_net(FILE *out, const struct net *net)
{
	char text[SCALAR_TEXT_MAX];

	scalar_format_net(net, text);
	fprintf(out, strchr(text, ':') ? "\"%s\"" : "%s", text);
}

void print_nets(FILE *out, const struct net *nets, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		fputs(i ? ", " : "", out);
		print_net(out, &nets[i]);
	}
}

static void print_zone(FILE *out, const char *key, const struct config_nets *nets)
{
	fprintf(out, "%s: [", key);
	print_nets(out, nets->nets, nets->count);
	if (nets->connected)
		fputs(nets->count ? ", connected" : "connected", out);
	fputs("]\n", out);
}

static void print_interfaces(FILE *out, const struct config *config)
{
	size_t i;

	fputs("interfaces:\n", out);
	for (i = 0; i < config->interface_count; i++) {
		const struct config_interface *interface = &config->interfaces[i];

		fputs("  - {name: ", out);
		print_text(out, interface->name);
		fprintf(out, ", attach: %s, role: %s}\n",
			word_name(words_attach, interface->attach),
			word_name(words_role, interface->role));
	}
}

static void print_list(FILE *out, const struct config_list *list)
{
	char date[SCALAR_TEXT_MAX];
	size_t i;

	fputs("  ", out);
	print_text(out, list->name);
	fputs(list->count ? ":\n" : ": []\n", out);
	for (i = 0; i < list->count; i++) {
		const struct config_list_entry *entry = &list->entries[i];

		fputs("    - {net: ", out);
		print_net(out, &entry->net);
		if (entry->until_s)
			fprintf(out, ", until: %s", scalar_format_date(entry->until_s, date));
		if (entry->note) {
			fputs(", note: ", out);
			print_text(out, entry->note);
		}
		fputs("}\n", out);
	}
}

static void print_lists(FILE *out, const struct config *config)
{
	size_t i;

	fputs("lists:\n", out);
	for (i = 0; i < config->list_count; i++)
		print_list(out, &config->lists[i]);
}

static void print_pair(FILE *out, const char *key, const char *text)
{
	fprintf(out, "%s: ", key);
	print_text(out, text);
	fputc('\n', out);
}

static const char *yes_no(bool value)
{
	return value ? "true" : "false";
}

static void print_http(FILE *out, const struct config *config)
{
	fprintf(out, "http:\n  count: %s\n  cluster_cidrs: [",
		word_name(words_http_count, config->http.count));
	print_nets(out, config->http.cluster_cidrs, config->http.cluster_cidr_count);
	fprintf(out, "]\n  evidence: %s\n  require_reverse: %s\n",
		word_name(words_evidence, config->http.evidence),
		yes_no(config->http.require_reverse));
}

static void print_kernel(FILE *out, const struct config *config)
{
	char size[SCALAR_TEXT_MAX];

	fprintf(out, "drops:\n  netns: %s\n  chains: %s\n",
		word_name(words_netns, config->drops.netns), yes_no(config->drops.chains));
	fprintf(out, "memory_budget: %s\n", scalar_format_size(config->memory_budget, size));
	fprintf(out, "keep_attached: %s\nexpedite_rcu: %s\n", yes_no(config->keep_attached),
		yes_no(config->expedite_rcu));
}

static void print_kubernetes(FILE *out, const struct config *config)
{
	char refresh[SCALAR_TEXT_MAX];

	fprintf(out, "kubernetes:\n  names: %s\n",
		word_name(words_kube_names, config->kubernetes.names));
	print_pair(out, "  url", config->kubernetes.url);
	print_pair(out, "  token", config->kubernetes.token);
	print_pair(out, "  ca", config->kubernetes.ca);
	fprintf(out, "  refresh: %s\n",
		scalar_format_duration(config->kubernetes.refresh_ns, refresh));
}

static void print_sinks(FILE *out, const struct config *config)
{
	char timeout[SCALAR_TEXT_MAX];

	print_pair(out, "state", config->state);
	print_pair(out, "control", config->control);
	print_pair(out, "metrics:\n  listen", config->metrics_listen);
	fprintf(out, "journald:\n  enabled: %s\n", yes_no(config->journald));
	fprintf(out, "stdout: %s\n", word_name(words_stdout, config->out));
	print_pair(out, "webhook:\n  url", config->webhook.url);
	fprintf(out, "  timeout: %s\n",
		scalar_format_duration(config->webhook.timeout_ns, timeout));
	print_pair(out, "  ca", config->webhook.ca);
	print_pair(out, "  token_file", config->webhook.token_file);
}

int config_print(const struct config *config, FILE *out)
{
	size_t i;

	print_interfaces(out, config);
	fprintf(out, "attach: %s\n", word_name(words_attach, config->attach));
	print_zone(out, "internal", &config->internal);
	print_zone(out, "external", &config->external);
	print_lists(out, config);
	fputs("trusted_proxies: [", out);
	print_nets(out, config->trusted_proxies, config->trusted_proxy_count);
	fputs("]\n", out);
	print_http(out, config);
	print_kernel(out, config);
	fprintf(out, "resolve: %s\n", word_name(words_resolve, config->resolve));
	fputs("geoip: ", out);
	print_texts(out, config->geoip);
	print_kubernetes(out, config);
	print_sinks(out, config);
	fputs("rules:\n", out);
	for (i = 0; i < config->rule_count; i++)
		print_rule(out, config, &config->rules[i]);
	return fflush(out) || ferror(out) ? -EIO : 0;
}
