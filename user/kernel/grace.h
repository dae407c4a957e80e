/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Grace periods of RCU, while many programs are attached or detached.
 *
 * The kernel waits for one at each tcx program (tcx_entry_sync(), include/net/tcx.h: plain
 * synchronize_rcu()) and holds its lock of all network configuration meanwhile. Other changes of
 * network configuration wait for an expedited one (synchronize_net(), net/core/dev.c); with
 * /sys/kernel/rcu_expedited at 1 this one does too: 0.2 ms instead of 8 to 25.
 *
 * It is a setting of the whole host, so it is changed for the time of such work only. A file, the
 * mark, stands beside the control socket meanwhile: where a process was killed at it, the next one
 * sets the knob back.
 */
#ifndef KERNEL_GRACE_H
#define KERNEL_GRACE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#define GRACE_KNOB "/sys/kernel/rcu_expedited"
/* Fewer programs are not worth it: they wait for a quarter of a second. */
#define GRACE_MANY 32

struct grace {
	int fd; /* of the knob; -1: it can't be written */
	bool hastened;
	char mark[PATH_MAX];
};

/*
 * Opens the knob, for later, when this process may open less. `beside` is a path in the folder of
 * the mark, NULL none: without one nothing is changed. True: a killed process had left the knob
 * at 1, and it is 0 again.
 */
bool grace_open(struct grace *grace, const char *knob, const char *beside);
void grace_close(struct grace *grace);

/*
 * Before and after `programs` are attached or detached. Where the knob can't be written, is 1
 * anyway, or the programs are few, nothing happens, and the first is false. The second may be
 * called without the first.
 */
bool grace_hasten(struct grace *grace, size_t programs);
void grace_restore(struct grace *grace);

#endif
