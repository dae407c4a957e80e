/* SPDX-License-Identifier: GPL-2.0-only */
/* Packets through the BPF programs, and epochs judged, in the time of a capture. */
#ifndef CMD_PLAYBACK_H
#define CMD_PLAYBACK_H

#include "capture/capture.h"
#include "sensor/counts.h"
#include "sensor/sensor.h"

struct playback {
	struct sensor *sensor;
	__u64 first_ns, latest_ns; /* the earliest and the latest time of a packet so far */
	__u64 second_end_ns;       /* of the second at hand; 0: nothing was played yet */
	__u64 judged_ns;           /* where the last batch ended */
	unsigned int runs;         /* since the counts were read */
	/* Counters: packets of the captures, and what is special about them */
	__u64 packets, cut, split, backwards, bad_time, encrypted, aggregated;
};

/* Plays one packet. An exit code, said. */
int playback_packet(struct playback *playback, const struct frame *frame);

/* Judges what was counted of the last second. An exit code, said. */
int playback_end(struct playback *playback);

#define PLAYBACK_COUNTERS 8

/* The counters for counts_print(). */
void playback_counters(const struct playback *playback, struct counts_extra ret[PLAYBACK_COUNTERS]);

#endif
