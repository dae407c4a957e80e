/* SPDX-License-Identifier: GPL-2.0-only */
/* Text for a terminal: words wrapped at its width, with colour where it has any. */
#include "record/page.h"
#include "util/utf8.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define STYLE_END "\033[0m"

static size_t terminal_width(FILE *out)
{
	const char *columns = getenv("COLUMNS");
	int fd = fileno(out);
	struct winsize size;
	char *end;
	long width;

	if (columns && *columns) {
		width = strtol(columns, &end, 10);
		if (!*end && width > 0 && width < 10000)
			return width;
	}
	if (fd >= 0 && ioctl(fd, TIOCGWINSZ, &size) == 0)
		return size.ws_col;
	return 0;
}

static bool has_colour(FILE *out)
{
	const char *no_color = getenv("NO_COLOR"); /* https://no-color.org: set and not empty */
	int fd = fileno(out);

	return !(no_color && *no_color) && fd >= 0 && isatty(fd);
}

void page_fit(struct page *page, FILE *out)
{
	page->width = terminal_width(out);
	page->colour = has_colour(out);
}

/* Code points; names of hosts and rules have hardly any that fill two columns. */
static size_t columns_of(const char *text, size_t len)
{
	size_t columns = 0;

	for (size_t i = 0; i < len; i++)
		columns += (text[i] & 0xc0) != 0x80;
	return columns;
}

void page_tab(struct page *page, size_t column)
{
	for (; page->column < column; page->column++)
		fputc(' ', page->out);
}

/* `open` tells whether the style is on; it never colours what lies between lines. */
static void put_word(struct page *page, const char *style, bool *open, const char *word, size_t len)
{
	size_t columns = columns_of(word, len);

	if (page->column > page->indent) {
		if (page->width && page->column + 1 + columns > page->width) {
			fputs(*open ? STYLE_END "\n" : "\n", page->out);
			*open = false;
			page->column = 0;
		} else {
			page_tab(page, page->column + 1);
		}
	}
	page_tab(page, page->indent);
	if (!*open && *style) {
		fputs(style, page->out);
		*open = true;
	}
	fwrite(word, len, 1, page->out);
	page->column += columns;
}

void page_put(struct page *page, enum style style, const char *format, ...)
{
	static const char *const codes[] = {
		[STYLE_PLAIN] = "",         [STYLE_BOLD] = "\033[1m",
		[STYLE_DIM] = "\033[2m",    [STYLE_GREEN] = "\033[32m",
		[STYLE_CYAN] = "\033[36m",  [STYLE_YELLOW] = "\033[1;33m",
		[STYLE_RED] = "\033[1;31m", [STYLE_ALARM] = "\033[1;37;41m",
	};
	const char *code = page->colour ? codes[style] : "";
	char *raw, *clean = NULL;
	bool open = false;
	va_list args;
	int len;

	va_start(args, format);
	len = vasprintf(&raw, format, args);
	va_end(args);
	if (len < 0 || utf8_clean(raw, &clean))
		page->failed = true;
	if (len >= 0)
		free(raw);
	if (!clean)
		return;
	for (const char *word = clean; *word;) {
		size_t word_len = strcspn(word, " ");

		if (word_len)
			put_word(page, code, &open, word, word_len);
		word += word_len + strspn(word + word_len, " ");
	}
	if (open)
		fputs(STYLE_END, page->out);
	free(clean);
}

void page_start(struct page *page, size_t indent)
{
	if (page->column)
		fputc('\n', page->out);
	page->column = 0;
	page->indent = indent;
}
