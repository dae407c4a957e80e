/* SPDX-License-Identifier: GPL-2.0-only */
/* Pins of maps and links. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/magic.h>

#include "spikewatch_abi.h"

#include "kernel/keep.h"

#define NAME_SIZE 32
#define LINK      "link-"

struct keep {
	char dir[KEEP_PATH_MAX / 2];
	int fd; /* of the folder: holds the lock */
	bool continues;
	char (*claimed)[NAME_SIZE];
	size_t claimed_count;
};

static int hold(const char *dir, int *ret_fd)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		err = -errno;
		close(fd);
		return err;
	}
	*ret_fd = fd;
	return 0;
}

int keep_open(struct keep **ret)
{
	struct keep *keep = calloc(1, sizeof(*keep));
	struct statfs fs;
	int err;

	if (!keep)
		return -ENOMEM;
	keep->fd = -1;
	snprintf(keep->dir, sizeof(keep->dir), KEEP_ROOT "/%d", SW_ABI);
	if ((mkdir(KEEP_ROOT, 0700) && errno != EEXIST) ||
	    (mkdir(keep->dir, 0700) && errno != EEXIST) || statfs(keep->dir, &fs))
		err = -errno;
	else
		err = fs.f_type == BPF_FS_MAGIC ? hold(keep->dir, &keep->fd) : -EMEDIUMTYPE;
	if (err)
		keep_close(keep);
	else
		*ret = keep;
	return err;
}

void keep_close(struct keep *keep)
{
	if (!keep)
		return;
	if (keep->fd >= 0)
		close(keep->fd);
	free(keep->claimed);
	free(keep);
}

void keep_path(const struct keep *keep, const char *name, char ret[KEEP_PATH_MAX])
{
	snprintf(ret, KEEP_PATH_MAX, "%s/%.31s", keep->dir, name);
	/* bpffs takes no dots, which names of global variables' maps have. */
	for (char *at = ret + strlen(keep->dir); *at; at++)
		if (*at == '.')
			*at = '_';
}

bool keep_continues(const struct keep *keep)
{
	return keep->continues;
}

/* --- maps ------------------------------------------------------------------------------------- */

/* Constants are of each load, and working memory is nobody else's. */
static bool is_kept(const struct bpf_map *map)
{
	const char *name = bpf_map__name(map);

	return !strstr(name, ".rodata") && !strstr(name, "scratches");
}

static bool fits(int fd, const struct bpf_map *map)
{
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);

	return !bpf_obj_get_info_by_fd(fd, &info, &len) && info.type == bpf_map__type(map) &&
	       info.key_size == bpf_map__key_size(map) &&
	       info.value_size == bpf_map__value_size(map) &&
	       info.max_entries == bpf_map__max_entries(map) &&
	       info.map_flags == bpf_map__map_flags(map);
}

static bool is_same_sensor(int fd, const struct bpf_map *map, bool (*same)(const void *, void *),
			   void *arg)
{
	void *bss = malloc(bpf_map__value_size(map));
	const __u32 zero = 0;
	bool yes = bss && !bpf_map_lookup_elem(fd, &zero, bss) && same(bss, arg);

	free(bss);
	return yes;
}

enum verdict { PINS_NONE, PINS_GOOD, PINS_INCOMPLETE, PINS_OTHER_SIZE, PINS_OTHER_SENSOR };

static enum verdict judge_pins(const struct keep *keep, struct bpf_object *obj,
			       bool (*same)(const void *, void *), void *arg)
{
	unsigned int found = 0, missing = 0;
	bool sizes = true, ours = true;
	struct bpf_map *map;

	bpf_object__for_each_map(map, obj)
	{
		char path[KEEP_PATH_MAX];
		int fd;

		if (!is_kept(map))
			continue;
		keep_path(keep, bpf_map__name(map), path);
		fd = bpf_obj_get(path);
		if (fd < 0) {
			missing++;
			continue;
		}
		found++;
		if (!fits(fd, map))
			sizes = false;
		else if (strstr(bpf_map__name(map), ".bss"))
			ours = is_same_sensor(fd, map, same, arg);
		close(fd);
	}
	if (!found)
		return PINS_NONE;
	if (missing)
		return PINS_INCOMPLETE;
	if (!sizes)
		return PINS_OTHER_SIZE;
	return ours ? PINS_GOOD : PINS_OTHER_SENSOR;
}

static int remove_pins(const char *dir, keep_say_fn say, void *arg)
{
	DIR *list = opendir(dir);
	struct dirent *entry;
	int err = 0;

	if (!list)
		return -errno;
	while ((entry = readdir(list))) {
		char path[KEEP_PATH_MAX + 256];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		if (unlink(path))
			err = -errno;
		else if (say)
			say(path, arg);
	}
	closedir(list);
	return err;
}

int keep_prepare(struct keep *keep, struct bpf_object *obj,
		 bool (*same)(const void *bss, void *arg), void *arg, const char **ret_why)
{
	static const char *const why[] = {
		[PINS_INCOMPLETE] = "a part of them is missing",
		[PINS_OTHER_SIZE] =
			"their maps have other sizes: memory_budget, rules or version changed",
		[PINS_OTHER_SENSOR] = "they are of another network namespace",
	};
	enum verdict verdict = judge_pins(keep, obj, same, arg);
	struct bpf_map *map;
	int err = 0;

	*ret_why = verdict > PINS_GOOD ? why[verdict] : NULL;
	if (*ret_why)
		err = remove_pins(keep->dir, NULL, NULL);
	keep->continues = verdict == PINS_GOOD;
	bpf_object__for_each_map(map, obj)
	{
		char path[KEEP_PATH_MAX];

		if (err || !is_kept(map))
			continue;
		keep_path(keep, bpf_map__name(map), path);
		err = bpf_map__set_pin_path(map, path);
	}
	return err;
}

/* --- links ------------------------------------------------------------------------------------ */

static void claim(struct keep *keep, const char *name)
{
	char(*claimed)[NAME_SIZE];

	claimed = reallocarray(keep->claimed, keep->claimed_count + 1, sizeof(*claimed));
	if (!claimed)
		return; /* it will be swept, and attached anew */
	keep->claimed = claimed;
	snprintf(claimed[keep->claimed_count++], NAME_SIZE, "%s", name);
}

static bool is_claimed(const struct keep *keep, const char *name)
{
	for (size_t i = 0; i < keep->claimed_count; i++)
		if (!strcmp(keep->claimed[i], name))
			return true;
	return false;
}

int keep_take_link(struct keep *keep, const char *name, __u32 *ret_ifindex)
{
	struct bpf_link_info info = {};
	__u32 len = sizeof(info);
	char path[KEEP_PATH_MAX];
	int fd, err;

	keep_path(keep, name, path);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return fd;
	err = bpf_obj_get_info_by_fd(fd, &info, &len);
	if (err) {
		close(fd);
		return err;
	}
	*ret_ifindex = info.xdp.ifindex; /* tcx has it in the same place */
	claim(keep, name);
	return fd;
}

int keep_pin_link(struct keep *keep, const char *name, int fd)
{
	char path[KEEP_PATH_MAX];
	int err;

	keep_path(keep, name, path);
	if (unlink(path) && errno != ENOENT)
		return -errno;
	err = bpf_obj_pin(fd, path);
	if (!err)
		claim(keep, name);
	return err;
}

void keep_sweep(struct keep *keep)
{
	DIR *list = opendir(keep->dir);
	struct dirent *entry;

	while (list && (entry = readdir(list))) {
		char path[KEEP_PATH_MAX];

		if (strncmp(entry->d_name, LINK, strlen(LINK)) != 0 ||
		    is_claimed(keep, entry->d_name))
			continue;
		keep_path(keep, entry->d_name, path);
		unlink(path);
	}
	if (list)
		closedir(list);
	/* From now on who attaches and detaches keeps pins in order. */
	free(keep->claimed);
	keep->claimed = NULL;
	keep->claimed_count = 0;
}

/* --- all -------------------------------------------------------------------------------------- */

static int remove_version(const char *dir, bool force, keep_say_fn say, void *arg)
{
	int fd = -1, err = hold(dir, &fd);

	if (err == -EWOULDBLOCK && force)
		err = 0;
	if (!err)
		err = remove_pins(dir, say, arg);
	if (fd >= 0)
		close(fd);
	if (!err && rmdir(dir))
		err = -errno;
	return err;
}

int keep_remove_all(bool force, keep_say_fn say, void *arg)
{
	DIR *list = opendir(KEEP_ROOT);
	struct dirent *entry;
	int err = 0;

	if (!list)
		return errno == ENOENT ? 0 : -errno;
	while ((entry = readdir(list))) {
		char dir[sizeof(KEEP_ROOT) + 256];
		int failed;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(dir, sizeof(dir), KEEP_ROOT "/%s", entry->d_name);
		failed = remove_version(dir, force, say, arg);
		err = err ? err : failed;
	}
	closedir(list);
	if (!err && rmdir(KEEP_ROOT) && errno != ENOENT)
		err = -errno;
	return err;
}
