/* SPDX-License-Identifier: GPL-2.0-only */
/* The knob that shortens grace periods: it is always set back. A file stands for the kernel's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/grace.h"

struct place {
	char folder[32], knob[64], socket[64], mark[64];
};

static void write_knob(const struct place *place, const char *value)
{
	FILE *file = fopen(place->knob, "w");

	assert_non_null(file);
	assert_true(fputs(value, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static char read_knob(const struct place *place)
{
	FILE *file = fopen(place->knob, "r");
	int value;

	assert_non_null(file);
	value = fgetc(file);
	fclose(file);
	return (char)value;
}

static bool is_marked(const struct place *place)
{
	return !access(place->mark, F_OK);
}

static int setup(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	assert_non_null(place);
	strcpy(place->folder, "/tmp/sw-grace-XXXXXX");
	assert_non_null(mkdtemp(place->folder));
	snprintf(place->knob, sizeof(place->knob), "%s/knob", place->folder);
	snprintf(place->socket, sizeof(place->socket), "%s/control.sock", place->folder);
	snprintf(place->mark, sizeof(place->mark), "%s/rcu_expedited", place->folder);
	write_knob(place, "0\n");
	*state = place;
	return 0;
}

static int teardown(void **state)
{
	struct place *place = *state;

	unlink(place->mark);
	unlink(place->knob);
	rmdir(place->folder);
	free(place);
	return 0;
}

static void test_for_a_while(void **state)
{
	const struct place *place = *state;
	struct grace grace;

	assert_false(grace_open(&grace, place->knob, place->socket));
	assert_true(grace_hasten(&grace, GRACE_MANY));
	assert_int_equal(read_knob(place), '1');
	assert_true(is_marked(place));
	assert_false(grace_hasten(&grace, GRACE_MANY)); /* it is already */
	grace_restore(&grace);
	assert_int_equal(read_knob(place), '0');
	assert_false(is_marked(place));
	assert_true(grace_hasten(&grace, GRACE_MANY));
	grace_close(&grace);
	assert_int_equal(read_knob(place), '0');
	assert_false(is_marked(place));
}

static void test_few(void **state)
{
	const struct place *place = *state;
	struct grace grace;

	grace_open(&grace, place->knob, place->socket);
	assert_false(grace_hasten(&grace, GRACE_MANY - 1));
	assert_int_equal(read_knob(place), '0');
	grace_close(&grace);
}

static void test_expedited_by_its_owner(void **state)
{
	const struct place *place = *state;
	struct grace grace;

	write_knob(place, "1\n");
	assert_false(grace_open(&grace, place->knob, place->socket));
	assert_false(grace_hasten(&grace, GRACE_MANY));
	grace_restore(&grace);
	grace_close(&grace);
	assert_int_equal(read_knob(place), '1');
}

static void test_after_a_kill(void **state)
{
	const struct place *place = *state;
	struct grace killed, grace;

	grace_open(&killed, place->knob, place->socket);
	assert_true(grace_hasten(&killed, GRACE_MANY));
	close(killed.fd);
	assert_true(grace_open(&grace, place->knob, place->socket));
	assert_int_equal(read_knob(place), '0');
	assert_false(is_marked(place));
	assert_true(grace_hasten(&grace, GRACE_MANY));
	grace_close(&grace);
}

static void test_no_way(void **state)
{
	const struct place *place = *state;
	struct grace grace;

	/* No knob, no folder for the mark, and a folder that is not there. */
	grace_open(&grace, "/nowhere/knob", place->socket);
	assert_false(grace_hasten(&grace, GRACE_MANY));
	grace_close(&grace);
	grace_open(&grace, place->knob, NULL);
	assert_false(grace_hasten(&grace, GRACE_MANY));
	grace_close(&grace);
	grace_open(&grace, place->knob, "/nowhere/control.sock");
	assert_false(grace_hasten(&grace, GRACE_MANY));
	grace_close(&grace);
	assert_int_equal(read_knob(place), '0');
}

static void test_mark_is_no_file_of_ours(void **state)
{
	const struct place *place = *state;
	struct grace grace;
	struct stat st;

	grace_open(&grace, place->knob, place->socket);
	assert_int_equal(symlink("/nowhere/else", place->mark), 0);
	assert_false(grace_hasten(&grace, GRACE_MANY));
	assert_int_equal(read_knob(place), '0');
	grace_close(&grace);
	assert_int_equal(lstat(place->mark, &st), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_for_a_while, setup, teardown),
		cmocka_unit_test_setup_teardown(test_few, setup, teardown),
		cmocka_unit_test_setup_teardown(test_expedited_by_its_owner, setup, teardown),
		cmocka_unit_test_setup_teardown(test_after_a_kill, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_way, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mark_is_no_file_of_ours, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
