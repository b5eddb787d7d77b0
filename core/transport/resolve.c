#include "transport/resolve.h"

#include "base/buf.h"
#include "base/hash.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>

enum {
	HOSTS_MAX = 1000,
	LOOKUPS_MAX = 16,
	ADDRESSES_MAX = 8,
	GOOD_FOR_US = 60 * 1000 * 1000,
	BAD_FOR_US = 5 * 1000 * 1000,
	KEY_MAX = TARGET_HOST_MAX + sizeof ":65535",
};

enum host_state { HOST_QUEUED, HOST_ASKED, HOST_KNOWN };

struct host {
	struct resolved resolved;
	char *pin, *key; /* the key is "name:port", in lower case */
	size_t key_n, name_n;
	enum host_state state;
	bool held; /* the other side holds this pin or an older one */
	int64_t good_until_us;
	struct list link; /* in `queue` or in `known`, by state */
	struct list waiters;
	UT_hash_handle hh;
};

struct forgotten {
	struct forgotten *next;
	char *key;
};

struct resolver {
	uv_loop_t *loop;
	struct clock *clock;
	struct host *hosts;
	struct list queue;   /* waiting for their turn */
	struct list known;   /* least recently used first */
	struct list lookups; /* under way */
	size_t n_lookups;
	struct forgotten *forgotten;
	struct resolved never, busy; /* the answers that need no host */
};

/* Outlives the resolver when that is destroyed first: a lookup in its thread cannot be called back. */
struct lookup {
	uv_getaddrinfo_t request;
	struct list link;
	struct resolver *resolver; /* NULL: nobody wants to know any more */
	struct host *host;
};

static void look_up_next(struct resolver *resolver);

/* --- the table --- */

static size_t write_key(char *key, const struct target *target)
{
	for (size_t i = 0; i < target->host.n; i++) {
		char c = target->host.p[i];
		key[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
	}
	char digits[5];
	size_t n = target->host.n, n_digits = 0;
	for (unsigned port = target->port; port; port /= 10)
		digits[n_digits++] = (char)('0' + port % 10);
	key[n++] = ':';
	while (n_digits)
		key[n++] = digits[--n_digits];
	key[n] = 0;
	return n;
}

static struct host *host_add(struct resolver *resolver, const char *key, size_t key_n, size_t name_n)
{
	struct host *host = mem_zalloc(sizeof *host);
	host->key = mem_strndup(key, key_n);
	host->key_n = key_n;
	host->name_n = name_n;
	list_init(&host->link);
	list_init(&host->waiters);
	HASH_ADD_KEYPTR(hh, resolver->hosts, host->key, host->key_n, host);
	return host;
}

static void host_free(struct resolver *resolver, struct host *host)
{
	HASH_DEL(resolver->hosts, host);
	list_remove(&host->link);
	free(host->pin);
	free(host->key);
	free(host);
}

static void host_forget(struct resolver *resolver, struct host *host)
{
	if (host->held) {
		struct forgotten *forgotten = mem_alloc(sizeof *forgotten);
		*forgotten = (struct forgotten){resolver->forgotten, mem_strdup(host->key)};
		resolver->forgotten = forgotten;
	}
	host_free(resolver, host);
}

/* False when the table is full of hosts that are being looked up. */
static bool make_room(struct resolver *resolver)
{
	if (HASH_COUNT(resolver->hosts) < HOSTS_MAX)
		return true;
	struct list *oldest = list_first(&resolver->known);
	if (!oldest)
		return false;
	host_forget(resolver, container_of(oldest, struct host, link));
	return true;
}

static void host_settle(struct resolver *resolver, struct host *host, int64_t good_until_us)
{
	host->state = HOST_KNOWN;
	host->good_until_us = good_until_us;
	list_remove(&host->link);
	list_append(&resolver->known, &host->link);
}

static void set_pin(struct host *host, char *pin)
{
	bool same = host->pin && pin && strcmp(host->pin, pin) == 0;
	free(host->pin);
	host->pin = pin;
	host->resolved = (struct resolved){.pin = pin, .pinned = same && host->resolved.pinned};
}

/* --- a lookup --- */

static const char *why_failed(int status)
{
	switch (status) {
	case UV_EAI_NONAME:
	case UV_EAI_NODATA:
		return "the name does not exist";
	case UV_EAI_AGAIN:
		return "the name server does not answer";
	case UV_EAI_FAIL:
		return "the name server failed";
	default:
		return "the name cannot be looked up";
	}
}

static bool add_address(struct buf *pin, const struct sockaddr *address)
{
	char text[INET6_ADDRSTRLEN];
	const void *bytes;
	if (address->sa_family == AF_INET)
		bytes = &((const struct sockaddr_in *)(const void *)address)->sin_addr;
	else if (address->sa_family == AF_INET6)
		bytes = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
	else
		return false;
	inet_ntop(address->sa_family, bytes, text, sizeof text);
	buf_printf(pin, address->sa_family == AF_INET ? "%s," : "[%s],", text);
	return true;
}

/* NULL when there is no address of use in it. */
static char *pin_of(const struct host *host, const struct addrinfo *found)
{
	struct buf pin;
	buf_init(&pin, KEY_MAX + ADDRESSES_MAX * (INET6_ADDRSTRLEN + 4));
	buf_add(&pin, host->key, host->key_n);
	buf_char(&pin, ':');
	int n = 0;
	for (const struct addrinfo *at = found; at && n < ADDRESSES_MAX; at = at->ai_next)
		n += add_address(&pin, at->ai_addr);
	pin.n--;
	char *text = n ? buf_take(&pin, NULL) : NULL;
	buf_finish(&pin);
	return text;
}

static void tell_waiters(struct host *host)
{
	struct list *first;
	while ((first = list_first(&host->waiters))) {
		struct resolve_waiter *waiter = container_of(first, struct resolve_waiter, link);
		list_remove(&waiter->link);
		waiter->done(waiter, &host->resolved);
	}
}

static void learn(struct resolver *resolver, struct host *host, int status, const struct addrinfo *found)
{
	int64_t now_us = clock_mono_us(resolver->clock);
	char *pin = status == 0 ? pin_of(host, found) : NULL;
	set_pin(host, pin);
	if (!pin)
		host->resolved.failed = why_failed(status ? status : UV_EAI_NODATA);
	host_settle(resolver, host, now_us + (pin ? GOOD_FOR_US : BAD_FOR_US));
	tell_waiters(host);
}

static void looked_up(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
	struct lookup *lookup = container_of(request, struct lookup, request);
	struct resolver *resolver = lookup->resolver;
	if (resolver) {
		list_remove(&lookup->link);
		resolver->n_lookups--;
		learn(resolver, lookup->host, status, found);
		look_up_next(resolver);
	}
	uv_freeaddrinfo(found);
	free(lookup);
}

/* RFC 6761, section 6.3: these are the loopback addresses, whatever the machine's files and servers say, if
 * they say anything. */
static bool is_localhost(struct str name)
{
	if (name.n && name.p[name.n - 1] == '.')
		name.n--;
	return str_eq(name, STR("localhost")) || str_ends(name, STR(".localhost"));
}

static void look_up(struct resolver *resolver, struct host *host)
{
	static const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	char name[TARGET_HOST_MAX + 1];
	memcpy(name, host->key, host->name_n);
	name[host->name_n] = 0;
	struct lookup *lookup = mem_zalloc(sizeof *lookup);
	lookup->resolver = resolver;
	lookup->host = host;
	list_init(&lookup->link);
	list_append(&resolver->lookups, &lookup->link);
	resolver->n_lookups++;
	host->state = HOST_ASKED;
	/* It refuses only names that it cannot convert, and target_parse lets none of those through. */
	bool local = is_localhost(str_of(name));
	ensure(uv_getaddrinfo(resolver->loop, &lookup->request, looked_up, local ? NULL : name,
			      local ? "0" : NULL, &hints) == 0);
}

static void look_up_next(struct resolver *resolver)
{
	while (resolver->n_lookups < LOOKUPS_MAX && !list_empty(&resolver->queue)) {
		struct host *host = container_of(list_first(&resolver->queue), struct host, link);
		list_remove(&host->link);
		if (list_empty(&host->waiters))
			host_forget(resolver, host);
		else
			look_up(resolver, host);
	}
}

/* --- asking --- */

static bool is_never_a_name(const struct target *target)
{
	struct str name = target->host;
	if (name.p[name.n - 1] == '.')
		name.n--;
	struct str suffix = STR(".invalid");
	return name.n >= suffix.n &&
	       str_eq_nocase((struct str){name.p + name.n - suffix.n, suffix.n}, suffix);
}

static struct resolved *host_use(struct resolver *resolver, struct host *host)
{
	list_remove(&host->link);
	list_append(&resolver->known, &host->link);
	return &host->resolved;
}

static struct resolved *know_address(struct resolver *resolver, struct host *host)
{
	char *pin = mem_alloc(host->key_n + host->name_n + 2);
	memcpy(pin, host->key, host->key_n);
	pin[host->key_n] = ':';
	memcpy(pin + host->key_n + 1, host->key, host->name_n);
	pin[host->key_n + 1 + host->name_n] = 0;
	set_pin(host, pin);
	host_settle(resolver, host, INT64_MAX);
	return &host->resolved;
}

struct resolved *resolver_ask(struct resolver *resolver, const struct target *target,
			      struct resolve_waiter *waiter)
{
	char key[KEY_MAX];
	struct host *host;
	size_t key_n = write_key(key, target);
	HASH_FIND(hh, resolver->hosts, key, key_n, host);
	if (host && host->state == HOST_KNOWN && clock_mono_us(resolver->clock) < host->good_until_us)
		return host_use(resolver, host);
	if (!host) {
		if (is_never_a_name(target))
			return &resolver->never;
		if (!make_room(resolver))
			return &resolver->busy;
		host = host_add(resolver, key, key_n, target->host.n);
		if (target->kind == TARGET_IPV4)
			return know_address(resolver, host);
		host->state = HOST_KNOWN;
	}
	list_init(&waiter->link);
	list_append(&host->waiters, &waiter->link);
	if (host->state == HOST_KNOWN) {
		host->state = HOST_QUEUED;
		list_remove(&host->link);
		list_append(&resolver->queue, &host->link);
		look_up_next(resolver);
	}
	return NULL;
}

void resolver_cancel(struct resolver *resolver, struct resolve_waiter *waiter)
{
	list_remove(&waiter->link);
}

void resolver_pinned(struct resolved *resolved)
{
	container_of(resolved, struct host, resolved)->held = true;
	resolved->pinned = true;
}

char *resolver_next_forgotten(struct resolver *resolver)
{
	struct forgotten *first = resolver->forgotten;
	if (!first)
		return NULL;
	char *key = first->key;
	resolver->forgotten = first->next;
	free(first);
	return key;
}

/* --- its life --- */

struct resolver *resolver_create(uv_loop_t *loop, struct clock *clock)
{
	struct resolver *resolver = mem_zalloc(sizeof *resolver);
	resolver->loop = loop;
	resolver->clock = clock;
	resolver->never.failed = "the name does not exist";
	resolver->busy.failed = "too many names are being looked up";
	list_init(&resolver->queue);
	list_init(&resolver->known);
	list_init(&resolver->lookups);
	return resolver;
}

void resolver_destroy(struct resolver *resolver)
{
	if (!resolver)
		return;
	struct list *link;
	while ((link = list_first(&resolver->lookups))) {
		struct lookup *lookup = container_of(link, struct lookup, link);
		list_remove(link);
		lookup->resolver = NULL;
		uv_cancel((uv_req_t *)&lookup->request);
	}
	struct host *host, *next;
	HASH_ITER(hh, resolver->hosts, host, next)
	{
		ensure(list_empty(&host->waiters));
		host_free(resolver, host);
	}
	for (char *key; (key = resolver_next_forgotten(resolver));)
		free(key);
	free(resolver);
}
