/* SPDX-License-Identifier: GPL-2.0-only */
/* Grace periods of RCU, while many programs are attached or detached. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kernel/grace.h"

#define MARK "rcu_expedited"

/* "/run/x/control.sock" -> "/run/x/rcu_expedited" */
static bool name_mark(struct grace *grace, const char *beside)
{
	const char *slash = beside ? strrchr(beside, '/') : NULL;
	int len;

	if (!slash)
		return false;
	len = snprintf(grace->mark, sizeof(grace->mark), "%.*s" MARK, (int)(slash + 1 - beside),
		       beside);
	return len > 0 && (size_t)len < sizeof(grace->mark);
}

static bool is_normal(const struct grace *grace)
{
	char value[2];

	return pread(grace->fd, value, sizeof(value), 0) > 0 && value[0] == '0';
}

static bool set(const struct grace *grace, char value)
{
	return pwrite(grace->fd, &value, 1, 0) == 1;
}

bool grace_open(struct grace *grace, const char *knob, const char *beside)
{
	*grace = (struct grace){ .fd = -1 };
	if (!name_mark(grace, beside))
		return false;
	grace->fd = open(knob, O_RDWR | O_CLOEXEC);
	if (grace->fd < 0 || access(grace->mark, F_OK))
		return false;
	grace->hastened = true;
	grace_restore(grace);
	return true;
}

void grace_close(struct grace *grace)
{
	grace_restore(grace);
	if (grace->fd >= 0)
		close(grace->fd);
	grace->fd = -1;
}

bool grace_hasten(struct grace *grace, size_t programs)
{
	int mark;

	if (grace->fd < 0 || grace->hastened || programs < GRACE_MANY || !is_normal(grace))
		return false;
	mark = open(grace->mark, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (mark < 0)
		return false;
	close(mark);
	grace->hastened = set(grace, '1');
	if (!grace->hastened)
		unlink(grace->mark);
	return grace->hastened;
}

void grace_restore(struct grace *grace)
{
	/* The mark stays where the knob could not be set back. */
	if (!grace->hastened || !set(grace, '0'))
		return;
	unlink(grace->mark);
	grace->hastened = false;
}
