#include "transport/transport_curl_private.h"

#include <stdio.h>
#include <strings.h>

void curl_answer_begin(struct curl_work *work)
{
	buf_clear(&work->head);
	buf_clear(&work->body);
	work->head_seen = work->n_head_lines = 0;
	work->head_complete = work->cut = false;
	work->n_codings = 0;
	work->head_refused = NULL;
}

/* --- while it comes in --- */

static bool is_status_line(struct str line)
{
	return line.n >= 5 && memcmp(line.p, "HTTP/", 5) == 0;
}

static bool is_interim(struct str line)
{
	const char *blank = memchr(line.p, ' ', line.n);
	return blank && blank + 1 < line.p + line.n && blank[1] == '1';
}

/* The line is counted even where it is not kept: what is thrown away could be without end as well. */
static size_t refuse_head(struct curl_work *work, const char *why)
{
	work->head_refused = why;
	return 0;
}

const char curl_answer_not_undone[] = "the answer is compressed in a way that cannot be undone";

/* Curl unpacks one layer out of the other before the bound of the body is looked at, and each can make a
 * thousand bytes of one. Nobody packs twice but to do harm. */
static bool packs_once(struct curl_work *work, struct str line)
{
	static const struct str names[] = {{"content-encoding:", 17}, {"transfer-encoding:", 18}};
	for (size_t i = 0; i < countof(names); i++) {
		if (line.n < names[i].n || strncasecmp(line.p, names[i].p, names[i].n) != 0)
			continue;
		for (const char *at = line.p + names[i].n, *end = line.p + line.n; at < end;) {
			const char *comma = memchr(at, ',', (size_t)(end - at));
			const char *next = comma ? comma : end;
			struct str coding = str_trim((struct str){at, (size_t)(next - at)});
			work->n_codings += coding.n && !str_eq_nocase(coding, STR("chunked")) &&
					   !str_eq_nocase(coding, STR("identity"));
			at = next + 1;
		}
	}
	return work->n_codings <= 1;
}

size_t curl_answer_on_header(char *p, size_t size, size_t n, void *context)
{
	struct curl_work *work = context;
	struct str line = {p, size * n};
	work->head_seen += line.n;
	if (work->head_seen > ANSWER_HEAD_MAX)
		return refuse_head(work, "the answer's headers are larger than 64 KiB");
	if (is_status_line(line) && !work->head_complete) {
		buf_clear(&work->head);
		work->n_head_lines = work->n_codings = 0;
	}
	bool end = line.n <= 2;
	if (end && !is_interim(buf_view(&work->head)))
		work->head_complete = true;
	if (end || work->head_complete)
		return line.n;
	/* The first line is the status. */
	if (++work->n_head_lines > ANSWER_HEADERS_MAX + 1)
		return refuse_head(work, "the answer has more than 200 headers");
	if (!packs_once(work, line))
		return refuse_head(work, curl_answer_not_undone);
	buf_str(&work->head, line);
	return line.n;
}

/* Returning less than came makes curl end the transfer and close the connection. */
size_t curl_answer_on_body(char *p, size_t size, size_t n, void *context)
{
	struct curl_work *work = context;
	size_t length = size * n, room = work->exchange->answer_max - work->body.n;
	work->cut = length > room;
	buf_add(&work->body, p, work->cut ? room : length);
	return work->cut ? 0 : length;
}

/* --- when it is over --- */

static void lower(char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] >= 'A' && p[i] <= 'Z')
			p[i] = (char)(p[i] | 0x20);
	}
}

/* Makes a header of a line, in place; false when the line is none. */
static bool split_line(char *line, size_t n, struct header *ret)
{
	char *colon = memchr(line, ':', n);
	if (!colon || colon == line || line[0] == ' ' || line[0] == '\t')
		return false;
	struct str name = str_trim((struct str){line, (size_t)(colon - line)});
	struct str value = str_trim((struct str){colon + 1, (size_t)(line + n - colon - 1)});
	lower(line, name.n);
	line[name.n] = 0;
	line[value.p - line + value.n] = 0;
	*ret = (struct header){name, value};
	return true;
}

static size_t split_head(struct curl_work *work)
{
	if (!work->headers)
		work->headers = mem_alloc(ANSWER_HEADERS_MAX * sizeof *work->headers);
	char *at = work->head.p, *end = at + work->head.n;
	size_t n = 0;
	for (bool first = true; at < end && n < ANSWER_HEADERS_MAX; first = false) {
		char *newline = memchr(at, '\n', (size_t)(end - at));
		char *next = newline ? newline + 1 : end;
		if (!first && split_line(at, (size_t)((newline ? newline : end) - at), &work->headers[n]))
			n++;
		at = next;
	}
	return n;
}

/* Who believes the one and who the other takes different bytes for the next answer. */
static bool lengths_differ(const struct answer *answer)
{
	struct str first = {0};
	for (size_t i = 0; i < answer->n_headers; i++) {
		if (!str_eq(answer->headers[i].name, STR("content-length")))
			continue;
		if (first.p && !str_eq(first, answer->headers[i].value))
			return true;
		first = answer->headers[i].value;
	}
	return false;
}

long curl_answer_status(const struct curl_work *work)
{
	long status = 0;
	if (work->phase == WORK_DIRECT)
		return work->parser.status_code;
	curl_easy_getinfo(work->easy, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

struct answer curl_answer_of(struct curl_work *work, CURLcode code)
{
	struct answer answer = {0};
	/* A connection that ends within the headers is a good end to curl. */
	if (code == CURLE_OK && !work->head_complete)
		code = CURLE_PARTIAL_FILE;
	if (code != CURLE_OK && !(work->cut && code == CURLE_WRITE_ERROR)) {
		curl_failure_of(work, code, &answer);
		return answer;
	}
	long status = curl_answer_status(work);
	answer.status = (int)status;
	answer.n_headers = work->head.n ? split_head(work) : 0;
	answer.headers = work->headers;
	if (lengths_differ(&answer)) {
		answer = (struct answer){.failure = FAILURE_PROTOCOL};
		snprintf(answer.detail, sizeof answer.detail, "the answer gives two lengths (status %ld)",
			 status);
		return answer;
	}
	buf_z(&work->body);
	answer.body = buf_view(&work->body);
	answer.cut = work->cut;
	if (status < 200 || status > 299) {
		answer.failure = FAILURE_STATUS;
		snprintf(answer.detail, sizeof answer.detail, "answered with status %ld", status);
	}
	return answer;
}
