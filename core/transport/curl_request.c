/* A request onto an easy handle that still carries what the last request left on it. */
#include "transport/transport_curl_private.h"

#include <strings.h>

enum {
	EXPECT_FROM =
		64 * 1024, /* bodies from here on could make curl ask first, with Expect: 100-continue */
	OWN_LINES_MAX = 4,
	LINES_MAX = 1000,
	PATHS_MAX = 8192,
	LINES_TEXT_MAX = 1024 * 1024,
};

/* --- header lines --- */

static bool is_clean_name(struct str name)
{
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];
		if (c <= ' ' || c >= 0x7f || c == ':' || c == ';')
			return false;
	}
	return name.n > 0;
}

static bool is_clean_value(struct str value)
{
	return !memchr(value.p, '\r', value.n) && !memchr(value.p, '\n', value.n) &&
	       !memchr(value.p, 0, value.n);
}

/* Two opinions on where a body ends let somebody smuggle a second request in. */
static bool frames_the_body(struct str name)
{
	return str_eq_nocase(name, STR("content-length")) || str_eq_nocase(name, STR("transfer-encoding"));
}

static const char *check_header(const struct header *header)
{
	if (!is_clean_name(header->name))
		return "a header's name holds characters that it may not";
	if (header->value.n && !is_clean_value(header->value))
		return "a header's value holds a line break or a zero";
	if (frames_the_body(header->name))
		return "content-length and transfer-encoding are set by the transport alone";
	return NULL;
}

/* The room of a line: name, colon, blank, value, zero. */
static size_t line_size(const struct header *header)
{
	return header->name.n + header->value.n + 3;
}

static const char *measure(const struct header *headers, size_t n, size_t *size)
{
	for (size_t i = 0; i < n; i++) {
		const char *wrong = check_header(&headers[i]);
		if (wrong)
			return wrong;
		*size += line_size(&headers[i]);
	}
	return NULL;
}

static void make_room(struct curl_work *work, size_t n_lines, size_t text_n)
{
	if (n_lines > work->lines_capacity) {
		free(work->lines);
		work->lines = mem_alloc(n_lines * sizeof *work->lines);
		work->lines_capacity = n_lines;
	}
	if (text_n > work->text_capacity) {
		free(work->text);
		work->text = mem_alloc(text_n);
		work->text_capacity = text_n;
	}
	work->n_lines = 0;
}

static void add_line(struct curl_work *work, char *line)
{
	work->lines[work->n_lines++].data = line;
}

static char *write_line(char *at, const struct header *header)
{
	struct str value = str_trim(header->value);
	memcpy(at, header->name.p, header->name.n);
	at += header->name.n;
	/* Curl's way to say a header without a value; with a colon it would leave the header out. */
	if (value.n == 0) {
		memcpy(at, ";", 2);
		return at + 2;
	}
	*at++ = ':';
	*at++ = ' ';
	memcpy(at, value.p, value.n);
	at[value.n] = 0;
	return at + value.n + 1;
}

/* What a service sends may hold secrets in any header; at another host only these are needed. */
static bool goes_anywhere(struct str name)
{
	return str_eq_nocase(name, STR("content-type")) || str_eq_nocase(name, STR("accept")) ||
	       str_eq_nocase(name, STR("user-agent")) || str_eq_nocase(name, STR("webhook-id"));
}

struct seen {
	bool content_type, user_agent, accept_encoding;
};

static char *add_headers(struct curl_work *work, char *at, const struct header *headers, size_t n,
			 struct seen *seen)
{
	for (size_t i = 0; i < n; i++) {
		struct str name = headers[i].name;
		if (work->foreign && !goes_anywhere(name))
			continue;
		if (work->only_get && str_eq_nocase(name, STR("content-type")))
			continue;
		if (name.n == 12 && strncasecmp(name.p, "content-type", 12) == 0)
			seen->content_type = true;
		else if (name.n == 10 && strncasecmp(name.p, "user-agent", 10) == 0)
			seen->user_agent = true;
		else if (name.n == 15 && strncasecmp(name.p, "accept-encoding", 15) == 0)
			seen->accept_encoding = true;
		add_line(work, at);
		at = write_line(at, &headers[i]);
	}
	return at;
}

static void link_lines(struct curl_work *work)
{
	for (size_t i = 0; i < work->n_lines; i++)
		work->lines[i].next = &work->lines[i + 1];
	if (work->n_lines)
		work->lines[work->n_lines - 1].next = NULL;
}

static const char *make_lines(struct curl_work *work)
{
	static char no_expect[] = "Expect:", no_content_type[] = "Content-Type:",
		    no_encoding[] = "Accept-Encoding:";
	const struct exchange *exchange = work->exchange;
	const struct request *request = exchange->request;
	const struct header agent = {STR("user-agent"), str_of(work->transport->options.user_agent)};
	size_t n_lines = request->n_headers + exchange->n_extra + OWN_LINES_MAX, text_n = line_size(&agent);
	struct seen seen = {0};
	const char *wrong = measure(request->headers, request->n_headers, &text_n);
	if (!wrong)
		wrong = measure(exchange->extra, exchange->n_extra, &text_n);
	if (wrong)
		return wrong;
	if (n_lines > LINES_MAX || text_n > LINES_TEXT_MAX)
		return "the request has too many headers";
	make_room(work, n_lines, text_n);
	char *at = add_headers(work, work->text, request->headers, request->n_headers, &seen);
	at = add_headers(work, at, exchange->extra, exchange->n_extra, &seen);
	if (!seen.user_agent) {
		add_line(work, at);
		write_line(at, &agent);
	}
	/* What comes compressed all the same is undone by curl, within the bounds of the body. */
	if (!seen.accept_encoding)
		add_line(work, no_encoding);
	if (work->posts && !seen.content_type)
		add_line(work, no_content_type);
	if (work->posts && request->body.n >= EXPECT_FROM)
		add_line(work, no_expect);
	link_lines(work);
	return NULL;
}

/* --- method and body --- */

static bool is_method(struct str method)
{
	for (size_t i = 0; i < method.n; i++) {
		if (method.p[i] < 'A' || method.p[i] > 'Z')
			return false;
	}
	return method.n > 0 && method.n <= 20;
}

static bool always_has_body(struct str method)
{
	return str_eq(method, STR("POST")) || str_eq(method, STR("PUT")) || str_eq(method, STR("PATCH"));
}

static void set_no_body(struct curl_work *work, bool no_body)
{
	if (work->no_body == no_body)
		return;
	curl_easy_setopt(work->easy, CURLOPT_NOBODY, (long)no_body);
	work->no_body = no_body;
}

static void set_custom_method(struct curl_work *work, const char *method)
{
	if (!method && !work->custom_method)
		return;
	curl_easy_setopt(work->easy, CURLOPT_CUSTOMREQUEST, method);
	work->custom_method = method != NULL;
}

static const char *check_method(struct curl_work *work)
{
	const struct request *request = work->exchange->request;
	if (!is_method(request->method))
		return "the method is no word in capital letters";
	/* Curl would leave the body out, silently. */
	if (str_eq(request->method, STR("HEAD")) && request->body.n)
		return "a HEAD request cannot carry a body";
	work->posts = !work->only_get && (request->body.n > 0 || always_has_body(request->method));
	return NULL;
}

/* NOBODY and HTTPGET change the method behind each other's back, so their order matters. */
static void set_method(struct curl_work *work)
{
	const struct request *request = work->exchange->request;
	if (work->only_get) {
		set_no_body(work, false);
		curl_easy_setopt(work->easy, CURLOPT_HTTPGET, 1L);
		set_custom_method(work, NULL);
		return;
	}
	bool head = str_eq(request->method, STR("HEAD"));
	set_no_body(work, head);
	if (work->posts) {
		curl_easy_setopt(work->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.n);
		curl_easy_setopt(work->easy, CURLOPT_POSTFIELDS, request->body.n ? request->body.p : "");
	} else if (!head) {
		curl_easy_setopt(work->easy, CURLOPT_HTTPGET, 1L);
	}
	bool plain = str_eq(request->method, work->posts ? STR("POST") : head ? STR("HEAD") : STR("GET"));
	set_custom_method(work, plain ? NULL : request->method.p);
}

/* --- the whole --- */

/* An IPv6 address cannot be pinned, so curl takes it from the URL and remembers it no longer than the
 * request. */
static void set_ipv6_literal(struct curl_work *work, bool literal)
{
	if (work->ipv6_literal == literal)
		return;
	curl_easy_setopt(work->easy, CURLOPT_DNS_CACHE_TIMEOUT, literal ? 0L : -1L);
	work->ipv6_literal = literal;
}

static void set_pem(CURL *easy, CURLoption option, CURLoption type_option, struct str pem)
{
	struct curl_blob blob = {(void *)(uintptr_t)pem.p, pem.n, CURL_BLOB_COPY};
	curl_easy_setopt(easy, option, &blob);
	curl_easy_setopt(easy, type_option, "PEM");
}

/* The handle keeps what it learned from a server's challenge, so it is thrown away afterwards. Connections
 * are shared only between handles of the same certificate: curl sees to that. */
static void set_proof(struct curl_work *work)
{
	const struct client_proof *proof = work->exchange->proof;
	if (!proof)
		return;
	work->proven = true;
	if (proof->digest_user.p) {
		curl_easy_setopt(work->easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_DIGEST);
		curl_easy_setopt(work->easy, CURLOPT_USERNAME, proof->digest_user.p);
		curl_easy_setopt(work->easy, CURLOPT_PASSWORD, proof->digest_password.p);
	}
	if (proof->certificate.p) {
		set_pem(work->easy, CURLOPT_SSLCERT_BLOB, CURLOPT_SSLCERTTYPE, proof->certificate);
		set_pem(work->easy, CURLOPT_SSLKEY_BLOB, CURLOPT_SSLKEYTYPE, proof->key);
		curl_easy_setopt(work->easy, CURLOPT_KEYPASSWD, proof->key_password.p);
	}
}

static void set_http2(struct curl_work *work, bool http2)
{
	if (work->http2 == http2)
		return;
	curl_easy_setopt(work->easy, CURLOPT_HTTP_VERSION,
			 (long)(http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
	work->http2 = http2;
}

static char *path_of(const struct curl_transport *transport, struct str file)
{
	struct buf path;
	buf_init(&path, PATHS_MAX);
	if (file.p[0] != '/' && transport->files_folder)
		buf_printf(&path, "%s/", transport->files_folder);
	buf_str(&path, file);
	return buf_take(&path, NULL);
}

static void set_path(struct curl_work *work, CURLoption option, struct str file)
{
	char *path = path_of(work->transport, file);
	curl_easy_setopt(work->easy, option, path);
	free(path);
}

static void set_default_ca(struct curl_work *work)
{
	const char *file = work->transport->options.ca_file;
	char *folder = NULL, *system = NULL;
	curl_easy_getinfo(work->easy, CURLINFO_CAPATH, &folder);
	curl_easy_getinfo(work->easy, CURLINFO_CAINFO, &system);
	curl_easy_setopt(work->easy, CURLOPT_CAINFO_BLOB, NULL);
	curl_easy_setopt(work->easy, CURLOPT_CAINFO, file ? file : system);
	curl_easy_setopt(work->easy, CURLOPT_CAPATH, file ? NULL : folder);
}

/* A service's own certificates take the place of the system's, they do not join them. */
static void set_ca(struct curl_work *work, const struct peer_options *peer)
{
	bool own = peer && (peer->ca.n || peer->ca_file.n);
	if (!own && !work->own_ca)
		return;
	work->own_ca = own;
	set_default_ca(work);
	if (!own)
		return;
	struct curl_blob blob = {(void *)(uintptr_t)peer->ca.p, peer->ca.n, CURL_BLOB_COPY};
	curl_easy_setopt(work->easy, CURLOPT_CAPATH, NULL);
	if (peer->ca.n)
		curl_easy_setopt(work->easy, CURLOPT_CAINFO_BLOB, &blob);
	else
		set_path(work, CURLOPT_CAINFO, peer->ca_file);
}

static void set_crl(struct curl_work *work, const struct peer_options *peer)
{
	bool own = peer && peer->crl_file.n;
	if (own)
		set_path(work, CURLOPT_CRLFILE, peer->crl_file);
	else if (work->own_crl)
		curl_easy_setopt(work->easy, CURLOPT_CRLFILE, NULL);
	work->own_crl = own;
}

static void set_peer(struct curl_work *work, const struct peer_options *peer)
{
	set_http2(work, peer && peer->http2);
	set_ca(work, peer);
	set_crl(work, peer);
}

static void set_connect_only(struct curl_work *work, bool connect_only)
{
	if (work->connect_only == connect_only)
		return;
	curl_easy_setopt(work->easy, CURLOPT_CONNECT_ONLY, (long)connect_only);
	work->connect_only = connect_only;
}

/* What curl is to know: all of it, or where to connect to. */
static void set_easy(struct curl_work *work, struct str url)
{
	const struct target *first = work->transport->proxy ? &work->transport->proxy_target : &work->target;
	set_ipv6_literal(work, first->kind == TARGET_IPV6);
	set_connect_only(work, work->direct);
	set_peer(work, work->exchange->peer);
	curl_easy_setopt(work->easy, CURLOPT_URL, url.p);
	if (work->direct)
		return;
	set_method(work);
	set_proof(work);
	curl_easy_setopt(work->easy, CURLOPT_HTTPHEADER, work->n_lines ? work->lines : NULL);
}

const char *curl_request_set(struct curl_work *work)
{
	const struct request *request = work->exchange->request;
	struct str url = work->moved_to ? str_of(work->moved_to) : request->url;
	const char *wrong = target_parse(url, &work->target);
	if (!wrong)
		wrong = check_method(work);
	if (!wrong)
		wrong = make_lines(work);
	if (!wrong && !work->connected)
		set_easy(work, url);
	return wrong;
}
