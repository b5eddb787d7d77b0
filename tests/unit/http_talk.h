/* A client for tests of what speaks HTTP: a plain socket of the test, which turns the server's loop while it
 * waits. */
#pragma once

#include "unit.h"

#include "base/buf.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

enum { PATIENCE_MS = 10000 };

struct talk {
	uv_loop_t loop;
	uint16_t port;
	void (*between)(struct talk *talk); /* what else is to be done at each turn; may be NULL */
	struct buf answer;
};

static inline int dial(struct talk *talk)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons(talk->port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

static inline void turn(struct talk *talk)
{
	uv_run(&talk->loop, UV_RUN_NOWAIT);
	if (talk->between)
		talk->between(talk);
}

/* Turns the loop for as long as the condition holds, with a bound. */
#define turn_while(talk, condition)                                                \
	do {                                                                       \
		uint64_t turn_end = uv_hrtime() + (uint64_t)PATIENCE_MS * 1000000; \
		while (condition) {                                                \
			assert_true(uv_hrtime() < turn_end);                       \
			turn(talk);                                                \
		}                                                                  \
	} while (0)

static inline void say(int fd, struct str text)
{
	assert_int_equal(send(fd, text.p, text.n, MSG_NOSIGNAL), text.n);
}

/* Reads what is there. False at the end of the stream. */
static inline bool hear(struct talk *talk, int fd)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	char bytes[4096];
	if (poll(&wait, 1, 1) == 0)
		return true;
	ssize_t n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
	if (n > 0)
		buf_add(&talk->answer, bytes, n);
	return n > 0;
}

static inline size_t count(struct talk *talk, const char *needle)
{
	size_t n = 0;
	for (const char *at = buf_z(&talk->answer); (at = strstr(at, needle)); at++)
		n++;
	return n;
}

/* Until the text was heard so many times, or the stream ended; true if it ended. */
static inline bool hear_until(struct talk *talk, int fd, const char *text, size_t times)
{
	uint64_t end = uv_hrtime() + (uint64_t)PATIENCE_MS * 1000000;
	while (!text || count(talk, text) < times) {
		assert_true(uv_hrtime() < end);
		turn(talk);
		if (!hear(talk, fd))
			return true;
	}
	return false;
}

/* Sends the bytes, reads to the end of the stream. */
static inline const char *ask(struct talk *talk, struct str text)
{
	buf_clear(&talk->answer);
	int fd = dial(talk);
	say(fd, text);
	hear_until(talk, fd, NULL, 0);
	close(fd);
	return buf_z(&talk->answer);
}

static inline void assert_status(const char *answer, int status)
{
	char start[32];
	snprintf(start, sizeof start, "HTTP/1.1 %d ", status);
	if (!answer || strncmp(answer, start, strlen(start)) != 0)
		fail_msg("expected %d, got: %.300s", status, answer ? answer : "nothing");
}

static inline void assert_problem(const char *answer, int status)
{
	assert_status(answer, status);
	assert_non_null(strstr(answer, "application/problem+json"));
	assert_non_null(strstr(answer, "\"detail\":\""));
}
