/* core/app/listen_options.h
 *
 * Who may reach the engine, and how: tokens, keys of senders, TLS. The options of `run` and what they lead
 * to.
 */
#pragma once

#include "app/options.h"
#include "base/clock.h"
#include "base/log.h"
#include "source/access.h"

struct listen_options {
	char *token_file, *sender_token_file, *sender_key_file, *tls_cert, *tls_key;
	int sender_rate;

	char *cert_text, *key_text; /* of the files */
	struct access *access;
};

#define OPTIONS_LISTEN(o)                                                                          \
	{"token-file",                                                                             \
	 0,                                                                                        \
	 POPT_ARG_STRING,                                                                          \
	 &(o)->token_file,                                                                         \
	 0,                                                                                        \
	 "tokens of operators, one a line; they may send events, too",                             \
	 "FILE"},                                                                                  \
		{"sender-token-file",                                                              \
		 0,                                                                                \
		 POPT_ARG_STRING,                                                                  \
		 &(o)->sender_token_file,                                                          \
		 0,                                                                                \
		 "tokens of senders: they may send events, and nothing else",                      \
		 "FILE"},                                                                          \
		{"sender-key-file",                                                                \
		 0,                                                                                \
		 POPT_ARG_STRING,                                                                  \
		 &(o)->sender_key_file,                                                            \
		 0,                                                                                \
		 "keys of senders that sign by Standard Webhooks, one a line",                     \
		 "FILE"},                                                                          \
		{"sender-rate",                                                                    \
		 0,                                                                                \
		 POPT_ARG_INT,                                                                     \
		 &(o)->sender_rate,                                                                \
		 0,                                                                                \
		 "requests with events that one sender may make a minute (default: any number)",   \
		 "N"},                                                                             \
		{"tls-cert",     0, POPT_ARG_STRING,                                               \
		 &(o)->tls_cert, 0, "serve HTTPS with this certificate, in PEM",                   \
		 "FILE"},                                                                          \
	{                                                                                          \
		"tls-key", 0, POPT_ARG_STRING, &(o)->tls_key, 0, "its private key, in PEM", "FILE" \
	}

/* Reads the files. Fails when one is wrong, when there is a certificate without a key, and for an address
 * that others reach without any token: the exit code is EXIT_CONFIG. */
int listen_options_load(struct listen_options *options, bool loopback, const char *address,
			struct clock *clock, const struct log *log, struct error *reterr);
void listen_options_finish(struct listen_options *options); /* after the server */
