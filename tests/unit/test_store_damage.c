/* SPDX-License-Identifier: GPL-2.0-only */
/* A store whose writer was killed, that is damaged, of somebody else, or in use. */
#include "tests/unit/storing.h"

#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* A writer that is killed in the middle of its work: whole transactions are there, and no others.
 */
static void write_for_ever(int ready)
{
	struct store *store = open_store();
	__s64 i;

	for (i = 0;; i++) {
		assert_int_equal(store_begin(store), 0);
		put(store, &denies, 2 * i, 1, 1);
		put(store, &denies, 2 * i + 1, 1, 1);
		assert_int_equal(store_commit(store), 0);
		if (write(ready, "x", 1) != 1)
			_exit(1);
	}
}

static void a_killed_writer_leaves_whole_transactions(void **state)
{
	char drain[64];
	int round, pipe_fd[2];
	__u64 rng = 77;

	for (round = 0; round < 25; round++) {
		size_t told = 0, wanted = 1 + random_next(&rng) % 60;
		struct store *store;
		struct seen seen;
		pid_t pid;

		assert_int_equal(pipe(pipe_fd), 0);
		pid = fork();
		assert_true(pid >= 0);
		if (!pid)
			write_for_ever(pipe_fd[1]);
		close(pipe_fd[1]);
		while (told < wanted) {
			ssize_t n = read(pipe_fd[0], drain, sizeof(drain));

			assert_true(n > 0);
			told += n;
		}
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		close(pipe_fd[0]);
		store = open_store();
		seen = read_all(store, NULL, -1).seen;
		assert_true(seen.count >= 2 * told || seen.count >= 35 * 96);
		assert_int_equal(seen.count % 2, 0);
		store_close(store);
	}
}

static size_t files_like(const char *pattern)
{
	char text[160];
	glob_t found;
	size_t n;

	snprintf(text, sizeof(text), "%s%s", path, pattern);
	n = glob(text, 0, NULL, &found) ? 0 : found.gl_pathc;
	globfree(&found);
	return n;
}

static void overwrite(off_t from, size_t len, unsigned char with)
{
	int fd = open(path, O_WRONLY);
	unsigned char bytes[4096];

	memset(bytes, with, sizeof(bytes));
	assert_true(fd >= 0);
	while (len) {
		size_t part = len < sizeof(bytes) ? len : sizeof(bytes);

		assert_int_equal(pwrite(fd, bytes, part, from), part);
		from += part;
		len -= part;
	}
	close(fd);
}

static void fill(void)
{
	struct store *store = open_store();
	int i;

	assert_int_equal(store_begin(store), 0);
	for (i = 0; i < 3000; i++)
		put(store, &denies, i, i * 1000000., 1);
	assert_int_equal(store_commit(store), 0);
	store_close(store);
}

/* Opens a damaged store: it is set aside, said, and a new one works. */
static void check_set_aside(const char *what)
{
	struct store_told told;
	struct store *store;

	if (store_open(path, STORE_WRITE, NOW_S, &told, &store))
		fail_msg("%s: %s", what, told.failure);
	if (!strstr(told.damage, "was damaged: it is kept as ") ||
	    !strstr(told.damage, ".damaged-20260101T000000Z"))
		fail_msg("%s: '%s'", what, told.damage);
	assert_int_equal(read_all(store, NULL, -1).count, 0);
	put(store, &denies, 0, 1, 1);
	store_close(store);
	assert_int_equal(files_like(".damaged-20260101T000000Z"), 1);
	store = open_store();
	assert_int_equal(read_all(store, NULL, -1).count, 1);
	store_close(store);
	assert_int_equal(unlink(path), 0);
}

static void a_damaged_file_is_set_aside(void **state)
{
	struct stat stat_buf;
	struct store *store;

	fill();
	assert_int_equal(stat(path, &stat_buf), 0);
	assert_true(stat_buf.st_size > 16384);
	overwrite(0, 100, 0);
	check_set_aside("no header");
	fill();
	overwrite(4096, stat_buf.st_size - 4096, 0xa5);
	check_set_aside("all pages but the first");
	fill();
	assert_int_equal(truncate(path, stat_buf.st_size / 2), 0);
	check_set_aside("cut");
	fill();
	overwrite(0, stat_buf.st_size, 'x');
	check_set_aside("text");
	fill();
	store = open_store();
	store_close(store);
	overwrite(stat_buf.st_size - 3000, 2000, 0xff);
	check_set_aside("inside one page");
}

static void run_sql(const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void check_refused(int err, const char *says)
{
	struct store_told told;
	struct store *store;

	assert_int_equal(store_open(path, STORE_WRITE, NOW_S, &told, &store), err);
	if (!strstr(told.failure, says) || strncmp(told.failure, path, strlen(path)))
		fail_msg("'%s' does not say '%s'", told.failure, says);
	assert_int_equal(files_like(".damaged*"), 0);
}

static void what_is_not_ours_is_left_alone(void **state)
{
	fill();
	run_sql("PRAGMA user_version = 99");
	check_refused(-EPROTO, "another version");
	run_sql("PRAGMA application_id = 5");
	check_refused(-EMEDIUMTYPE, "another program");
	unlink(path);
	run_sql("CREATE TABLE theirs (x)");
	check_refused(-EMEDIUMTYPE, "another program");
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	check_refused(-EACCES, "Permission denied");
	rmdir(path);
	strcpy(path, "/proc/none/s.db");
	check_refused(-ENOENT, "no such file or folder");
}

static void tables_that_lack_something_are_damage(void **state)
{
	fill();
	run_sql("DROP TABLE models");
	check_set_aside("a table is gone");
}

static void one_writes_and_others_read(void **state)
{
	struct store *store = open_store(), *reader;
	struct store_told told;

	put(store, &denies, 0, 5, 1);
	check_refused(-EBUSY, "another spikewatch uses it");
	assert_int_equal(store_open(path, STORE_READ, NOW_S, &told, &reader), 0);
	assert_true(read_all(reader, NULL, -1).seen.sum == 5);
	put(store, &denies, 1, 6, 1);
	assert_true(read_all(reader, NULL, -1).seen.sum == 11);
	store_close(reader);
	store_close(store);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(store_open(path, STORE_READ, NOW_S, &told, &reader), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(a_killed_writer_leaves_whole_transactions),
		STORE_TEST(a_damaged_file_is_set_aside),
		STORE_TEST(what_is_not_ours_is_left_alone),
		STORE_TEST(tables_that_lack_something_are_damage),
		STORE_TEST(one_writes_and_others_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
