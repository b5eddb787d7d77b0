#include "source/http_private.h"

#include "format/json.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>

struct str http_request_method(const struct http_request *request)
{
	return request->method;
}

struct str http_request_path(const struct http_request *request)
{
	return request->path;
}

struct str http_request_header(const struct http_request *request, const char *name)
{
	struct str wanted = str_of(name);
	for (size_t i = 0; i < request->n_headers; i++)
		if (str_eq_nocase(request->headers[i].name, wanted))
			return request->headers[i].value;
	return (struct str){0};
}

void http_request_each_header(const struct http_request *request,
			      void (*each)(void *context, struct str name, struct str value), void *context)
{
	for (size_t i = 0; i < request->n_headers; i++)
		each(context, request->headers[i].name, request->headers[i].value);
}

struct each_query {
	void (*each)(void *context, struct str name, struct str value);
	void *context;
};

static enum MHD_Result give_query(void *context, enum MHD_ValueKind kind, const char *name, size_t name_n,
				  const char *value, size_t value_n)
{
	struct each_query *query = context;
	query->each(query->context, (struct str){name, name_n},
		    (struct str){value ? value : "", value ? value_n : 0});
	return MHD_YES;
}

void http_request_each_query(const struct http_request *request,
			     void (*each)(void *context, struct str name, struct str value), void *context)
{
	struct each_query query = {each, context};
	MHD_get_connection_values_n(request->connection, MHD_GET_ARGUMENT_KIND, give_query, &query);
}

struct str http_request_body(const struct http_request *request)
{
	return buf_view(&request->body);
}

void http_request_peer(const struct http_request *request, char *ret, size_t size)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *address = info ? info->client_addr : NULL;
	*ret = 0;
	if (address && address->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)address)->sin_addr, ret, (socklen_t)size);
	else if (address && address->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)address)->sin6_addr, ret, (socklen_t)size);
}

/* The library wants terminated texts; what it would refuse is cut or left out. */
static void add_header(struct MHD_Response *response, struct str name, struct str value)
{
	char name_z[64], value_z[512];
	snprintf(name_z, sizeof name_z, STR_FMT, STR_ARG(name));
	if (value.n < sizeof value_z) {
		snprintf(value_z, sizeof value_z, STR_FMT, STR_ARG(value));
		MHD_add_response_header(response, name_z, value_z);
		return;
	}
	char *long_z = mem_strndup(value.p, value.n);
	MHD_add_response_header(response, name_z, long_z);
	free(long_z);
}

void http_add_headers(const struct http_server *server, struct MHD_Response *response,
		      const struct header *headers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		add_header(response, headers[i].name, headers[i].value);
	if (server->quiesced)
		MHD_add_response_header(response, "Connection", "close");
}

static struct MHD_Response *make_response(const struct http_server *server, const struct header *headers,
					  size_t n_headers, struct str body)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(body.n, (void *)(uintptr_t)body.p, MHD_RESPMEM_MUST_COPY);
	ensure(response);
	http_add_headers(server, response, headers, n_headers);
	return response;
}

void http_answer(struct http_request *request, int status, struct MHD_Response *response)
{
	ensure(request->state == HTTP_HANDLING);
	request->response = response;
	request->status = status;
	request->state = HTTP_ANSWERED;
	if (!request->suspended)
		return;
	request->suspended = false;
	MHD_resume_connection(request->connection);
	http_run_soon(request->server);
}

void http_respond(struct http_request *request, int status, const struct header *headers, size_t n_headers,
		  struct str body)
{
	http_answer(request, status, make_response(request->server, headers, n_headers, body));
}

static const char *status_title(int status)
{
	return MHD_get_reason_phrase_for((unsigned)status);
}

static void add_member(struct buf *out, const char *name, const char *text)
{
	if (!*text)
		return;
	buf_printf(out, ",\"%s\":", name);
	json_write_string(out, str_of(text));
}

void http_problem(struct buf *out, int status, const struct error *error)
{
	buf_printf(out, "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d", status_title(status),
		   status);
	add_member(out, "detail", error->what);
	add_member(out, "hint", error->hint);
	add_member(out, "file", error->file);
	if (error->line)
		buf_printf(out, ",\"line\":%d", error->line);
	if (error->column)
		buf_printf(out, ",\"column\":%d", error->column);
	buf_char(out, '}');
}

void http_respond_problem(struct http_request *request, int status, const struct error *error,
			  int retry_after_s)
{
	struct buf body;
	char seconds[16];
	buf_init(&body, 8192);
	http_problem(&body, status, error);
	snprintf(seconds, sizeof seconds, "%d", retry_after_s);
	struct header headers[3] = {{STR("Content-Type"), STR("application/problem+json")}};
	size_t n = 1;
	if (retry_after_s > 0)
		headers[n++] = (struct header){STR("Retry-After"), str_of(seconds)};
	if (status == 401)
		headers[n++] = (struct header){STR("WWW-Authenticate"), STR("Bearer")};
	http_respond(request, status, headers, n, buf_view(&body));
	buf_finish(&body);
}

static void write_date(char *out, size_t n)
{
	struct tm tm;
	time_t now = time(NULL);
	gmtime_r(&now, &tm);
	strftime(out, n, "%a, %d %b %Y %H:%M:%S GMT", &tm);
}

void http_refuse(struct http_request *request, int status, const struct error *error)
{
	struct buf body, answer;
	char date[64];
	buf_init(&body, 8192);
	buf_init(&answer, 16384);
	http_problem(&body, status, error);
	write_date(date, sizeof date);
	buf_printf(&answer,
		   "HTTP/1.1 %d %s\r\nDate: %s\r\nContent-Type: application/problem+json\r\n"
		   "Connection: close\r\nContent-Length: %zu\r\n\r\n",
		   status, status_title(status), date, body.n);
	buf_str(&answer, buf_view(&body));
	/* Nothing of ours is under way on a connection that still receives, and this fits any send buffer.
	 * Under TLS only the library could say it; such a sender sees its connection closed. */
	if (!request->server->tls)
		send(request->fd, answer.p, answer.n, MSG_NOSIGNAL | MSG_DONTWAIT);
	shutdown(request->fd, SHUT_WR);
	request->state = HTTP_REFUSED;
	request->deadline_ms = uv_now(request->server->loop) + HTTP_LINGER_MS;
	buf_finish(&body);
	buf_finish(&answer);
}
