/* SPDX-License-Identifier: GPL-2.0-only */
/* Several captures as one, by time. */
#ifndef CMD_INPUTS_H
#define CMD_INPUTS_H

#include <stddef.h>

#include "capture/capture.h"

struct input;

struct inputs {
	struct input *list;
	size_t count;
	bool damaged; /* one could not be read to its end; it was said */
};

/* Opens all of them, "-" is standard input. An exit code, said; the caller closes in any case. */
int inputs_open(char **names, size_t count, struct inputs *ret);
void inputs_close(struct inputs *inputs);

/* The earliest packet at hand, valid until the next call; false at the end of all. */
bool inputs_next(struct inputs *inputs, struct frame *ret);

/* Bytes of all files, and how many were read; *ret_size is 0 where it can't be known. */
void inputs_progress(const struct inputs *inputs, __u64 *ret_position, __u64 *ret_size);

#endif
