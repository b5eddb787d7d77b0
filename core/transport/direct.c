/* An exchange over a connection that curl has opened, and agreed on TLS for, and that is spoken to by us:
 * half of what a request costs with curl's own HTTP. See docs/decisions/0044.
 */
#include "transport/transport_curl_private.h"

#include <errno.h>
#include <sys/socket.h>

enum {
	READ_SIZE = 16 * 1024, /* no less than a record of TLS, so that none is left half read */
	READS_AT_ONCE = 16,    /* then the loop has its turn: an answer can be without end */
};

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
 * the request is sent once more, as curl does, over a new one: see docs/decisions/0045. */
static void broken(struct curl_work *work)
{
	if (!work->reused || work->head_seen || work->repeated) {
		curl_transport_ended(work, CURLE_RECV_ERROR);
		return;
	}
	work->repeated |= work->out_at > 0;
	curl_transport_reconnect(work);
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

/* The answer is here and says yes, and the request is not all there: some servers answer before they read. */
static bool goes_on_sending(const struct curl_work *work)
{
	return work->ended && !work->excess && work->parser.status_code < 300 && !all_is_sent(work);
}

bool direct_keeps(const struct curl_work *work)
{
	return work->connected && work->phase == WORK_DIRECT && work->ended && !work->excess &&
	       work->keep_alive && all_is_sent(work);
}

/* What was read, or the end of the connection, is taken for what it says. True: there may be more to read. */
static bool take(struct curl_work *work, const char *p, size_t n, bool failed)
{
	if (work->ended) { /* goes_on_sending() */
		work->excess = true;
		curl_transport_ended(work, CURLE_OK);
		return false;
	}
	CURLcode code = direct_parse(work, p, n);
	if (code == CURLE_AGAIN && n)
		return true;
	if (code == CURLE_OK && n && !failed && goes_on_sending(work))
		return false;
	if (code == CURLE_AGAIN || (n == 0 && work->head_seen == 0))
		broken(work);
	else
		curl_transport_ended(work, code);
	return false;
}

/* What a server sent before it closed or reset the connection is still to be read, so a failed write alone
 * ends nothing: the answer may be why. */
static void pull(struct curl_work *work, bool failed)
{
	char bytes[READ_SIZE];
	for (int i = 0; i < READS_AT_ONCE || failed; i++) {
		size_t n = 0;
		enum reading reading = read_some(work, bytes, sizeof bytes, &n);
		if (reading == READ_NOTHING && !failed)
			return;
		if (reading == READ_BROKEN || reading == READ_NOTHING) {
			if (work->ended)
				curl_transport_ended(work, CURLE_OK);
			else
				broken(work);
			return;
		}
		/* TLS may hold more than the socket shows. */
		if (!take(work, bytes, n, failed) || (n < sizeof bytes && !work->origin.tls && !failed))
			return;
	}
}

/* False: it could not be sent. */
static bool begin(struct curl_work *work)
{
	work->phase = WORK_DIRECT;
	timers_set(work->transport->timers, &work->timer, work->deadline_us);
	direct_write_request(work);
	direct_parse_begin(work);
	return push(work);
}

/* What came while nothing was asked is no answer, and must not be taken for one. */
static bool is_silent(const struct curl_work *work)
{
	char byte;
	return recv(work->fd, &byte, 1, MSG_PEEK) < 0 && errno == EAGAIN;
}

void direct_begin_again(struct curl_work *work)
{
	work->reused = true;
	if (!is_silent(work))
		curl_transport_reconnect(work);
	else if (!begin(work))
		broken(work);
}

/* Only a connection that was read from, or written to, counts as one in use, which curl leaves alone. A
 * server that turns everybody away may speak first. */
static bool claim(struct curl_work *work, char *ret_byte, size_t *ret_n)
{
	CURLcode code = curl_easy_recv(work->easy, ret_byte, 1, ret_n);
	if (code == CURLE_AGAIN)
		*ret_n = 0;
	else if (code != CURLE_OK || *ret_n == 0)
		return false;
	return curl_sockets_give(work, work);
}

/* Nobody knows whom it was meant for, so the connection serves for this alone. */
static void take_early(struct curl_work *work, char byte, bool failed)
{
	work->excess = true;
	if (take(work, &byte, 1, failed))
		pull(work, failed);
}

void direct_connected(struct curl_work *work)
{
	struct curl_transport *transport = work->transport;
	curl_socket_t fd = CURL_SOCKET_BAD;
	char byte;
	size_t n;
	curl_easy_getinfo(work->easy, CURLINFO_ACTIVESOCKET, &fd);
	work->fd = fd;
	work->connected = true;
	work->reused = false;
	work->connected_us = clock_mono_us(transport->clock);
	transport->n_added--;
	/* Of two addresses that were tried side by side this is the one that came about, which need not be
	 * the last. */
	socklen_t peer_n = sizeof work->peer;
	getpeername(fd, &work->peer.any, &peer_n);
	if (!claim(work, &byte, &n)) {
		curl_transport_ended(work, CURLE_RECV_ERROR);
		return;
	}
	bool sent = begin(work);
	if (n)
		take_early(work, byte, !sent);
	else if (!sent)
		pull(work, true);
}

void direct_ready(struct curl_work *work, bool readable, bool writable, bool failed)
{
	if (work->phase == WORK_IDLE) {
		/* Nobody asked anything: the server closes it. */
		kept_lost(work);
		return;
	}
	if (work->phase == WORK_DECIDED) {
		/* So it does here, and its exchange is still to be told why it was not sent. */
		direct_close(work);
		return;
	}
	bool sent = !writable || failed || push(work);
	if (readable || failed || !sent)
		pull(work, failed || !sent);
	else if (work->ended && all_is_sent(work))
		curl_transport_ended(work, CURLE_OK);
}
