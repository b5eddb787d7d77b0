#include "api/json_put.h"

#include "api/mask.h"
#include "format/encode.h"
#include "format/json.h"
#include "format/rfc3339.h"

#include <glib.h>

void put_item(struct buf *out)
{
	char last = out->n ? out->p[out->n - 1] : '{';
	if (last != '{' && last != '[' && last != '\n')
		buf_char(out, ',');
}

void put_key(struct buf *out, const char *key)
{
	put_item(out);
	buf_printf(out, "\"%s\":", key);
}

void put_null(struct buf *out, const char *key)
{
	put_key(out, key);
	buf_str(out, STR("null"));
}

void put_text(struct buf *out, const char *key, struct str text)
{
	if (!text.p) {
		put_null(out, key);
		return;
	}
	put_key(out, key);
	json_write_string(out, text);
}

void put_text_or_null(struct buf *out, const char *key, struct str text)
{
	put_text(out, key, text.n ? text : (struct str){0});
}

void put_number(struct buf *out, const char *key, int64_t number)
{
	put_key(out, key);
	buf_printf(out, "%lld", (long long)number);
}

void put_bool(struct buf *out, const char *key, bool value)
{
	put_key(out, key);
	buf_str(out, value ? STR("true") : STR("false"));
}

void put_time(struct buf *out, const char *key, int64_t ms)
{
	char text[RFC3339_SIZE];
	put_text(out, key, ms ? rfc3339_write(ms, text) : (struct str){0});
}

void put_texts(struct buf *out, const char *key, const struct str *texts, size_t n)
{
	put_key(out, key);
	buf_char(out, '[');
	for (size_t i = 0; i < n; i++) {
		put_item(out);
		json_write_string(out, texts[i]);
	}
	buf_char(out, ']');
}

void put_body(struct buf *out, struct str body)
{
	if (utf8_valid(body)) {
		put_text(out, "body", body.p ? body : STR(""));
		return;
	}
	gchar *text = g_base64_encode((const guchar *)body.p, body.n);
	put_text(out, "body_base64", str_of(text));
	g_free(text);
}

void put_headers(struct buf *out, const struct header *headers, size_t n)
{
	struct buf value;
	buf_init(&value, 256 * 1024);
	put_key(out, "headers");
	buf_char(out, '{');
	for (size_t i = 0; i < n; i++) {
		bool repeated = false;
		for (size_t j = 0; j < i; j++)
			repeated |= str_eq_nocase(headers[j].name, headers[i].name);
		if (repeated)
			continue;
		buf_clear(&value);
		for (size_t j = i; j < n; j++) {
			if (!str_eq_nocase(headers[j].name, headers[i].name))
				continue;
			buf_str(&value, value.n ? STR(", ") : STR(""));
			buf_str(&value, header_is_secret(headers[j].name) ? STR("***") : headers[j].value);
		}
		put_item(out);
		json_write_string(out, headers[i].name);
		buf_char(out, ':');
		json_write_string(out, buf_view(&value));
	}
	buf_char(out, '}');
	buf_finish(&value);
}
