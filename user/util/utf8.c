/* SPDX-License-Identifier: GPL-2.0-only */
/* Text of unknown origin, made fit for one line of a log, a record or a terminal. */
#include "util/utf8.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Length of the well-formed sequence at s, and its code point; 0 where there is none. */
static size_t decode(const unsigned char *s, unsigned int *code)
{
	unsigned int min;
	size_t len;

	if (s[0] < 0x80) {
		*code = s[0];
		return 1;
	}
	if ((s[0] & 0xe0) == 0xc0) {
		len = 2, min = 0x80, *code = s[0] & 0x1f;
	} else if ((s[0] & 0xf0) == 0xe0) {
		len = 3, min = 0x800, *code = s[0] & 0x0f;
	} else if ((s[0] & 0xf8) == 0xf0) {
		len = 4, min = 0x10000, *code = s[0] & 0x07;
	} else {
		return 0;
	}
	/* The string's final NUL is no continuation byte: this never reads past it. */
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (s[i] & 0x3f);
	}
	if (*code < min || *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff))
		return 0;
	return len;
}

static bool is_harmful(unsigned int code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) ||       /* C0, DEL, C1 */
	       code == 0x061c || code == 0x200e || code == 0x200f || /* direction marks */
	       (code >= 0x2028 && code <= 0x202e) || /* separators, embeddings and overrides */
	       (code >= 0x2066 && code <= 0x2069) || /* isolates */
	       code == 0xfeff || code == 0xfffe || code == 0xffff;
}

int utf8_clean(const char *text, char **ret)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *s = (const unsigned char *)text;
	char *out = malloc(4 * strlen(text) + 1);
	char *to = out;

	if (!out)
		return -ENOMEM;
	while (*s) {
		unsigned int code;
		size_t len = decode(s, &code);

		if (len && !is_harmful(code)) {
			memcpy(to, s, len);
			to += len;
			s += len;
			continue;
		}
		for (size_t i = 0; i < (len ? len : 1); i++, s++) {
			*to++ = '\\';
			*to++ = 'x';
			*to++ = digits[*s >> 4];
			*to++ = digits[*s & 15];
		}
	}
	*to = '\0';
	*ret = out;
	return 0;
}
