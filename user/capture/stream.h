/* SPDX-License-Identifier: GPL-2.0-only */
/* A file, in gzip or not, as a stdio stream. */
#ifndef CAPTURE_STREAM_H
#define CAPTURE_STREAM_H

#include <stdio.h>
#include <linux/types.h>

struct stream;

/*
 * A stream over fd, which is the stream's from then on, also on failure. *ret_file is closed by who
 * opened it, *ret by stream_free() after that. -ENOMEM.
 */
int stream_open(int fd, struct stream **ret, FILE **ret_file);
void stream_free(struct stream *stream); /* NULL is fine */

/* What is wrong with the gzip data, or the file's read error; NULL: nothing so far. */
const char *stream_error(const struct stream *stream);

/* Bytes of the file, compressed as they are. 0 where it is a pipe. */
__u64 stream_position(const struct stream *stream);
__u64 stream_size(const struct stream *stream);

#endif
