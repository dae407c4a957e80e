/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages about places in a file, gathered in any order and said in the file's. */
#ifndef CONFIG_REPORT_H
#define CONFIG_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"

#define REPORT_MAX 100 /* messages kept; the rest is counted */
#define QUOTE_MAX  128 /* bytes of a quoted excerpt, with its end */

/* A place in a file; both count from 1, columns are characters. */
struct mark {
	unsigned int line;
	unsigned int column;
};

struct message {
	struct mark mark;
	size_t serial; /* keeps the order of messages about the same place */
	char *text;    /* owned; "FILE:LINE:COLUMN: ..." */
};

struct report {
	const char *name; /* FILE; not owned */
	struct message *messages;
	size_t count;
	size_t hidden; /* messages past REPORT_MAX */
	bool out_of_memory;
};

void report_add(struct report *report, struct mark mark, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Are further messages only counted? Then guesses at what was meant are not worth their time. */
bool report_is_full(const struct report *report);
/* Puts the messages in the order of the file. */
void report_sort(struct report *report);
/* Says all, and how many more there were. */
void report_say(const struct report *report, config_say_fn say, void *arg);
void report_clear(struct report *report);

/*
 * Puts text between single quotes: control characters and broken UTF-8 as \xNN, and cut short with
 * "..." where it is long. Returns buf.
 */
const char *text_quote(const char *text, char buf[QUOTE_MAX]);

/* Looks for the known word that somebody may have meant: start from {0}, try each, read best. */
struct guess {
	const char *best; /* NULL: none is near */
	unsigned int distance;
};

void guess_try(struct guess *guess, const char *word, const char *candidate);

#endif
