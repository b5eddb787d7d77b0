/* What is wrong with a JSON text, in words for people, and where. */
#include "format/json_private.h"

#include "format/encode.h"

#include <stdio.h>

int json_error_place(struct error *error, struct str text, size_t at)
{
	if (!error)
		return -1;
	error->line = 1;
	size_t line_start = 0;
	at = at < text.n ? at : text.n;
	for (size_t i = 0; i < at; i++)
		if (text.p[i] == '\n') {
			error->line++;
			line_start = i + 1;
		}
	error->column = (int)(at - line_start) + 1;
	return -1;
}

void json_error_in(struct error *error, struct str text, size_t from)
{
	if (!error)
		return;
	struct error start;
	json_error_place(&start, text, from);
	if (error->line <= 1)
		error->column = error->column ? error->column + start.column - 1 : start.column;
	error->line = error->line ? error->line + start.line - 1 : start.line;
}

static struct str token_at(struct str text, size_t at)
{
	size_t n = 0;
	while (n < 20 && at + n < text.n && !strchr("[]{},: \t\r\n", text.p[at + n]))
		n++;
	struct str token = {text.p + at, at < text.n && n == 0 ? 1 : n};
	token.n = utf8_valid_prefix(token);
	return token;
}

/* Where yajl says that it stopped is sometimes before and sometimes behind the token that it does not like.
 * So the text is read once more, with a note of where each good token ended. */
struct track {
	yajl_handle yajl;
	size_t good;
};

static int track(void *context)
{
	struct track *it = context;
	it->good = yajl_get_bytes_consumed(it->yajl);
	return 1;
}

static int track_boolean(void *context, int yes)
{
	return track(context);
}

static int track_number(void *context, const char *p, size_t n)
{
	return track(context);
}

static int track_string(void *context, const unsigned char *p, size_t n)
{
	return track(context);
}

static const yajl_callbacks tracking = {
	.yajl_null = track,
	.yajl_boolean = track_boolean,
	.yajl_number = track_number,
	.yajl_string = track_string,
	.yajl_start_map = track,
	.yajl_map_key = track_string,
	.yajl_end_map = track,
	.yajl_start_array = track,
	.yajl_end_array = track,
};

/* The start of the first token that has no place where it stands. `separated`: the one comma or colon before
 * it was still right. */
static size_t bad_token(struct str text, bool separated)
{
	struct track it = {0};
	size_t used;
	it.yajl = json_reader(&tracking, &it);
	json_read_one(it.yajl, text, &used);
	yajl_free(it.yajl);
	size_t at = json_skip_space(text, it.good);
	bool opened = it.good > 0 && (text.p[it.good - 1] == '[' || text.p[it.good - 1] == '{');
	if (separated && it.good > 0 && !opened && at < text.n && (text.p[at] == ',' || text.p[at] == ':'))
		at = json_skip_space(text, at + 1);
	return at;
}

/* yajl's words, in which "I" speaks and "map" is the object, and ours. */
static const struct words {
	const char *yajl, *ours;
	enum { AFTER_SEPARATOR, AT_TOKEN, AT_LAST, AT_NEXT, AT_END } place;
} words[] = {
	{"unallowed token", "unexpected", AFTER_SEPARATOR},
	{"must be a string", "an object's key must be a string in double quotes, not", AFTER_SEPARATOR},
	{"separated by a colon", "expected ':' after an object's key, not", AT_TOKEN},
	{"after array element", "expected ',' or ']' after an item of an array, not", AT_TOKEN},
	{"after key and value", "expected ',' or '}' after a member of an object, not", AT_TOKEN},
	{"premature EOF", "the JSON text ends too early", AT_END},
	{"invalid char in json", "unexpected", AT_LAST},
	{"invalid string in json",
	 "no JSON value starts like this: expected a string in quotes, a number, true, "
	 "false or null",
	 AT_NEXT},
	{"invalid character inside", "a control character stands in a string; it must be escaped", AT_NEXT},
	{"(non-hex)", "\\u must be followed by four hexadecimal digits", AT_NEXT},
	{"which it may not",
	 "no escape of JSON: in a string, '\\' stands only before one of \" \\ / b f n r t u", AT_NEXT},
	{"after the decimal point", "a number needs a digit after its decimal point", AT_NEXT},
	{"after the exponent", "a number needs a digit in its exponent", AT_NEXT},
	{"after the minus", "a digit must follow the minus sign", AT_NEXT},
	{"comment", "JSON has no comments", AT_NEXT},
};

int json_syntax_error(yajl_handle yajl, struct str text, struct error *reterr)
{
	size_t used = yajl_get_bytes_consumed(yajl);
	char *message = (char *)yajl_get_error(yajl, 0, NULL, 0);
	const struct words *found = NULL;
	for (size_t i = 0; i < countof(words) && !found; i++)
		if (strstr(message, words[i].yajl))
			found = &words[i];
	if (!found) {
		error_set(reterr, "this is no JSON: %.*s", (int)strcspn(message, "\n"), message);
		json_error_place(reterr, text, used);
	} else if (found->place <= AT_LAST) {
		size_t at = found->place == AT_LAST ? used - (used > 0)
						    : bad_token(text, found->place == AFTER_SEPARATOR);
		error_set(reterr, "%s '" STR_FMT "'", found->ours, STR_ARG(token_at(text, at)));
		json_error_place(reterr, text, at);
	} else {
		error_set(reterr, "%s", found->ours);
		json_error_place(reterr, text, found->place == AT_END ? text.n : used);
	}
	yajl_free_error(yajl, (unsigned char *)message);
	return -1;
}

/* --- What yajl lets through ------------------------------------------------------------------------------
 */

static int hex4(const char *p, const char *end)
{
	char z[5] = {0};
	if (end - p < 4 || p[0] == '+' || p[0] == '-' || p[0] == ' ')
		return -1;
	memcpy(z, p, 4);
	char *rest;
	long code = strtol(z, &rest, 16);
	return *rest ? -1 : (int)code;
}

/* yajl turns half a surrogate pair into '?' or a wrong character. Returns where one stands, or text.n. What
 * is wrong with an escape otherwise, yajl says itself. */
static size_t find_lone_surrogate(struct str text)
{
	const char *end = text.p + text.n, *p = text.p;
	while ((p = memchr(p, '\\', (size_t)(end - p)))) {
		if (end - p < 2)
			break;
		int code = p[1] == 'u' ? hex4(p + 2, end) : -1;
		if (code < 0xD800 || code > 0xDFFF) {
			p += 2;
			continue;
		}
		int low =
			code < 0xDC00 && end - p >= 12 && p[6] == '\\' && p[7] == 'u' ? hex4(p + 8, end) : -1;
		if (low < 0xDC00 || low > 0xDFFF)
			return (size_t)(p - text.p);
		p += 12;
	}
	return text.n;
}

/* yajl skips vertical tabs and form feeds like spaces. In strings they must be escaped, so that no JSON text
 * holds one. */
static size_t find_odd_space(struct str text)
{
	const char *vertical = memchr(text.p, '\v', text.n);
	const char *feed = memchr(text.p, '\f', vertical ? (size_t)(vertical - text.p) : text.n);
	const char *found = feed ? feed : vertical;
	return found ? (size_t)(found - text.p) : text.n;
}

int json_check_text(struct str text, struct error *reterr)
{
	size_t at = utf8_valid_prefix(text);
	if (at < text.n) {
		error_set(reterr, "the text is not valid UTF-8 (byte 0x%02X)", (unsigned char)text.p[at]);
		return json_error_place(reterr, text, at);
	}
	at = find_odd_space(text);
	if (at < text.n) {
		error_set(reterr, "a control character (0x%02X) is no white space of JSON",
			  (unsigned char)text.p[at]);
		return json_error_place(reterr, text, at);
	}
	at = find_lone_surrogate(text);
	if (at < text.n) {
		error_set(reterr, "%.6s is half of a surrogate pair and no character by itself", text.p + at);
		return json_error_place(reterr, text, at);
	}
	return 0;
}

size_t json_skip_space(struct str text, size_t at)
{
	while (at < text.n &&
	       (text.p[at] == ' ' || text.p[at] == '\n' || text.p[at] == '\t' || text.p[at] == '\r'))
		at++;
	return at;
}

struct str json_trim(struct str text)
{
	size_t start = json_skip_space(text, 0);
	text = (struct str){text.p + start, text.n - start};
	while (text.n && json_skip_space(text, text.n - 1) == text.n)
		text.n--;
	return text;
}

int json_check_end(struct str text, size_t at, struct error *reterr)
{
	at = json_skip_space(text, at);
	if (at == text.n)
		return 0;
	error_set(reterr, "the JSON text goes on after its end with '" STR_FMT "'",
		  STR_ARG(token_at(text, at)));
	return json_error_place(reterr, text, at);
}

int json_empty_error(struct str text, struct error *reterr)
{
	error_set(reterr, "the JSON text is empty");
	return json_error_place(reterr, text, text.n);
}
