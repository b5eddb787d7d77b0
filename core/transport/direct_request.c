/* The text of a request that goes over a connection of ours (RFC 9112, sections 2 and 3). */
#include "transport/transport_curl_private.h"

#include <strings.h>

enum { MERGED_BODY_MAX = 16 * 1024 }; /* a body up to here goes out with the head, by one system call */

static void add_target(struct buf *out, const struct target *target, struct str url)
{
	const char *at = target->host.p + target->host.n, *end = url.p + url.n;
	const char *fragment = memchr(at, '#', (size_t)(end - at));
	if (fragment)
		end = fragment;
	while (at < end && *at != '/' && *at != '?')
		at++;
	if (at == end || *at == '?')
		buf_char(out, '/');
	buf_add(out, at, (size_t)(end - at));
}

static void add_host(struct buf *out, const struct target *target)
{
	bool v6 = target->kind == TARGET_IPV6;
	buf_str(out, v6 ? STR("Host: [") : STR("Host: "));
	buf_str(out, target->host);
	if (v6)
		buf_char(out, ']');
	if (target->port != (target->tls ? 443 : 80))
		buf_printf(out, ":%u", target->port);
	buf_str(out, STR("\r\n"));
}

/* The lines are as curl takes them: a colon at the end leaves a header out, a semicolon stands for one
 * without a value. */
static void add_line(struct buf *out, struct str line)
{
	char last = line.p[line.n - 1];
	if (last == ':')
		return;
	if (last == ';') {
		buf_add(out, line.p, line.n - 1);
		buf_char(out, ':');
	} else {
		buf_str(out, line);
	}
	buf_str(out, STR("\r\n"));
}

static bool names(struct str line, struct str name)
{
	return line.n > name.n && (line.p[name.n] == ':' || line.p[name.n] == ';') &&
	       strncasecmp(line.p, name.p, name.n) == 0;
}

static bool has_header(const struct curl_work *work, struct str name)
{
	for (size_t i = 0; i < work->n_lines; i++) {
		if (names(str_of(work->lines[i].data), name))
			return true;
	}
	return false;
}

void direct_write_request(struct curl_work *work)
{
	const struct request *request = work->exchange->request;
	struct buf *out = &work->out;
	buf_clear(out);
	buf_str(out, work->only_get ? STR("GET") : request->method);
	buf_char(out, ' ');
	add_target(out, &work->target, work->moved_to ? str_of(work->moved_to) : request->url);
	buf_str(out, STR(" HTTP/1.1\r\n"));
	if (!has_header(work, STR("host")))
		add_host(out, &work->target);
	if (!has_header(work, STR("accept")))
		buf_str(out, STR("Accept: */*\r\n"));
	for (size_t i = 0; i < work->n_lines; i++)
		add_line(out, str_of(work->lines[i].data));
	struct str body = work->posts ? request->body : (struct str){"", 0};
	if (work->posts)
		buf_printf(out, "Content-Length: %zu\r\n", body.n);
	buf_str(out, STR("\r\n"));
	work->body_left = body;
	if (body.n <= MERGED_BODY_MAX) {
		buf_str(out, body);
		work->body_left.n = 0;
	}
	work->out_at = 0;
	ensure(!out->overflow);
}
