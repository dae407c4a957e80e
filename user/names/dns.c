/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of hosts by DNS, with c-ares on an epoll descriptor of its own. */
#include "names/dns.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <ares.h>

#include "names/hosts.h"

#define WAYS       4 /* an address has this many places in the cache */
#define TIMEOUT_MS 2000
#define TRIES      2
#define EVENTS_MAX 16

enum slot_state { SLOT_EMPTY, SLOT_ASKED, SLOT_KNOWN };

struct slot {
	struct addr addr;
	enum slot_state state;
	__u64 until_ns;                   /* SLOT_KNOWN */
	char name[HOST_NAME_MAX_LEN + 1]; /* empty: it has none */
};

/* One question; it outlives its slot, which may have been given to another address. */
struct question {
	struct dns *dns;
	struct addr addr;
};

struct dns {
	ares_channel channel;
	bool has_channel;
	int epoll_fd;
	unsigned int in_flight;
	__u64 now_ns;
	struct slot slots[DNS_CACHE_MAX];
};

/* A socket of c-ares wants to be read or written, or not any more. */
static void watch_socket(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct epoll_event event = {
		.events = (readable ? EPOLLIN : 0) | (writable ? EPOLLOUT : 0),
		.data.fd = fd,
	};
	struct dns *dns = arg;

	if (!event.events)
		epoll_ctl(dns->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
	else if (epoll_ctl(dns->epoll_fd, EPOLL_CTL_ADD, fd, &event))
		epoll_ctl(dns->epoll_fd, EPOLL_CTL_MOD, fd, &event);
}

int dns_new(struct dns **ret)
{
	struct ares_options options = {
		.timeout = TIMEOUT_MS,
		.tries = TRIES,
		.lookups = (char *)"b", /* by DNS alone */
		.sock_state_cb = watch_socket,
	};
	const int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS |
			 ARES_OPT_SOCK_STATE_CB;
	struct dns *dns = calloc(1, sizeof(*dns));
	int err = -ENOMEM, rc;

	if (!dns)
		return err;
	dns->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (dns->epoll_fd < 0) {
		err = -errno;
		goto out;
	}
	options.sock_state_cb_data = dns;
	rc = ares_init_options(&dns->channel, &options, mask);
	if (rc != ARES_SUCCESS) {
		err = rc == ARES_ENOMEM ? -ENOMEM : -EIO;
		goto out;
	}
	dns->has_channel = true;
	*ret = dns;
	return 0;
out:
	dns_free(dns);
	return err;
}

void dns_free(struct dns *dns)
{
	if (!dns)
		return;
	if (dns->has_channel)
		ares_destroy(dns->channel);
	if (dns->epoll_fd >= 0)
		close(dns->epoll_fd);
	free(dns);
}

/* The first of an address's places. FNV-1a (RFC draft-eastlake-fnv). */
static size_t place_of(const struct addr *addr)
{
	const unsigned char *bytes = (const unsigned char *)addr;
	__u32 hash = 2166136261U;

	for (size_t i = 0; i < sizeof(*addr); i++)
		hash = (hash ^ bytes[i]) * 16777619U;
	return hash % (DNS_CACHE_MAX / WAYS) * WAYS;
}

static const struct slot *find(const struct dns *dns, const struct addr *addr)
{
	size_t place = place_of(addr);

	for (size_t i = place; i < place + WAYS; i++)
		if (dns->slots[i].state != SLOT_EMPTY && addr_equal(&dns->slots[i].addr, addr))
			return &dns->slots[i];
	return NULL;
}

/* Its own place, an empty one, or that of the answer that is the oldest. NULL: all are asked. */
static struct slot *make_slot(struct dns *dns, const struct addr *addr)
{
	size_t place = place_of(addr);
	struct slot *best = (struct slot *)find(dns, addr);

	for (size_t i = place; i < place + WAYS && !best; i++)
		if (dns->slots[i].state == SLOT_EMPTY)
			best = &dns->slots[i];
	if (best)
		return best;
	for (size_t i = place; i < place + WAYS; i++) {
		struct slot *slot = &dns->slots[i];

		if (slot->state == SLOT_KNOWN && (!best || slot->until_ns < best->until_ns))
			best = slot;
	}
	return best;
}

static void take_answer(void *arg, int status, int timeouts, struct hostent *host)
{
	struct question *question = arg;
	struct dns *dns = question->dns;
	struct slot *slot = (struct slot *)find(dns, &question->addr);
	const char *name = status == ARES_SUCCESS && host ? host->h_name : NULL;

	dns->in_flight--;
	if (slot && slot->state == SLOT_ASKED) {
		bool good = name && host_name_is_good(name);

		slot->state = SLOT_KNOWN;
		slot->until_ns = dns->now_ns + (good ? DNS_KEEP_NS : DNS_KEEP_NONE_NS);
		strcpy(slot->name, good ? name : "");
	}
	free(question);
}

void dns_want(struct dns *dns, const struct addr *addr, __u64 now_ns)
{
	const struct slot *known = find(dns, addr);
	struct question *question;
	struct slot *slot;

	dns->now_ns = now_ns;
	if (known && (known->state == SLOT_ASKED || known->until_ns > now_ns))
		return;
	if (dns->in_flight == DNS_IN_FLIGHT_MAX)
		return;
	slot = make_slot(dns, addr);
	question = slot ? malloc(sizeof(*question)) : NULL;
	if (!question)
		return;
	*question = (struct question){ .dns = dns, .addr = *addr };
	*slot = (struct slot){ .addr = *addr, .state = SLOT_ASKED };
	dns->in_flight++;
	if (addr_is_ipv4(addr))
		ares_gethostbyaddr(dns->channel, &question->addr.w[3], 4, AF_INET, take_answer,
				   question);
	else
		ares_gethostbyaddr(dns->channel, &question->addr, 16, AF_INET6, take_answer,
				   question);
}

const char *dns_find(const struct dns *dns, const struct addr *addr, __u64 now_ns)
{
	const struct slot *slot = find(dns, addr);

	if (!slot || slot->state != SLOT_KNOWN || slot->until_ns <= now_ns || !*slot->name)
		return NULL;
	return slot->name;
}

int dns_fd(const struct dns *dns)
{
	return dns->epoll_fd;
}

void dns_take(struct dns *dns, __u64 now_ns)
{
	struct epoll_event events[EVENTS_MAX];
	int n = epoll_wait(dns->epoll_fd, events, EVENTS_MAX, 0);

	dns->now_ns = now_ns;
	for (int i = 0; i < n; i++) {
		bool in = events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP);
		bool out = events[i].events & EPOLLOUT;

		ares_process_fd(dns->channel, in ? events[i].data.fd : ARES_SOCKET_BAD,
				out ? events[i].data.fd : ARES_SOCKET_BAD);
	}
	/* Those that were not answered in time. */
	if (n <= 0)
		ares_process_fd(dns->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}
