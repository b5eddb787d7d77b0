/* core/app/options.h
 *
 * What stands behind a command's name on the command line (popt behind it), the same for every command:
 * `--help` opens with an example, and wrong usage is one message on stderr and exit code 2.
 */
#pragma once

#include "app/app.h"
#include "base/error.h"

#include <netinet/in.h>
#include <popt.h>

/* Options that several commands have. */
#define OPTION_RULES(place)                                                                            \
	{                                                                                              \
		"rules", 0, POPT_ARG_STRING, (place), 0, "folder of the rules (default: rules)", "DIR" \
	}
#define OPTION_JSON(place, help)                                   \
	{                                                          \
		"json", 0, POPT_ARG_NONE, (place), 0, (help), NULL \
	}
#define OPTION_SECRETS(place)                                                                       \
	{                                                                                           \
		"secrets", 0, POPT_ARG_STRING, (place), 0,                                          \
			"folder of secrets, one file each (default: $CREDENTIALS_DIRECTORY)", "DIR" \
	}
#define OPTION_END                              \
	{                                       \
		NULL, 0, 0, NULL, 0, NULL, NULL \
	}

enum { OPTIONS_GO_ON = -1 };

/* Fills the variables of `table`, which ends with OPTION_END. String variables hold NULL or
 * a default of malloc's, and are the caller's to free in any case; the rest are int. Returns OPTIONS_GO_ON,
 * or the code to end with: --help was answered, or the usage was wrong and that has been said. */
int options_read(const struct command *command, int argc, char **argv, const struct poptOption *table);

/* The same for a command that takes words as well: they are in ret_words, ended by NULL, and the caller's to
 * free (words_free), when OPTIONS_GO_ON is returned. */
int options_read_words(const struct command *command, int argc, char **argv, const struct poptOption *table,
		       char ***ret_words, size_t *ret_n);
void words_free(char **words); /* NULL is allowed */

/* Says on stderr what is wrong and where help is; returns EXIT_USAGE. */
int options_wrong(const struct command *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* "127.0.0.1:8484", "[::1]:0". */
struct listen_address {
	char address[INET6_ADDRSTRLEN];
	uint16_t port;
	bool loopback;
};

int listen_address_parse(const char *text, struct listen_address *ret, struct error *reterr);

/* "http://127.0.0.1:8484", with the port that is really listened on. */
void listen_address_url(const struct listen_address *address, uint16_t port, bool tls, char *url,
			size_t size);
