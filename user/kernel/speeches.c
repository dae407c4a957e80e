/* SPDX-License-Identifier: GPL-2.0-only */
/* Connections by server and by what they speak. */
#include <errno.h>

#include <bpf/bpf.h>

#include "kernel/speeches.h"

#define CHUNK 1024

int speeches_take(int fd, speeches_fn *take, void *arg)
{
	static struct speech_key keys[CHUNK];
	static struct speech values[CHUNK];
	void *in = NULL;
	__u32 position;
	int err = 0;

	while (!err) {
		__u32 n = CHUNK;

		err = bpf_map_lookup_and_delete_batch(fd, in, &position, keys, values, &n, NULL);
		if (err && err != -ENOENT)
			return err;
		for (__u32 i = 0; i < n; i++)
			take(arg, &keys[i], &values[i]);
		in = &position;
	}
	return 0;
}
