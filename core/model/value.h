/* core/model/value.h
 *
 * A JSON value as it came: numbers keep their text, so that an identifier of 20 digits leaves as it arrived.
 * Immutable once built, and then shared by threads without a lock; lives in somebody's arena.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"

enum value_kind {
	VALUE_NULL,
	VALUE_FALSE,
	VALUE_TRUE,
	VALUE_NUMBER,
	VALUE_STRING,
	VALUE_ARRAY,
	VALUE_OBJECT
};

struct value {
	enum value_kind kind;
	uint32_t n; /* items of an array, members of an object */
	union {
		struct str
			text; /* NUMBER: a JSON number (RFC 8259, section 6); STRING: its characters, UTF-8 */
		struct value *items;    /* ARRAY */
		struct member *members; /* OBJECT, in order of arrival */
	};
};

struct member {
	struct str key;
	struct value value;
};

/* The member of that name, the last one if a sender repeats it; NULL when there is none or `object` is no
 * object. */
const struct value *value_get(const struct value *object, struct str key);

/* Nothing to show: absent, null, or a string without a character. */
bool value_is_empty(const struct value *value);

/* The value as plain text: strings as they are, numbers and booleans as in JSON, null and NULL as nothing.
 * Arrays and objects have no plain text: returns false and adds nothing. */
bool value_plain(const struct value *value, struct buf *out);

/* The same as a slice of the value: nothing is copied. */
bool value_text(const struct value *value, struct str *ret);

/* The value as a number of seconds or units: JSON numbers, strings that hold one, and the platform's
 * durations "MM:SS" and "HH:MM:SS" (seconds). False when it is none of these. */
bool value_number(const struct value *value, double *ret);
