/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For static builds alone: users, groups and services are read from files, whatever
 * /etc/nsswitch.conf says. Its other sources are shared libraries, and to load one into a static
 * program of glibc ends it.
 */
#include <nss.h>
#include <stddef.h>

__attribute__((constructor)) static void nss_from_files(void)
{
	static const char *const databases[] = { "passwd",    "group",    "services",
						 "protocols", "networks", "hosts" };

	for (size_t i = 0; i < sizeof(databases) / sizeof(databases[0]); i++)
		__nss_configure_lookup(databases[i], "files");
}
