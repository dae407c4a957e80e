/* SPDX-License-Identifier: GPL-2.0-only */
/* Whom to ask for pods: from the configuration, and what a pod is told by its environment. */
#ifndef PODS_TARGET_H
#define PODS_TARGET_H

#include <stdbool.h>

#define TARGET_URL_MAX  2300
#define TARGET_NODE_MAX 254

enum target_way { TARGET_KUBELET, TARGET_API };

struct target {
	enum target_way way;
	char url[TARGET_URL_MAX];   /* https://host:port, without '/' at the end */
	char node[TARGET_NODE_MAX]; /* empty: not known, so all of the cluster's pods are meant */
};

/* As getenv(3). */
typedef char *(*target_getenv_fn)(const char *name);

/*
 * url: as configured, NULL for the usual one: https://$HOST_IP:10250 of the kubelet (127.0.0.1
 * where that is not set), https://$KUBERNETES_SERVICE_HOST:$KUBERNETES_SERVICE_PORT of the API
 * server. The node is $NODE_NAME. NULL, or a sentence that says what is missing or wrong.
 */
const char *target_find(enum target_way way, const char *url, target_getenv_fn env,
			struct target *ret);

#endif
