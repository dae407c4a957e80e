/* SPDX-License-Identifier: GPL-2.0-only */
/* The configuration: the built-in one with a file merged over it; what its words mean on a host. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/builtin.h"
#include "config/read.h"

static int read_layer(struct reader *r, const char *name, const char *text, size_t len)
{
	struct node root = { 0 };
	int err;

	r->errors.name = name;
	r->notes.name = name;
	err = tree_parse(text, len, &r->errors, &root);
	if (err)
		return err;
	read_config(r, &root);
	tree_clear(&root);
	if (r->errors.out_of_memory || r->notes.out_of_memory)
		r->err = -ENOMEM;
	return r->err;
}

static int keep_notes(struct reader *r)
{
	struct report *notes = &r->notes;
	size_t i;

	r->config->unused = calloc(notes->count + 1, sizeof(*r->config->unused));
	if (!r->config->unused)
		return -ENOMEM;
	report_sort(notes);
	for (i = 0; i < notes->count; i++) {
		r->config->unused[i] = notes->messages[i].text;
		notes->messages[i].text = NULL;
	}
	return 0;
}

int config_parse(const char *name, const char *text, size_t len, config_say_fn say, void *arg,
		 struct config **ret)
{
	struct reader r = { .builtin = true };
	int err;

	r.config = calloc(1, sizeof(*r.config));
	if (!r.config)
		return -ENOMEM;
	err = read_layer(&r, "built-in", builtin_yaml, strlen(builtin_yaml));
	r.builtin = false;
	if (!err)
		err = read_layer(&r, name, text, len);
	if (!err && !r.errors.count) {
		read_rules_finish(&r);
		err = r.err;
	}
	if (!err)
		err = keep_notes(&r);
	if (!err && r.errors.count)
		err = -EINVAL;
	report_sort(&r.errors);
	report_say(&r.errors, say, arg);
	report_clear(&r.errors);
	report_clear(&r.notes);
	free(r.given);
	if (err) {
		config_free(r.config);
		return err;
	}
	*ret = r.config;
	return 0;
}

/* Reads up to one byte more than a configuration may have, from files and pipes alike. */
static int read_file(const char *path, char **ret, size_t *ret_len)
{
	const size_t most = TREE_TEXT_MAX + 3 + 1; /* with a byte order mark */
	char *text = NULL;
	size_t len;
	FILE *file;
	int err = 0;

	file = fopen(path, "re");
	if (!file)
		return -errno;
	text = malloc(most);
	if (!text) {
		err = -ENOMEM;
		goto out;
	}
	errno = 0;
	len = fread(text, 1, most, file);
	if (ferror(file)) {
		err = errno ? -errno : -EIO;
		goto out;
	}
	*ret = text;
	*ret_len = len;
	text = NULL;
out:
	free(text);
	fclose(file);
	return err;
}

int config_load(const char *path, config_say_fn say, void *arg, struct config **ret)
{
	char *text = NULL, *message;
	size_t len = 0;
	int err;

	if (!path)
		return config_parse("built-in", "", 0, say, arg, ret);
	err = read_file(path, &text, &len);
	if (err) {
		if (asprintf(&message, "%s: cannot be read: %s", path, strerror(-err)) < 0)
			return -ENOMEM;
		say(message, arg);
		free(message);
		return err;
	}
	err = config_parse(path, text, len, say, arg, ret);
	free(text);
	return err;
}

static void free_lists(struct config *config)
{
	size_t i, j;

	for (i = 0; i < config->list_count; i++) {
		for (j = 0; j < config->lists[i].count; j++)
			free(config->lists[i].entries[j].note);
		free(config->lists[i].entries);
		free(config->lists[i].name);
	}
	free(config->lists);
}

static void free_interfaces(struct config_interface *interfaces, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		free(interfaces[i].name);
	free(interfaces);
}

int config_set_interfaces(struct config *config, const char *const *names, size_t count)
{
	struct config_interface *interfaces = calloc(count + 1, sizeof(*interfaces));
	size_t i;

	if (!interfaces)
		return -ENOMEM;
	for (i = 0; i < count; i++) {
		interfaces[i].name = strdup(names[i]);
		if (!interfaces[i].name) {
			free_interfaces(interfaces, i);
			return -ENOMEM;
		}
	}
	free_interfaces(config->interfaces, config->interface_count);
	config->interfaces = interfaces;
	config->interface_count = count;
	return 0;
}

void config_free(struct config *config)
{
	size_t i;

	if (!config)
		return;
	free_interfaces(config->interfaces, config->interface_count);
	free(config->internal.nets);
	free(config->external.nets);
	free_lists(config);
	free(config->trusted_proxies);
	free(config->http.cluster_cidrs);
	texts_free(config->geoip);
	free(config->state);
	free(config->control);
	free(config->metrics_listen);
	free(config->kubernetes.url);
	free(config->kubernetes.token);
	free(config->kubernetes.ca);
	free(config->webhook.url);
	free(config->webhook.ca);
	free(config->webhook.token_file);
	for (i = 0; i < config->rule_count; i++)
		rule_clear(&config->rules[i]);
	free(config->rules);
	texts_free(config->unused);
	free(config);
}

void config_say_unused(const struct config *config, config_say_fn say, void *arg)
{
	size_t i;

	for (i = 0; config->unused[i]; i++)
		say(config->unused[i], arg);
}

const struct rule *config_find_rule(const struct config *config, const char *id)
{
	for (size_t i = 0; i < config->rule_count; i++)
		if (config->rules[i].enabled && !strcmp(config->rules[i].id, id))
			return &config->rules[i];
	return NULL;
}
