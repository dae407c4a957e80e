/* SPDX-License-Identifier: GPL-2.0-only */
/* What is kept of a pod, as Kubernetes describes it in JSON. */
#include "pods/pod.h"

#include <string.h>

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* RFC 1123 label: letters and digits at both ends. */
static bool label_is_good(const char *label, size_t len)
{
	if (!len || len >= POD_LABEL_MAX || !is_alnum(label[0]) || !is_alnum(label[len - 1]))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_alnum(label[i]) && label[i] != '-')
			return false;
	return true;
}

bool pod_name_is_good(const char *name)
{
	size_t len = strlen(name);

	if (!len || len >= POD_NAME_MAX)
		return false;
	for (;;) {
		len = strcspn(name, ".");
		if (!label_is_good(name, len))
			return false;
		if (!name[len])
			return true;
		name += len + 1;
	}
}

/* A kind of an API: "Deployment". */
static bool kind_is_good(const char *kind)
{
	size_t i;

	for (i = 0; kind[i]; i++) {
		bool letter = (kind[i] >= 'A' && kind[i] <= 'Z') ||
			      (kind[i] >= 'a' && kind[i] <= 'z');

		if (i == POD_LABEL_MAX - 1 || (!letter && !(i && is_alnum(kind[i]))))
			return false;
	}
	return i;
}

/* "", where there is none or it is no text; jansson's texts may have a zero byte inside. */
static const char *text_of(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	const char *text = json_string_value(value);

	return text && strlen(text) == json_string_length(value) ? text : "";
}

static bool read_uid(const char *uid, char ret[POD_UID_MAX])
{
	size_t len = strlen(uid);

	if (!len || len >= POD_UID_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_alnum(uid[i]) && uid[i] != '-')
			return false;
	memset(ret, 0, POD_UID_MAX);
	strcpy(ret, uid);
	return true;
}

/* "cart-6d4b75cb6d" of a pod with the label pod-template-hash: 6d4b75cb6d is "cart"'s. */
static void see_through_replicas(const json_t *labels, struct pod *pod)
{
	const char *hash = text_of(labels, "pod-template-hash");
	size_t len = strlen(pod->workload), hash_len = strlen(hash);

	if (strcmp(pod->kind, "ReplicaSet") || !hash_len || len < hash_len + 2)
		return;
	if (pod->workload[len - hash_len - 1] != '-' ||
	    strcmp(pod->workload + len - hash_len, hash) != 0)
		return;
	pod->workload[len - hash_len - 1] = '\0';
	if (pod_name_is_good(pod->workload))
		strcpy(pod->kind, "Deployment");
	else
		pod->workload[len - hash_len - 1] = '-';
}

static void read_owner(const json_t *metadata, struct pod *ret)
{
	const json_t *owners = json_object_get(metadata, "ownerReferences"), *owner;
	size_t i;

	json_array_foreach (owners, i, owner) {
		const char *kind = text_of(owner, "kind"), *name = text_of(owner, "name");

		if (!json_is_true(json_object_get(owner, "controller")))
			continue;
		/* A static pod's owner is its node. */
		if (!kind_is_good(kind) || !pod_name_is_good(name) || !strcmp(kind, "Node"))
			return;
		strcpy(ret->kind, kind);
		strcpy(ret->workload, name);
		see_through_replicas(json_object_get(metadata, "labels"), ret);
		return;
	}
}

static void add_addr(const char *text, const char *host, struct pod *ret)
{
	struct addr addr;

	if (!*text || !strcmp(text, host) || ret->addr_count == POD_ADDRS_MAX ||
	    addr_parse(text, &addr))
		return;
	for (size_t i = 0; i < ret->addr_count; i++)
		if (addr_equal(&ret->addrs[i], &addr))
			return;
	ret->addrs[ret->addr_count++] = addr;
}

static void read_addrs(const json_t *object, struct pod *ret)
{
	const json_t *status = json_object_get(object, "status"), *entry;
	const char *host = text_of(status, "hostIP");
	size_t i;

	if (json_is_true(json_object_get(json_object_get(object, "spec"), "hostNetwork")))
		return;
	add_addr(text_of(status, "podIP"), host, ret);
	json_array_foreach (json_object_get(status, "podIPs"), i, entry) {
		add_addr(text_of(entry, "ip"), host, ret);
	}
}

static enum pod_state state_of(const json_t *object)
{
	const char *phase = text_of(json_object_get(object, "status"), "phase");

	if (!strcmp(phase, "Succeeded") || !strcmp(phase, "Failed"))
		return POD_OVER;
	if (*text_of(json_object_get(object, "metadata"), "deletionTimestamp"))
		return POD_LEAVING;
	return POD_HERE;
}

bool pod_read(const json_t *object, struct pod *ret)
{
	const json_t *metadata = json_object_get(object, "metadata");
	const char *namespace = text_of(metadata, "namespace"), *name = text_of(metadata, "name");

	if (!read_uid(text_of(metadata, "uid"), ret->uid) ||
	    !label_is_good(namespace, strlen(namespace)) || !pod_name_is_good(name))
		return false;
	strcpy(ret->namespace, namespace);
	strcpy(ret->name, name);
	ret->kind[0] = ret->workload[0] = '\0';
	ret->addr_count = 0;
	ret->state = state_of(object);
	read_owner(metadata, ret);
	read_addrs(object, ret);
	return true;
}
