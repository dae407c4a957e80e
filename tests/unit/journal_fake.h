/* SPDX-License-Identifier: GPL-2.0-only */
/* A socket that plays journald, and an outbox that sends to it; for tests with cmocka. */
#ifndef TESTS_UNIT_JOURNAL_FAKE_H
#define TESTS_UNIT_JOURNAL_FAKE_H

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "out/journal.h"
#include "outbox/outbox.h"
#include "tests/unit/example.h"

#define ENTRY_MAX (1 << 21)

struct fake {
	char dir[32];
	struct sockaddr_un addr;
	int fd; /* -1: journald is away */
	struct outbox *outbox;
	__u64 now_ns;
	unsigned int news[OUTBOX_WORK + 1]; /* how many of each */
	struct example example;
	char data[ENTRY_MAX]; /* the entry that came last */
	size_t len;
	int seals; /* of the file it came in, -1 where it came as a datagram */
};

static inline void fake_start(struct fake *fake)
{
	fake->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_true(fake->fd >= 0);
	assert_int_equal(bind(fake->fd, (struct sockaddr *)&fake->addr, sizeof(fake->addr)), 0);
}

static inline void fake_stop(struct fake *fake, bool leave_socket)
{
	close(fake->fd);
	fake->fd = -1;
	if (!leave_socket)
		unlink(fake->addr.sun_path);
}

static inline void count_news(enum outbox_news news, const char *text, void *arg)
{
	((struct fake *)arg)->news[news]++;
}

static inline int fake_setup(void **state)
{
	struct fake *fake = calloc(1, sizeof(*fake));
	struct outlet *outlet;

	assert_non_null(fake);
	strcpy(fake->dir, "/tmp/spikewatch-XXXXXX");
	assert_non_null(mkdtemp(fake->dir));
	fake->addr.sun_family = AF_UNIX;
	snprintf(fake->addr.sun_path, sizeof(fake->addr.sun_path), "%s/socket", fake->dir);
	fake->fd = -1;
	assert_int_equal(journal_new(fake->addr.sun_path, &outlet), 0);
	assert_int_equal(outbox_new(example_observer(), count_news, fake, &fake->outbox), 0);
	outbox_add_way(fake->outbox, outlet);
	fake->now_ns = 1000 * EXAMPLE_SECOND;
	example_http(&fake->example);
	*state = fake;
	return 0;
}

static inline int fake_teardown(void **state)
{
	struct fake *fake = *state;

	outbox_free(fake->outbox);
	if (fake->fd >= 0)
		close(fake->fd);
	unlink(fake->addr.sun_path);
	rmdir(fake->dir);
	free(fake);
	return 0;
}

static inline void read_file(struct fake *fake, int file)
{
	struct stat st;

	fake->seals = fcntl(file, F_GET_SEALS);
	assert_int_equal(fstat(file, &st), 0);
	assert_true(st.st_size < ENTRY_MAX);
	fake->len = pread(file, fake->data, ENTRY_MAX - 1, 0);
	assert_int_equal(fake->len, st.st_size);
	close(file);
}

/* Takes one entry as journald does; false where there is none. */
static inline bool take(struct fake *fake)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec part = { fake->data, ENTRY_MAX - 1 };
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(fake->fd, &message, MSG_CMSG_CLOEXEC);
	struct cmsghdr *head;
	int file;

	if (n < 0) {
		assert_int_equal(errno, EAGAIN);
		return false;
	}
	fake->len = n;
	fake->seals = -1;
	head = CMSG_FIRSTHDR(&message);
	if (head) {
		assert_int_equal(n, 0);
		assert_int_equal(head->cmsg_type, SCM_RIGHTS);
		memcpy(&file, CMSG_DATA(head), sizeof(file));
		read_file(fake, file);
	}
	fake->data[fake->len] = '\0';
	return true;
}

/* The value of a field in the entry taken last, by the rules of the protocol; NULL: not there. */
static inline const char *field(struct fake *fake, const char *name)
{
	static char value[ENTRY_MAX];
	const char *at = fake->data, *end = fake->data + fake->len;
	bool found = false;

	while (at < end) {
		size_t name_len = strcspn(at, "=\n"), value_len;
		const char *text = at + name_len + 1;
		__u64 wire_len;

		assert_true(text <= end);
		if (at[name_len] == '=') {
			value_len = strcspn(text, "\n");
		} else {
			assert_true(text + sizeof(wire_len) <= end);
			memcpy(&wire_len, text, sizeof(wire_len));
			value_len = le64toh(wire_len);
			text += sizeof(wire_len);
		}
		assert_true(value_len < (size_t)(end - text));
		assert_int_equal(text[value_len], '\n');
		assert_int_equal(strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789"), name_len);
		assert_true(name_len && name_len <= 64 && *at != '_');
		if (strlen(name) == name_len && !memcmp(at, name, name_len)) {
			assert_false(found); /* no field comes twice */
			memcpy(value, text, value_len);
			value[value_len] = '\0';
			found = true;
		}
		at = text + value_len + 1;
	}
	return found ? value : NULL;
}

static inline void check_field(struct fake *fake, const char *name, const char *expected)
{
	const char *value = field(fake, name);

	if (expected ? !value || strcmp(value, expected) : value != NULL)
		fail_msg("%s is '%s', not '%s'", name, value ? value : "(missing)",
			 expected ? expected : "(missing)");
}

static inline const struct sink_counts *counts(struct fake *fake)
{
	const struct outlet *outlet;

	return outbox_counts(fake->outbox, 0, &outlet);
}

/* Sends what waits; so many still do. */
static inline size_t flush(struct fake *fake)
{
	do {
		fake->news[OUTBOX_WORK] = 0;
		outbox_work(fake->outbox, fake->now_ns);
	} while (fake->news[OUTBOX_WORK]);
	return counts(fake)->unsent;
}

/* 0, or -EAGAIN where it has to wait. A second later, so that no limit holds it. */
static inline int send_alert(struct fake *fake)
{
	fake->now_ns += EXAMPLE_SECOND;
	outbox_take_alert(fake->outbox, &fake->example.alert, fake->now_ns);
	return flush(fake) ? -EAGAIN : 0;
}

static inline int send_sensor(struct fake *fake, const struct sensor_event *event)
{
	outbox_take_sensor(fake->outbox, event, fake->now_ns);
	return flush(fake) ? -EAGAIN : 0;
}

static inline int send_numbered(struct fake *fake, unsigned int number)
{
	fake->example.alert.count = number;
	return send_alert(fake);
}

#define FAKE_TEST(f) cmocka_unit_test_setup_teardown(f, fake_setup, fake_teardown)

#endif
