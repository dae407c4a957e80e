// SPDX-License-Identifier: GPL-2.0-only
/* time() of the process that this is loaded into is ahead by the seconds in the file $AHEAD. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

time_t time(time_t *ret)
{
	const char *path = getenv("AHEAD");
	FILE *file = path ? fopen(path, "r") : NULL;
	struct timespec now;
	long ahead = 0;

	clock_gettime(CLOCK_REALTIME, &now);
	if (file) {
		if (fscanf(file, "%ld", &ahead) != 1)
			ahead = 0;
		fclose(file);
	}
	now.tv_sec += ahead;
	if (ret)
		*ret = now.tv_sec;
	return now.tv_sec;
}
