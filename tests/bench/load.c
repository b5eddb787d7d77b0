/* tests/bench/load.c
 *
 * load PORT FIRST N CONNECTIONS BATCH TEMPLATE: posts N events over keep-alive connections, BATCH of them a
 * request, each with an id and a call of its own, counted from FIRST, and prints how many were accepted.
 * TEMPLATE is a file with one event as JSON, in which @ID@ stands for 30 digits.
 *
 * One thread for all connections: a thread each would make the measured process pay for waking it with every
 * answer, which a busy sender does not.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ANSWER_MAX = 64 * 1024, HEAD_MAX = 256, PAUSE_MS = 20 };

struct connection {
	int fd;
	long first, last; /* of the batch that is under way */
	char *request;    /* from its head on */
	size_t request_n, sent;
	char *memory;
	char answer[ANSWER_MAX];
	size_t answer_n;
	int64_t again_ms; /* when a refused batch is sent again; 0: none was */
};

static int port, n_connections, batch, epoll_fd;
static char template[65536];
static long next_event, end, accepted, refused;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int connect_to_engine(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address))
		die("connect");
	return fd;
}

static size_t add_event(char *out, long number)
{
	size_t n = 0;
	for (const char *p = template; *p;) {
		if (strncmp(p, "@ID@", 4) == 0) {
			n += (size_t)sprintf(out + n, "2025%026ld", number);
			p += 4;
		} else {
			out[n++] = *p++;
		}
	}
	return n;
}

static void watch(struct connection *connection, int operation, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = connection};
	if (epoll_ctl(epoll_fd, operation, connection->fd, &event))
		die("epoll_ctl");
}

/* What the socket does not take at once goes when it is writable again. */
static void send_more(struct connection *connection)
{
	while (connection->sent < connection->request_n) {
		ssize_t n = send(connection->fd, connection->request + connection->sent,
				 connection->request_n - connection->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN) {
			watch(connection, EPOLL_CTL_MOD, EPOLLOUT);
			return;
		}
		if (n < 0)
			die("send");
		connection->sent += (size_t)n;
	}
	watch(connection, EPOLL_CTL_MOD, EPOLLIN);
}

/* The next events as one request; false when there are none. */
static bool build_next(struct connection *connection)
{
	if (next_event >= end)
		return false;
	connection->first = next_event;
	connection->last = next_event + batch < end ? next_event + batch : end;
	next_event = connection->last;
	char *body = connection->memory + HEAD_MAX, head[HEAD_MAX];
	size_t n = 0;
	if (batch > 1)
		body[n++] = '[';
	for (long i = connection->first; i < connection->last; i++) {
		if (i > connection->first)
			body[n++] = ',';
		n += add_event(body + n, i);
	}
	if (batch > 1)
		body[n++] = ']';
	int h = snprintf(head, sizeof head,
			 "POST /v1/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
			 "content-length: %zu\r\n\r\n",
			 n);
	connection->request = body - h;
	memcpy(connection->request, head, (size_t)h);
	connection->request_n = n + (size_t)h;
	connection->sent = 0;
	return true;
}

/* The status once the answer is whole, else 0; the engine's answers to events have a content-length. */
static int answer_status(const struct connection *connection)
{
	const char *body = strstr(connection->answer, "\r\n\r\n");
	const char *length = body ? strcasestr(connection->answer, "content-length:") : NULL;
	if (!length)
		return 0;
	size_t whole = (size_t)(body + 4 - connection->answer) + strtoul(length + 15, NULL, 10);
	return connection->answer_n >= whole ? atoi(connection->answer + 9) : 0;
}

/* True: the connection has nothing more to do. */
static bool take_answer(struct connection *connection)
{
	ssize_t n = recv(connection->fd, connection->answer + connection->answer_n,
			 ANSWER_MAX - 1 - connection->answer_n, MSG_DONTWAIT);
	if (n < 0 && errno == EAGAIN)
		return false;
	if (n <= 0)
		die("recv");
	connection->answer_n += (size_t)n;
	connection->answer[connection->answer_n] = 0;
	int status = answer_status(connection);
	if (!status)
		return false;
	connection->answer_n = connection->sent = 0;
	if (status == 503 || status == 429) {
		refused++;
		connection->again_ms = now_ms() + PAUSE_MS;
		return false;
	}
	if (status != 202) {
		fprintf(stderr, "status %d: %s\n", status, connection->answer);
		exit(1);
	}
	accepted += connection->last - connection->first;
	if (!build_next(connection))
		return true;
	send_more(connection);
	return false;
}

static void send_refused_again(struct connection *connections)
{
	for (int i = 0; i < n_connections; i++) {
		if (connections[i].again_ms && connections[i].again_ms <= now_ms()) {
			connections[i].again_ms = 0;
			send_more(&connections[i]);
		}
	}
}

static void run(struct connection *connections)
{
	struct epoll_event events[64];
	int busy = 0;
	for (int i = 0; i < n_connections; i++) {
		struct connection *connection = &connections[i];
		connection->fd = connect_to_engine();
		connection->memory = malloc((strlen(template) + 256) * (size_t)batch + 1024);
		watch(connection, EPOLL_CTL_ADD, EPOLLIN);
		if (build_next(connection)) {
			send_more(connection);
			busy++;
		}
	}
	while (busy > 0) {
		int n = epoll_wait(epoll_fd, events, 64, PAUSE_MS);
		for (int i = 0; i < n; i++) {
			if (events[i].events & EPOLLOUT)
				send_more(events[i].data.ptr);
			else if (take_answer(events[i].data.ptr))
				busy--;
		}
		if (refused)
			send_refused_again(connections);
	}
}

int main(int argc, char **argv)
{
	if (argc != 7) {
		fprintf(stderr, "usage: load PORT FIRST N CONNECTIONS BATCH TEMPLATE\n");
		return 2;
	}
	port = atoi(argv[1]);
	next_event = atol(argv[2]);
	end = next_event + atol(argv[3]);
	n_connections = atoi(argv[4]);
	batch = atoi(argv[5]);
	FILE *file = fopen(argv[6], "r");
	if (!file)
		die(argv[6]);
	size_t n = fread(template, 1, sizeof template - 1, file);
	fclose(file);
	while (n && template[n - 1] == '\n')
		template[--n] = 0;
	struct connection *connections = calloc((size_t)n_connections, sizeof *connections);
	epoll_fd = epoll_create1(0);
	run(connections);
	for (int i = 0; i < n_connections; i++) {
		close(connections[i].fd);
		free(connections[i].memory);
	}
	free(connections);
	printf("accepted=%ld refused=%ld\n", accepted, refused);
	return 0;
}
