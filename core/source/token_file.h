/* core/source/token_file.h
 *
 * A file with a secret a line, which may change while the program runs. One thread.
 */
#pragma once

#include "base/error.h"
#include "base/log.h"

#include <sys/stat.h>

enum { TOKENS_MAX = 1000, TOKEN_LEAST = 16, TOKEN_MOST = 512, TOKEN_NAME_MAX = 40 };

struct token {
	char name[TOKEN_NAME_MAX + 1]; /* the one in the file, else "token 3" */
	unsigned char digest[32];      /* SHA-256 */
	char *text; /* of a key; NULL for a token, of which nothing but the digest is kept */
};

struct token_file {
	const char *path; /* the caller's */
	bool keys;        /* of Standard Webhooks, and not tokens */
	struct token *tokens;
	size_t n;
	struct stat seen;
};

int token_file_open(struct token_file *file, const char *path, bool keys, struct error *reterr);
void token_file_close(struct token_file *file); /* one that is all zero is allowed */

/* Reads it again if it is another one than before. What is wrong with it then is logged once, and the tokens
 * stay. */
void token_file_refresh(struct token_file *file, const struct log *log);

/* The token of this text, or NULL. Takes the same time whichever it is. */
const struct token *token_file_find(const struct token_file *file, struct str text);
