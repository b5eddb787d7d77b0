#include "transport/transport_curl_private.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>

enum {
	READ_BUFFER = 16 * 1024,
	/* A name's new address is to be used in the end, even where requests never let the connection rest.
	 */
	CONNECTION_LIFE_S = 300,
	CONNECTION_REST_S = 60,
	OUT_MAX = 2 * 1024 * 1024, /* a head within the bounds of curl_request.c, and a small body */
	KEPT_BODY_MAX = 64 * 1024, /* of memory that an idle handle keeps for the next body */
};

static bool note_refused(struct curl_work *work, const char *address, enum address_kind kind)
{
	snprintf(work->refused, sizeof work->refused,
		 "%s is %s; --allow-egress or the service's egress can allow it", address,
		 address_kind_name(kind));
	return false;
}

bool curl_work_may_reach(struct curl_work *work, const struct sockaddr *address)
{
	const struct egress *egress = work->transport->options.egress;
	char text[INET6_ADDRSTRLEN] = "it";
	struct ip_address ip;
	if (!egress)
		return true;
	if (ip_address_of(address, &ip) &&
	    egress_allows(egress, work->exchange->peer, host_is_loopback(work->target.host), &ip))
		return true;
	bool v4 = address->sa_family == AF_INET;
	inet_ntop(address->sa_family,
		  v4 ? (const void *)&((const struct sockaddr_in *)(const void *)address)->sin_addr
		     : (const void *)&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr,
		  text, sizeof text);
	return note_refused(work, text, address_kind(&ip));
}

/* A kept connection may have been opened for a service that is allowed more. */
static int on_use(void *context, char *peer_ip, char *local_ip, int peer_port, int local_port)
{
	struct curl_work *work = context;
	const struct egress *egress = work->transport->options.egress;
	const struct client_proof *proof = work->exchange->proof;
	struct ip_address ip;
	/* Curl begins anew where a kept connection turns out to be dead; and to answer a challenge. */
	work->repeated |= work->n_uses++ > 0 && !(proof && proof->digest_user.p);
	if (!egress || work->transport->proxy)
		return CURL_PREREQFUNC_OK;
	if (ip_address_parse(str_of(peer_ip), &ip) &&
	    egress_allows(egress, work->exchange->peer, host_is_loopback(work->target.host), &ip))
		return CURL_PREREQFUNC_OK;
	note_refused(work, peer_ip, address_kind(&ip));
	return CURL_PREREQFUNC_ABORT;
}

/* The place of the egress policy: whatever curl connects to passes here. With a proxy that is always the
 * proxy, which the engine's operator has named. */
static curl_socket_t on_open(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct curl_work *work = context;
	bool internet = address->family == AF_INET || address->family == AF_INET6;
	if (purpose != CURLSOCKTYPE_IPCXN || !internet || address->socktype != SOCK_STREAM ||
	    address->addrlen > sizeof work->peer)
		return CURL_SOCKET_BAD;
	if (!work->transport->proxy && !curl_work_may_reach(work, &address->addr))
		return CURL_SOCKET_BAD;
	memcpy(&work->peer, &address->addr, address->addrlen);
	curl_transport_opened(work);
	work->opened_fd =
		socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address->protocol);
	return work->opened_fd;
}

/* Curl wants to look up a name by itself, so it has no address of ours: nothing may be connected to. */
static int on_resolve(void *state, void *reserved, void *context)
{
	struct curl_work *work = context;
	return work->ipv6_literal ? 0 : 1;
}

static void set_security(struct curl_work *work)
{
	const char *ca_file = work->transport->options.ca_file;
	curl_easy_setopt(work->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(work->easy, CURLOPT_PROXY, work->transport->proxy ? work->transport->proxy : "");
	curl_easy_setopt(work->easy, CURLOPT_NOPROXY, "");
	curl_easy_setopt(work->easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	curl_easy_setopt(work->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (ca_file) {
		curl_easy_setopt(work->easy, CURLOPT_CAINFO, ca_file);
		curl_easy_setopt(work->easy, CURLOPT_CAPATH, NULL);
	}
}

static void set_callbacks(struct curl_work *work)
{
	CURL *easy = work->easy;
	curl_easy_setopt(easy, CURLOPT_PRIVATE, work);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, work->error);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, curl_answer_on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, work);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, curl_answer_on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, work);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, work);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_use);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, work);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, curl_sockets_on_close);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, work->transport);
	curl_easy_setopt(easy, CURLOPT_RESOLVER_START_FUNCTION, on_resolve);
	curl_easy_setopt(easy, CURLOPT_RESOLVER_START_DATA, work);
}

/* Curl's own time-outs stay off: one timer of ours costs less than the two that curl would set a request. */
static void set_manners(struct curl_work *work)
{
	CURL *easy = work->easy;
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
	curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)READ_BUFFER);
	curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)CONNECTION_REST_S);
	curl_easy_setopt(easy, CURLOPT_MAXLIFETIME_CONN, (long)CONNECTION_LIFE_S);
	/* Pins stay until the resolver takes them back. Curl would look through its whole cache a request. */
	curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, -1L);
}

static struct curl_work *work_create(struct curl_transport *transport)
{
	struct curl_work *work = mem_zalloc(sizeof *work);
	work->transport = transport;
	work->easy = curl_easy_init();
	ensure(work->easy);
	buf_init(&work->head, ANSWER_HEAD_MAX + 1);
	buf_init(&work->body, SIZE_MAX / 4);
	buf_init(&work->out, OUT_MAX);
	list_init(&work->waiter.link);
	list_init(&work->waits);
	list_init(&work->is_open);
	list_init(&work->by_origin);
	list_init(&work->by_rest);
	set_security(work);
	set_callbacks(work);
	set_manners(work);
	return work;
}

void curl_work_destroy(struct curl_work *work)
{
	curl_easy_cleanup(work->easy);
	buf_finish(&work->head);
	buf_finish(&work->body);
	buf_finish(&work->out);
	direct_inflate_end(work);
	free(work->headers);
	free(work->lines);
	free(work->text);
	free(work->moved_to);
	free(work);
}

struct curl_work *curl_work_take(struct curl_transport *transport)
{
	struct curl_work *work = transport->idle;
	if (!work)
		return work_create(transport);
	transport->idle = work->next_idle;
	transport->n_idle--;
	return work;
}

static void give_memory_back(struct curl_work *work)
{
	if (work->body.capacity > KEPT_BODY_MAX)
		buf_finish(&work->body);
	if (work->out.capacity > KEPT_BODY_MAX)
		buf_finish(&work->out);
	if (work->text_capacity > KEPT_BODY_MAX) {
		free(work->text);
		work->text = NULL;
		work->text_capacity = 0;
	}
}

void curl_work_release(struct curl_work *work)
{
	struct curl_transport *transport = work->transport;
	work->phase = WORK_IDLE;
	work->exchange = NULL;
	direct_inflate_end(work);
	give_memory_back(work);
	if (work->connected) {
		if (kept_add(work))
			return;
		direct_close(work);
	}
	if (work->proven || transport->n_idle >= transport->options.idle_handles_max) {
		curl_work_destroy(work);
		return;
	}
	work->next_idle = transport->idle;
	transport->idle = work;
	transport->n_idle++;
}
