#include "model/value.h"

#include <math.h>
#include <stdio.h>

const struct value *value_get(const struct value *object, struct str key)
{
	if (!object || object->kind != VALUE_OBJECT)
		return NULL;
	for (size_t i = object->n; i-- > 0;) {
		const struct member *member = &object->members[i];
		if (member->key.n == key.n && memcmp(member->key.p, key.p, key.n) == 0)
			return &member->value;
	}
	return NULL;
}

bool value_is_empty(const struct value *value)
{
	return !value || value->kind == VALUE_NULL || (value->kind == VALUE_STRING && value->text.n == 0);
}

bool value_text(const struct value *value, struct str *ret)
{
	switch (value ? value->kind : VALUE_NULL) {
	case VALUE_NULL:
		*ret = STR("");
		return true;
	case VALUE_FALSE:
		*ret = STR("false");
		return true;
	case VALUE_TRUE:
		*ret = STR("true");
		return true;
	case VALUE_NUMBER:
	case VALUE_STRING:
		*ret = value->text;
		return true;
	case VALUE_ARRAY:
	case VALUE_OBJECT:
		return false;
	}
	return false;
}

bool value_plain(const struct value *value, struct buf *out)
{
	struct str text;
	if (!value_text(value, &text))
		return false;
	buf_str(out, text);
	return true;
}

static size_t digits(struct str s, size_t at)
{
	size_t n = 0;
	while (at + n < s.n && s.p[at + n] >= '0' && s.p[at + n] <= '9')
		n++;
	return n;
}

/* [sign] digits [. digits] [e [sign] digits]; leading zeros are fine, unlike in JSON: "007" is seven. */
static bool reads_as_number(struct str s)
{
	size_t at = s.n && (s.p[0] == '-' || s.p[0] == '+');
	size_t n = digits(s, at);
	if (n == 0)
		return false;
	at += n;
	if (at < s.n && s.p[at] == '.') {
		n = digits(s, at + 1);
		if (n == 0)
			return false;
		at += 1 + n;
	}
	if (at < s.n && (s.p[at] == 'e' || s.p[at] == 'E')) {
		at++;
		at += at < s.n && (s.p[at] == '-' || s.p[at] == '+');
		n = digits(s, at);
		if (n == 0)
			return false;
		at += n;
	}
	return at == s.n;
}

/* The common case is a short integer; and strtod wants a zero at the end, which a slice has not. */
static bool read_number(struct str s, double *ret)
{
	char small[64];
	if (!reads_as_number(s))
		return false;
	if (s.n <= 15 && digits(s, 0) == s.n) {
		int64_t number = 0;
		for (size_t i = 0; i < s.n; i++)
			number = number * 10 + (s.p[i] - '0');
		*ret = (double)number;
		return true;
	}
	char *z = s.n < sizeof small ? small : mem_alloc(s.n + 1);
	memcpy(z, s.p, s.n);
	z[s.n] = 0;
	double number = strtod(z, NULL);
	if (z != small)
		free(z);
	if (!isfinite(number))
		return false;
	*ret = number;
	return true;
}

/* Two digits below 60 after a colon. */
static bool read_sixtieth(struct str s, size_t at, int *ret)
{
	if (at + 3 > s.n || s.p[at] != ':' || digits(s, at + 1) < 2 || s.p[at + 1] > '5')
		return false;
	*ret = (s.p[at + 1] - '0') * 10 + s.p[at + 2] - '0';
	return true;
}

static bool read_duration(struct str s, double *ret)
{
	size_t n = digits(s, 0);
	int second, third;
	double first;
	if (n == 0 || n > 9 || !read_sixtieth(s, n, &second) || !read_number((struct str){s.p, n}, &first))
		return false;
	if (s.n == n + 3)
		*ret = first * 60 + second;
	else if (s.n == n + 6 && read_sixtieth(s, n + 3, &third))
		*ret = first * 3600 + second * 60 + third;
	else
		return false;
	return true;
}

bool value_number(const struct value *value, double *ret)
{
	if (!value)
		return false;
	if (value->kind == VALUE_NUMBER)
		return read_number(value->text, ret);
	if (value->kind != VALUE_STRING)
		return false;
	struct str text = str_trim(value->text);
	return read_number(text, ret) || read_duration(text, ret);
}
