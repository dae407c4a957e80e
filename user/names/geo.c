/* SPDX-License-Identifier: GPL-2.0-only */
/* Country and AS of addresses, by libmaxminddb where it was there at build time. */
#include "names/geo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_MAXMINDDB

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <maxminddb.h>

/* Of a file: its copy takes as much memory. */
#define GEO_BYTES_MAX (512LL << 20)

struct database {
	char *path;
	bool open, failed; /* failed: and it was said */
	struct stat opened;
	MMDB_s db;
};

struct geo {
	struct database *list;
	size_t count;
};

bool geo_is_supported(void)
{
	return true;
}

int geo_new(char *const *paths, struct geo **ret)
{
	struct geo *geo = calloc(1, sizeof(*geo));
	size_t count = 0;

	if (!geo)
		return -ENOMEM;
	while (paths && paths[count])
		count++;
	geo->list = calloc(count + 1, sizeof(*geo->list));
	for (; geo->list && geo->count < count; geo->count++) {
		geo->list[geo->count].path = strdup(paths[geo->count]);
		if (!geo->list[geo->count].path)
			break;
	}
	if (geo->count < count || !geo->list) {
		geo_free(geo);
		return -ENOMEM;
	}
	*ret = geo;
	return 0;
}

void geo_free(struct geo *geo)
{
	if (!geo)
		return;
	for (size_t i = 0; i < geo->count; i++) {
		if (geo->list[i].open)
			MMDB_close(&geo->list[i].db);
		free(geo->list[i].path);
	}
	free(geo->list);
	free(geo);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static int copy_bytes(int from, int to)
{
	static char block[1 << 16];
	ssize_t got, put;

	while ((got = read(from, block, sizeof(block))) > 0)
		for (ssize_t at = 0; at < got; at += put) {
			put = write(to, block + at, (size_t)(got - at));
			if (put < 0)
				return -errno;
		}
	return got < 0 ? -errno : 0;
}

/* Copies the file to memory. NULL, or what went wrong; then there is nothing to close. */
static const char *copy_file(const char *path, int *ret_fd, struct stat *ret)
{
	int from = open(path, O_RDONLY | O_CLOEXEC), to = memfd_create("geoip", MFD_CLOEXEC),
	    err = 0;
	const char *why = NULL;
	struct stat after = { 0 };

	if (from < 0 || to < 0 || fstat(from, ret))
		err = -errno;
	else if (ret->st_size > GEO_BYTES_MAX)
		why = "it is larger than 512 MiB";
	else
		err = copy_bytes(from, to);
	if (err)
		why = strerror(-err);
	else if (!why && (fstat(from, &after) || !is_same(ret, &after)))
		why = "it is being written";
	if (from >= 0)
		close(from);
	if (why && to >= 0)
		close(to);
	*ret_fd = to;
	return why;
}

/*
 * The library maps files alone, and who reads a mapped file that another process cuts is killed
 * (SIGBUS). So a copy in memory is opened.
 */
static const char *open_copy(const char *path, MMDB_s *ret, struct stat *ret_stat)
{
	const char *why;
	char copy[32];
	int fd, rc;

	why = copy_file(path, &fd, ret_stat);
	if (why)
		return why;
	snprintf(copy, sizeof(copy), "/proc/self/fd/%d", fd);
	rc = MMDB_open(copy, MMDB_MODE_MMAP, ret);
	close(fd);
	return rc == MMDB_SUCCESS ? NULL : MMDB_strerror(rc);
}

static void open_database(struct database *database, geo_say_fn say, void *arg)
{
	const char *why;
	struct stat st = { 0 };
	MMDB_s db;

	why = open_copy(database->path, &db, &st);
	if (why) {
		/* the one that is open serves on */
		if (!database->failed)
			say(database->path, why, arg);
		database->failed = true;
		return;
	}
	if (database->open)
		MMDB_close(&database->db);
	database->db = db;
	database->opened = st;
	database->open = true;
	if (database->failed)
		say(database->path, NULL, arg);
	database->failed = false;
}

void geo_look_after(struct geo *geo, geo_say_fn say, void *arg)
{
	for (size_t i = 0; i < geo->count; i++) {
		struct database *database = &geo->list[i];
		struct stat st = {};
		int err = stat(database->path, &st) ? errno : 0;

		if (database->open && (err || is_same(&st, &database->opened)))
			continue;
		if (!err && S_ISREG(st.st_mode)) {
			open_database(database, say, arg);
			continue;
		}
		if (!database->failed)
			say(database->path, err ? strerror(err) : "it is no file", arg);
		database->failed = true;
	}
}

/* A string of the entry that this path leads to. */
static void get_text(MMDB_entry_s *entry, char *buf, size_t size, const char *const *path)
{
	MMDB_entry_data_s data;

	if (MMDB_aget_value(entry, &data, path) != MMDB_SUCCESS || !data.has_data ||
	    data.type != MMDB_DATA_TYPE_UTF8_STRING || data.data_size >= size)
		return;
	memcpy(buf, data.utf8_string, data.data_size);
	buf[data.data_size] = '\0';
}

static void get_country(MMDB_entry_s *entry, struct addr_place *place)
{
	static const char *const path[] = { "country", "iso_code", NULL };
	char code[sizeof(place->country)] = "";

	get_text(entry, code, sizeof(code), path);
	if (code[0] >= 'A' && code[0] <= 'Z' && code[1] >= 'A' && code[1] <= 'Z')
		memcpy(place->country, code, sizeof(code));
}

static void get_as(MMDB_entry_s *entry, struct addr_place *place)
{
	static const char *const number[] = { "autonomous_system_number", NULL };
	static const char *const name[] = { "autonomous_system_organization", NULL };
	MMDB_entry_data_s data;

	if (MMDB_aget_value(entry, &data, number) == MMDB_SUCCESS && data.has_data) {
		if (data.type == MMDB_DATA_TYPE_UINT32)
			place->as_number = data.uint32;
		else if (data.type == MMDB_DATA_TYPE_UINT16)
			place->as_number = data.uint16;
	}
	get_text(entry, place->organization, sizeof(place->organization), name);
}

static bool look_up(const MMDB_s *db, const struct addr *addr, MMDB_lookup_result_s *ret)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	int err;

	memcpy(&v6.sin6_addr, addr, sizeof(*addr));
	memcpy(&v4.sin_addr, &addr->w[3], 4);
	*ret = MMDB_lookup_sockaddr(
		(MMDB_s *)db, addr_is_ipv4(addr) ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6,
		&err);
	return err == MMDB_SUCCESS && ret->found_entry;
}

bool geo_find(const struct geo *geo, const struct addr *addr, struct addr_place *ret)
{
	struct addr_place place = {};
	MMDB_lookup_result_s result;

	for (size_t i = 0; i < geo->count; i++) {
		if (!geo->list[i].open || !look_up(&geo->list[i].db, addr, &result))
			continue;
		get_country(&result.entry, &place);
		get_as(&result.entry, &place);
	}
	if (!*place.country && !place.as_number && !*place.organization)
		return false;
	*ret = place;
	return true;
}

#else

struct geo {
	char *const *paths;
	bool said;
};

bool geo_is_supported(void)
{
	return false;
}

int geo_new(char *const *paths, struct geo **ret)
{
	struct geo *geo = calloc(1, sizeof(*geo));

	if (!geo)
		return -ENOMEM;
	geo->paths = paths;
	*ret = geo;
	return 0;
}

void geo_free(struct geo *geo)
{
	free(geo);
}

void geo_look_after(struct geo *geo, geo_say_fn say, void *arg)
{
	for (size_t i = 0; !geo->said && geo->paths && geo->paths[i]; i++)
		say(geo->paths[i], "spikewatch was built without libmaxminddb", arg);
	geo->said = true;
}

bool geo_find(const struct geo *geo, const struct addr *addr, struct addr_place *ret)
{
	return false;
}

#endif
