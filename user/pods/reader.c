/* SPDX-License-Identifier: GPL-2.0-only */
/* What an API server or a kubelet tells of pods, as it comes, into the cache. */
#include "pods/reader.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static bool fail(struct reader *reader, const char *why)
{
	snprintf(reader->trouble, sizeof(reader->trouble), "%s", why);
	return false;
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static bool is_wanted(const struct reader *reader, const struct pod *pod)
{
	for (size_t i = 0; reader->only && i < pod->addr_count; i++)
		if (addr_equal(reader->only, &pod->addrs[i]))
			return true;
	return !reader->only;
}

static void take_pod(struct reader *reader, const json_t *object, bool deleted)
{
	struct pod pod;

	if (!pod_read(object, &pod)) {
		reader->odd++;
		return;
	}
	reader->told++;
	if (deleted)
		pods_remove(reader->pods, pod.uid, reader->now_ns);
	else if (is_wanted(reader, &pod))
		pods_put(reader->pods, &pod, reader->until_ns, reader->now_ns);
}

/* Opaque, but of letters and digits as far as a URL is concerned. */
static void keep_version(struct reader *reader, const json_t *object)
{
	const char *version = text_of(json_object_get(object, "metadata"), "resourceVersion");
	size_t len = strlen(version);

	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)version[i]) || version[i] & 0x80)
			return;
	if (len && len < READER_VERSION_MAX)
		strcpy(reader->version, version);
}

/* {"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired"}} */
static bool take_status(struct reader *reader, const json_t *status)
{
	long long code = json_integer_value(json_object_get(status, "code"));

	reader->expired = code == 410 || code == 504;
	snprintf(reader->trouble, sizeof(reader->trouble), "the watch ended with status %lld",
		 code);
	return false;
}

static bool take_event(struct reader *reader, const json_t *event)
{
	const char *type = text_of(event, "type");
	const json_t *object = json_object_get(event, "object");

	if (!json_is_object(object))
		return fail(reader, "what came is no watch event");
	if (!strcmp(type, "ERROR"))
		return take_status(reader, object);
	if (!strcmp(type, "ADDED") || !strcmp(type, "MODIFIED") || !strcmp(type, "DELETED"))
		take_pod(reader, object, !strcmp(type, "DELETED"));
	else if (strcmp(type, "BOOKMARK") != 0)
		return fail(reader, "what came is no watch event");
	keep_version(reader, object);
	return true;
}

static bool take_item(const char *text, size_t len, void *arg)
{
	struct reader *reader = arg;
	/* Who may make pods may put a zero byte into some text of them. */
	json_t *object = json_loadb(text, len, JSON_ALLOW_NUL, NULL);
	bool good = true;

	if (!object)
		return fail(reader, "what came is no JSON");
	if (reader->form == READER_WATCH)
		good = take_event(reader, object);
	else
		take_pod(reader, object, false);
	json_decref(object);
	return good;
}

void reader_begin(struct reader *reader, enum reader_form form, struct pods *pods, __u64 until_ns,
		  __u64 bytes_max)
{
	memset(reader, 0, sizeof(*reader));
	reader->form = form;
	reader->pods = pods;
	reader->until_ns = until_ns;
	reader->left = bytes_max;
	reader->split.form = form == READER_LIST ? SPLIT_LIST : SPLIT_STREAM;
	reader->split.item = take_item;
	reader->split.arg = reader;
}

bool reader_take(struct reader *reader, const char *data, size_t len, __u64 now_ns)
{
	reader->now_ns = now_ns;
	if (len > reader->left)
		return fail(reader, "the answer is too long");
	reader->left -= len;
	switch (split_feed(&reader->split, data, len)) {
	case SPLIT_GOOD:
		return true;
	case SPLIT_STOPPED: /* said */
		return false;
	case SPLIT_NO_MEMORY:
		return fail(reader, "out of memory");
	case SPLIT_MALFORMED:
		break;
	}
	return fail(reader, "what came is no JSON, or not of pods");
}

static bool is_pod_list(const struct split *split)
{
	json_t *frame = json_loadb(split->frame, split->frame_len, 0, NULL);
	const char *kind = text_of(frame, "kind");
	bool good = !strcmp(kind, "PodList");

	/* No "items": null is Go's way to write an empty list. */
	good = good && (json_is_array(json_object_get(frame, "items")) ||
			json_is_null(json_object_get(frame, "items")));
	json_decref(frame);
	return good;
}

bool reader_finish(struct reader *reader)
{
	reader->odd += reader->split.too_long_count;
	reader->split.too_long_count = 0;
	if (*reader->trouble)
		return false;
	if (!split_is_whole(&reader->split))
		return fail(reader, "the answer ended in the middle");
	if (reader->form == READER_LIST && !is_pod_list(&reader->split))
		return fail(reader, "the answer is no list of pods");
	return true;
}

void reader_clear(struct reader *reader)
{
	split_clear(&reader->split);
}
