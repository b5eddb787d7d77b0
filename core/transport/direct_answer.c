/* What comes back over a connection of ours, read by http_parser. */
#include "transport/transport_curl_private.h"

#include <strings.h>
#include <zlib.h>

enum {
	CODINGS_MAX = 5,
	INFLATED_AT_ONCE = 16 * 1024,
	PACKED_MAX = 1024 * 1024, /* of a body that is still packed, beside what is kept of it unpacked */
};

static struct curl_work *work_of(http_parser *parser)
{
	return parser->data;
}

/* --- the headers --- */

/* Not 1, which has a meaning of its own behind the headers: no body. */
static int refuse(struct curl_work *work, const char *why)
{
	work->head_refused = why;
	return -1;
}

/* The bytes are counted even where they are not kept: interim answers and trailers could be without end as
 * well. */
static int count(struct curl_work *work, size_t n)
{
	work->head_seen += n;
	work->line_n += n;
	if (work->head_seen <= ANSWER_HEAD_MAX)
		return 0;
	return refuse(work, work->line_n > ANSWER_HEAD_MAX / 2
				    ? "a line of the answer's headers does not end"
				    : "the answer's headers are larger than 64 KiB");
}

static int on_begin(http_parser *parser)
{
	struct curl_work *work = work_of(parser);
	if (work->ended) {
		work->excess = true;
		return 1;
	}
	buf_clear(&work->head);
	buf_str(&work->head, STR("HTTP\r\n"));
	work->n_head_lines = 0;
	work->in_value = true;
	work->line_n = 0;
	return count(work, sizeof "HTTP/1.1 200\r\n");
}

static int on_status(http_parser *parser, const char *p, size_t n)
{
	return count(work_of(parser), n);
}

static int on_name(http_parser *parser, const char *p, size_t n)
{
	struct curl_work *work = work_of(parser);
	if (work->in_value) {
		work->in_value = false;
		work->line_n = 0;
		if (!work->head_complete && ++work->n_head_lines > ANSWER_HEADERS_MAX)
			return refuse(work, "the answer has more than 200 headers");
		if (!work->head_complete && work->n_head_lines > 1)
			buf_str(&work->head, STR("\r\n"));
	}
	if (!work->head_complete)
		buf_add(&work->head, p, n);
	return count(work, n);
}

static int on_value(http_parser *parser, const char *p, size_t n)
{
	struct curl_work *work = work_of(parser);
	if (!work->in_value && !work->head_complete)
		buf_str(&work->head, STR(": "));
	work->in_value = true;
	if (!work->head_complete)
		buf_add(&work->head, p, n);
	return count(work, n + sizeof ": \r");
}

/* --- the body --- */

/* Of one coding; a list of codings makes a chain, from the last that was applied to the first. */
struct inflater {
	z_stream stream;
	bool ended;
	struct inflater *next;
};

static bool add_inflater(struct curl_work *work, struct str coding)
{
	if (!str_eq_nocase(coding, STR("gzip")) && !str_eq_nocase(coding, STR("x-gzip")) &&
	    !str_eq_nocase(coding, STR("deflate")))
		return false;
	struct inflater *inflater = mem_zalloc(sizeof *inflater);
	/* Either of zlib's two wrappings, as their first bytes say. */
	ensure(inflateInit2(&inflater->stream, 32 + MAX_WBITS) == Z_OK);
	inflater->next = work->inflater;
	work->inflater = inflater;
	return true;
}

/* Only what a server compressed without having been asked to comes here (RFC 9110, section 8.4). */
static bool begin_inflating(struct curl_work *work, struct str codings)
{
	int n = 0;
	for (const char *at = codings.p, *end = codings.p + codings.n; at && at < end;) {
		const char *comma = memchr(at, ',', (size_t)(end - at));
		struct str coding = str_trim((struct str){at, (size_t)((comma ? comma : end) - at)});
		if (coding.n && !str_eq_nocase(coding, STR("identity")) &&
		    (++n > CODINGS_MAX || !add_inflater(work, coding)))
			return false;
		at = comma ? comma + 1 : NULL;
	}
	return true;
}

void direct_inflate_end(struct curl_work *work)
{
	for (struct inflater *inflater; (inflater = work->inflater);) {
		work->inflater = inflater->next;
		inflateEnd(&inflater->stream);
		free(inflater);
	}
}

static int take_plain(struct curl_work *work, char *p, size_t n)
{
	return curl_answer_on_body(p, 1, n, work) == n ? 0 : 1;
}

static int inflate_some(struct curl_work *work, struct inflater *inflater, char *p, size_t n)
{
	char plain[INFLATED_AT_ONCE];
	z_stream *stream = &inflater->stream;
	stream->next_in = (Bytef *)p;
	stream->avail_in = (uInt)n;
	do {
		stream->next_out = (Bytef *)plain;
		stream->avail_out = sizeof plain;
		int code = inflater->ended ? Z_STREAM_END : inflate(stream, Z_NO_FLUSH);
		inflater->ended = code == Z_STREAM_END;
		if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
			return refuse(work, curl_answer_not_undone);
		/* What is behind the last layer has a bound of its own, but a stream between two layers can
		 * be long and hold nothing. */
		if (inflater->next && stream->total_out > work->exchange->answer_max + PACKED_MAX)
			return refuse(work, curl_answer_not_undone);
		size_t made = sizeof plain - stream->avail_out;
		int refused = inflater->next ? inflate_some(work, inflater->next, plain, made)
					     : take_plain(work, plain, made);
		if (refused)
			return refused;
	} while (!inflater->ended && stream->avail_out == 0);
	return 0;
}

static bool is_all_inflated(const struct curl_work *work)
{
	for (const struct inflater *inflater = work->inflater; inflater; inflater = inflater->next) {
		if (!inflater->ended && inflater->stream.total_in)
			return false;
	}
	return true;
}

static int on_body(http_parser *parser, const char *p, size_t n)
{
	struct curl_work *work = work_of(parser);
	char *bytes = (char *)(uintptr_t)p;
	return work->inflater ? inflate_some(work, work->inflater, bytes, n) : take_plain(work, bytes, n);
}

/* --- the ends --- */

/* `name` with its colon. */
static struct str value_of(const struct curl_work *work, struct str name)
{
	struct str head = buf_view(&work->head);
	for (const char *at = head.p, *end = head.p + head.n; at && at < end;) {
		const char *next = memchr(at, '\n', (size_t)(end - at));
		struct str line = {at, (size_t)((next ? next : end) - at)};
		if (line.n > name.n && strncasecmp(line.p, name.p, name.n) == 0)
			return str_trim((struct str){line.p + name.n, line.n - name.n});
		at = next ? next + 1 : NULL;
	}
	return (struct str){0};
}

/* Whatever their headers say (RFC 9112, section 6.3). */
static bool has_no_body(const struct curl_work *work, unsigned status)
{
	return status < 200 || status == 204 || status == 304 ||
	       (str_eq(work->exchange->request->method, STR("HEAD")) && !work->only_get);
}

/* Returns 1 where no body follows. */
static int on_headers(http_parser *parser)
{
	struct curl_work *work = work_of(parser);
	unsigned status = parser->status_code;
	work->line_n = 0;
	if (parser->http_major != 1 || parser->http_minor > 1 || status < 100 || status == 101)
		return refuse(work, "what came back is not HTTP/1.1");
	work->head_complete = status >= 200;
	if (has_no_body(work, status))
		return 1;
	/* Curl would undo that as well; nobody sends it who was not asked by a header of ours. */
	struct str transfer =
		parser->uses_transfer_encoding ? value_of(work, STR("transfer-encoding:")) : (struct str){0};
	if (transfer.n && !str_eq_nocase(transfer, STR("chunked")) &&
	    !str_eq_nocase(transfer, STR("identity")))
		return refuse(work, curl_answer_not_undone);
	struct str coding = value_of(work, STR("content-encoding:"));
	if (coding.n && !begin_inflating(work, coding))
		return refuse(work, curl_answer_not_undone);
	return 0;
}

static int on_complete(http_parser *parser)
{
	struct curl_work *work = work_of(parser);
	if (!work->head_complete)
		return 0;
	if (!is_all_inflated(work))
		return refuse(work, curl_answer_not_undone);
	work->ended = true;
	work->keep_alive = http_should_keep_alive(parser);
	return 0;
}

void direct_parse_begin(struct curl_work *work)
{
	direct_inflate_end(work);
	http_parser_init(&work->parser, HTTP_RESPONSE);
	work->parser.data = work;
	work->ended = work->excess = work->keep_alive = work->bad_chunks = false;
	work->line_n = 0;
}

/* Errors of http_parser before the headers are read; NULL for any other. */
static const char *head_error(enum http_errno code)
{
	switch (code) {
	case HPE_INVALID_VERSION:
	case HPE_INVALID_STATUS:
	case HPE_INVALID_CONSTANT:
	case HPE_STRICT:
		return "what came back is not HTTP/1.1";
	case HPE_UNEXPECTED_CONTENT_LENGTH:
		return "the answer gives two lengths";
	case HPE_INVALID_CONTENT_LENGTH:
		return "the answer is not valid: its content-length is no number";
	case HPE_HEADER_OVERFLOW:
		return "the answer's headers are larger than 64 KiB";
	default:
		return "the answer is not valid: its headers hold a character that they may not";
	}
}

static CURLcode failure_of(struct curl_work *work)
{
	enum http_errno code = HTTP_PARSER_ERRNO(&work->parser);
	if (work->head_refused || work->cut)
		return CURLE_WRITE_ERROR;
	if (code == HPE_INVALID_EOF_STATE)
		return CURLE_RECV_ERROR;
	if (work->head_complete) {
		work->bad_chunks = true;
		return CURLE_RECV_ERROR;
	}
	work->head_refused = head_error(code);
	return CURLE_WRITE_ERROR;
}

CURLcode direct_parse(struct curl_work *work, const char *p, size_t n)
{
	static const http_parser_settings settings = {
		.on_message_begin = on_begin,
		.on_status = on_status,
		.on_header_field = on_name,
		.on_header_value = on_value,
		.on_headers_complete = on_headers,
		.on_body = on_body,
		.on_message_complete = on_complete,
	};
	size_t taken = http_parser_execute(&work->parser, &settings, p, n);
	if (work->ended) {
		work->excess |= taken < n;
		return CURLE_OK;
	}
	if (HTTP_PARSER_ERRNO(&work->parser) != HPE_OK)
		return failure_of(work);
	return CURLE_AGAIN;
}
