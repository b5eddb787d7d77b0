/* core/script/lexer.h
 *
 * The tokens of a Lua source, as far as places and string literals are concerned. Never fails: what it does
 * not understand is a symbol of one character. Any thread.
 */
#pragma once

#include "base/buf.h"

enum token_kind { TOKEN_END, TOKEN_NAME, TOKEN_NUMBER, TOKEN_STRING, TOKEN_SYMBOL };

struct token {
	enum token_kind kind;
	struct str text;  /* as written */
	struct str inner; /* STRING: between its quotes or brackets, escapes as written */
	bool is_long;     /* STRING: in long brackets, where nothing is escaped */
	int line, column; /* of the first byte; both from 1 */
	int inner_line;   /* STRING: where `inner` begins */
};

struct lexer {
	struct str text;
	size_t at, line_start;
	int line;
};

/* Begins at the start of a line, which must not be inside of a long string or comment. */
void lexer_init(struct lexer *lexer, struct str text, int line);

/* False at the end. */
bool lexer_next(struct lexer *lexer, struct token *ret);

bool token_is(const struct token *token, const char *text);

/* What the string means, escapes resolved. */
void token_string(const struct token *token, struct buf *out);
