/* Curl's sockets and its timer on the loop.
 *
 * Curl tells what it waits for several times a request and forgets a connection between two of them. Each
 * change of a poll costs system calls, so a poll stays armed for reading until something comes that curl did
 * not ask for.
 */
#include "transport/transport_curl_private.h"

#include <unistd.h>

struct curl_socket {
	uv_poll_t poll;
	struct curl_transport *transport;
	curl_socket_t fd;
	int wanted;              /* by curl: UV_READABLE, UV_WRITABLE */
	int armed;               /* on the loop */
	struct curl_work *owner; /* whose direct connection it is; NULL: curl's */
};

static struct curl_socket *find(const struct curl_transport *transport, curl_socket_t fd)
{
	return (size_t)fd < transport->n_sockets ? transport->sockets[fd] : NULL;
}

/* --- driving curl --- */

static void read_completions(struct curl_transport *transport)
{
	int left;
	CURLMsg *message;
	while ((message = curl_multi_info_read(transport->multi, &left))) {
		struct curl_work *work;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&work);
		curl_transport_ended(work, message->data.result);
	}
}

static void drive(struct curl_transport *transport, curl_socket_t fd, int events)
{
	int running;
	curl_multi_socket_action(transport->multi, fd, events, &running);
	read_completions(transport);
}

void curl_sockets_soon(struct curl_transport *transport)
{
	timers_set(transport->timers, &transport->completions, clock_mono_us(transport->clock));
}

void curl_sockets_kick(struct curl_transport *transport)
{
	int running;
	curl_multi_socket_action(transport->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	if ((size_t)running < transport->n_added)
		curl_sockets_soon(transport);
}

static void completions_due(struct timer *timer)
{
	struct curl_transport *transport = container_of(timer, struct curl_transport, completions);
	read_completions(transport);
	kept_wake_waiting(transport);
}

static void timer_due(struct timer *timer)
{
	drive(container_of(timer, struct curl_transport, curl_timer), CURL_SOCKET_TIMEOUT, 0);
}

static int on_timer(CURLM *multi, long timeout_ms, void *context)
{
	struct curl_transport *transport = context;
	if (timeout_ms < 0 || transport->driving)
		timers_cancel(transport->timers, &transport->curl_timer);
	else
		timers_set(transport->timers, &transport->curl_timer,
			   clock_mono_us(transport->clock) + timeout_ms * 1000);
	return 0;
}

/* --- polls --- */

static void on_poll(uv_poll_t *poll, int status, int events);

static void arm(struct curl_socket *s, int events)
{
	if (events)
		uv_poll_start(&s->poll, events, on_poll);
	else
		uv_poll_stop(&s->poll);
	s->armed = events;
}

bool curl_sockets_give(struct curl_work *work, struct curl_work *owner)
{
	struct curl_socket *s = find(work->transport, work->fd);
	if (s)
		s->owner = owner;
	return s != NULL;
}

void curl_sockets_want(struct curl_work *work, bool writing)
{
	struct curl_socket *s = find(work->transport, work->fd);
	s->wanted = UV_READABLE | (writing ? UV_WRITABLE : 0);
	if (s->armed != s->wanted)
		arm(s, s->wanted);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct curl_socket *s = container_of(poll, struct curl_socket, poll);
	struct curl_transport *transport = s->transport;
	curl_socket_t fd = s->fd;
	if (status < 0)
		s->armed = 0; /* libuv has stopped it */
	if (s->owner) {
		direct_ready(s->owner, events & UV_READABLE, events & UV_WRITABLE, status < 0);
		return;
	}
	if (status >= 0 && !(events & s->wanted)) {
		arm(s, s->wanted);
		return;
	}
	int flags = status < 0 ? CURL_CSELECT_ERR : 0;
	if (events & UV_READABLE)
		flags |= CURL_CSELECT_IN;
	if (events & UV_WRITABLE)
		flags |= CURL_CSELECT_OUT;
	int running;
	curl_multi_socket_action(transport->multi, fd, flags, &running);
	/* Curl says nothing when it goes on waiting for the same. */
	s = find(transport, fd);
	if (s && (s->wanted & ~s->armed))
		arm(s, s->wanted);
	read_completions(transport);
}

static struct curl_socket *socket_add(struct curl_transport *transport, curl_socket_t fd)
{
	if ((size_t)fd >= transport->n_sockets) {
		size_t n = ((size_t)fd + 64) / 64 * 64;
		transport->sockets = mem_realloc(transport->sockets, n * sizeof *transport->sockets);
		memset(transport->sockets + transport->n_sockets, 0,
		       (n - transport->n_sockets) * sizeof *transport->sockets);
		transport->n_sockets = n;
	}
	struct curl_socket *s = mem_zalloc(sizeof *s);
	s->transport = transport;
	s->fd = fd;
	/* Without a poll nothing moves and the exchange ends by its time-out. */
	if (uv_poll_init(transport->loop, &s->poll, fd)) {
		free(s);
		return NULL;
	}
	transport->sockets[fd] = s;
	return s;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *socket_context)
{
	struct curl_transport *transport = context;
	struct curl_socket *s = find(transport, fd);
	if (!s && what != CURL_POLL_REMOVE)
		s = socket_add(transport, fd);
	if (!s)
		return 0;
	s->wanted = 0;
	if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
		s->wanted |= UV_READABLE;
	if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
		s->wanted |= UV_WRITABLE;
	bool lacks = s->wanted & ~s->armed, spins = s->armed & ~s->wanted & UV_WRITABLE;
	if (lacks || spins)
		arm(s, s->wanted);
	return 0;
}

static void on_closed(uv_handle_t *handle)
{
	struct curl_socket *s = container_of((uv_poll_t *)handle, struct curl_socket, poll);
	close(s->fd);
	free(s);
}

/* The descriptor is closed when the loop has let go of it, so that its number cannot come back too early. */
int curl_sockets_on_close(void *context, curl_socket_t fd)
{
	struct curl_transport *transport = context;
	struct curl_socket *s = find(transport, fd);
	if (!s)
		return close(fd);
	transport->sockets[fd] = NULL;
	uv_close((uv_handle_t *)&s->poll, on_closed);
	return 0;
}

static void on_forgotten(uv_handle_t *handle)
{
	free(container_of((uv_poll_t *)handle, struct curl_socket, poll));
}

/* A socket that is not connected yet is closed by curl itself, who only says that it waits for nothing more.
 * The poll is at rest then, and serves whoever gets the same number next; the number may be somebody else's
 * by now.
 */
static void forget(struct curl_socket *s)
{
	ensure(!s->armed && !s->owner);
	uv_close((uv_handle_t *)&s->poll, on_forgotten);
}

/* --- its life --- */

void curl_sockets_attach(struct curl_transport *transport)
{
	transport->curl_timer.fire = timer_due;
	transport->completions.fire = completions_due;
	curl_multi_setopt(transport->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(transport->multi, CURLMOPT_SOCKETDATA, transport);
	curl_multi_setopt(transport->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(transport->multi, CURLMOPT_TIMERDATA, transport);
}

void curl_sockets_finish(struct curl_transport *transport)
{
	timers_cancel(transport->timers, &transport->curl_timer);
	timers_cancel(transport->timers, &transport->completions);
	for (size_t i = 0; i < transport->n_sockets; i++) {
		if (transport->sockets[i])
			forget(transport->sockets[i]);
	}
	free(transport->sockets);
}
