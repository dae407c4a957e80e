/* SPDX-License-Identifier: GPL-2.0-only */
/* What a sensor cannot know, or is documented not to know: why its counts may differ. */
#ifndef TESTS_FUZZ_DOUBTS_H
#define TESTS_FUZZ_DOUBTS_H

#include "dialogue.h"
#include "reference.h"

/* What a doubt lets pass. */
#define DOUBT_LESS 1 /* fewer responses than the reference reads */
#define DOUBT_MORE 2 /* bytes that look like a status line, and are none */

/* What all doubts about a connection let pass together. */
unsigned int doubts_about(const struct dialogue *dialogue, const struct reference *reference);

/* Prints the names of those that hold. */
void doubts_print(const struct dialogue *dialogue, const struct reference *reference);

#endif
