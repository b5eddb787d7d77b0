#include "source/http_private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <unistd.h>

enum {
	FLUSH_TURNS = 8,
	CONNECTION_POOL = 16 * 1024, /* for head and buffers; cleared in whole between two requests */
};

/* Of GnuTLS: 1.2 and 1.3. */
#define TLS_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

static void run(struct http_server *server);

static void on_again(uv_idle_t *again)
{
	run(again->data);
}

void http_run_soon(struct http_server *server)
{
	uv_idle_start(&server->again, on_again);
}

/* Work that no descriptor announces, such as the next of several pipelined requests, or an answer to be sent.
 */
static bool has_more(struct http_server *server)
{
	MHD_UNSIGNED_LONG_LONG wait_ms;
	return MHD_get_timeout(server->daemon, &wait_ms) == MHD_YES && wait_ms == 0;
}

static void run(struct http_server *server)
{
	MHD_run(server->daemon);
	if (has_more(server))
		http_run_soon(server);
	else
		uv_idle_stop(&server->again);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	run(poll->data);
}

static void on_tick(uv_timer_t *tick)
{
	http_check_deadlines(tick->data);
	run(tick->data);
}

static int fill_address(const struct http_server_options *options, struct sockaddr_storage *ret,
			socklen_t *ret_n, struct error *reterr)
{
	*ret = (struct sockaddr_storage){0};
	struct sockaddr_in *four = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)ret;
	if (inet_pton(AF_INET, options->address, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons(options->port);
		*ret_n = sizeof *four;
		return 0;
	}
	if (inet_pton(AF_INET6, options->address, &six->sin6_addr) == 1) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons(options->port);
		*ret_n = sizeof *six;
		return 0;
	}
	return error_set(reterr, "cannot listen on '%s': not an IP address", options->address);
}

static uint16_t bound_port(int fd)
{
	struct sockaddr_storage address;
	socklen_t n = sizeof address;
	ensure(getsockname(fd, (struct sockaddr *)&address, &n) == 0);
	return ntohs(address.ss_family == AF_INET ? ((struct sockaddr_in *)&address)->sin_port
						  : ((struct sockaddr_in6 *)&address)->sin6_port);
}

/* Our own socket and not the library's, for an error that says what is wrong. */
static int listen_socket(const struct http_server_options *options, int *ret, struct error *reterr)
{
	struct sockaddr_storage address;
	socklen_t n;
	if (fill_address(options, &address, &n, reterr) < 0)
		return -1;
	int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1;
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
	    (address.ss_family == AF_INET6 &&
	     setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) < 0) ||
	    bind(fd, (struct sockaddr *)&address, n) < 0 || listen(fd, 511) < 0) {
		int number = errno;
		error_set(reterr, "cannot listen on %s port %d: %s", options->address, options->port,
			  strerror(number));
		if (number == EADDRINUSE)
			error_hint(reterr,
				   "somebody listens there already; --listen ADDR:PORT names another place, "
				   "and port 0 takes any free one");
		if (fd >= 0)
			close(fd);
		return -1;
	}
	*ret = fd;
	return 0;
}

static struct MHD_Daemon *start_daemon(struct http_server *server, int listen_fd)
{
	const struct http_server_options *options = &server->options;
	struct MHD_OptionItem tls[] = {{MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)options->tls_cert},
				       {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)options->tls_key},
				       {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)TLS_PRIORITIES},
				       {MHD_OPTION_END, 0, NULL}};
	/* Loose where libmicrohttpd would close without a word and we can answer: the checks are ours. */
	unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | (server->tls ? MHD_USE_TLS : 0);
	return MHD_start_daemon(flags, 0, NULL, NULL, http_on_request, server, MHD_OPTION_LISTEN_SOCKET,
				listen_fd, MHD_OPTION_NOTIFY_CONNECTION, http_on_connection, server,
				MHD_OPTION_NOTIFY_COMPLETED, http_on_completed, server,
				MHD_OPTION_URI_LOG_CALLBACK, http_on_target, server,
				MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)options->timeout_s,
				MHD_OPTION_CONNECTION_LIMIT, (unsigned)options->connections_max,
				MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_POOL, MHD_OPTION_ARRAY,
				server->tls ? tls : tls + countof(tls) - 1, MHD_OPTION_END);
}

static void open_handles(struct http_server *server)
{
	int epoll_fd = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
	ensure(uv_poll_init(server->loop, &server->poll, epoll_fd) == 0);
	ensure(uv_timer_init(server->loop, &server->tick) == 0);
	ensure(uv_idle_init(server->loop, &server->again) == 0);
	server->poll.data = server->tick.data = server->again.data = server;
	server->open_handles = 3;
	uv_poll_start(&server->poll, UV_READABLE, on_readable);
	uv_timer_start(&server->tick, on_tick, 1000, 1000);
	MHD_run(server->daemon); /* the listening socket enters the epoll set here */
}

static int server_failed(const struct http_server_options *options, struct error *reterr)
{
	if (!options->tls_cert)
		return error_set(reterr, "cannot start the HTTP server: %s", strerror(errno));
	error_set(reterr, "cannot start the HTTPS server with this certificate and this key");
	error_hint(reterr, "both are PEM, the key fits the certificate, and needs no password");
	return -1;
}

int http_server_create(uv_loop_t *loop, const struct http_server_options *options, struct http_server **ret,
		       struct error *reterr)
{
	int fd;
	if (listen_socket(options, &fd, reterr) < 0)
		return -1;
	struct http_server *server = mem_zalloc(sizeof *server);
	server->options = *options;
	if (!options->body_max)
		server->options.body_max = 1024 * 1024;
	if (!options->timeout_s)
		server->options.timeout_s = 30;
	if (!options->request_timeout_s)
		server->options.request_timeout_s = 60;
	if (!options->connections_max)
		server->options.connections_max = 1000;
	server->options.address = NULL; /* the caller's memory */
	server->tls = options->tls_cert != NULL;
	server->loop = loop;
	server->port = bound_port(fd);
	list_init(&server->requests);
	server->daemon = start_daemon(server, fd);
	if (!server->daemon) {
		close(fd);
		free(server);
		return server_failed(options, reterr);
	}
	open_handles(server);
	*ret = server;
	return 0;
}

uint16_t http_server_port(const struct http_server *server)
{
	return server->port;
}

void http_server_quiesce(struct http_server *server)
{
	if (server->quiesced)
		return;
	server->quiesced = true;
	/* Closed at once, so that new connections are refused and not left waiting. */
	MHD_socket fd = MHD_quiesce_daemon(server->daemon);
	if (fd != MHD_INVALID_SOCKET)
		close(fd);
}

static void on_closed(uv_handle_t *handle)
{
	struct http_server *server = handle->data;
	if (--server->open_handles)
		return;
	void (*closed)(void *context) = server->closed;
	void *context = server->closed_context;
	free(server);
	if (closed)
		closed(context);
}

void http_server_destroy(struct http_server *server, void (*closed)(void *context), void *context)
{
	uv_poll_stop(&server->poll);
	/* Answers that were given just now still go out: one turn takes them up, the next sends them. */
	MHD_run(server->daemon);
	for (int i = 0; i < FLUSH_TURNS && has_more(server); i++)
		MHD_run(server->daemon);
	/* The library ends the process when it is stopped with a suspended connection. */
	for (struct list *at = server->requests.next; at != &server->requests; at = at->next) {
		struct http_request *request = container_of(at, struct http_request, in_server);
		if (request->suspended)
			MHD_resume_connection(request->connection);
		request->suspended = false;
		http_stream_release(request);
	}
	MHD_stop_daemon(server->daemon);
	server->closed = closed;
	server->closed_context = context;
	uv_close((uv_handle_t *)&server->poll, on_closed);
	uv_close((uv_handle_t *)&server->tick, on_closed);
	uv_close((uv_handle_t *)&server->again, on_closed);
}
