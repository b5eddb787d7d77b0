#include "script/where.h"

struct where where_key(const struct where *where, struct str key)
{
	struct where ret = *where;

	if (ret.depth < WHERE_DEPTH_MAX)
		ret.path[ret.depth++] = (struct where_step){.key = key};
	return ret;
}

struct where where_index(const struct where *where, int index)
{
	struct where ret = *where;

	if (ret.depth < WHERE_DEPTH_MAX)
		ret.path[ret.depth++] = (struct where_step){.index = index};
	return ret;
}

static bool opens_block(const struct token *token)
{
	return token_is(token, "function") || token_is(token, "if") || token_is(token, "do") ||
	       token_is(token, "repeat");
}

/* Passes the rest of a value, up to the separator behind it. False when the table ends there. */
static bool skip_value(struct lexer *lexer, struct token *token)
{
	int depth = 0, blocks = 0;

	do {
		if (token_is(token, "{") || token_is(token, "(") || token_is(token, "[")) {
			depth++;
		} else if (token_is(token, "}") || token_is(token, ")") || token_is(token, "]")) {
			if (depth == 0)
				return false;
			depth--;
		} else if (opens_block(token)) {
			blocks++;
		} else if (token_is(token, "end") || token_is(token, "until")) {
			blocks--;
		} else if (depth == 0 && blocks == 0 && (token_is(token, ",") || token_is(token, ";"))) {
			return true;
		}
	} while (lexer_next(lexer, token));
	return false;
}

/* Is this the `["key"] =` or `key =` of an entry? Then ret_key is the token of the key and the lexer stands
 * before the value. */
static bool entry_key(struct lexer *lexer, const struct token *first, struct token *ret_key)
{
	struct lexer ahead = *lexer;
	struct token next, close, key = *first;

	if (first->kind == TOKEN_NAME) {
		if (!lexer_next(&ahead, &next) || !token_is(&next, "="))
			return false;
	} else if (token_is(first, "[")) {
		if (!lexer_next(&ahead, &key) || !lexer_next(&ahead, &close) || !token_is(&close, "]") ||
		    !lexer_next(&ahead, &next) || !token_is(&next, "="))
			return false;
	} else {
		return false;
	}
	*lexer = ahead;
	*ret_key = key;
	return true;
}

/* From behind a '{' to the entry: ret is the first token of its value, the lexer stands behind that. */
static bool find_entry(struct lexer *lexer, const struct where_step *step, struct token *ret_key,
		       struct token *ret)
{
	int index = 0;
	struct token token, key;

	while (lexer_next(lexer, &token) && !token_is(&token, "}")) {
		bool found;

		if (entry_key(lexer, &token, &key)) {
			struct str name = key.kind == TOKEN_STRING ? key.inner : key.text;

			found = step->key.p && str_eq(name, step->key);
			if (!lexer_next(lexer, &token))
				return false;
		} else {
			key = token;
			found = !step->key.p && ++index == step->index;
		}
		if (found) {
			*ret_key = key;
			*ret = token;
			return true;
		}
		if (!skip_value(lexer, &token))
			return false;
	}
	return false;
}

/* How deep the source shows the path; ret_key and ret are the deepest entry found. */
static int follow(const struct where *where, struct token *ret_key, struct token *ret)
{
	struct lexer lexer;
	struct token token;

	if (!where->file || where->line <= 0)
		return -1;
	lexer_init(&lexer, where->file->text, where->line);
	do {
		if (!lexer_next(&lexer, &token) || token.line > where->line + 3)
			return -1;
	} while (!token_is(&token, "{"));
	*ret = *ret_key = token;
	for (int i = 0; i < where->depth; i++) {
		if (!token_is(&token, "{") || !find_entry(&lexer, &where->path[i], ret_key, &token))
			return i;
		*ret = token;
	}
	return where->depth;
}

bool where_token(const struct where *where, struct token *ret)
{
	struct token key, token;

	if (follow(where, &key, &token) != where->depth)
		return false;
	*ret = token;
	return true;
}

void where_mark(const struct where *where, struct error *error)
{
	struct token key, token;
	int depth = follow(where, &key, &token);

	if (!where->file)
		return;
	if (depth > 0)
		error_at(error, where->file->path, key.line, key.column, where->file->text);
	else
		error_at(error, where->file->path, where->line, 0, where->file->text);
}

void where_mark_text(const struct where *where, struct error *error)
{
	struct token token;
	int line = error->line, column = error->column;

	if (line <= 0 || !where_token(where, &token) || token.kind != TOKEN_STRING) {
		where_mark(where, error);
		return;
	}
	if (line > 1 || token.inner_line != token.line) {
		line += token.inner_line - 1;
	} else {
		line = token.line;
		/* An escape is longer than what it means: then the column is only where the text begins. */
		if (column > 0 && !memchr(token.inner.p, '\\', token.inner.n))
			column += token.column - 1 + (int)(token.inner.p - token.text.p);
		else
			column = token.column;
	}
	error_at(error, where->file->path, line, column, where->file->text);
}
