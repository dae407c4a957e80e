/* SPDX-License-Identifier: GPL-2.0-only */
/* Several captures as one, by time. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/inputs.h"
#include "util/log.h"

struct input {
	const char *name;
	struct capture *capture;
	struct frame frame;
	bool ready; /* frame was read, and not handed out yet */
	bool ended;
};

static int open_input(const char *name, struct input *ret)
{
	bool is_stdin = !strcmp(name, "-");
	char error[CAPTURE_ERROR_MAX];
	int fd, err;

	ret->name = is_stdin ? "standard input" : name;
	fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) : open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		err = errno;
		log_error("%s: %s", ret->name, strerror(err));
		return err == EMFILE || err == ENFILE ? EXIT_RUNTIME : EXIT_USER;
	}
	err = capture_open(fd, &ret->capture, error);
	if (!err)
		return EXIT_GOOD;
	log_error("%s: %s", ret->name, error);
	return err == -EINVAL || err == -EPROTONOSUPPORT ? EXIT_USER : EXIT_RUNTIME;
}

int inputs_open(char **names, size_t count, struct inputs *ret)
{
	int code = EXIT_GOOD;

	ret->list = calloc(count, sizeof(*ret->list));
	if (!ret->list) {
		log_error("out of memory");
		return EXIT_RUNTIME;
	}
	ret->count = count;
	for (size_t i = 0; i < count && !code; i++)
		code = open_input(names[i], &ret->list[i]);
	return code;
}

void inputs_close(struct inputs *inputs)
{
	for (size_t i = 0; i < inputs->count; i++)
		capture_close(inputs->list[i].capture);
	free(inputs->list);
}

static void refill(struct inputs *inputs, struct input *input)
{
	char error[CAPTURE_ERROR_MAX];
	int got;

	if (input->ready || input->ended)
		return;
	got = capture_next(input->capture, &input->frame, error);
	input->ready = got == 1;
	input->ended = got != 1;
	if (got >= 0)
		return;
	log_error("%s: %s; what was read before is judged", input->name, error);
	inputs->damaged = true;
}

bool inputs_next(struct inputs *inputs, struct frame *ret)
{
	struct input *first = NULL;

	for (size_t i = 0; i < inputs->count; i++) {
		struct input *input = &inputs->list[i];

		refill(inputs, input);
		if (input->ready && (!first || input->frame.time_ns < first->frame.time_ns))
			first = input;
	}
	if (!first)
		return false;
	first->ready = false;
	*ret = first->frame;
	return true;
}

void inputs_progress(const struct inputs *inputs, __u64 *ret_position, __u64 *ret_size)
{
	bool known = true;

	*ret_position = *ret_size = 0;
	for (size_t i = 0; i < inputs->count; i++) {
		__u64 size = capture_size(inputs->list[i].capture);

		known = known && size;
		*ret_position += capture_position(inputs->list[i].capture);
		*ret_size += size;
	}
	if (!known)
		*ret_size = 0;
}
