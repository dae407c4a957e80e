/* SPDX-License-Identifier: GPL-2.0-only */
/* A secret from a file. */
#include "http/token.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static ssize_t read_whole(int fd, char *buf, size_t size)
{
	size_t len = 0;

	while (len < size) {
		ssize_t n = read(fd, buf + len, size - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		len += n;
	}
	return (ssize_t)len;
}

int token_read(const char *path, char **ret)
{
	char buf[TOKEN_MAX + 3]; /* a line's end, and one more to see what is too long */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	ssize_t len;

	if (fd < 0)
		return -errno;
	len = read_whole(fd, buf, sizeof(buf));
	close(fd);
	if (len < 0)
		return (int)len;
	while (len && strchr(" \t\r\n", buf[len - 1]) && buf[len - 1])
		len--;
	if (!len || len > TOKEN_MAX)
		return -EINVAL;
	for (ssize_t i = 0; i < len; i++)
		if (buf[i] <= ' ' || buf[i] > '~')
			return -EINVAL;
	*ret = strndup(buf, len);
	return *ret ? 0 : -ENOMEM;
}
