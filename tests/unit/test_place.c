/* SPDX-License-Identifier: GPL-2.0-only */
/* Host names, countries, AS and pods in records. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "record/human.h"
#include "record/journal_entry.h"
#include "record/json.h"
#include "tests/unit/example.h"

static const char *name_all(const struct addr *addr, void *arg)
{
	return "host.example";
}

/* Of every address the same; the organization is of unknown origin. */
static bool place_all(const struct addr *addr, struct addr_place *ret, void *arg)
{
	*ret = *(const struct addr_place *)arg;
	return true;
}

static struct observer observer_with(struct addr_place *place)
{
	struct observer observer = *example_observer();

	observer.host_name = name_all;
	observer.place = place_all;
	observer.place_arg = place;
	return observer;
}

static const char *text_of(const json_t *root, const char *a, const char *b, const char *c)
{
	return json_string_value(json_object_get(json_object_get(json_object_get(root, a), b), c));
}

static void in_ecs(void **state)
{
	struct addr_place place = { "DE", 64500, "An \"AS\"\n\xff" };
	struct observer observer = observer_with(&place);
	struct example example;
	const json_t *as;
	json_t *root;
	char *line;

	example_http(&example);
	assert_int_equal(json_format_alert(&observer, &example.alert, &line), 0);
	root = json_loads(line, 0, NULL);
	assert_non_null(root);
	assert_string_equal(text_of(root, "source", "geo", "country_iso_code"), "DE");
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(root, "source"), "domain")),
		"host.example");
	as = json_object_get(json_object_get(root, "source"), "as");
	assert_int_equal(json_integer_value(json_object_get(as, "number")), 64500);
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(as, "organization"), "name")),
		"An \"AS\"\\x0a\\xff");
	json_decref(root);
	free(line);
}

/* What is not known is not there. */
static void in_part(void **state)
{
	struct addr_place place = { .as_number = 7 };
	struct observer observer = observer_with(&place);
	struct example example;
	char *line;

	example_http(&example);
	assert_int_equal(json_format_alert(&observer, &example.alert, &line), 0);
	assert_non_null(strstr(line, "\"as\":{\"number\":7}"));
	assert_null(strstr(line, "\"geo\""));
	free(line);
}

static void in_the_journal(void **state)
{
	struct addr_place place = { "FR", 64501, "Line\nPRIORITY=0" };
	struct observer observer = observer_with(&place);
	struct journal_entry entry;
	struct example example;
	char *text;

	example_http(&example);
	assert_int_equal(journal_entry_from_alert(&observer, &example.alert, "{}", &entry), 0);
	text = strndup(entry.data, entry.len);
	assert_non_null(strstr(text, "\nSPIKEWATCH_SOURCE_HOST=host.example\n"));
	assert_non_null(strstr(text, "\nSPIKEWATCH_SOURCE_COUNTRY=FR\n"));
	assert_non_null(strstr(text, "\nSPIKEWATCH_SOURCE_AS=64501\n"));
	assert_non_null(strstr(text, "\nSPIKEWATCH_SOURCE_AS_NAME=Line\\x0aPRIORITY=0\n"));
	assert_null(strstr(text, "\nPRIORITY=0"));
	free(text);
	journal_entry_clear(&entry);
}

static bool pod_all(const struct addr *addr, struct addr_pod *ret, void *arg)
{
	*ret = *(const struct addr_pod *)arg;
	return true;
}

static void a_pod(void **state)
{
	struct addr_pod pod = { "shop", "cart-1", "Deployment", "cart" };
	struct observer observer = *example_observer();
	struct journal_entry entry;
	struct example example;
	char *line, *text;

	observer.pod = pod_all;
	observer.pod_arg = &pod;
	example_http(&example);
	assert_int_equal(json_format_alert(&observer, &example.alert, &line), 0);
#define POD_JSON                                                                \
	"\"kubernetes\":{\"namespace\":\"shop\",\"pod\":{\"name\":\"cart-1\"}," \
	"\"workload\":{\"kind\":\"Deployment\",\"name\":\"cart\"}}"
	assert_non_null(strstr(line, "\"source\":{" POD_JSON "}"));
	assert_non_null(strstr(line, "\"hostname\":\"gw1\"," POD_JSON));
	free(line);
	assert_int_equal(journal_entry_from_alert(&observer, &example.alert, "{}", &entry), 0);
	text = strndup(entry.data, entry.len);
	assert_non_null(strstr(text, "\nSPIKEWATCH_SOURCE_NAMESPACE=shop\n"));
	assert_non_null(strstr(text, "\nSPIKEWATCH_SOURCE_POD=cart-1\n"));
	assert_non_null(strstr(text, "\nSPIKEWATCH_SOURCE_WORKLOAD=Deployment/cart\n"));
	free(text);
	journal_entry_clear(&entry);
}

static void a_pod_that_nobody_made(void **state)
{
	struct addr_pod pod = { "shop", "alone", NULL, NULL };
	struct observer observer = *example_observer();
	struct journal_entry entry;
	struct example example;
	char *line, *text;

	observer.pod = pod_all;
	observer.pod_arg = &pod;
	example_http(&example);
	assert_int_equal(json_format_alert(&observer, &example.alert, &line), 0);
	assert_non_null(strstr(line, "\"pod\":{\"name\":\"alone\"}"));
	assert_null(strstr(line, "workload"));
	free(line);
	assert_int_equal(journal_entry_from_alert(&observer, &example.alert, "{}", &entry), 0);
	text = strndup(entry.data, entry.len);
	assert_non_null(strstr(text, "\nSPIKEWATCH_SOURCE_POD=alone\n"));
	assert_null(strstr(text, "WORKLOAD"));
	free(text);
	journal_entry_clear(&entry);
}

/* What a reader of a terminal sees. */
static void for_people(void **state)
{
	struct addr_pod pod = { "shop", "cart-1", "Deployment", "cart" };
	struct observer observer = *example_observer();
	struct page page = {};
	struct example example;
	char *text;
	size_t len;

	observer.pod = pod_all;
	observer.pod_arg = &pod;
	page.out = open_memstream(&text, &len);
	example_http(&example);
	human_put_alert(&page, &observer, &example.alert);
	fclose(page.out);
	assert_non_null(strstr(text, "(pod shop/cart-1 of Deployment cart) ->"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_ecs),
		cmocka_unit_test(in_part),
		cmocka_unit_test(in_the_journal),
		cmocka_unit_test(a_pod),
		cmocka_unit_test(a_pod_that_nobody_made),
		cmocka_unit_test(for_people),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
