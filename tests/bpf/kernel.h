/* SPDX-License-Identifier: GPL-2.0-only */
/* The BPF programs in this kernel, loaded from the skeleton and run through BPF_PROG_TEST_RUN. */
#ifndef TESTS_BPF_KERNEL_H
#define TESTS_BPF_KERNEL_H

#include "target.h"

struct spikewatch;

extern const struct target kernel_target;

/*
 * Loads the programs that this kernel takes (sw_xdp_frags from 5.18 on). 0; -EPERM where privileges
 * lack: then a test prints why, and skips, or fails under REQUIRE_BPF=1 (kernel_must_run()).
 */
int kernel_load(void);
void kernel_unload(void);

/* False where the tests that need the kernel are to be skipped; says why, once. */
bool kernel_can_run(void);
bool kernel_must_run(void);

/* File descriptor of a program, negative where this kernel does not take it. */
int kernel_program_fd(enum program program);
struct spikewatch *kernel_skeleton(void);

#endif
