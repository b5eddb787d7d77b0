/* Why there is no answer, in words for operators. */
#include "transport/transport_curl_private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

__attribute__((format(printf, 3, 4))) static void say(struct answer *answer, enum failure failure,
						      const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(answer->detail, sizeof answer->detail, format, args);
	va_end(args);
	answer->failure = failure;
	/* Some of it comes from the peer, its certificate for one. */
	for (char *p = answer->detail; *p; p++) {
		if ((unsigned char)*p < ' ' || (unsigned char)*p >= 0x7f)
			*p = '?';
	}
}

struct peer_name {
	char text[INET6_ADDRSTRLEN + sizeof "[]:65535"];
};

static struct peer_name peer_of(const struct curl_work *work)
{
	struct peer_name name;
	char address[INET6_ADDRSTRLEN];
	bool v6 = work->peer.any.sa_family == AF_INET6;
	const void *bytes = v6 ? (const void *)&work->peer.v6.sin6_addr : &work->peer.v4.sin_addr;
	if (!work->opened || !inet_ntop(work->peer.any.sa_family, bytes, address, sizeof address))
		snprintf(name.text, sizeof name.text, "the host");
	else
		snprintf(name.text, sizeof name.text, v6 ? "[%s]:%u" : "%s:%u", address, work->target.port);
	return name;
}

static long info(const struct curl_work *work, CURLINFO what)
{
	long value = 0;
	curl_easy_getinfo(work->easy, what, &value);
	return value;
}

static bool has_passed(const struct curl_work *work, CURLINFO what)
{
	curl_off_t time_us = 0;
	curl_easy_getinfo(work->easy, what, &time_us);
	return time_us > 0;
}

/* Curl's own times only begin to count when TLS has been agreed on as well. */
static bool is_connected(const struct curl_work *work)
{
	struct sockaddr_storage peer;
	socklen_t n = sizeof peer;
	return getpeername(work->opened_fd, (struct sockaddr *)&peer, &n) == 0;
}

static void connect_failure(const struct curl_work *work, struct answer *answer)
{
	int reason = (int)info(work, CURLINFO_OS_ERRNO);
	struct peer_name peer = peer_of(work);
	if (work->refused[0] && !work->opened)
		say(answer, FAILURE_REFUSED, "%s", work->refused);
	else if (work->transport->proxy)
		say(answer, FAILURE_PROXY, "the proxy cannot be reached: %s",
		    reason ? strerror(reason) : "no connection");
	else if (reason == ECONNREFUSED)
		say(answer, FAILURE_CONNECT, "connection refused by %s", peer.text);
	else if (!work->opened)
		say(answer, FAILURE_REFUSED, "the address of the host may not be connected to");
	else
		say(answer, FAILURE_CONNECT, "%s cannot be reached: %s", peer.text,
		    reason ? strerror(reason) : "no connection");
}

/* Curl hands on what OpenSSL says: "error:0A000086:SSL routines::certificate verify failed". */
static void tls_failure(const struct curl_work *work, CURLcode code, struct answer *answer)
{
	static const char certificate[] = "SSL certificate problem: ";
	const char *reason = work->error[0] ? work->error : curl_easy_strerror(code);
	const char *last;
	if (strncmp(reason, certificate, sizeof certificate - 1) == 0) {
		say(answer, FAILURE_TLS, "the certificate was not accepted: %s",
		    reason + sizeof certificate - 1);
		return;
	}
	if (strncmp(reason, "SSL: ", 5) == 0)
		reason += 5;
	while ((last = strstr(reason, "::")))
		reason = last + 2;
	say(answer, FAILURE_TLS, "no TLS connection: %s", reason);
}

static void write_failure(const struct curl_work *work, struct answer *answer)
{
	if (work->head_refused)
		say(answer, FAILURE_PROTOCOL, "%s", work->head_refused);
	else
		say(answer, FAILURE_PROTOCOL, "the answer could not be taken");
}

/* An answer to CONNECT that is no success. Curl tells it as a broken connection. */
static bool proxy_failure(const struct curl_work *work, struct answer *answer)
{
	long status = info(work, CURLINFO_HTTP_CONNECTCODE);
	if (!work->transport->proxy || status == 0 || (status >= 200 && status < 300))
		return false;
	say(answer, FAILURE_PROXY, "the proxy let nothing through (status %ld)", status);
	return true;
}

static void broken_failure(const struct curl_work *work, struct answer *answer)
{
	long status = curl_answer_status(work);
	if (proxy_failure(work, answer))
		return;
	if (work->phase == WORK_DIRECT ? work->bad_chunks : strstr(work->error, "chunked-encoding") != NULL)
		say(answer, FAILURE_PROTOCOL, "the answer's chunks are not valid (status %ld)", status);
	else if (work->head_complete)
		say(answer, FAILURE_RESET, "the connection ended after %zu bytes of the body (status %ld)",
		    work->body.n, status);
	else if (work->head_seen)
		say(answer, FAILURE_RESET, "the connection ended within the answer's headers");
	else
		say(answer, FAILURE_RESET, "the connection ended before there was an answer");
}

static void other_failure(const struct curl_work *work, CURLcode code, struct answer *answer)
{
	switch (code) {
	case CURLE_UNSUPPORTED_PROTOCOL:
		say(answer, FAILURE_PROTOCOL, "what came back is not HTTP/1.1");
		break;
	case CURLE_OUT_OF_MEMORY:
		say(answer, FAILURE_PROTOCOL, "a line of the answer's headers does not end");
		break;
	case CURLE_URL_MALFORMAT:
		say(answer, FAILURE_REFUSED, "the URL is not valid");
		break;
	case CURLE_ABORTED_BY_CALLBACK:
		say(answer, FAILURE_REFUSED, "%s", work->refused);
		break;
	case CURLE_BAD_CONTENT_ENCODING:
		say(answer, FAILURE_PROTOCOL, "the answer is compressed in a way that cannot be undone");
		break;
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
		say(answer, FAILURE_RESET, "the HTTP/2 stream ended before the answer did");
		break;
	default:
		say(answer, FAILURE_PROTOCOL, "the answer is not valid: %s", curl_easy_strerror(code));
	}
}

void curl_failure_of(const struct curl_work *work, CURLcode code, struct answer *answer)
{
	switch (code) {
	case CURLE_COULDNT_RESOLVE_PROXY:
		say(answer, FAILURE_PROXY, "there is no address for the proxy");
		break;
	case CURLE_COULDNT_RESOLVE_HOST:
		say(answer, FAILURE_DNS, "there is no address for the host");
		break;
	case CURLE_COULDNT_CONNECT:
		connect_failure(work, answer);
		break;
	case CURLE_OPERATION_TIMEDOUT:
		curl_failure_timeout(work, true, answer);
		break;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ENGINE_NOTFOUND:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_INVALIDCERTSTATUS:
	case CURLE_USE_SSL_FAILED:
		tls_failure(work, code, answer);
		break;
	case CURLE_GOT_NOTHING:
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
		broken_failure(work, answer);
		break;
	case CURLE_WRITE_ERROR:
		write_failure(work, answer);
		break;
	default:
		other_failure(work, code, answer);
	}
}

void curl_failure_timeout(const struct curl_work *work, bool connecting, struct answer *answer)
{
	const struct exchange *exchange = work->exchange;
	long long limit_ms = connecting ? exchange->connect_timeout_ms : exchange->timeout_ms;
	struct peer_name peer = peer_of(work);
	if (limit_ms <= 0)
		limit_ms = TIMEOUT_DEFAULT_MS;
	if (work->phase == WORK_RESOLVING)
		say(answer, FAILURE_TIMEOUT, "no address for the host within %lld ms", limit_ms);
	else if (work->head_complete)
		say(answer, FAILURE_TIMEOUT, "the answer did not end within %lld ms", limit_ms);
	else if (work->phase == WORK_DIRECT ||
		 (!work->direct && has_passed(work, CURLINFO_PRETRANSFER_TIME_T)))
		say(answer, FAILURE_TIMEOUT, "no answer within %lld ms", limit_ms);
	else if (!work->opened)
		say(answer, FAILURE_TIMEOUT, "no connection was free within %lld ms", limit_ms);
	else if (!work->target.tls || !is_connected(work))
		say(answer, FAILURE_TIMEOUT, "no connection to %s within %lld ms", peer.text, limit_ms);
	else
		say(answer, FAILURE_TIMEOUT, "no TLS connection to %s within %lld ms", peer.text, limit_ms);
}
