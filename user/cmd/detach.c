/* SPDX-License-Identifier: GPL-2.0-only */
/* spikewatch detach: takes away what a sensor left: pins, links, filters. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/options.h"
#include "sensor/sensor.h"
#include "util/log.h"

static void usage(FILE *out)
{
	fputs("usage: spikewatch detach [--force]\n\n"
	      "Takes away what a sensor left attached: with keep_attached its pinned programs and maps,\n"
	      "and filters of one that was killed, in this network namespace. Says what it took away.\n"
	      "Counts that were not read yet are lost. Refuses while a sensor runs.\n\n"
	      "      --force  also while one runs, which is blind from then on until it is restarted\n"
	      "  -h, --help   this text\n",
	      out);
}

static void say(const char *what, void *arg)
{
	size_t *count = arg;

	printf("removed %s\n", what);
	(*count)++;
}

static int remove_filters(size_t *count)
{
	struct interfaces all;
	int err = links_list(&all);

	for (size_t i = 0; !err && i < all.count; i++) {
		const struct interface *one = &all.list[i];

		for (int egress = 0; egress < 2 && !err; egress++) {
			int n = attach_remove_filters(one->ifindex, egress);
			char what[64];

			if (n > 0) {
				snprintf(what, sizeof(what), "a tc %s filter of %s",
					 egress ? "egress" : "ingress", one->name);
				say(what, count);
			}
			/* One that is just being deleted, or has no clsact. */
			err = n < 0 && n != -ENODEV && n != -EINVAL && n != -ENOENT ? n : 0;
		}
	}
	links_clear(&all);
	return err;
}

static int detach(bool force)
{
	size_t count = 0;
	int err, failed;

	if (!force && kept_is_running()) {
		log_error("a sensor runs in this network namespace: stop it first, or use --force");
		return EXIT_RUNTIME;
	}
	err = keep_remove_all(force, say, &count);
	if (err == -EWOULDBLOCK) {
		log_error("a sensor holds " KEEP_ROOT ": stop it first, or use --force");
		return EXIT_RUNTIME;
	}
	failed = remove_filters(&count);
	err = err ? err : failed;
	if (err) {
		log_error(
			"not all could be removed: %s; it takes root, or CAP_NET_ADMIN and CAP_BPF",
			strerror(-err));
		return err == -EPERM || err == -EACCES ? EXIT_HOST : EXIT_RUNTIME;
	}
	if (!count)
		printf("nothing was attached\n");
	return EXIT_GOOD;
}

int cmd_detach(int argc, char **argv)
{
	bool force = false;
	const struct cmd_option options[] = {
		{ .name = "force", .flag = &force },
		{},
	};
	int code = cmd_read_options_alone(argc, argv, options, usage, "");

	if (code == EXIT_GOOD)
		code = detach(force);
	return code < 0 ? EXIT_GOOD : code;
}
