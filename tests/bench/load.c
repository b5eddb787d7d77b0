/* tests/bench/load.c
 *
 * load PORT FIRST N CONNECTIONS BATCH TEMPLATE: posts N events over keep-alive connections, BATCH of them a
 * request, each with an id and a call of its own, counted from FIRST, and prints how many were accepted.
 * TEMPLATE is a file with one event as JSON, in which @ID@ stands for 30 digits.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int port, connections, batch;
static char template[65536];
static long next_event, end, accepted, refused;

static void die(const char *what)
{
	perror(what);
	exit(1);
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

/* Reads one answer; the engine's answers to events have a content-length. Returns its status. */
static int read_answer(int fd, char *buffer, size_t size)
{
	size_t n = 0;
	for (;;) {
		ssize_t got = read(fd, buffer + n, size - 1 - n);
		if (got <= 0)
			return 0;
		n += (size_t)got;
		buffer[n] = 0;
		char *body = strstr(buffer, "\r\n\r\n");
		char *length = body ? strcasestr(buffer, "content-length:") : NULL;
		if (length && n >= (size_t)(body + 4 - buffer) + strtoul(length + 15, NULL, 10))
			return atoi(buffer + 9);
	}
}

static void *work(void *unused)
{
	(void)unused;
	size_t event_size = strlen(template) + 256;
	char *body = malloc(event_size * (size_t)batch + 1024), *answer = malloc(1 << 20);
	int fd = connect_to_engine();
	for (;;) {
		long first = __atomic_fetch_add(&next_event, batch, __ATOMIC_RELAXED);
		if (first >= end)
			break;
		long last = first + batch < end ? first + batch : end;
		char *start = body + 256;
		size_t n = 0;
		start[n++] = '[';
		for (long i = first; i < last; i++) {
			if (i > first)
				start[n++] = ',';
			n += add_event(start + n, i);
		}
		start[n++] = ']';
		if (batch == 1) {
			start++;
			n -= 2;
		}
		char head[256];
		int h = snprintf(
			head, sizeof head,
			"POST /v1/events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
			"content-length: %zu\r\n\r\n",
			n);
		memcpy(start - h, head, (size_t)h);
		for (int status = 0; status != 202;) {
			if (write(fd, start - h, n + (size_t)h) != (ssize_t)(n + (size_t)h))
				die("write");
			status = read_answer(fd, answer, 1 << 20);
			if (status == 202) {
				__atomic_add_fetch(&accepted, last - first, __ATOMIC_RELAXED);
			} else if (status == 503 || status == 429) {
				__atomic_add_fetch(&refused, 1, __ATOMIC_RELAXED);
				nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
			} else {
				fprintf(stderr, "status %d: %s\n", status, answer);
				exit(1);
			}
		}
	}
	close(fd);
	free(body);
	free(answer);
	return NULL;
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
	connections = atoi(argv[4]);
	batch = atoi(argv[5]);
	FILE *file = fopen(argv[6], "r");
	if (!file)
		die(argv[6]);
	size_t n = fread(template, 1, sizeof template - 1, file);
	fclose(file);
	while (n && template[n - 1] == '\n')
		template[--n] = 0;
	pthread_t *threads = calloc((size_t)connections, sizeof *threads);
	for (int i = 0; i < connections; i++)
		pthread_create(&threads[i], NULL, work, NULL);
	for (int i = 0; i < connections; i++)
		pthread_join(threads[i], NULL);
	free(threads);
	printf("accepted=%ld refused=%ld\n", accepted, refused);
	return 0;
}
