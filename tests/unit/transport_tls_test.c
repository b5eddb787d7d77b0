/* Exchanges over TLS that are ours: libcurl agrees on it and is asked for the bytes. */
#include "transport_fixture.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

/* A server in a thread of its own: connections one after the other, each handed to `serve`. */
struct tls_server {
	SSL_CTX *context;
	int listener, n_connections;
	uint16_t port;
	uv_thread_t thread;
	void (*serve)(struct tls_server *server, SSL *ssl);
	const char *greeting; /* goes out with the server's part of the handshake; NULL: none */
	char ca_file[64];
};

static X509 *self_signed(EVP_PKEY *key)
{
	X509 *certificate = X509_new();
	X509_set_version(certificate, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
	X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
	X509_set_pubkey(certificate, key);
	X509_NAME *name = X509_get_subject_name(certificate);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"test", -1, -1, 0);
	X509_set_issuer_name(certificate, name);
	X509_EXTENSION *alternative = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1");
	X509_add_ext(certificate, alternative, -1);
	X509_EXTENSION_free(alternative);
	ensure(X509_sign(certificate, key, EVP_sha256()));
	return certificate;
}

static void greet(SSL *ssl, const char *greeting)
{
	char byte;
	size_t n;
	SSL_read_early_data(ssl, &byte, 1, &n);
	ensure(SSL_write_early_data(ssl, greeting, strlen(greeting), &n) == 1);
}

static void run_server(void *context)
{
	struct tls_server *server = context;
	for (int fd; (fd = accept(server->listener, NULL, NULL)) >= 0; close(fd)) {
		SSL *ssl = SSL_new(server->context);
		__atomic_add_fetch(&server->n_connections, 1, __ATOMIC_SEQ_CST);
		SSL_set_fd(ssl, fd);
		SSL_set_accept_state(ssl);
		if (server->greeting)
			greet(ssl, server->greeting);
		if (SSL_accept(ssl) == 1)
			server->serve(server, ssl);
		SSL_free(ssl);
	}
}

static void tls_server_start(struct tls_server *server)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof address;
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = self_signed(key);
	snprintf(server->ca_file, sizeof server->ca_file, "/tmp/transport_tls_test.XXXXXX");
	FILE *file = fdopen(mkstemp(server->ca_file), "w");
	ensure(PEM_write_X509(file, certificate) == 1 && fclose(file) == 0);
	server->context = SSL_CTX_new(TLS_server_method());
	SSL_CTX_set_num_tickets(server->context, 0); /* they would wake whoever has missed something */
	SSL_CTX_use_certificate(server->context, certificate);
	SSL_CTX_use_PrivateKey(server->context, key);
	X509_free(certificate);
	EVP_PKEY_free(key);
	server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ensure(bind(server->listener, (struct sockaddr *)&address, length) == 0);
	ensure(listen(server->listener, 8) == 0);
	ensure(getsockname(server->listener, (struct sockaddr *)&address, &length) == 0);
	server->port = ntohs(address.sin_port);
	ensure(uv_thread_create(&server->thread, run_server, server) == 0);
}

/* The transport has let go of its connections. */
static void tls_server_stop(struct tls_server *server)
{
	shutdown(server->listener, SHUT_RDWR);
	uv_thread_join(&server->thread);
	close(server->listener);
	SSL_CTX_free(server->context);
	unlink(server->ca_file);
}

/* False: the other side has hung up. */
static bool read_request(SSL *ssl)
{
	struct buf in;
	char bytes[16384];
	int n;
	size_t size = 0;
	buf_init(&in, 8 << 20);
	while (!(size = raw_request_size(&in)) && (n = SSL_read(ssl, bytes, sizeof bytes)) > 0)
		buf_add(&in, bytes, (size_t)n);
	buf_finish(&in);
	return size > 0;
}

static struct fixture *start_with(struct tls_server *server)
{
	tls_server_start(server);
	struct transport_curl_options options = {.ca_file = server->ca_file};
	return fixture_start_with(&options);
}

static const struct answer *make(struct call *call, struct fixture *f, struct tls_server *server,
				 struct str body)
{
	char url[64];
	snprintf(url, sizeof url, "https://127.0.0.1:%u/", server->port);
	call_init(call, f, "POST", url, body);
	call->exchange.answer_max = 1 << 20;
	call_send(call);
	return call_await(call);
}

static void stop(struct fixture *f, struct tls_server *server)
{
	fixture_stop(f);
	tls_server_stop(server);
}

/* --- what does not fit */

enum { LARGE = 600 * 1000 };

static void answer_at_length(struct tls_server *server, SSL *ssl)
{
	enum { HEAD = 100 };
	char *text = mem_zalloc(HEAD + LARGE);
	while (read_request(ssl)) {
		int n = snprintf(text, HEAD, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", LARGE);
		text[n] = 'a';
		SSL_write(ssl, text, n + LARGE);
	}
	free(text);
}

/* More than a turn of reading, in records that are full; and a request of which the socket takes a part at a
 * time. */
static void carries_long_requests_and_answers_over_one_connection(void **state)
{
	struct tls_server server = {.serve = answer_at_length};
	struct fixture *f = start_with(&server);
	char *body = mem_zalloc(6 << 20);
	for (int i = 0; i < 3; i++) {
		struct call call;
		assert_string_equal(make(&call, f, &server, (struct str){body, 6 << 20})->detail, "");
		assert_int_equal(call.answer->body.n, LARGE);
		call_finish(&call);
	}
	assert_int_equal(server.n_connections, 1);
	free(body);
	stop(f, &server);
}

/* --- records and answers do not end together */

static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

static void answer_byte_by_byte(struct tls_server *server, SSL *ssl)
{
	while (read_request(ssl)) {
		for (size_t i = 0; i < sizeof answer - 1; i++)
			SSL_write(ssl, answer + i, 1);
	}
}

static void reads_an_answer_of_many_records(void **state)
{
	struct tls_server server = {.serve = answer_byte_by_byte};
	struct fixture *f = start_with(&server);
	for (int i = 0; i < 3; i++) {
		struct call call;
		assert_str(make(&call, f, &server, STR("x"))->body, "ok");
		call_finish(&call);
	}
	assert_int_equal(server.n_connections, 1);
	stop(f, &server);
}

/* --- the end of a connection */

static void answer_once(struct tls_server *server, SSL *ssl)
{
	if (read_request(ssl))
		SSL_write(ssl, answer, sizeof answer - 1);
}

static void die_over_the_second(struct tls_server *server, SSL *ssl)
{
	answer_once(server, ssl);
	if (server->n_connections == 1)
		read_request(ssl);
	else
		answer_once(server, ssl);
}

static void sends_once_more_what_met_a_dead_connection(void **state)
{
	struct tls_server server = {.serve = die_over_the_second};
	struct fixture *f = start_with(&server);
	struct call call;
	assert_false(make(&call, f, &server, STR("x"))->sent_twice);
	call_finish(&call);
	assert_str(make(&call, f, &server, STR("x"))->body, "ok");
	assert_true(call.answer->sent_twice);
	call_finish(&call);
	assert_int_equal(server.n_connections, 2);
	stop(f, &server);
}

static void answer_half(struct tls_server *server, SSL *ssl)
{
	static const char half[] = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf";
	if (read_request(ssl))
		SSL_write(ssl, half, sizeof half - 1);
}

static void says_that_an_answer_was_cut_off(void **state)
{
	struct tls_server server = {.serve = answer_half};
	struct fixture *f = start_with(&server);
	struct call call;
	assert_string_equal(make(&call, f, &server, STR("x"))->detail,
			    "the connection ended after 4 bytes of the body (status 200)");
	call_finish(&call);
	stop(f, &server);
}

/* --- before the request */

static void never_answer(struct tls_server *server, SSL *ssl)
{
	while (read_request(ssl))
		;
}

/* What is behind the first byte of a record makes no socket readable. */
static void takes_the_answer_of_a_server_that_speaks_first(void **state)
{
	struct tls_server server = {
		.serve = never_answer,
		.greeting = "HTTP/1.1 503 Full\r\nContent-Length: 4\r\n\r\nfull",
	};
	struct fixture *f = start_with(&server);
	struct call call;
	assert_int_equal(make(&call, f, &server, STR("x"))->status, 503);
	assert_str(call.answer->body, "full");
	call_finish(&call);
	stop(f, &server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(carries_long_requests_and_answers_over_one_connection),
		cmocka_unit_test(reads_an_answer_of_many_records),
		cmocka_unit_test(sends_once_more_what_met_a_dead_connection),
		cmocka_unit_test(says_that_an_answer_was_cut_off),
		cmocka_unit_test(takes_the_answer_of_a_server_that_speaks_first),
	};
	return cmocka_run_group_tests(tests, start_curl, end_curl);
}
