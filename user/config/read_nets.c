/* SPDX-License-Identifier: GPL-2.0-only */
/* The keys that hold networks: internal and external, lists, and plain sets of them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/read.h"
#include "config/scalar.h"

#define NETS_MAX         10000
#define LISTS_MAX        1000
#define LIST_ENTRIES_MAX 100000
#define NAME_MAX_BYTES   64

/* Networks, and the word "connected" where the caller takes it. They replace *nets. */
static void read_nets(struct reader *r, const struct node *value, const struct key *key,
		      struct net **nets, size_t *net_count, bool *connected)
{
	const struct node *entries;
	struct net *to;
	size_t i, count, used = 0;

	if (!read_list(r, value, key, NETS_MAX, &entries, &count))
		return;
	to = calloc(count + 1, sizeof(*to));
	if (!to) {
		r->err = -ENOMEM;
		return;
	}
	if (connected)
		*connected = false;
	for (i = 0; i < count; i++) {
		if (connected && entries[i].kind == NODE_SCALAR &&
		    !strcmp(entries[i].text, "connected"))
			*connected = true;
		else if (read_net(r, &entries[i], key, &to[used]))
			used++;
	}
	free(*nets);
	*nets = to;
	*net_count = used;
}

void read_internal(struct reader *r, const struct node *value, const struct key *key, void *field)
{
	struct config_nets *to = field;

	read_nets(r, value, key, &to->nets, &to->count, &to->connected);
}

/* Names the entries of external: that stand in internal: too. */
static int check_zones(struct reader *r, const struct node *external)
{
	const struct config_nets *internal = &r->config->internal;
	char text[QUOTE_MAX];
	struct netset *set;
	struct net net;
	size_t i;
	int err;

	err = netset_new(&set);
	if (err)
		return err;
	for (i = 0; !err && i < internal->count; i++)
		err = netset_add(set, &internal->nets[i], ZONE_INTERNAL);
	for (i = 0; !err && external->kind == NODE_LIST && i < external->count; i++) {
		const struct node *entry = &external->items[i];
		bool clash;

		if (entry->kind != NODE_SCALAR)
			continue;
		clash = internal->connected && !strcmp(entry->text, "connected");
		if (!clash && !net_parse(entry->text, &net)) {
			err = netset_add(set, &net, ZONE_EXTERNAL);
			clash = err == -EEXIST;
			if (clash)
				err = 0;
		}
		if (clash)
			read_error(r, entry, "%s is in 'internal' too: it cannot be both",
				   text_quote(entry->text, text));
	}
	netset_free(set);
	return err;
}

void read_external(struct reader *r, const struct node *value, const struct key *key, void *field)
{
	int err;

	read_internal(r, value, key, field);
	err = check_zones(r, value);
	if (err)
		r->err = err;
}

static void read_until(struct reader *r, const struct node *value, const struct key *key,
		       void *field)
{
	if (value->kind != NODE_SCALAR || scalar_parse_date(value->text, field))
		read_refuse(r, value, key, "a date such as 2027-01-31");
}

static void read_entry_net(struct reader *r, const struct node *value, const struct key *key,
			   void *field)
{
	read_net(r, value, key, field);
}

static const struct key entry_keys[] = {
	KEY("net", read_entry_net, struct config_list_entry, net),
	KEY("until", read_until, struct config_list_entry, until_s),
	KEY("note", read_text, struct config_list_entry, note, .max = 1024),
	{},
};
static const struct keyset entry_keyset = { "an entry of a list", entry_keys, NULL };

static void clear_list(struct config_list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		free(list->entries[i].note);
	free(list->entries);
	list->entries = NULL;
	list->count = 0;
}

static void read_entries(struct reader *r, const struct node *value, const struct key *key,
			 struct config_list *list)
{
	const struct node *entries = NULL;
	size_t i, count = 0;

	/* A list whose entries are all commented out has none. */
	if (!node_is_null(value) && !read_list(r, value, key, LIST_ENTRIES_MAX, &entries, &count))
		return;
	clear_list(list);
	list->entries = calloc(count + 1, sizeof(*list->entries));
	if (!list->entries) {
		r->err = -ENOMEM;
		return;
	}
	for (i = 0; i < count; i++) {
		struct config_list_entry *to = &list->entries[list->count++];

		if (entries[i].kind != NODE_MAP)
			read_net(r, &entries[i], key, &to->net);
		else if (node_find(&entries[i], "net"))
			read_map(r, &entries[i], &entry_keyset, to);
		else
			read_error(r, &entries[i], "an entry of a list needs a 'net'");
	}
}

/* The list of that name, a new one if need be; NULL without memory. */
static struct config_list *find_list(struct reader *r, const char *name)
{
	struct config *config = r->config;
	struct config_list *lists;
	size_t i;

	for (i = 0; i < config->list_count; i++) {
		if (!strcmp(config->lists[i].name, name))
			return &config->lists[i];
	}
	lists = reallocarray(config->lists, config->list_count + 1, sizeof(*lists));
	if (!lists) {
		r->err = -ENOMEM;
		return NULL;
	}
	config->lists = lists;
	lists[config->list_count] = (struct config_list){ .name = read_copy(r, name) };
	return lists[config->list_count].name ? &lists[config->list_count++] : NULL;
}

static bool check_list_name(struct reader *r, const struct node *name)
{
	static const char *const taken[] = { "self", "internal", "external", "connected" };
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_-";
	size_t len = strlen(name->text), i;
	char quoted[QUOTE_MAX];

	for (i = 0; i < sizeof(taken) / sizeof(*taken); i++) {
		if (strcmp(name->text, taken[i]))
			continue;
		read_error(r, name, "'%s' has a meaning of its own: expected another name",
			   taken[i]);
		return false;
	}
	if (len && len <= NAME_MAX_BYTES && strspn(name->text, letters) == len)
		return true;
	read_error(r, name,
		   "%s cannot name a list: expected 1 to %d of letters, digits, '_' and '-'",
		   text_quote(name->text, quoted), NAME_MAX_BYTES);
	return false;
}

void read_lists(struct reader *r, const struct node *value, const struct key *key, void *field)
{
	struct config_list *list;
	size_t i;

	if (node_is_null(value))
		return;
	if (value->kind != NODE_MAP) {
		read_refuse(r, value, key, "a map of lists by name");
		return;
	}
	if (value->count / 2 > LISTS_MAX) {
		read_refuse(r, value, key, "at most %d lists", LISTS_MAX);
		return;
	}
	for (i = 0; i < value->count; i += 2) {
		const struct node *name = &value->items[i];
		struct key entries_key = { .name = name->text };

		if (name->kind != NODE_SCALAR || !check_list_name(r, name))
			continue;
		list = find_list(r, name->text);
		if (list)
			read_entries(r, &value->items[i + 1], &entries_key, list);
	}
}

void read_trusted_proxies(struct reader *r, const struct node *value, const struct key *key,
			  void *field)
{
	read_nets(r, value, key, &r->config->trusted_proxies, &r->config->trusted_proxy_count,
		  NULL);
	if (r->config->trusted_proxy_count)
		read_note(r, value, "trusted_proxies");
}

void read_cluster_cidrs(struct reader *r, const struct node *value, const struct key *key,
			void *field)
{
	struct config *config = r->config;

	read_nets(r, value, key, &config->http.cluster_cidrs, &config->http.cluster_cidr_count,
		  NULL);
}
