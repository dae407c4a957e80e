/* SPDX-License-Identifier: GPL-2.0-only */
/* Text for a terminal: words wrapped at its width, with colour where it has any. */
#ifndef RECORD_PAGE_H
#define RECORD_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum style {
	STYLE_PLAIN,
	STYLE_BOLD,
	STYLE_DIM,
	STYLE_GREEN,
	STYLE_CYAN,
	STYLE_YELLOW,
	STYLE_RED,
	STYLE_ALARM, /* white on red */
};

struct page {
	FILE *out;
	size_t width;  /* columns; 0: lines are not wrapped */
	size_t indent; /* of the lines that follow the first one of a paragraph */
	size_t column; /* where the next character goes */
	bool colour;
	bool failed; /* memory was short: something is missing */
};

/*
 * Width and colour that fit where `out` goes: $COLUMNS or the terminal's width, and colour on a
 * terminal unless NO_COLOR is set and not empty.
 */
void page_fit(struct page *page, FILE *out);

/*
 * Adds the words of a text, each after a space unless it is the first of its line. Text of unknown
 * origin is fine: it is cleaned.
 */
void page_put(struct page *page, enum style style, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Ends the line, if one was begun, and makes `indent` that of the next and of those it wraps to. */
void page_start(struct page *page, size_t indent);

/* Fills with spaces up to that column. */
void page_tab(struct page *page, size_t column);

#endif
