/* SPDX-License-Identifier: GPL-2.0-only */
/* What all inputs of a run raised together: tests/fuzz/corpus.sh asks that nothing stays at zero.
 */
#ifndef TESTS_FUZZ_REACHED_H
#define TESTS_FUZZ_REACHED_H

#include "spikewatch_abi.h"

/* Adds the counters; at exit they are written to the file that $FUZZ_REACHED names, if it does. */
void reached_add(const struct totals *totals);

#endif
