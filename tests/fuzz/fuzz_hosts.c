/* SPDX-License-Identifier: GPL-2.0-only */
/* Any bytes as a file of host names. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "names/hosts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct addr addr = {};
	struct hosts *hosts;
	const char *name;
	char path[64];
	int fd = memfd_create("hosts", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (hosts_new(path, &hosts))
		abort();
	if (hosts_look_after(hosts) < 0 || hosts_look_after(hosts))
		abort(); /* the second time it is the same */
	addr_parse("10.0.0.1", &addr);
	name = hosts_find(hosts, &addr);
	if (name && !host_name_is_good(name))
		abort();
	hosts_free(hosts);
	close(fd);
	return 0;
}
