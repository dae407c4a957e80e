/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of hosts from a file in the form of /etc/hosts: hosts(5). */
#include "names/hosts.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LABEL_MAX 63

struct entry {
	struct addr addr;
	size_t line;      /* the first one of an address wins */
	const char *name; /* in the text */
};

struct hosts {
	char *path;
	char *text;            /* of the file, cut into strings */
	struct entry *entries; /* by address */
	size_t count;
	struct stat read; /* of the file as it was read; all zero: of none */
};

bool host_name_is_good(const char *name)
{
	size_t len = 0, label = 0;

	for (; name[len]; len++) {
		unsigned char c = name[len];

		if (len == HOST_NAME_MAX_LEN)
			return false;
		if (c == '.' && !label)
			return false;
		label = c == '.' ? 0 : label + 1;
		if (label > LABEL_MAX ||
		    (c != '.' && c != '-' && c != '_' && !(c < 128 && isalnum(c))))
			return false;
	}
	return len && strcmp(name, ".") != 0;
}

int hosts_new(const char *path, struct hosts **ret)
{
	struct hosts *hosts = calloc(1, sizeof(*hosts));

	if (!hosts)
		return -ENOMEM;
	hosts->path = strdup(path);
	if (!hosts->path) {
		free(hosts);
		return -ENOMEM;
	}
	*ret = hosts;
	return 0;
}

static void clear(struct hosts *hosts)
{
	free(hosts->text);
	free(hosts->entries);
	hosts->text = NULL;
	hosts->entries = NULL;
	hosts->count = 0;
}

void hosts_free(struct hosts *hosts)
{
	if (!hosts)
		return;
	clear(hosts);
	free(hosts->path);
	free(hosts);
}

/* The whole file as one string; a zero byte in it ends it. */
static int read_text(int fd, char **ret)
{
	size_t len = 0, room = 65536;
	char *text = malloc(room);
	ssize_t n = 0;

	while (text && (n = read(fd, text + len, room - len - 1)) > 0) {
		len += n;
		if (len > HOSTS_BYTES_MAX) {
			free(text);
			return -EFBIG;
		}
		if (len + 1 == room) {
			char *more = realloc(text, room *= 2);

			if (!more)
				free(text);
			text = more;
		}
	}
	if (!text || n < 0) {
		int err = text ? -errno : -ENOMEM;

		free(text);
		return err;
	}
	text[len] = '\0';
	*ret = text;
	return 0;
}

/* Address and first name of a line; the rest are aliases. */
static bool take_line(char *line, struct entry *ret)
{
	char *rest = line, *word;

	line[strcspn(line, "#\r")] = '\0';
	word = strsep(&rest, " \t");
	while (word && !*word)
		word = strsep(&rest, " \t");
	if (!word || addr_parse(word, &ret->addr))
		return false;
	do
		word = strsep(&rest, " \t");
	while (word && !*word);
	ret->name = word;
	return word && host_name_is_good(word);
}

static int compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = memcmp(&x->addr, &y->addr, sizeof(x->addr));

	return order ? order : (x->line > y->line) - (x->line < y->line);
}

static int take_text(char *text, struct entry **ret, size_t *ret_count)
{
	struct entry *entries = NULL, entry = {};
	size_t count = 0, room = 0;
	char *line;

	while ((line = strsep(&text, "\n"))) {
		if (!take_line(line, &entry))
			continue;
		if (count == HOSTS_ENTRIES_MAX)
			break;
		if (count == room) {
			struct entry *more;

			room = room ? room * 2 : 64;
			more = reallocarray(entries, room, sizeof(*entries));
			if (!more) {
				free(entries);
				return -ENOMEM;
			}
			entries = more;
		}
		entry.line = count;
		entries[count++] = entry;
	}
	if (count)
		qsort(entries, count, sizeof(*entries), compare);
	*ret = entries;
	*ret_count = count;
	return 0;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static int read_file(struct hosts *hosts, int fd, const struct stat *st)
{
	struct entry *entries;
	size_t count;
	char *text = NULL;
	int err = read_text(fd, &text);

	if (err)
		return err;
	err = take_text(text, &entries, &count);
	if (err) {
		free(text);
		return err;
	}
	clear(hosts);
	hosts->text = text;
	hosts->entries = entries;
	hosts->count = count;
	hosts->read = *st;
	return 1;
}

int hosts_look_after(struct hosts *hosts)
{
	struct stat st;
	int fd, err = 0;

	if (stat(hosts->path, &st)) {
		if (errno != ENOENT)
			return -errno;
		err = hosts->text != NULL;
		clear(hosts);
		memset(&hosts->read, 0, sizeof(hosts->read));
		return err;
	}
	if (!S_ISREG(st.st_mode) || is_same(&st, &hosts->read))
		return 0;
	fd = open(hosts->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	/* What it is like when it is opened: it may be written right now. */
	if (fstat(fd, &st))
		err = -errno;
	if (!err)
		err = read_file(hosts, fd, &st);
	close(fd);
	return err;
}

size_t hosts_count(const struct hosts *hosts)
{
	return hosts->count;
}

const char *hosts_find(const struct hosts *hosts, const struct addr *addr)
{
	size_t low = 0, high = hosts->count;

	/* the first one that is not less */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(&hosts->entries[middle].addr, addr, sizeof(*addr)) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < hosts->count && addr_equal(&hosts->entries[low].addr, addr))
		return hosts->entries[low].name;
	return NULL;
}
