/* SPDX-License-Identifier: GPL-2.0-only */
/* BPF maps for programs that run on the host: lists of heap blocks of exact size. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/bpf.h>

#include "host.h"

struct host_entry {
	struct host_entry *next;
	void *value;
	uint8_t key[];
};

static struct {
	struct host_map *maps;
	size_t count;
	struct event events[TARGET_EVENTS];
	char requests[TARGET_EVENTS][SW_REQUEST_LINE + 1];
	size_t event_count;
} state;

/* The helpers that programs call; their declarations are in host/bpf/bpf_helpers.h. */
void *host_map_lookup_elem(void *map, const void *key);
long host_map_update_elem(void *map, const void *key, const void *value, __u64 flags);
long host_map_delete_elem(void *map, const void *key);
long bpf_ringbuf_output(void *ringbuf, void *data, __u64 size, __u64 flags);

static struct host_map *find_map(void *map)
{
	for (size_t i = 0; i < state.count; i++)
		if (state.maps[i].map == map)
			return &state.maps[i];
	assert(!"a map that host.c did not register");
	return NULL;
}

static void *find_value(const struct host_map *m, const void *key)
{
	for (struct host_entry *e = m->entries; e; e = e->next)
		if (!memcmp(e->key, key, m->key_size))
			return e->value;
	return NULL;
}

static void add_entry(struct host_map *m, const void *key, const void *value)
{
	struct host_entry *e = malloc(sizeof(*e) + m->key_size);

	assert(e);
	e->value = calloc(1, m->value_size);
	assert(e->value);
	memcpy(e->key, key, m->key_size);
	if (value)
		memcpy(e->value, value, m->value_size);
	e->next = m->entries;
	m->entries = e;
}

void *host_map_lookup_elem(void *map, const void *key)
{
	struct host_map *m = find_map(map);
	uint32_t index;

	if (m->array_entries || m->inner) {
		memcpy(&index, key, sizeof(index));
		if (m->inner)
			return m->inner[index];
		if (index >= m->array_entries)
			return NULL;
		if (!find_value(m, key))
			add_entry(m, key, NULL);
	}
	return find_value(m, key);
}

long host_map_update_elem(void *map, const void *key, const void *value, __u64 flags)
{
	struct host_map *m = find_map(map);
	void *old = find_value(m, key);

	if (m->refuses)
		return -ENOMEM;
	if (old && flags & BPF_NOEXIST)
		return -EEXIST;
	if (old)
		memcpy(old, value, m->value_size);
	else
		add_entry(m, key, value);
	return 0;
}

long host_map_delete_elem(void *map, const void *key)
{
	struct host_map *m = find_map(map);

	for (struct host_entry **at = &m->entries; *at; at = &(*at)->next) {
		struct host_entry *e = *at;

		if (memcmp(e->key, key, m->key_size) != 0)
			continue;
		*at = e->next;
		free(e->value);
		free(e);
		return 0;
	}
	return -ENOENT;
}

long bpf_ringbuf_output(void *ringbuf, void *data, __u64 size, __u64 flags)
{
	assert(size == sizeof(struct event) || size == sizeof(struct http_event));
	if (state.event_count == TARGET_EVENTS)
		return -EAGAIN;
	target_take_event(data, size, &state.events[state.event_count],
			  state.requests[state.event_count]);
	state.event_count++;
	return 0;
}

void host_maps_register(struct host_map *maps, size_t count)
{
	state.maps = maps;
	state.count = count;
}

static void empty(struct host_map *m)
{
	while (m->entries) {
		struct host_entry *e = m->entries;

		m->entries = e->next;
		free(e->value);
		free(e);
	}
}

void host_maps_reset(void)
{
	for (size_t i = 0; i < state.count; i++) {
		empty(&state.maps[i]);
		state.maps[i].refuses = false;
	}
	state.event_count = 0;
}

void host_map_empty(void *map)
{
	empty(find_map(map));
}

void host_map_refuse(void *map)
{
	find_map(map)->refuses = true;
}

void host_map_visit(void *map, host_visit *visit, void *ctx)
{
	for (struct host_entry *e = find_map(map)->entries; e; e = e->next)
		visit(ctx, e->key, e->value);
}

void host_map_events(struct counts *ret)
{
	ret->event_count = state.event_count;
	memcpy(ret->events, state.events, sizeof(state.events));
	memcpy(ret->requests, state.requests, sizeof(state.requests));
}
