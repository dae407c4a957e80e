/* SPDX-License-Identifier: GPL-2.0-only */
/* Whom to ask for pods. */
#include "pods/target.h"
#include "pods/pod.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_port(const char *text)
{
	size_t len = strspn(text, "0123456789");

	return len && !text[len] && len <= 5 && atol(text) <= 65535;
}

/* "https://10.0.0.1:10250", "https://[2001:db8::1]:443", "https://api.example:443" */
static bool put_url(const char *host, const char *port, struct target *ret)
{
	struct addr addr;
	bool colons = strchr(host, ':');

	if ((addr_parse(host, &addr) && !pod_name_is_good(host)) || !is_port(port))
		return false;
	snprintf(ret->url, sizeof(ret->url), "https://%s%s%s:%s", colons ? "[" : "", host,
		 colons ? "]" : "", port);
	return true;
}

static const char *find_kubelet(target_getenv_fn env, struct target *ret)
{
	const char *host = env("HOST_IP");

	if (!put_url(host && *host ? host : "127.0.0.1", "10250", ret))
		return "HOST_IP of the environment is no address";
	return NULL;
}

static const char *find_api(target_getenv_fn env, struct target *ret)
{
	const char *host = env("KUBERNETES_SERVICE_HOST"), *port = env("KUBERNETES_SERVICE_PORT");

	if (!host || !*host)
		return "KUBERNETES_SERVICE_HOST is not in the environment (this is no pod): set kubernetes.url";
	if (!put_url(host, port && *port ? port : "443", ret))
		return "KUBERNETES_SERVICE_HOST and _PORT of the environment are no address and port";
	return NULL;
}

const char *target_find(enum target_way way, const char *url, target_getenv_fn env,
			struct target *ret)
{
	const char *node = env("NODE_NAME");
	size_t len = url ? strlen(url) : 0;

	*ret = (struct target){ .way = way };
	if (node && *node) {
		if (!pod_name_is_good(node))
			return "NODE_NAME of the environment is no name of a node";
		strcpy(ret->node, node);
	}
	if (!url)
		return way == TARGET_KUBELET ? find_kubelet(env, ret) : find_api(env, ret);
	while (len && url[len - 1] == '/')
		len--;
	if (len >= TARGET_URL_MAX)
		return "kubernetes.url is too long";
	memcpy(ret->url, url, len);
	return NULL;
}
