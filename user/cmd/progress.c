/* SPDX-License-Identifier: GPL-2.0-only */
/* A progress bar on standard error. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/progress.h"
#include "sensor/clock.h"

#define WIDTH     30
#define PERIOD_NS 100000000ULL

void progress_begin(struct progress *progress)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	*progress = (struct progress){
		.shown = isatty(STDERR_FILENO) && !(term && !strcmp(term, "dumb")),
		.colour = !(no_color && *no_color),
		.start_ns = clock_now_ns(CLOCK_MONOTONIC),
	};
}

double progress_seconds(const struct progress *progress)
{
	return (clock_now_ns(CLOCK_MONOTONIC) - progress->start_ns) / 1e9;
}

void progress_tell(struct progress *progress, __u64 packets, __u64 position, __u64 size)
{
	__u64 now_ns = progress->shown ? clock_now_ns(CLOCK_MONOTONIC) : 0;
	double seconds = progress_seconds(progress);
	unsigned int full = 0;
	char bar[WIDTH + 1];

	if (!progress->shown || now_ns - progress->drawn_ns < PERIOD_NS)
		return;
	progress->drawn_ns = now_ns;
	progress->drawn = true;
	if (size)
		full = position < size ? position * WIDTH / size : WIDTH;
	memset(bar, '.', WIDTH);
	memset(bar, '#', full);
	bar[WIDTH] = '\0';
	fputs("\r\033[K", stderr);
	if (size)
		fprintf(stderr, "%s%s%s %3llu%% ", progress->colour ? "\033[32m" : "", bar,
			progress->colour ? "\033[0m" : "",
			position < size ? position * 100 / size : 100);
	fprintf(stderr, "%llu packets, %.0f/s", packets, seconds > 0 ? packets / seconds : 0);
}

void progress_clear(struct progress *progress)
{
	if (progress->drawn)
		fputs("\r\033[K", stderr);
	progress->drawn = false;
	progress->drawn_ns = 0;
}
