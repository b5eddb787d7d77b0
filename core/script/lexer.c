#include "script/lexer.h"

static bool is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static char peek(const struct lexer *lexer, size_t ahead)
{
	size_t at = lexer->at + ahead;

	return at < lexer->text.n ? lexer->text.p[at] : 0;
}

static void step(struct lexer *lexer)
{
	if (lexer->text.p[lexer->at++] == '\n') {
		lexer->line++;
		lexer->line_start = lexer->at;
	}
}

static void step_to(struct lexer *lexer, size_t at)
{
	while (lexer->at < at && lexer->at < lexer->text.n)
		step(lexer);
}

void lexer_init(struct lexer *lexer, struct str text, int line)
{
	*lexer = (struct lexer){.text = text, .line = 1};
	while (lexer->line < line && lexer->at < text.n)
		step(lexer);
}

/* The '=' signs of a long bracket that opens here, or -1. */
static int long_level(const struct lexer *lexer)
{
	size_t n = 1;

	if (peek(lexer, 0) != '[')
		return -1;
	while (peek(lexer, n) == '=')
		n++;
	return peek(lexer, n) == '[' ? (int)n - 1 : -1;
}

/* Passes a long bracket; ret_inner is what stands in it. */
static void long_bracket(struct lexer *lexer, int level, struct str *ret_inner, int *ret_line)
{
	size_t start, end;

	step_to(lexer, lexer->at + level + 2);
	if (peek(lexer, 0) == '\r')
		step(lexer);
	if (peek(lexer, 0) == '\n')
		step(lexer);
	start = lexer->at;
	*ret_line = lexer->line;
	for (end = start; end < lexer->text.n; end++) {
		size_t n = 1;

		if (lexer->text.p[end] != ']')
			continue;
		while (end + n < lexer->text.n && lexer->text.p[end + n] == '=')
			n++;
		if (n == (size_t)level + 1 && end + n < lexer->text.n && lexer->text.p[end + n] == ']')
			break;
	}
	*ret_inner = (struct str){lexer->text.p + start, end - start};
	step_to(lexer, end + level + 2);
}

static void short_string(struct lexer *lexer, struct token *token)
{
	char quote = peek(lexer, 0);
	size_t start;

	step(lexer);
	start = lexer->at;
	token->inner_line = lexer->line;
	while (lexer->at < lexer->text.n && peek(lexer, 0) != quote) {
		if (peek(lexer, 0) == '\\' && lexer->at + 1 < lexer->text.n) {
			bool skips = peek(lexer, 1) == 'z';

			step_to(lexer, lexer->at + 2);
			while (skips && lexer->at < lexer->text.n && strchr(" \t\r\n\f\v", peek(lexer, 0)))
				step(lexer);
		} else if (peek(lexer, 0) == '\n') {
			break;
		} else {
			step(lexer);
		}
	}
	token->inner = (struct str){lexer->text.p + start, lexer->at - start};
	if (peek(lexer, 0) == quote)
		step(lexer);
}

static void skip_blank(struct lexer *lexer)
{
	while (lexer->at < lexer->text.n) {
		struct str inner;
		int level, line;

		if (strchr(" \t\r\n\f\v", peek(lexer, 0)) && peek(lexer, 0)) {
			step(lexer);
			continue;
		}
		if (peek(lexer, 0) != '-' || peek(lexer, 1) != '-')
			return;
		step_to(lexer, lexer->at + 2);
		level = long_level(lexer);
		if (level >= 0) {
			long_bracket(lexer, level, &inner, &line);
			continue;
		}
		while (lexer->at < lexer->text.n && peek(lexer, 0) != '\n')
			step(lexer);
	}
}

static void symbol(struct lexer *lexer)
{
	static const char *const pairs[] = {"==", "~=", "<=", ">=", "::", "//", "<<", ">>", ".."};

	for (size_t i = 0; i < countof(pairs); i++) {
		if (peek(lexer, 0) == pairs[i][0] && peek(lexer, 1) == pairs[i][1]) {
			step_to(lexer, lexer->at + 2);
			return;
		}
	}
	step(lexer);
}

bool lexer_next(struct lexer *lexer, struct token *ret)
{
	size_t start;
	char c;

	skip_blank(lexer);
	start = lexer->at;
	*ret = (struct token){.line = lexer->line, .column = (int)(start - lexer->line_start) + 1};
	if (start >= lexer->text.n)
		return false;
	c = peek(lexer, 0);
	if (c == '"' || c == '\'') {
		ret->kind = TOKEN_STRING;
		short_string(lexer, ret);
	} else if (long_level(lexer) >= 0) {
		ret->kind = TOKEN_STRING;
		ret->is_long = true;
		long_bracket(lexer, long_level(lexer), &ret->inner, &ret->inner_line);
	} else if (is_digit(c)) {
		ret->kind = TOKEN_NUMBER;
		while (is_name(peek(lexer, 0)) || (peek(lexer, 0) == '.' && peek(lexer, 1) != '.'))
			step(lexer);
	} else if (is_name(c)) {
		ret->kind = TOKEN_NAME;
		while (is_name(peek(lexer, 0)))
			step(lexer);
	} else {
		ret->kind = TOKEN_SYMBOL;
		symbol(lexer);
	}
	ret->text = (struct str){lexer->text.p + start, lexer->at - start};
	return true;
}

bool token_is(const struct token *token, const char *text)
{
	return token->kind != TOKEN_STRING && str_eq(token->text, str_of(text));
}

static int hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static void add_utf8(struct buf *out, uint32_t c)
{
	if (c < 0x80) {
		buf_char(out, (char)c);
	} else if (c < 0x800) {
		buf_char(out, (char)(0xc0 | c >> 6));
		buf_char(out, (char)(0x80 | (c & 0x3f)));
	} else if (c < 0x10000) {
		buf_char(out, (char)(0xe0 | c >> 12));
		buf_char(out, (char)(0x80 | (c >> 6 & 0x3f)));
		buf_char(out, (char)(0x80 | (c & 0x3f)));
	} else {
		buf_char(out, (char)(0xf0 | (c >> 18 & 7)));
		buf_char(out, (char)(0x80 | (c >> 12 & 0x3f)));
		buf_char(out, (char)(0x80 | (c >> 6 & 0x3f)));
		buf_char(out, (char)(0x80 | (c & 0x3f)));
	}
}

/* \u{XXX}; `i` stands on the brace. Returns where it ends. */
static size_t escape_unicode(struct str s, size_t i, struct buf *out)
{
	uint32_t c = 0;

	for (i++; i < s.n && hex_digit(s.p[i]) >= 0; i++)
		c = c << 4 | (uint32_t)hex_digit(s.p[i]);
	add_utf8(out, c);
	return i < s.n && s.p[i] == '}' ? i + 1 : i;
}

/* `i` stands behind the backslash. Returns where the escape ends. */
static size_t escape(struct str s, size_t i, struct buf *out)
{
	static const char letters[] = "abfnrtv", codes[] = "\a\b\f\n\r\t\v";
	const char *letter = strchr(letters, s.p[i]);

	if (letter) {
		buf_char(out, codes[letter - letters]);
		return i + 1;
	}
	if (is_digit(s.p[i])) {
		int c = 0, n = 0;

		for (; n < 3 && i < s.n && is_digit(s.p[i]); n++)
			c = c * 10 + (s.p[i++] - '0');
		buf_char(out, (char)c);
		return i;
	}
	if (s.p[i] == 'x' && i + 2 < s.n) {
		buf_char(out, (char)(hex_digit(s.p[i + 1]) << 4 | hex_digit(s.p[i + 2])));
		return i + 3;
	}
	if (s.p[i] == 'u' && i + 1 < s.n)
		return escape_unicode(s, i + 1, out);
	if (s.p[i] == 'z') {
		for (i++; i < s.n && strchr(" \t\r\n\f\v", s.p[i]);)
			i++;
		return i;
	}
	buf_char(out, s.p[i]);
	return i + 1;
}

void token_string(const struct token *token, struct buf *out)
{
	struct str s = token->inner;

	for (size_t i = 0; i < s.n;) {
		if (s.p[i] == '\r' && token->is_long) {
			/* Lua reads each end of a line as one newline. */
			buf_char(out, '\n');
			i += i + 1 < s.n && s.p[i + 1] == '\n' ? 2 : 1;
		} else if (s.p[i] == '\\' && !token->is_long && i + 1 < s.n) {
			i = escape(s, i + 1, out);
		} else {
			buf_char(out, s.p[i++]);
		}
	}
}
