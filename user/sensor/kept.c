/* SPDX-License-Identifier: GPL-2.0-only */
/* keep_attached: what is said of what outlives a restart. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "sensor/clock.h"
#include "sensor/sensor.h"
#include "util/log.h"

/* A name in the abstract namespace of unix sockets, which each network namespace has of its own. */
static int take_name(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "\0spikewatch-sensor" };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;

	if (fd < 0)
		return -errno;
	if (!bind(fd, (struct sockaddr *)&name, sizeof(name)))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

bool kept_is_running(void)
{
	int fd = take_name();

	if (fd >= 0)
		close(fd);
	return fd == -EADDRINUSE;
}

void kept_close(struct sensor *sensor)
{
	if (sensor->presence_fd > 0)
		close(sensor->presence_fd);
	sensor->presence_fd = 0;
}

void kept_open(struct sensor *sensor)
{
	const struct kept *kept = loader_kept(sensor->loader);
	int fd = take_name();

	/* There may be two: then the first has the name. */
	if (fd > 0)
		sensor->presence_fd = fd;
	loader_sweep_kept(sensor->loader);
	if (kept->err == -EWOULDBLOCK)
		blind_say(sensor, BLIND_NOT_KEPT, SENSOR_DEGRADED, "keep_attached",
			  "keep_attached: another spikewatch keeps its programs in " KEEP_ROOT
			  ": what this one attaches goes with it");
	else if (kept->err)
		blind_say(
			sensor, BLIND_NOT_KEPT, SENSOR_DEGRADED, "keep_attached",
			"keep_attached: nothing can be pinned in " KEEP_ROOT
			": %s; is there a bpffs at /sys/fs/bpf? What is attached goes with this process",
			kept->err == -EMEDIUMTYPE ? "no bpffs" : strerror(-kept->err));
	if (kept->refused)
		log_warning("keep_attached: what was kept is of no use: %s; it was removed",
			    kept->refused);
	if (kept->continues)
		log_info("keep_attached: goes on with what was kept, last read %.1f s ago",
			 (clock_now_ns(CLOCK_BOOTTIME) - kept->until_ns) / 1e9);
}
