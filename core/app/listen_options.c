#include "app/listen_options.h"

#include "base/read_file.h"

enum { PEM_MAX = 1 << 20 };

static int check(const struct listen_options *options, bool loopback, const char *address,
		 struct error *reterr)
{
	if (!options->tls_cert != !options->tls_key)
		return error_set(reterr, "--tls-cert and --tls-key need each other");
	if (options->sender_rate < 0)
		return error_set(reterr, "--sender-rate is a number of requests a minute");
	if (loopback || options->token_file || options->sender_token_file || options->sender_key_file)
		return 0;
	error_set(reterr, "refused to listen on %s: anybody who reaches that address could send events",
		  address);
	error_hint(
		reterr,
		"give --token-file FILE with a token a line (openssl rand -hex 32 makes one), or listen on "
		"127.0.0.1");
	return -1;
}

static int read_pem(const char *path, char **ret, struct error *reterr)
{
	struct buf text;
	if (!path)
		return 0;
	buf_init(&text, PEM_MAX);
	int r = read_file(path, &text, reterr);
	if (r == 0)
		*ret = buf_take(&text, NULL);
	buf_finish(&text);
	return r;
}

int listen_options_load(struct listen_options *options, bool loopback, const char *address,
			struct clock *clock, const struct log *log, struct error *reterr)
{
	struct access_options access = {
		.operator_tokens = options->token_file,
		.sender_tokens = options->sender_token_file,
		.sender_keys = options->sender_key_file,
		.sender_rate = options->sender_rate,
		.clock = clock,
		.log = log,
	};
	if (check(options, loopback, address, reterr) < 0 ||
	    read_pem(options->tls_cert, &options->cert_text, reterr) < 0 ||
	    read_pem(options->tls_key, &options->key_text, reterr) < 0 ||
	    access_create(&access, &options->access, reterr) < 0)
		return -1;
	if (!loopback && !options->tls_cert)
		log_warn(log, "tokens and events go over the network in the clear", "hint",
			 "--tls-cert and --tls-key serve HTTPS; a proxy in front can, too");
	return 0;
}

void listen_options_finish(struct listen_options *options)
{
	access_destroy(options->access);
	if (options->key_text)
		explicit_bzero(options->key_text, strlen(options->key_text));
	free(options->cert_text);
	free(options->key_text);
	free(options->token_file);
	free(options->sender_token_file);
	free(options->sender_key_file);
	free(options->tls_cert);
	free(options->tls_key);
}
