/* SPDX-License-Identifier: GPL-2.0-only */
/* How the sensor stands, as one line of JSON, and that line as text for people. */
#ifndef VIEW_STATUS_H
#define VIEW_STATUS_H

#include <jansson.h>

#include "record/page.h"
#include "view/view.h"

/* One line without its end, which the caller frees. -ENOMEM. */
int status_format(const struct view *view, char **ret);

/* Text for people of what status_format() made; what is missing or of another type is left out. */
void status_put(struct page *page, const json_t *status);

#endif
