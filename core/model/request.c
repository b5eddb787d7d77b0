/* Copies are one allocation: the struct, the array of headers, then all texts, each with its zero. */
#include "model/request.h"

static size_t headers_size(const struct header *headers, size_t n)
{
	size_t size = n * sizeof *headers;
	for (size_t i = 0; i < n; i++)
		size += headers[i].name.n + headers[i].value.n + 2;
	return size;
}

static struct str put(char **at, struct str s)
{
	struct str copy = {*at, s.n};
	if (s.n)
		memcpy(*at, s.p, s.n);
	(*at)[s.n] = 0;
	*at += s.n + 1;
	return copy;
}

static struct header *put_headers(char **at, const struct header *headers, size_t n)
{
	struct header *copy = (struct header *)*at;
	*at += n * sizeof *headers;
	for (size_t i = 0; i < n; i++) {
		copy[i].name = put(at, headers[i].name);
		copy[i].value = put(at, headers[i].value);
	}
	return copy;
}

static size_t slots_size(const struct request *request)
{
	size_t size = request->n_slots * sizeof *request->slots;
	for (size_t i = 0; i < request->n_slots; i++)
		size += request->slots[i].name.n + 1;
	return size;
}

struct request *request_copy(const struct request *request)
{
	size_t size = sizeof *request + headers_size(request->headers, request->n_headers) +
		      slots_size(request) + request->method.n + request->url.n + request->body.n + 3;
	struct request *copy = mem_alloc(size);
	char *at = (char *)(copy + 1);
	copy->size = size;
	copy->n_slots = request->n_slots;
	copy->slots = (struct secret_slot *)at;
	at += request->n_slots * sizeof *copy->slots;
	copy->n_headers = request->n_headers;
	copy->headers = put_headers(&at, request->headers, request->n_headers);
	copy->method = put(&at, request->method);
	copy->url = put(&at, request->url);
	copy->body = put(&at, request->body);
	for (size_t i = 0; i < request->n_slots; i++) {
		copy->slots[i] = request->slots[i];
		copy->slots[i].name = put(&at, request->slots[i].name);
	}
	return copy;
}

void request_wipe(struct request *request)
{
	if (!request)
		return;
	explicit_bzero(request, request->size);
	free(request);
}

struct answer *answer_copy(const struct answer *answer)
{
	size_t size = sizeof *answer + headers_size(answer->headers, answer->n_headers) + answer->body.n + 1;
	struct answer *copy = mem_alloc(size);
	char *at = (char *)(copy + 1);
	*copy = *answer;
	copy->headers = put_headers(&at, answer->headers, answer->n_headers);
	copy->body = put(&at, answer->body);
	return copy;
}

const char *failure_name(enum failure failure)
{
	switch (failure) {
	case FAILURE_NONE:
		return "none";
	case FAILURE_DNS:
		return "dns";
	case FAILURE_CONNECT:
		return "connect";
	case FAILURE_TLS:
		return "tls";
	case FAILURE_TIMEOUT:
		return "timeout";
	case FAILURE_RESET:
		return "reset";
	case FAILURE_PROTOCOL:
		return "protocol";
	case FAILURE_REFUSED:
		return "refused";
	case FAILURE_STATUS:
		return "status";
	case FAILURE_EXPIRED:
		return "expired";
	case FAILURE_PROXY:
		return "proxy";
	case FAILURE_STOPPED:
		return "stopped";
	case FAILURE_AUTH:
		return "auth";
	case FAILURE_FAULT:
		return "fault";
	}
	return "unknown";
}

struct str answer_header(const struct answer *answer, struct str name)
{
	for (size_t i = 0; i < answer->n_headers; i++)
		if (str_eq(answer->headers[i].name, name))
			return answer->headers[i].value;
	return (struct str){0};
}
