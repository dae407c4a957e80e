/* SPDX-License-Identifier: GPL-2.0-only */
/* JSON values of what records hold. */
#include "record/value.h"
#include "record/text.h"
#include "util/utf8.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

int value_put(json_t *object, const char *key, json_t *value)
{
	return json_object_set_new(object, key, value);
}

int value_put_text(json_t *object, const char *key, const char *text)
{
	return text ? value_put(object, key, value_text(text)) : 0;
}

json_t *value_checked(json_t *object, int err)
{
	if (!err)
		return object;
	json_decref(object);
	return NULL;
}

json_t *value_text(const char *text)
{
	json_t *value;
	char *clean;

	if (utf8_clean(text, &clean))
		return NULL;
	value = json_string(clean);
	free(clean);
	return value;
}

json_t *value_words(const char *const *words)
{
	json_t *array = json_array();
	int err = 0;

	for (; *words; words++)
		err |= json_array_append_new(array, json_string(*words));
	return value_checked(array, err);
}

json_t *value_count(__u64 count)
{
	return json_integer(count < INT64_MAX ? (json_int_t)count : INT64_MAX);
}

json_t *value_number(double number)
{
	if (!isfinite(number))
		return json_null();
	if (number == rint(number) && fabs(number) < 9e15)
		return json_integer((json_int_t)number);
	return json_real(number);
}

json_t *value_time(__u64 wall_ns)
{
	char buf[TEXT_TIME_MAX];

	return json_string(text_time(wall_ns, buf));
}

json_t *value_addr(const struct addr *addr)
{
	char buf[ADDR_TEXT_MAX];

	return json_string(addr_format(addr, buf));
}

json_t *value_pod(const struct addr_pod *pod)
{
	json_t *object = json_object();
	int err = value_put_text(object, "namespace", pod->namespace);

	err |= value_put(object, "pod", json_pack("{s:o}", "name", value_text(pod->name)));
	if (pod->kind && pod->workload)
		err |= value_put(object, "workload",
				 json_pack("{s:o, s:o}", "kind", value_text(pod->kind), "name",
					   value_text(pod->workload)));
	return value_checked(object, err);
}
