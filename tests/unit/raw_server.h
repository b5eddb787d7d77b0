/* A TCP server on the test's own loop that answers exactly the bytes it is told to, for tests of clients. */
#pragma once

#include "base/buf.h"
#include "base/list.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <uv.h>

struct raw_connection {
	uv_tcp_t tcp;
	struct list link;
	struct raw_server *server;
	struct buf in;
	int n_requests;
	bool closing;
};

struct raw_server {
	uv_tcp_t tcp;
	uint16_t port;
	struct list connections;
	int n_connections; /* ever accepted */
	int n_open;
	int n_requests;
	struct buf last; /* the request that came last, all of its bytes */
	/* A whole request (by content-length) has come. */
	void (*on_request)(struct raw_connection *connection, const char *request);
	void (*on_connect)(struct raw_connection *connection); /* may be NULL */
	void *context;
};

struct raw_write {
	uv_write_t request;
	char bytes[];
};

static inline void raw_written(uv_write_t *request, int status)
{
	free(container_of(request, struct raw_write, request));
}

static inline void raw_reply_n(struct raw_connection *connection, const char *bytes, size_t n)
{
	struct raw_write *write = mem_alloc(sizeof *write + n);
	memcpy(write->bytes, bytes, n);
	uv_buf_t buf = uv_buf_init(write->bytes, (unsigned)n);
	if (uv_write(&write->request, (uv_stream_t *)&connection->tcp, &buf, 1, raw_written))
		free(write);
}

static inline void raw_reply(struct raw_connection *connection, const char *text)
{
	raw_reply_n(connection, text, strlen(text));
}

static inline void raw_closed(uv_handle_t *handle)
{
	struct raw_connection *connection = container_of((uv_tcp_t *)handle, struct raw_connection, tcp);
	connection->server->n_open--;
	list_remove(&connection->link);
	buf_finish(&connection->in);
	free(connection);
}

/* At once; what was written and not yet taken by the kernel is lost. */
static inline void raw_close(struct raw_connection *connection)
{
	if (connection->closing)
		return;
	connection->closing = true;
	uv_close((uv_handle_t *)&connection->tcp, raw_closed);
}

static inline void raw_reset(struct raw_connection *connection)
{
	connection->closing = true;
	if (uv_tcp_close_reset(&connection->tcp, raw_closed))
		uv_close((uv_handle_t *)&connection->tcp, raw_closed);
}

/* The size of the first request in `in`, or 0 when it is not all there. */
static inline size_t raw_request_size(struct buf *in)
{
	const char *text = buf_z(in), *end = strstr(text, "\r\n\r\n"),
		   *length = strcasestr(text, "\r\nContent-Length:");
	if (!end)
		return 0;
	size_t n = (size_t)(end + 4 - text);
	if (length && length < end)
		n += strtoul(length + 17, NULL, 10);
	return n <= in->n ? n : 0;
}

static inline void raw_take_request(struct raw_connection *connection, size_t n)
{
	struct raw_server *server = connection->server;
	buf_clear(&server->last);
	buf_add(&server->last, connection->in.p, n);
	memmove(connection->in.p, connection->in.p + n, connection->in.n - n);
	connection->in.n -= n;
	server->n_requests++;
	connection->n_requests++;
	server->on_request(connection, buf_z(&server->last));
}

static inline void raw_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct raw_connection *connection = container_of((uv_tcp_t *)stream, struct raw_connection, tcp);
	if (n > 0)
		buf_add(&connection->in, buf->base, (size_t)n);
	free(buf->base);
	if (n < 0) {
		raw_close(connection);
		return;
	}
	size_t size;
	while (!connection->closing && (size = raw_request_size(&connection->in)))
		raw_take_request(connection, size);
}

static inline void raw_room(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
	*ret = uv_buf_init(mem_alloc(suggested), (unsigned)suggested);
}

static inline void raw_accept(uv_stream_t *stream, int status)
{
	struct raw_server *server = container_of((uv_tcp_t *)stream, struct raw_server, tcp);
	struct raw_connection *connection = mem_zalloc(sizeof *connection);
	connection->server = server;
	buf_init(&connection->in, 64 * 1024 * 1024);
	list_init(&connection->link);
	list_append(&server->connections, &connection->link);
	server->n_connections++;
	server->n_open++;
	ensure(uv_tcp_init(stream->loop, &connection->tcp) == 0);
	ensure(uv_accept(stream, (uv_stream_t *)&connection->tcp) == 0);
	if (server->on_connect)
		server->on_connect(connection);
	if (!connection->closing)
		uv_read_start((uv_stream_t *)&connection->tcp, raw_room, raw_read);
}

static inline void raw_server_start(struct raw_server *server, uv_loop_t *loop)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int length = sizeof address;
	list_init(&server->connections);
	buf_init(&server->last, 64 * 1024 * 1024);
	ensure(uv_tcp_init(loop, &server->tcp) == 0);
	ensure(uv_tcp_bind(&server->tcp, (struct sockaddr *)&address, 0) == 0);
	ensure(uv_listen((uv_stream_t *)&server->tcp, 1024, raw_accept) == 0);
	ensure(uv_tcp_getsockname(&server->tcp, (struct sockaddr *)&address, &length) == 0);
	server->port = ntohs(address.sin_port);
}

/* The loop must be run until the handles are closed. */
static inline void raw_server_stop(struct raw_server *server)
{
	for (struct list *at = server->connections.next; at != &server->connections; at = at->next)
		raw_close(container_of(at, struct raw_connection, link));
	uv_close((uv_handle_t *)&server->tcp, NULL);
	buf_finish(&server->last);
}
