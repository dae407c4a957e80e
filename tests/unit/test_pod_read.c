/* SPDX-License-Identifier: GPL-2.0-only */
/* Pods as Kubernetes describes them, lists of them and what a watch tells. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pods/reader.h"
#include "pods/target.h"

#define L63 "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghij123"
#define L64 L63 "4"

static void names(void **state)
{
	static const char *const good[] = { "a",
					    "0",
					    "cart-6d4b75cb6d-x2x7k",
					    "a.b-c.d",
					    L63,
					    L63 "." L63 "." L63 "."
						"abcdefghij" L63 };
	static const char *const bad[] = {
		"",      "-",   "a-",       "-a",
		".",     "a.",  "a..b",     "A",
		"a_b",   "a/b", "a b",      "a\n",
		"\x1b[", L64,   "\xc3\xa9", L63 "." L63 "." L63 "." L63 ".a"
	};

	for (size_t i = 0; i + 1 < sizeof(good) / sizeof(good[0]); i++)
		if (!pod_name_is_good(good[i]))
			fail_msg("%s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (pod_name_is_good(bad[i]))
			fail_msg("%s", bad[i]);
}

/* "namespace/name kind/workload addresses", with a mark for the state. */
static char *described(const char *text)
{
	static const char *const marks[] = {
		[POD_HERE] = "", [POD_LEAVING] = " leaving", [POD_OVER] = " over"
	};
	json_t *object = json_loads(text, JSON_ALLOW_NUL, NULL);
	char addr[ADDR_TEXT_MAX], *line;
	struct pod pod;

	assert_non_null(object);
	memset(&pod, 0xff, sizeof(pod));
	if (!pod_read(object, &pod)) {
		json_decref(object);
		return strdup("none");
	}
	json_decref(object);
	assert_true(asprintf(&line, "%s/%s %s/%s%s%s%s%s%s", pod.namespace, pod.name, pod.kind,
			     pod.workload, pod.addr_count > 0 ? " " : "",
			     pod.addr_count > 0 ? addr_format(&pod.addrs[0], addr) : "",
			     pod.addr_count > 1 ? " and " : "", pod.addr_count > 1 ? "another" : "",
			     marks[pod.state]) > 0);
	return line;
}

#define META "\"metadata\":{\"uid\":\"u-1\",\"namespace\":\"n\",\"name\":\"p\""
#define OWNER(kind, name, controller)                                                \
	",\"ownerReferences\":[{\"kind\":\"Fake\",\"name\":\"f\"},{\"kind\":\"" kind \
	"\",\"name\":\"" name "\",\"controller\":" controller "}]"
#define HASH ",\"labels\":{\"pod-template-hash\":\"6d4\"}"
#define AT   ",\"status\":{\"podIP\":\"10.0.0.1\"}}"

static void pods(void **state)
{
	static const struct {
		const char *name, *text, *is;
	} rows[] = {
		{ "an empty object", "{}", "none" },
		{ "nothing but a name", "{" META "}}", "n/p /" },
		{ "metadata is a list", "{\"metadata\":[1]}", "none" },
		{ "numbers for names", "{\"metadata\":{\"uid\":1,\"namespace\":2,\"name\":3}}",
		  "none" },
		{ "no uid", "{\"metadata\":{\"namespace\":\"n\",\"name\":\"p\"}}", "none" },
		{ "a uid that is none",
		  "{\"metadata\":{\"uid\":\"a b\",\"namespace\":\"n\",\"name\":\"p\"}}", "none" },
		{ "a dot in a namespace",
		  "{\"metadata\":{\"uid\":\"u\",\"namespace\":\"n.n\",\"name\":\"p\"}}", "none" },
		{ "a name with a way up",
		  "{\"metadata\":{\"uid\":\"u\",\"namespace\":\"n\",\"name\":\"../p\"}}", "none" },
		{ "a zero byte in a name",
		  "{\"metadata\":{\"uid\":\"u\",\"namespace\":\"n\",\"name\":\"p\\u0000q\"}}",
		  "none" },
		{ "an address", "{" META "}" AT, "n/p / 10.0.0.1" },
		{ "both families",
		  "{" META
		  "},\"status\":{\"podIP\":\"10.0.0.1\",\"podIPs\":[{\"ip\":\"10.0.0.1\"},{\"ip\":\"2001:db8::1\"},{\"ip\":\"10.0.0.9\"}]}}",
		  "n/p / 10.0.0.1 and another" },
		{ "no address that is one",
		  "{" META "},\"status\":{\"podIP\":\"10.0.0.256\",\"podIPs\":[{\"ip\":7},8]}}",
		  "n/p /" },
		{ "its node's network",
		  "{" META "},\"spec\":{\"hostNetwork\":true},\"status\":{\"podIP\":\"10.0.0.1\"}}",
		  "n/p /" },
		{ "its node's address",
		  "{" META "},\"status\":{\"hostIP\":\"10.0.0.1\",\"podIP\":\"10.0.0.1\"}}",
		  "n/p /" },
		{ "ended well",
		  "{" META "},\"status\":{\"phase\":\"Succeeded\",\"podIP\":\"10.0.0.1\"}}",
		  "n/p / 10.0.0.1 over" },
		{ "failed", "{" META "},\"status\":{\"phase\":\"Failed\"}}", "n/p / over" },
		{ "being deleted", "{" META ",\"deletionTimestamp\":\"2026-01-01T00:00:00Z\"}" AT,
		  "n/p / 10.0.0.1 leaving" },
		{ "a StatefulSet's", "{" META OWNER("StatefulSet", "db", "true") "}" AT,
		  "n/p StatefulSet/db 10.0.0.1" },
		{ "owned, not controlled", "{" META OWNER("StatefulSet", "db", "false") "}" AT,
		  "n/p / 10.0.0.1" },
		{ "a Deployment's", "{" META HASH OWNER("ReplicaSet", "cart-6d4", "true") "}" AT,
		  "n/p Deployment/cart 10.0.0.1" },
		{ "a ReplicaSet's of its own",
		  "{" META OWNER("ReplicaSet", "cart-6d4", "true") "}" AT,
		  "n/p ReplicaSet/cart-6d4 10.0.0.1" },
		{ "a hash that is not its end",
		  "{" META HASH OWNER("ReplicaSet", "6d4-cart", "true") "}" AT,
		  "n/p ReplicaSet/6d4-cart 10.0.0.1" },
		{ "a hash without a name", "{" META HASH OWNER("ReplicaSet", "6d4", "true") "}" AT,
		  "n/p ReplicaSet/6d4 10.0.0.1" },
		{ "a static pod's node", "{" META OWNER("Node", "ip-10-0-0-1", "true") "}" AT,
		  "n/p / 10.0.0.1" },
		{ "an owner of an impossible kind", "{" META OWNER("A B", "x", "true") "}" AT,
		  "n/p / 10.0.0.1" },
		{ "an owner of an impossible name",
		  "{" META OWNER("Job", "x\\u001b", "true") "}" AT, "n/p / 10.0.0.1" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *is = described(rows[i].text);

		if (strcmp(is, rows[i].is) != 0)
			fail_msg("%s: %s", rows[i].name, is);
		free(is);
	}
}

#define POD(name, ip)                                                              \
	"{\"metadata\":{\"uid\":\"" name "\",\"namespace\":\"n\",\"name\":\"" name \
	"\",\"resourceVersion\":\"12\"},\"status\":{\"podIP\":\"" ip "\"}}"
#define EVENT(type, pod)  "{\"type\":\"" type "\",\"object\":" pod "}\n"
#define LIST(kind, items) "{\"kind\":\"" kind "\",\"items\":" items "}"
#define STATUS(code)      "{\"kind\":\"Status\",\"code\":" code "}"

static void answers(void **state)
{
	static const struct {
		const char *name;
		enum reader_form form;
		const char *text, *trouble;
		size_t told, odd;
		const char *version;
		bool expired;
	} rows[] = {
		{ "a list", READER_LIST,
		  LIST("PodList", "[" POD("a", "10.0.0.1") "," POD("b", "10.0.0.2") "]"), "", 2, 0,
		  "", false },
		{ "an empty list", READER_LIST, LIST("PodList", "[]"), "", 0, 0, "", false },
		{ "an empty list as Go writes it", READER_LIST, LIST("PodList", "null"), "", 0, 0,
		  "", false },
		{ "a list of others", READER_LIST, LIST("NodeList", "[]"),
		  "the answer is no list of pods", 0, 0, "", false },
		{ "a list without kind", READER_LIST, "{\"items\":[]}",
		  "the answer is no list of pods", 0, 0, "", false },
		{ "a failure with 200", READER_LIST, STATUS("403"), "the answer is no list of pods",
		  0, 0, "", false },
		{ "nothing", READER_LIST, "", "the answer ended in the middle", 0, 0, "", false },
		{ "HTML", READER_LIST, "<html></html>", "what came is no JSON, or not of pods", 0,
		  0, "", false },
		{ "a list that is cut", READER_LIST,
		  "{\"kind\":\"PodList\",\"items\":[" POD("a", "10.0.0.1"),
		  "the answer ended in the middle", 1, 0, "", false },
		{ "no JSON inside", READER_LIST, LIST("PodList", "[{a}]"), "what came is no JSON",
		  0, 0, "", false },
		{ "no JSON around", READER_LIST, "{kind:PodList,\"items\":[]}",
		  "the answer is no list of pods", 0, 0, "", false },
		{ "a zero byte in some text", READER_LIST,
		  LIST("PodList",
		       "[{\"a\":\"\\u0000\","
		       "\"metadata\":{\"uid\":\"u\",\"namespace\":\"n\",\"name\":\"p\"}}]"),
		  "", 1, 0, "", false },
		{ "pods that are none", READER_LIST,
		  LIST("PodList", "[{},{\"metadata\":1}," POD("a", "10.0.0.1") "]"), "", 1, 2, "",
		  false },
		{ "events", READER_WATCH,
		  EVENT("ADDED", POD("a", "10.0.0.1")) EVENT("MODIFIED", POD("a", "10.0.0.2"))
			  EVENT("DELETED", POD("a", "10.0.0.2")),
		  "", 3, 0, "12", false },
		{ "a bookmark", READER_WATCH,
		  EVENT("BOOKMARK", "{\"metadata\":{\"resourceVersion\":\"345\"}}"), "", 0, 0,
		  "345", false },
		{ "a version that would break a URL", READER_WATCH,
		  EVENT("BOOKMARK", "{\"metadata\":{\"resourceVersion\":\"1&watch=0\"}}"), "", 0, 0,
		  "", false },
		{ "a watch that has expired", READER_WATCH, EVENT("ERROR", STATUS("410")),
		  "the watch ended with status 410", 0, 0, "", true },
		{ "a watch that failed", READER_WATCH, EVENT("ERROR", STATUS("500")),
		  "the watch ended with status 500", 0, 0, "", false },
		{ "an event of another type", READER_WATCH, EVENT("CHANGED", POD("a", "10.0.0.1")),
		  "what came is no watch event", 0, 0, "", false },
		{ "a list instead of a watch", READER_WATCH, LIST("PodList", "[]"),
		  "what came is no watch event", 0, 0, "", false },
		{ "a watch that is cut", READER_WATCH, "{\"type\":\"ADDED\",",
		  "the answer ended in the middle", 0, 0, "", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct reader reader;
		struct pods *cache;
		bool good;

		assert_int_equal(pods_new(1, &cache), 0);
		reader_begin(&reader, rows[i].form, cache, 0, ~0ULL);
		good = reader_take(&reader, rows[i].text, strlen(rows[i].text), 1);
		good = reader_finish(&reader) && good;
		if (strcmp(reader.trouble, rows[i].trouble) != 0 || good != !*rows[i].trouble)
			fail_msg("%s: %s", rows[i].name, reader.trouble);
		if (reader.told != rows[i].told || reader.odd != rows[i].odd)
			fail_msg("%s: told %llu, odd %llu", rows[i].name, reader.told, reader.odd);
		assert_string_equal(reader.version, rows[i].version);
		assert_int_equal(reader.expired, rows[i].expired);
		reader_clear(&reader);
		pods_free(cache);
	}
}

static void an_answer_that_is_too_long_ends(void **state)
{
	const char *text = LIST("PodList", "[" POD("a", "10.0.0.1") "]");
	struct reader reader;
	struct pods *cache;

	assert_int_equal(pods_new(1, &cache), 0);
	reader_begin(&reader, READER_LIST, cache, 0, strlen(text));
	assert_true(reader_take(&reader, text, strlen(text), 1));
	assert_false(reader_take(&reader, " ", 1, 1));
	assert_string_equal(reader.trouble, "the answer is too long");
	reader_clear(&reader);
	pods_free(cache);
}

static void who_asks_for_an_address_gets_no_other(void **state)
{
	const char *text = LIST("PodList", "[" POD("a", "10.0.0.1") "," POD("b", "10.0.0.2") "]");
	struct addr wanted, other;
	struct addr_pod pod;
	struct reader reader;
	struct pods *cache;

	addr_parse("10.0.0.2", &wanted);
	addr_parse("10.0.0.1", &other);
	assert_int_equal(pods_new(1, &cache), 0);
	reader_begin(&reader, READER_LIST, cache, 100, ~0ULL);
	reader.only = &wanted;
	assert_true(reader_take(&reader, text, strlen(text), 1));
	assert_true(reader_finish(&reader));
	assert_true(pods_find(cache, &wanted, 1, &pod));
	assert_string_equal(pod.name, "b");
	assert_false(pods_find(cache, &other, 1, &pod));
	assert_int_equal(pods_known_until(cache, &wanted), 100);
	reader_clear(&reader);
	pods_free(cache);
}

static const char *const *environment;

static char *from_environment(const char *name)
{
	for (size_t i = 0; environment[i]; i++)
		if (!strncmp(environment[i], name, strlen(name)) &&
		    environment[i][strlen(name)] == '=')
			return (char *)environment[i] + strlen(name) + 1;
	return NULL;
}

static void targets(void **state)
{
	static const struct {
		const char *name;
		enum target_way way;
		const char *url, *env[4];
		const char *is, *node, *missing; /* a word of what is said */
	} rows[] = {
		{ "the kubelet at hand",
		  TARGET_KUBELET,
		  NULL,
		  {},
		  "https://127.0.0.1:10250",
		  "",
		  NULL },
		{ "the node's kubelet",
		  TARGET_KUBELET,
		  NULL,
		  { "HOST_IP=10.0.0.7" },
		  "https://10.0.0.7:10250",
		  "",
		  NULL },
		{ "by IPv6",
		  TARGET_KUBELET,
		  NULL,
		  { "HOST_IP=2001:db8::7" },
		  "https://[2001:db8::7]:10250",
		  "",
		  NULL },
		{ "no address",
		  TARGET_KUBELET,
		  NULL,
		  { "HOST_IP=10.0.0.7/../" },
		  NULL,
		  "",
		  "HOST_IP" },
		{ "the API server",
		  TARGET_API,
		  NULL,
		  { "KUBERNETES_SERVICE_HOST=172.20.0.1", "KUBERNETES_SERVICE_PORT=443",
		    "NODE_NAME=ip-10-0-0-1.eu-west-1.compute.internal" },
		  "https://172.20.0.1:443",
		  "ip-10-0-0-1.eu-west-1.compute.internal",
		  NULL },
		{ "by name",
		  TARGET_API,
		  NULL,
		  { "KUBERNETES_SERVICE_HOST=api.example" },
		  "https://api.example:443",
		  "",
		  NULL },
		{ "no port",
		  TARGET_API,
		  NULL,
		  { "KUBERNETES_SERVICE_HOST=10.0.0.1", "KUBERNETES_SERVICE_PORT=70000" },
		  NULL,
		  "",
		  "_PORT" },
		{ "no pod", TARGET_API, NULL, {}, NULL, "", "kubernetes.url" },
		{ "a node that would break a URL",
		  TARGET_API,
		  NULL,
		  { "KUBERNETES_SERVICE_HOST=10.0.0.1", "NODE_NAME=a&watch=0" },
		  NULL,
		  "",
		  "NODE_NAME" },
		{ "as configured",
		  TARGET_API,
		  "https://h:1/x//",
		  { "KUBERNETES_SERVICE_HOST=10.0.0.1" },
		  "https://h:1/x",
		  "",
		  NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct target target;
		const char *missing;

		environment = rows[i].env;
		missing = target_find(rows[i].way, rows[i].url, from_environment, &target);
		if (rows[i].missing ? !missing || !strstr(missing, rows[i].missing)
				    : missing != NULL)
			fail_msg("%s: %s", rows[i].name, missing ? missing : "nothing is missing");
		if (missing)
			continue;
		assert_string_equal(target.url, rows[i].is);
		assert_string_equal(target.node, rows[i].node);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(pods),
		cmocka_unit_test(answers),
		cmocka_unit_test(an_answer_that_is_too_long_ends),
		cmocka_unit_test(who_asks_for_an_address_gets_no_other),
		cmocka_unit_test(targets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
