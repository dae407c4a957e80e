/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files that attach and look have in common. */
#ifndef KERNEL_ATTACH_STATE_H
#define KERNEL_ATTACH_STATE_H

#include "kernel/attach.h"

/* Linux 6.6; the headers of Debian 12 do not have them. */
#define TCX_INGRESS 46
#define TCX_EGRESS  47

/* Name of our program in a clsact filter. */
const char *attach_filter_name(bool egress);

#endif
