/* SPDX-License-Identifier: GPL-2.0-only */
/* Connections that can't be read: by server, of the last ten to twenty minutes, and bounded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <stdlib.h>

#include "view/unread.h"

static struct addr server(__u32 n)
{
	return (struct addr){ { 0, 0, htonl(0xffff), htonl(0x0a000000 + n) } };
}

static void add(struct unread *unread, __u32 n, __u16 port, __u64 http1, __u64 tls)
{
	const struct speech speech = { { [SPEECH_HTTP1] = http1, [SPEECH_TLS] = tls } };
	struct addr addr = server(n);

	unread_add(unread, &addr, port, &speech);
}

static void check_sum(const struct unread *unread, __u64 http1, __u64 blind)
{
	__u64 n[SPEECH_MAX];

	unread_sum(unread, n);
	assert_int_equal(n[SPEECH_HTTP1], http1);
	assert_int_equal(unread_blind(n), blind);
}

static void servers_are_apart(void **state)
{
	struct unread *unread = calloc(1, sizeof(*unread));
	const struct unread_server *top[3];

	assert_int_equal(unread_top(unread, top, 3), 0);
	add(unread, 1, 80, 5, 0);
	add(unread, 1, 443, 0, 2);
	add(unread, 2, 443, 1, 7);
	add(unread, 3, 443, 0, 3);
	add(unread, 1, 443, 0, 2);
	add(unread, 4, 443, 0, 1);
	check_sum(unread, 6, 15);
	assert_int_equal(unread_top(unread, top, 3), 3);
	assert_int_equal(top[0]->server.w[3], server(2).w[3]);
	assert_int_equal(top[1]->server.w[3], server(1).w[3]);
	assert_int_equal(top[1]->port, 443);
	assert_int_equal(top[2]->server.w[3], server(3).w[3]);
	free(unread);
}

static void old_ones_go(void **state)
{
	struct unread *unread = calloc(1, sizeof(*unread));

	unread_turn(unread, 5000);
	add(unread, 1, 443, 0, 2);
	unread_turn(unread, 5000 + UNREAD_TURN - 1);
	check_sum(unread, 0, 2);
	unread_turn(unread, 5000 + UNREAD_TURN);
	check_sum(unread, 0, 2);
	add(unread, 2, 443, 0, 3);
	unread_turn(unread, 5000 + 2 * UNREAD_TURN);
	check_sum(unread, 0, 3);
	assert_int_equal(unread->count, 1);
	unread_turn(unread, 5000 + 9 * UNREAD_TURN);
	check_sum(unread, 0, 0);
	assert_int_equal(unread->count, 0);
	add(unread, 2, 443, 0, 3);
	unread_turn(unread, 5000 + 9 * UNREAD_TURN + 1);
	check_sum(unread, 0, 3);
	free(unread);
}

static void what_finds_no_room_is_counted(void **state)
{
	struct unread *unread = calloc(1, sizeof(*unread));

	for (__u32 i = 0; i < UNREAD_MAX + 20; i++)
		add(unread, i, 443, 1, 2);
	assert_int_equal(unread->count, UNREAD_MAX);
	check_sum(unread, UNREAD_MAX + 20, 2 * (UNREAD_MAX + 20));
	free(unread);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(servers_are_apart),
		cmocka_unit_test(old_ones_go),
		cmocka_unit_test(what_finds_no_room_is_counted),
	};

	return cmocka_run_group_tests_name("unread", tests, NULL, NULL);
}
