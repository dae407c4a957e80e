/* SPDX-License-Identifier: GPL-2.0-only */
/* All keys that were counted over a run. */
#include <errno.h>
#include <net/if.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "core/netset.h"
#include "record/text.h"
#include "sensor/counts.h"
#include "view/tally.h"

struct counts {
	void *tree; /* tsearch(3) of struct record */
	struct tally tally;
	/* Where counts_print() is, for twalk_r() */
	const struct observer *observer;
	FILE *out;
	int error;
};

/* The members after the counts are the key; padding is zero. */
static int compare(const void *a, const void *b)
{
	const size_t from = offsetof(struct record, source);

	return memcmp((const char *)a + from, (const char *)b + from, sizeof(struct record) - from);
}

int counts_new(struct counts **ret)
{
	struct counts *counts = calloc(1, sizeof(*counts));

	if (!counts)
		return -ENOMEM;
	*ret = counts;
	return 0;
}

void counts_free(struct counts *counts)
{
	if (!counts)
		return;
	tdestroy(counts->tree, free);
	free(counts);
}

static int add_record(struct counts *counts, const struct record *record)
{
	struct record *copy, **found;

	found = tfind(record, &counts->tree, compare);
	if (found) {
		(*found)->count += record->count;
		(*found)->bytes += record->bytes;
		return 0;
	}
	copy = malloc(sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	*copy = *record;
	if (!tsearch(copy, &counts->tree, compare)) {
		free(copy);
		return -ENOMEM;
	}
	return 0;
}

int counts_add(struct counts *counts, const struct batch *batch)
{
	int err = 0;

	tally_add(&counts->tally, batch);
	for (size_t i = 0; i < batch->record_count && !err; i++)
		err = add_record(counts, &batch->records[i]);
	return err;
}

static void print_json(struct counts *counts, json_t *object)
{
	/* json_pack() and json_dumpf() fail only for want of memory, or when out fails. */
	if (!object || json_dumpf(object, counts->out, JSON_COMPACT) ||
	    fputc('\n', counts->out) < 0)
		counts->error = -EIO;
	json_decref(object);
}

static void print_record(struct counts *counts, const struct record *r)
{
	char source[ADDR_TEXT_MAX], destination[ADDR_TEXT_MAX], in[IF_NAMESIZE], out[IF_NAMESIZE],
		proto[TEXT_NUMBER_MAX];
	const struct observer *observer = counts->observer;
	const char *reason = observer->reasons->name[r->code % SW_REASON_MAX];

	addr_format(&r->source, source);
	addr_format(&r->destination, destination);
	if (r->feed == FEED_HTTP) {
		print_json(counts, json_pack("{ss ss si si sI}", "client", source, "server",
					     destination, "port", r->port, "status", r->code,
					     "count", (json_int_t)r->count));
		return;
	}
	print_json(counts,
		   json_pack("{ss ss si ss ss ss ss ss* ss* ss* sI sI sI}", "source", source,
			     "destination", destination, "port", r->port, "proto",
			     text_proto(r->proto, proto), "class",
			     tally_class_name[r->class % CLASS_MAX], "reason",
			     reason ? reason : "unknown", "hook", text_hook(r->hook), "chain",
			     r->chain ? observer->chains->name[r->chain] : NULL, "in",
			     if_indextoname(r->in_ifindex, in), "out",
			     if_indextoname(r->out_ifindex, out), "netns", (json_int_t)r->netns,
			     "packets", (json_int_t)r->count, "bytes", (json_int_t)r->bytes));
}

static void visit(const void *node, VISIT order, void *arg)
{
	if (order == postorder || order == leaf)
		print_record(arg, *(struct record *const *)node);
}

static json_t *named(const __u64 *values, const char *const *names, size_t count)
{
	json_t *object = json_object();

	for (size_t i = 0; i < count; i++)
		if (names[i] && values[i])
			json_object_set_new(object, names[i], json_integer(values[i]));
	return object;
}

int counts_print(const struct counts *counts, const struct observer *observer,
		 const struct counts_extra *extra, FILE *out)
{
	struct counts walk = *counts;
	json_t *totals = json_object();

	walk.observer = observer;
	walk.out = out;
	twalk_r(walk.tree, visit, &walk);
	for (size_t i = 0; i < COUNT_MAX; i++)
		json_object_set_new(totals, tally_counter_name[i],
				    json_integer(counts->tally.totals.n[i]));
	for (; extra && extra->name; extra++)
		json_object_set_new(totals, extra->name, json_integer(extra->value));
	json_object_set_new(totals, "evicted_http",
			    json_integer(counts->tally.loss.evicted[FEED_HTTP]));
	json_object_set_new(totals, "evicted_drops",
			    json_integer(counts->tally.loss.evicted[FEED_DROP]));
	json_object_set_new(totals, "merged_http",
			    json_integer(counts->tally.loss.merged[FEED_HTTP]));
	json_object_set_new(totals, "merged_drops",
			    json_integer(counts->tally.loss.merged[FEED_DROP]));
	json_object_set_new(totals, "drop_class",
			    named(counts->tally.totals.drop_class, tally_class_name, CLASS_MAX));
	json_object_set_new(
		totals, "drop_reason",
		named(counts->tally.totals.drop_reason, observer->reasons->name, SW_REASON_MAX));
	print_json(&walk, json_pack("{so}", "totals", totals));
	if (fflush(out))
		return -EIO;
	return walk.error;
}

static void print_row(const void *node, VISIT order, void *arg)
{
	char client[ADDR_TEXT_MAX], server[ADDR_TEXT_MAX], status[8] = "other";
	const struct record *r = *(struct record *const *)node;
	struct counts *counts = arg;

	if ((order != postorder && order != leaf) || r->feed != FEED_HTTP)
		return;
	addr_format(&r->source, client);
	addr_format(&r->destination, server);
	if (r->code)
		snprintf(status, sizeof(status), "%u", r->code);
	if (fprintf(counts->out, "%-39s %-39s %5u %6s %10llu\n", client, server, r->port, status,
		    r->count) < 0)
		counts->error = -EIO;
}

static void print_total(struct counts *counts, const char *name, __u64 value)
{
	if (value && fprintf(counts->out, "%-39s %10llu\n", name, value) < 0)
		counts->error = -EIO;
}

int counts_print_table(const struct counts *counts, const struct counts_extra *extra, FILE *out)
{
	struct counts walk = *counts;

	walk.out = out;
	fprintf(out, "%-39s %-39s %5s %6s %10s\n", "CLIENT", "SERVER", "PORT", "STATUS", "COUNT");
	twalk_r(walk.tree, print_row, &walk);
	fprintf(out, "\n%-39s %10s\n", "TOTAL", "COUNT");
	for (size_t i = 0; i < COUNT_MAX; i++)
		print_total(&walk, tally_counter_name[i], counts->tally.totals.n[i]);
	for (; extra && extra->name; extra++)
		print_total(&walk, extra->name, extra->value);
	print_total(&walk, "evicted_http", counts->tally.loss.evicted[FEED_HTTP]);
	print_total(&walk, "merged_http", counts->tally.loss.merged[FEED_HTTP]);
	if (fflush(out))
		return -EIO;
	return walk.error;
}
