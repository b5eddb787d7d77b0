#include "format/error_text.h"

#include "format/json.h"

#include <ctype.h>

static void add_text(struct buf *out, const char *key, const char *z)
{
	buf_printf(out, "\"%s\":", key);
	if (*z)
		json_write_string(out, str_of(z));
	else
		buf_str(out, STR("null"));
}

static void add_number(struct buf *out, const char *key, int number)
{
	if (number > 0)
		buf_printf(out, "\"%s\":%d", key, number);
	else
		buf_printf(out, "\"%s\":null", key);
}

void error_write_members(struct buf *out, const struct error *error)
{
	add_text(out, "file", error->file);
	buf_char(out, ',');
	add_number(out, "line", error->line);
	buf_char(out, ',');
	add_number(out, "column", error->column);
	buf_char(out, ',');
	add_text(out, "what", error->what);
	buf_char(out, ',');
	add_text(out, "hint", error->hint);
	buf_char(out, ',');
	add_text(out, "excerpt", error->excerpt);
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* The place of the whole word in the line; NULL if it is not there, or more than once. */
static const char *only_place(const char *line, struct str word)
{
	const char *found = NULL;
	for (const char *at = line; (at = memmem(at, strlen(at), word.p, word.n)); at++) {
		bool inside = (at > line && is_word(at[-1]) && is_word(word.p[0])) ||
			      (is_word(at[word.n]) && is_word(word.p[word.n - 1]));
		if (inside)
			continue;
		if (found)
			return NULL;
		found = at;
	}
	return found;
}

void error_point(struct error *error)
{
	if (error->column || !error->excerpt[0])
		return;
	/* The first quoted word that stands in the line: "attempt to index a nil value (local 'x')". What Lua
	 * expected is not there; what it found instead is: "'}' expected (to close '{' at line 3) near
	 * 'fire'". */
	const char *near = strstr(error->what, " near ");
	for (const char *open = near ? near : error->what; (open = strchr(open, '\''));) {
		const char *close = strchr(open + 1, '\'');
		if (!close)
			return;
		const char *place = close > open + 1
					    ? only_place(error->excerpt,
							 (struct str){open + 1, (size_t)(close - open - 1)})
					    : NULL;
		if (place) {
			error->column = (int)(place - error->excerpt) + 1;
			return;
		}
		open = close + 1;
	}
}
