/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What spikewatch calls of libmnl, for static builds alone: no release of Debian has its static
 * archive. The interface, and what each function does and refuses, is that of libmnl(3) 1.0.4; its
 * header is used.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>

struct mnl_socket {
	int fd;
	unsigned int port;
};

/* --- sockets ---------------------------------------------------------------------------------- */

struct mnl_socket *mnl_socket_open2(int bus, int flags)
{
	struct mnl_socket *nl = calloc(1, sizeof(*nl));

	if (!nl)
		return NULL;
	nl->fd = socket(AF_NETLINK, SOCK_RAW | flags, bus);
	if (nl->fd >= 0)
		return nl;
	free(nl);
	return NULL;
}

int mnl_socket_bind(struct mnl_socket *nl, unsigned int groups, pid_t pid)
{
	struct sockaddr_nl addr = {
		.nl_family = AF_NETLINK,
		.nl_groups = groups,
		.nl_pid = (__u32)pid,
	};
	socklen_t size = sizeof(addr);

	if (bind(nl->fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    getsockname(nl->fd, (struct sockaddr *)&addr, &size))
		return -1;
	nl->port = addr.nl_pid;
	return 0;
}

int mnl_socket_close(struct mnl_socket *nl)
{
	int err = close(nl->fd);

	free(nl);
	return err;
}

int mnl_socket_get_fd(const struct mnl_socket *nl)
{
	return nl->fd;
}

unsigned int mnl_socket_get_portid(const struct mnl_socket *nl)
{
	return nl->port;
}

ssize_t mnl_socket_sendto(const struct mnl_socket *nl, const void *req, size_t size)
{
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	return sendto(nl->fd, req, size, 0, (const struct sockaddr *)&kernel, sizeof(kernel));
}

ssize_t mnl_socket_recvfrom(const struct mnl_socket *nl, void *buf, size_t size)
{
	struct sockaddr_nl from;
	struct iovec part = { .iov_base = buf, .iov_len = size };
	struct msghdr msg = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &part,
		.msg_iovlen = 1,
	};
	ssize_t len = recvmsg(nl->fd, &msg, 0);

	if (len < 0)
		return -1;
	if (msg.msg_flags & MSG_TRUNC) {
		errno = ENOSPC;
		return -1;
	}
	if (msg.msg_namelen != sizeof(from)) {
		errno = EINVAL;
		return -1;
	}
	return len;
}

int mnl_socket_setsockopt(const struct mnl_socket *nl, int type, void *buf, socklen_t len)
{
	return setsockopt(nl->fd, SOL_NETLINK, type, buf, len);
}

/* --- messages --------------------------------------------------------------------------------- */

struct nlmsghdr *mnl_nlmsg_put_header(void *buf)
{
	struct nlmsghdr *msg = buf;

	memset(msg, 0, MNL_NLMSG_HDRLEN);
	msg->nlmsg_len = MNL_NLMSG_HDRLEN;
	return msg;
}

void *mnl_nlmsg_put_extra_header(struct nlmsghdr *msg, size_t size)
{
	void *header = (char *)msg + msg->nlmsg_len;

	memset(header, 0, MNL_ALIGN(size));
	msg->nlmsg_len += MNL_ALIGN(size);
	return header;
}

void *mnl_nlmsg_get_payload(const struct nlmsghdr *msg)
{
	return (char *)msg + MNL_NLMSG_HDRLEN;
}

void *mnl_nlmsg_get_payload_offset(const struct nlmsghdr *msg, size_t offset)
{
	return (char *)msg + MNL_NLMSG_HDRLEN + MNL_ALIGN(offset);
}

void *mnl_nlmsg_get_payload_tail(const struct nlmsghdr *msg)
{
	return (char *)msg + MNL_ALIGN(msg->nlmsg_len);
}

size_t mnl_nlmsg_get_payload_len(const struct nlmsghdr *msg)
{
	return msg->nlmsg_len - MNL_NLMSG_HDRLEN;
}

/* --- attributes ------------------------------------------------------------------------------- */

bool mnl_attr_ok(const struct nlattr *attr, int len)
{
	return len >= (int)sizeof(*attr) && attr->nla_len >= sizeof(*attr) && attr->nla_len <= len;
}

struct nlattr *mnl_attr_next(const struct nlattr *attr)
{
	return (struct nlattr *)((char *)attr + MNL_ALIGN(attr->nla_len));
}

uint16_t mnl_attr_get_type(const struct nlattr *attr)
{
	return attr->nla_type & NLA_TYPE_MASK;
}

uint16_t mnl_attr_get_payload_len(const struct nlattr *attr)
{
	return attr->nla_len - MNL_ATTR_HDRLEN;
}

void *mnl_attr_get_payload(const struct nlattr *attr)
{
	return (char *)attr + MNL_ATTR_HDRLEN;
}

uint32_t mnl_attr_get_u32(const struct nlattr *attr)
{
	uint32_t value;

	memcpy(&value, mnl_attr_get_payload(attr), sizeof(value));
	return value;
}

const char *mnl_attr_get_str(const struct nlattr *attr)
{
	return mnl_attr_get_payload(attr);
}

/* The caller's buffer has room for it. */
void mnl_attr_put(struct nlmsghdr *msg, uint16_t type, size_t len, const void *data)
{
	struct nlattr *attr = mnl_nlmsg_get_payload_tail(msg);

	memset(attr, 0, MNL_ATTR_HDRLEN + MNL_ALIGN(len));
	attr->nla_type = type;
	attr->nla_len = MNL_ATTR_HDRLEN + len;
	memcpy(mnl_attr_get_payload(attr), data, len);
	msg->nlmsg_len += MNL_ATTR_HDRLEN + MNL_ALIGN(len);
}

/* Only for the types that are asked for; others would be refused. */
int mnl_attr_validate(const struct nlattr *attr, enum mnl_attr_data_type type)
{
	uint16_t len = mnl_attr_get_payload_len(attr);

	if ((type == MNL_TYPE_U32 && len == sizeof(uint32_t)) || (type == MNL_TYPE_STRING && len))
		return 0;
	errno = ERANGE;
	return -1;
}

/* --- answers ---------------------------------------------------------------------------------- */

static int refuse(int error)
{
	errno = error;
	return MNL_CB_ERROR;
}

/* Messages below NLMSG_MIN_TYPE are netlink's own. */
static int control(const struct nlmsghdr *msg)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(msg);

	if (msg->nlmsg_type == NLMSG_DONE)
		return MNL_CB_STOP;
	if (msg->nlmsg_type != NLMSG_ERROR)
		return MNL_CB_OK;
	if (mnl_nlmsg_get_payload_len(msg) < sizeof(*err))
		return refuse(EBADMSG);
	return err->error ? refuse(abs(err->error)) : MNL_CB_STOP;
}

int mnl_cb_run(const void *buf, size_t size, unsigned int seq, unsigned int port, mnl_cb_t take,
	       void *arg)
{
	const struct nlmsghdr *msg = buf;
	int result = MNL_CB_OK;

	while (result > MNL_CB_STOP && size >= sizeof(*msg) && msg->nlmsg_len >= sizeof(*msg) &&
	       msg->nlmsg_len <= size) {
		size_t step = MNL_ALIGN(msg->nlmsg_len);

		if (msg->nlmsg_pid && port && msg->nlmsg_pid != port)
			return refuse(ESRCH);
		if (msg->nlmsg_seq && seq && msg->nlmsg_seq != seq)
			return refuse(EPROTO);
		if (msg->nlmsg_flags & NLM_F_DUMP_INTR)
			return refuse(EINTR);
		result = msg->nlmsg_type < NLMSG_MIN_TYPE ? control(msg) : take(msg, arg);
		size -= step < size ? step : size;
		msg = (const struct nlmsghdr *)((const char *)msg + step);
	}
	return result;
}
