#include "source/http_private.h"

static uint64_t after_s(const struct http_server *server, int seconds)
{
	return uv_now(server->loop) + (uint64_t)seconds * 1000;
}

/* The first byte of a request shows itself only with the whole request line: until then, the time that a
 * connection may idle counts too. */
static void become_idle(struct http_request *request)
{
	const struct http_server_options *options = &request->server->options;
	request->state = HTTP_IDLE;
	request->deadline_ms = after_s(request->server, options->timeout_s + options->request_timeout_s);
}

static void request_open(struct http_server *server, struct MHD_Connection *connection, void **socket_context)
{
	struct http_request *request = mem_zalloc(sizeof *request);
	request->server = server;
	request->connection = connection;
	request->fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	buf_init(&request->body, server->options.body_max);
	become_idle(request);
	list_append(&server->requests, &request->in_server);
	*socket_context = request;
}

/* Forgets the request, keeps what the next one on this connection can use. */
static void request_reset(struct http_request *request)
{
	if (request->response)
		MHD_destroy_response(request->response);
	request->response = NULL;
	http_stream_forget(request);
	request->server->held_bytes -= request->body.n;
	if (request->body.capacity > HTTP_BODY_KEPT)
		buf_finish(&request->body);
	else
		buf_clear(&request->body);
	request->n_headers = 0;
	request->bad_target = false;
	become_idle(request);
}

static void request_close(struct http_request *request)
{
	request_reset(request);
	list_remove(&request->in_server);
	buf_finish(&request->body);
	free(request);
}

void http_on_connection(void *server, struct MHD_Connection *connection, void **socket_context,
			enum MHD_ConnectionNotificationCode code)
{
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		request_open(server, connection, socket_context);
	else
		request_close(*socket_context);
}

void *http_on_target(void *context, const char *target, struct MHD_Connection *connection)
{
	struct http_request *request =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
	if (request->state == HTTP_REFUSED)
		return request;
	request->state = HTTP_HEAD;
	request->deadline_ms = after_s(request->server, request->server->options.request_timeout_s);
	/* Only here it is still as it came; later it is cut and decoded in place. */
	request->bad_target = http_framing_check_target(str_of(target), NULL) < 0;
	return request;
}

void http_on_completed(void *server, struct MHD_Connection *connection, void **context,
		       enum MHD_RequestTerminationCode code)
{
	struct http_request *request = *context;
	if (request)
		request_reset(request);
}

static enum MHD_Result take_header(void *context, enum MHD_ValueKind kind, const char *name, size_t name_n,
				   const char *value, size_t value_n)
{
	struct http_request *request = context;
	if (request->n_headers == HTTP_HEADERS_MAX) {
		request->n_headers++;
		return MHD_NO;
	}
	request->headers[request->n_headers++] =
		(struct header){{name, name_n}, {value ? value : "", value ? value_n : 0}};
	return MHD_YES;
}

static void trim_values(struct http_request *request)
{
	for (size_t i = 0; i < request->n_headers; i++)
		request->headers[i].value = str_trim(request->headers[i].value);
}

/* The part of an absolute-form target that is the path (RFC 9112, section 3.2.2). */
static struct str origin_form(struct str target)
{
	if (!str_starts(target, STR("http://")) && !str_starts(target, STR("https://")))
		return target;
	const char *authority = (const char *)memchr(target.p, ':', target.n) + 3;
	const char *path = memchr(authority, '/', target.p + target.n - authority);
	return path ? (struct str){path, target.p + target.n - path} : STR("/");
}

static size_t head_size(struct MHD_Connection *connection)
{
	return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)->header_size;
}

/* Where libmicrohttpd is lenient we are not: it joins folded lines (into the name), cuts values at a NUL,
 * takes a bare LF, and lets contradictions pass. */
static int check_head(struct http_request *request, struct str version, struct http_framing *ret,
		      int *ret_status, struct error *reterr)
{
	*ret_status = 400;
	if (request->bad_target)
		return error_set(reterr,
				 "the request target has a character or a '%%' in it that may not be there");
	if (request->n_headers > HTTP_HEADERS_MAX) {
		request->n_headers = HTTP_HEADERS_MAX;
		*ret_status = 431;
		return error_set(reterr, "more than %d headers", HTTP_HEADERS_MAX);
	}
	const char *end = request->method.p + head_size(request->connection);
	if (!http_framing_is_whole(version.p + version.n + 2, end, request->headers, request->n_headers))
		return error_set(
			reterr,
			"the header has a line that is folded, holds a NUL, or does not end in CR LF");
	trim_values(request);
	return http_framing_check(version, request->headers, request->n_headers, ret, ret_status, reterr);
}

static enum MHD_Result give_answer(struct http_request *request)
{
	enum MHD_Result queued =
		MHD_queue_response(request->connection, (unsigned)request->status, request->response);
	MHD_destroy_response(request->response);
	request->response = NULL;
	request->deadline_ms = 0;
	return queued;
}

/* The head is here. Answering now closes the connection, whatever the sender goes on to say. */
static enum MHD_Result begin(struct http_request *request, const char *url, const char *method,
			     const char *version)
{
	struct http_framing framing;
	struct error error;
	int status;
	request->method = str_of(method);
	request->path = origin_form(str_of(url));
	MHD_get_connection_values_n(request->connection, MHD_HEADER_KIND, take_header, request);
	if (check_head(request, str_of(version), &framing, &status, &error) < 0) {
		request->state = HTTP_HANDLING;
		http_respond_problem(request, status, &error, 0);
		return give_answer(request);
	}
	if (http_is_refused(request, false))
		return give_answer(request);
	request->state = HTTP_BODY;
	if (framing.has_length && framing.length > request->server->options.body_max) {
		error_set(&error, "the body has %llu bytes, more than %zu",
			  (unsigned long long)framing.length, request->server->options.body_max);
		http_refuse(request, 413, &error);
	} else if (framing.has_length) {
		/* Not on the sender's word alone: a body that never comes would hold the memory. */
		size_t n = framing.length < HTTP_BODY_EXPECTED_MAX ? (size_t)framing.length
								   : HTTP_BODY_EXPECTED_MAX;
		buf_reserve(&request->body, n);
	}
	return MHD_YES;
}

static void take_body(struct http_request *request, const char *p, size_t n)
{
	struct http_server *server = request->server;
	struct error error;
	if (n > server->options.body_max - request->body.n) {
		error_set(&error, "the body has more than %zu bytes", server->options.body_max);
		http_refuse(request, 413, &error);
	} else if (server->held_bytes + n > server->options.body_max * HTTP_BODIES_AT_ONCE) {
		error_set(&error, "too many large requests at once");
		http_refuse(request, 503, &error);
	} else {
		buf_add(&request->body, p, n);
		server->held_bytes += n;
	}
}

static enum MHD_Result complete(struct http_request *request)
{
	request->state = HTTP_HANDLING;
	request->deadline_ms = 0;
	http_dispatch(request);
	if (request->state == HTTP_ANSWERED)
		return give_answer(request);
	request->suspended = true;
	MHD_suspend_connection(request->connection);
	return MHD_YES;
}

/* Called with the head, with each piece of the body, at the end, and once more when it is resumed to be
 * answered. */
enum MHD_Result http_on_request(void *server, struct MHD_Connection *connection, const char *url,
				const char *method, const char *version, const char *upload, size_t *upload_n,
				void **context)
{
	struct http_request *request = *context;
	size_t n = *upload_n;
	*upload_n = 0;
	switch (request->state) {
	case HTTP_HEAD:
		return begin(request, url, method, version);
	case HTTP_BODY:
		if (n == 0)
			return complete(request);
		take_body(request, upload, n);
		return MHD_YES;
	case HTTP_ANSWERED:
		return give_answer(request);
	case HTTP_REFUSED:
		return n ? MHD_YES : MHD_NO;
	default:
		return MHD_NO;
	}
}

static void end_overdue(struct http_request *request)
{
	struct error error;
	if (request->state == HTTP_REFUSED) {
		/* The library sees the end of the stream and closes. */
		shutdown(request->fd, SHUT_RDWR);
		request->deadline_ms = 0;
		return;
	}
	error_set(&error, "the request did not come within %d s", request->server->options.request_timeout_s);
	http_refuse(request, 408, &error);
	shutdown(request->fd, SHUT_RD);
	request->deadline_ms = 0;
}

void http_check_deadlines(struct http_server *server)
{
	uint64_t now_ms = uv_now(server->loop);
	for (struct list *at = server->requests.next; at != &server->requests; at = at->next) {
		struct http_request *request = container_of(at, struct http_request, in_server);
		if (request->deadline_ms && request->deadline_ms <= now_ms)
			end_overdue(request);
	}
}
