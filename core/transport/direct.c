/* An exchange over a connection that curl has opened, and agreed on TLS for, and that is spoken to by us:
 * half of what a request costs with curl's own HTTP. See docs/decisions/0044.
 */
#include "transport/transport_curl_private.h"

#include <errno.h>
#include <sys/socket.h>

enum { READ_SIZE = 16 * 1024 };

/* --- the connection --- */

void direct_close(struct curl_work *work)
{
	curl_sockets_give(work, NULL);
	work->connected = false;
	kept_closed(work);
	curl_multi_remove_handle(work->transport->multi, work->easy);
}

/* Bytes that were taken; 0: none now; -1: the connection is broken. */
static ssize_t write_some(struct curl_work *work, struct str bytes)
{
	if (!work->origin.tls) {
		ssize_t n = send(work->fd, bytes.p, bytes.n, MSG_NOSIGNAL);
		return n >= 0 ? n : errno == EAGAIN || errno == EINTR ? 0 : -1;
	}
	size_t n = 0;
	CURLcode code = curl_easy_send(work->easy, bytes.p, bytes.n, &n);
	return code == CURLE_OK ? (ssize_t)n : code == CURLE_AGAIN ? 0 : -1;
}

enum reading { READ_BYTES, READ_NOTHING, READ_END, READ_BROKEN };

static enum reading read_some(struct curl_work *work, char *p, size_t size, size_t *ret_n)
{
	if (!work->origin.tls) {
		ssize_t n = recv(work->fd, p, size, 0);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR ? READ_NOTHING : READ_BROKEN;
		*ret_n = (size_t)n;
		return n ? READ_BYTES : READ_END;
	}
	CURLcode code = curl_easy_recv(work->easy, p, size, ret_n);
	if (code != CURLE_OK)
		return code == CURLE_AGAIN ? READ_NOTHING : READ_BROKEN;
	return *ret_n ? READ_BYTES : READ_END;
}

/* --- the exchange --- */

/* The server may have closed a kept connection just before it was used again. It has not begun to answer, so
 * the request is sent once more, as curl does, over a new one. */
static bool begins_anew(struct curl_work *work)
{
	return work->reused && work->head_seen == 0;
}

static void broken(struct curl_work *work)
{
	if (begins_anew(work))
		curl_transport_reconnect(work);
	else
		curl_transport_ended(work, CURLE_RECV_ERROR);
}

static bool all_is_sent(const struct curl_work *work)
{
	return work->out_at == work->out.n && work->body_left.n == 0;
}

static bool push(struct curl_work *work)
{
	while (!all_is_sent(work)) {
		bool from_body = work->out_at == work->out.n;
		struct str rest =
			from_body ? work->body_left
				  : (struct str){work->out.p + work->out_at, work->out.n - work->out_at};
		ssize_t n = write_some(work, rest);
		if (n < 0)
			return false;
		if (n == 0)
			break;
		if (from_body)
			work->body_left = (struct str){rest.p + n, rest.n - (size_t)n};
		else
			work->out_at += (size_t)n;
	}
	curl_sockets_want(work, !all_is_sent(work));
	return true;
}

bool direct_keeps(const struct curl_work *work)
{
	return work->connected && work->phase == WORK_DIRECT && work->ended && !work->excess &&
	       work->keep_alive && all_is_sent(work);
}

/* What a server sent before it closed or reset the connection is still to be read, so a failed write alone
 * ends nothing: the answer may be why. */
static void pull(struct curl_work *work, bool failed)
{
	char bytes[READ_SIZE];
	for (;;) {
		size_t n = 0;
		enum reading reading = read_some(work, bytes, sizeof bytes, &n);
		if (reading == READ_NOTHING && !failed)
			return;
		if (reading == READ_BROKEN || reading == READ_NOTHING) {
			broken(work);
			return;
		}
		CURLcode code = direct_parse(work, bytes, n);
		if (code == CURLE_AGAIN && reading == READ_BYTES) {
			/* TLS may hold more than the socket shows. */
			if (n < sizeof bytes && !work->origin.tls && !failed)
				return;
			continue;
		}
		if (code == CURLE_AGAIN || (reading == READ_END && work->head_seen == 0))
			broken(work);
		else
			curl_transport_ended(work, code);
		return;
	}
}

void direct_begin(struct curl_work *work)
{
	work->phase = WORK_DIRECT;
	timers_set(work->transport->timers, &work->timer, work->deadline_us);
	direct_write_request(work);
	direct_parse_begin(work);
	if (!push(work))
		broken(work);
}

/* Only a connection that was read from, or written to, counts as one in use, which curl leaves alone. Nothing
 * can have come yet. */
static bool claim(struct curl_work *work)
{
	char byte;
	size_t n;
	return curl_easy_recv(work->easy, &byte, 1, &n) == CURLE_AGAIN && curl_sockets_give(work, work);
}

void direct_connected(struct curl_work *work)
{
	struct curl_transport *transport = work->transport;
	curl_socket_t fd = CURL_SOCKET_BAD;
	curl_easy_getinfo(work->easy, CURLINFO_ACTIVESOCKET, &fd);
	work->fd = fd;
	work->connected = true;
	work->reused = false;
	work->connected_us = clock_mono_us(transport->clock);
	transport->n_added--;
	if (claim(work))
		direct_begin(work);
	else
		curl_transport_ended(work, CURLE_RECV_ERROR);
}

void direct_ready(struct curl_work *work, bool readable, bool writable, bool failed)
{
	if (work->phase != WORK_DIRECT) {
		/* Nobody asked anything: the server closes it. */
		kept_lost(work);
		return;
	}
	if (writable && !failed && !push(work) && !readable) {
		broken(work);
		return;
	}
	if (readable || failed)
		pull(work, failed);
}
