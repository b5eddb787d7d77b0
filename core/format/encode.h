/* core/format/encode.h
 *
 * Escapes of the places where a value can stand, and their reverse. All add to `out`. Any thread.
 */
#pragma once

#include "base/buf.h"

void encode_form(struct buf *out,
		 struct str s); /* application/x-www-form-urlencoded (WHATWG URL, section 5.2) */
void encode_percent(struct buf *out, struct str s);  /* RFC 3986: all but unreserved characters */
void encode_xml_text(struct buf *out, struct str s); /* characters that XML 1.0 forbids become U+FFFD */
void encode_xml_attribute(struct buf *out, struct str s);
void encode_xml_cdata(struct buf *out, struct str s); /* "]]>" is split over two sections */
void encode_header(struct buf *out,
		   struct str s); /* controls become spaces, outer spaces are dropped (RFC 9110, 5.5) */

/* False, with nothing added, when a '%' is not followed by two hex digits. '+' is a space. */
bool decode_form(struct buf *out, struct str s);

bool utf8_valid(struct str s);

/* How many bytes at the start of `s` are whole UTF-8 characters: s.n if all are. */
size_t utf8_valid_prefix(struct str s);

/* The length of the one character at the start of `s`, 1 to 4; 0 if it is not UTF-8 (too long a form, a
 * surrogate, past U+10FFFF, cut short) or if there is none. */
size_t utf8_character(struct str s);
