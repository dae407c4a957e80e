/* SPDX-License-Identifier: GPL-2.0-only */
/* Records that were written, from the store. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "record/value.h"
#include "sensor/records.h"
#include "store/history.h"

#define SINCE_MAX_S 9000000000LL /* what fits 64 bits as nanoseconds */

struct gathering {
	json_t *records;
	size_t bytes;
	__u64 left_out;
};

/* What is no object is left out: the file may be anybody's. */
static int take(const struct store_record *record, void *arg)
{
	struct gathering *g = arg;
	json_t *object = json_loads(record->ecs, JSON_REJECT_DUPLICATES, NULL);

	if (!json_is_object(object)) {
		json_decref(object);
		return 0;
	}
	g->bytes += strlen(record->ecs);
	return json_array_append_new(g->records, object) ? -ENOMEM : 0;
}

/* The answer's bytes are bounded; a record's are about those of its share. */
static void cut(struct gathering *g)
{
	while (g->bytes > RECORDS_BYTES_MAX && json_array_size(g->records)) {
		char *line = json_dumps(json_array_get(g->records, 0), JSON_COMPACT);

		g->bytes -= line && strlen(line) < g->bytes ? strlen(line) : g->bytes;
		free(line);
		json_array_remove(g->records, 0);
		g->left_out++;
	}
}

static int read_records(struct store *store, const struct request *request, struct gathering *g)
{
	__s64 since_s = request->since_s < SINCE_MAX_S ? request->since_s : SINCE_MAX_S;
	const struct store_records_wanted wanted = {
		.since_ns = (__u64)since_s * 1000000000ULL,
		.rule = *request->rule ? request->rule : NULL,
		.limit = request->limit,
	};

	return store_each_record(store, &wanted, take, g);
}

static int print(json_t *root, char **ret)
{
	char *line = root ? json_dumps(root, JSON_COMPACT) : NULL;

	json_decref(root);
	if (!line)
		return -ENOMEM;
	*ret = line;
	return 0;
}

int records_answer(const char *path, const struct request *request, char **ret)
{
	struct gathering g = { .records = json_array() };
	struct store_told told;
	struct store *store;
	int err = store_open(path, STORE_READ, time(NULL), &told, &store);

	if (err) {
		json_decref(g.records);
		return print(json_pack("{so}", "error", value_text(told.failure)), ret);
	}
	err = read_records(store, request, &g);
	if (err) {
		json_decref(g.records);
		g.records = value_text(store_failure(store));
	}
	store_close(store);
	if (err)
		return print(json_pack("{so}", "error", g.records), ret);
	cut(&g);
	return print(json_pack("{so sI}", "records", g.records, "left_out", (json_int_t)g.left_out),
		     ret);
}
