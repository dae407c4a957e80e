/* SPDX-License-Identifier: GPL-2.0-only */
/* What clients asked for whose answers were errors. */
#include "core/requests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ELLIPSIS "..."
/* "\xNN" and what shows that there was more */
#define ROOM_LAST (4 + sizeof(ELLIPSIS))

/* --- as text ---------------------------------------------------------------------------------- */

struct slice {
	const __u8 *at;
	const __u8 *end;
};

static const __u8 *find(const struct slice *slice, __u8 c)
{
	const __u8 *found = slice->at < slice->end
				    ? memchr(slice->at, c, (size_t)(slice->end - slice->at))
				    : NULL;

	return found ? found : slice->end;
}

static bool is_printable(__u8 c)
{
	return c >= ' ' && c <= '~' && c != '\\';
}

/* Appends; false: there is no more room, and the text ends with an ellipsis. */
static bool put(char ret[REQUEST_TEXT], size_t *len, const struct slice *slice)
{
	for (const __u8 *c = slice->at; c < slice->end; c++) {
		if (*len + ROOM_LAST > REQUEST_TEXT) {
			memcpy(ret + *len, ELLIPSIS, sizeof(ELLIPSIS));
			return false;
		}
		if (is_printable(*c))
			ret[(*len)++] = (char)*c;
		else
			*len += (size_t)snprintf(ret + *len, REQUEST_TEXT - *len, "\\x%02x", *c);
		ret[*len] = '\0';
	}
	return true;
}

/* "http://user:secret@host/path": what stands before the '@' goes. */
static bool put_scheme(char ret[REQUEST_TEXT], size_t *len, struct slice *target)
{
	struct slice scheme = { target->at, find(target, ':') }, authority, host;

	if (target->at == target->end || *target->at == '/' || target->end - scheme.end < 3 ||
	    memcmp(scheme.end, "://", 3) != 0)
		return true;
	scheme.end += 3;
	authority = (struct slice){ scheme.end, target->end };
	authority.end = find(&authority, '/');
	host = authority;
	while (find(&host, '@') != host.end)
		host.at = find(&host, '@') + 1;
	target->at = host.at;
	return put(ret, len, &scheme);
}

void request_text(const __u8 *line, size_t len, bool query, char ret[REQUEST_TEXT])
{
	static const __u8 space[] = " ", dots[] = ELLIPSIS;
	struct slice rest = { line, line + len }, method, target;
	const __u8 *question;
	bool is_whole;
	size_t used = 0;

	ret[0] = '\0';
	while (rest.at < rest.end && (*rest.at == '\r' || *rest.at == '\n'))
		rest.at++; /* RFC 9112 2.2 */
	is_whole = find(&rest, '\n') != rest.end;
	rest.end = find(&rest, '\n');
	method = (struct slice){ rest.at, find(&rest, ' ') };
	if (method.at == method.end || method.end == rest.end)
		return;
	rest.at = method.end + 1;
	target = (struct slice){ rest.at, find(&rest, ' ') };
	is_whole = is_whole || target.end != rest.end;
	if (target.end > target.at && target.end == rest.end && target.end[-1] == '\r')
		target.end--; /* HTTP/0.9 has no version */
	question = find(&target, '?');
	if (!query && question != target.end) {
		target.end = question;
		is_whole = true;
	}
	if (put(ret, &used, &method) && put(ret, &used, &(struct slice){ space, space + 1 }) &&
	    put_scheme(ret, &used, &target) && put(ret, &used, &target) && !is_whole)
		put(ret, &used, &(struct slice){ dots, dots + 3 });
}

/* --- the last ones of a rule ------------------------------------------------------------------ */

static __u64 hash_bytes(__u64 hash, const void *bytes, size_t len)
{
	const __u8 *at = bytes;

	while (len--)
		hash = (hash ^ *at++) * 0x100000001b3ULL; /* FNV-1a */
	return hash;
}

static __u64 path_of(const struct sample *sample)
{
	const char *target = strchr(sample->request, ' ');
	__u64 hash = 0xcbf29ce484222325ULL;

	hash = hash_bytes(hash, &sample->destination, sizeof(sample->destination));
	hash = hash_bytes(hash, &sample->port, sizeof(sample->port));
	return target ? hash_bytes(hash, target, strlen(target)) : hash;
}

static const struct requests_entry *entry_at(const struct requests *requests, size_t i)
{
	return &requests->entry[(requests->oldest + i) % REQUESTS_MAX];
}

void requests_add(struct requests *requests, const struct group_key *group,
		  const struct sample *sample)
{
	struct requests_entry *entry;

	if (!requests->entry)
		requests->entry = calloc(REQUESTS_MAX, sizeof(*requests->entry));
	if (!requests->entry)
		return;
	if (requests->count == REQUESTS_MAX)
		requests->oldest = (requests->oldest + 1) % REQUESTS_MAX;
	else
		requests->count++;
	entry = &requests->entry[(requests->oldest + requests->count - 1) % REQUESTS_MAX];
	entry->group = *group;
	entry->time_ns = sample->time_ns;
	entry->path = path_of(sample);
	memcpy(entry->text, sample->request, sizeof(entry->text));
}

void requests_advance(struct requests *requests, __u64 first_ns)
{
	while (requests->count && entry_at(requests, 0)->time_ns < first_ns) {
		requests->oldest = (requests->oldest + 1) % REQUESTS_MAX;
		requests->count--;
	}
}

void requests_clear(struct requests *requests)
{
	free(requests->entry);
	*requests = (struct requests){ 0 };
}

/* One request of a group, and how often it came. */
struct found {
	const struct requests_entry *entry;
	size_t at; /* the newest has the highest */
	__u64 count;
};

static int by_path(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	return (x->entry->path > y->entry->path) - (x->entry->path < y->entry->path);
}

static int by_text(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	return strcmp(x->entry->text, y->entry->text);
}

static int by_count(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return (x->at < y->at) - (x->at > y->at);
}

/* Makes one of those with the same text; how many are left. */
static size_t unite(struct found *found, size_t count)
{
	size_t left = 0;

	qsort(found, count, sizeof(*found), by_text);
	for (size_t i = 0; i < count; i++) {
		if (left && !by_text(&found[left - 1], &found[i])) {
			found[left - 1].count++;
			if (found[left - 1].at < found[i].at)
				found[left - 1].at = found[i].at;
		} else {
			found[left++] = found[i];
		}
	}
	return left;
}

void requests_gather(const struct requests *requests, const struct group_key *group,
		     struct alert_requests *ret)
{
	struct found found[REQUESTS_MAX];
	size_t count = 0;

	*ret = (struct alert_requests){ 0 };
	for (size_t i = 0; i < requests->count; i++) {
		const struct requests_entry *entry = entry_at(requests, i);

		if (!memcmp(&entry->group, group, sizeof(*group)))
			found[count++] = (struct found){ entry, i, 1 };
	}
	ret->known = count;
	if (!count)
		return;
	qsort(found, count, sizeof(*found), by_path);
	for (size_t i = 0; i < count; i++)
		ret->paths += !i || by_path(&found[i - 1], &found[i]) != 0;
	ret->distinct = count = unite(found, count);
	qsort(found, count, sizeof(*found), by_count);
	for (; ret->count < count && ret->count < ALERT_REQUESTS_MAX; ret->count++)
		memcpy(ret->text[ret->count], found[ret->count].entry->text, REQUEST_TEXT);
}
