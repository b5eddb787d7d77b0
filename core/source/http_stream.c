/* Answers that go on. The connection is suspended while there is nothing to send. */
#include "source/http_private.h"

enum { BLOCK = 16 * 1024 };

/* Belongs to its response: libmicrohttpd frees it when nobody reads any more. */
struct http_stream {
	struct http_request *request; /* NULL: the connection is gone */
	struct http_server *server;
	struct MHD_Connection *connection;
	struct buf waiting;
	size_t sent; /* of it */
	bool suspended, ending;
	void (*closed)(void *context);
	void *context;
};

static ssize_t read_waiting(void *context, uint64_t position, char *out, size_t max)
{
	struct http_stream *stream = context;
	size_t n = stream->waiting.n - stream->sent;
	if (n > 0) {
		n = n < max ? n : max;
		memcpy(out, stream->waiting.p + stream->sent, n);
		stream->sent += n;
		return (ssize_t)n;
	}
	if (stream->ending)
		return MHD_CONTENT_READER_END_OF_STREAM;
	stream->suspended = true;
	MHD_suspend_connection(stream->connection);
	return 0;
}

static void over(void *context)
{
	struct http_stream *stream = context;
	if (stream->request)
		stream->request->stream = NULL;
	stream->closed(stream->context);
	buf_finish(&stream->waiting);
	free(stream);
}

struct http_stream *http_respond_stream(struct http_request *request, const struct header *headers,
					size_t n_headers, size_t max, void (*closed)(void *context),
					void *context)
{
	struct http_stream *stream = mem_zalloc(sizeof *stream);
	*stream = (struct http_stream){.request = request,
				       .server = request->server,
				       .connection = request->connection,
				       .closed = closed,
				       .context = context};
	buf_init(&stream->waiting, max);
	struct MHD_Response *response =
		MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, read_waiting, stream, over);
	ensure(response);
	http_add_headers(request->server, response, headers, n_headers);
	request->stream = stream;
	http_answer(request, 200, response);
	return stream;
}

static void resume(struct http_stream *stream)
{
	if (!stream->suspended)
		return;
	stream->suspended = false;
	MHD_resume_connection(stream->connection);
	http_run_soon(stream->server);
}

bool http_stream_send(struct http_stream *stream, struct str bytes)
{
	struct buf *waiting = &stream->waiting;
	if (stream->ending)
		return false;
	if (stream->sent) {
		memmove(waiting->p, waiting->p + stream->sent, waiting->n - stream->sent);
		waiting->n -= stream->sent;
		stream->sent = 0;
	}
	size_t before = waiting->n;
	buf_str(waiting, bytes);
	if (waiting->overflow) {
		waiting->overflow = false;
		waiting->n = before;
		http_stream_end(stream);
		return false;
	}
	resume(stream);
	return true;
}

void http_stream_end(struct http_stream *stream)
{
	stream->ending = true;
	resume(stream);
}

void http_stream_release(struct http_request *request)
{
	if (request->stream)
		http_stream_end(request->stream);
}

void http_stream_forget(struct http_request *request)
{
	if (request->stream)
		request->stream->request = NULL;
	request->stream = NULL;
}
