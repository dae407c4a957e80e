/* SPDX-License-Identifier: GPL-2.0-only */
/* A file, in gzip or not, as a stdio stream. */
#include "capture/stream.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#define BUFFER_BYTES (256 << 10)

struct stream {
	gzFile gz;
	__u64 size; /* 0 of a pipe */
	char error[128];
};

/* zlib hands through what is not gzip. */
static ssize_t read_some(void *cookie, char *buf, size_t size)
{
	struct stream *stream = cookie;
	int n = gzread(stream->gz, buf, size > INT_MAX ? INT_MAX : (unsigned int)size), zerr;
	const char *says, *reason;

	if (n > 0)
		return n;
	/* At an end that comes too early gzread() returns 0, and Z_BUF_ERROR stands. */
	says = gzerror(stream->gz, &zerr);
	reason = strstr(says, ": "); /* behind zlib's name of a descriptor */
	if (n == 0 && zerr == Z_OK)
		return 0;
	if (zerr == Z_ERRNO)
		snprintf(stream->error, sizeof(stream->error), "%s", strerror(errno));
	else
		snprintf(stream->error, sizeof(stream->error), "the gzip data is damaged: %s",
			 reason ? reason + 2 : says);
	errno = EIO;
	return -1;
}

static int close_gz(void *cookie)
{
	struct stream *stream = cookie;

	gzclose_r(stream->gz);
	stream->gz = NULL;
	return 0;
}

int stream_open(int fd, struct stream **ret, FILE **ret_file)
{
	const cookie_io_functions_t functions = { .read = read_some, .close = close_gz };
	struct stream *stream = calloc(1, sizeof(*stream));
	struct stat st;
	FILE *file;

	if (!stream)
		goto out;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		stream->size = st.st_size;
	stream->gz = gzdopen(fd, "rb");
	if (!stream->gz)
		goto out;
	gzbuffer(stream->gz, BUFFER_BYTES);
	file = fopencookie(stream, "rb", functions);
	if (!file) {
		gzclose_r(stream->gz);
		free(stream);
		return -ENOMEM;
	}
	*ret = stream;
	*ret_file = file;
	return 0;
out:
	close(fd);
	free(stream);
	return -ENOMEM;
}

void stream_free(struct stream *stream)
{
	free(stream);
}

const char *stream_error(const struct stream *stream)
{
	return stream->error[0] ? stream->error : NULL;
}

__u64 stream_position(const struct stream *stream)
{
	z_off_t at = stream->size && stream->gz ? gzoffset(stream->gz) : 0;

	return at > 0 ? at : 0;
}

__u64 stream_size(const struct stream *stream)
{
	return stream->size;
}
