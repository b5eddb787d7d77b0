#include "format/template.h"

#include <stdio.h>

#include "format/encode.h"
#include "format/filter.h"
#include "format/json.h"

/* Of what a filter makes: the longest tag in capitals, and room to spare. */
enum { WORK_MAX = 1 << 20 };

struct fill {
	const struct event *event;
	bool strict;
	struct str what;
	struct buf *out;
	const struct mappings *mappings;
	struct runlog *log;
	struct error *reterr;
};

static bool already_told(const struct runlog *log, struct str text)
{
	for (const struct runlog_line *line = log->first; line; line = line->next) {
		if (str_eq(line->text, text))
			return true;
	}
	return false;
}

/* A run that sends in a loop must not fill its log with one and the same line. */
static void tell_once(const struct fill *fill, const char *text)
{
	if (fill->log && !already_told(fill->log, str_of(text)))
		runlog_add(fill->log, "%s", text);
}

/* Names are cut to a length that leaves the line whole. */
static int shown(struct str s)
{
	return s.n > 200 ? 200 : (int)s.n;
}

static int missing(const struct fill *fill, const struct template_part *part)
{
	char text[512];
	if (fill->strict) {
		error_set(fill->reterr,
			  "the event has no tag '" STR_FMT "', and the service is strict (%.*s)",
			  shown(part->tag), part->tag.p, shown(fill->what), fill->what.p);
		error_hint(fill->reterr, "give another value: #" STR_FMT "|default:'…'#", shown(part->tag),
			   part->tag.p);
		return -1;
	}
	snprintf(text, sizeof text, "the event has no tag '%.*s': sent empty (%.*s)", shown(part->tag),
		 part->tag.p, shown(fill->what), fill->what.p);
	tell_once(fill, text);
	return 0;
}

static void not_of_kind(const struct fill *fill, const struct template_part *part,
			const struct filter *filter)
{
	char text[512];
	snprintf(text, sizeof text, "the tag '%.*s' holds no %s: sent as it is (%.*s)", shown(part->tag),
		 part->tag.p, filter_kind_wanted(filter->kind), shown(fill->what), fill->what.p);
	tell_once(fill, text);
}

/* "host" or "host:8443", and nothing that could end the authority. */
static bool safe_in_authority(struct str s)
{
	size_t i = 0;
	for (; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '-' || c == '.'))
			break;
	}
	if (i == s.n)
		return true;
	if (s.p[i] != ':' || i + 1 == s.n)
		return false;
	for (i++; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	}
	return true;
}

static int add_authority(const struct fill *fill, const struct template_part *part, struct str text)
{
	if (!safe_in_authority(text)) {
		error_set(fill->reterr, "the tag '%.*s' holds a character that cannot stand in a URL's host",
			  shown(part->tag), part->tag.p);
		return -1;
	}
	buf_str(fill->out, text);
	return 0;
}

/* "." and ".." as segments would climb up the path: their dots are not left as they are. */
static void add_path(struct buf *out, struct str text)
{
	if (str_eq(text, STR(".")))
		buf_str(out, STR("%2E"));
	else if (str_eq(text, STR("..")))
		buf_str(out, STR("%2E%2E"));
	else
		encode_percent(out, text);
}

/* A ']' at the end could become "]]>" with the text that follows. */
static void add_xml_text(struct buf *out, struct str text)
{
	bool bracket = text.n && text.p[text.n - 1] == ']';
	text.n -= bracket;
	encode_xml_text(out, text);
	if (bracket)
		buf_str(out, STR("&#93;"));
}

static void add_xml_cdata(struct buf *out, struct str text)
{
	encode_xml_cdata(out, text);
	if (text.n && text.p[text.n - 1] == ']')
		buf_str(out, STR("]]><![CDATA["));
}

static int add_text(const struct fill *fill, const struct template_part *part, struct str text)
{
	switch (part->escape) {
	case ESCAPE_NONE:
	case ESCAPE_URL_WHOLE:
		buf_str(fill->out, text);
		return 0;
	case ESCAPE_JSON_STRING:
		json_write_escaped(fill->out, text);
		return 0;
	case ESCAPE_JSON_VALUE:
		json_write_string(fill->out, text);
		return 0;
	case ESCAPE_FORM:
		encode_form(fill->out, text);
		return 0;
	case ESCAPE_URL_PATH:
		add_path(fill->out, text);
		return 0;
	case ESCAPE_URL_QUERY:
		encode_percent(fill->out, text);
		return 0;
	case ESCAPE_URL_AUTHORITY:
		return add_authority(fill, part, text);
	case ESCAPE_XML_TEXT:
		add_xml_text(fill->out, text);
		return 0;
	case ESCAPE_XML_ATTRIBUTE:
		encode_xml_attribute(fill->out, text);
		return 0;
	case ESCAPE_XML_CDATA:
		add_xml_cdata(fill->out, text);
		return 0;
	case ESCAPE_HEADER:
		encode_header(fill->out, text);
		return 0;
	}
	return 0;
}

/* Arrays and objects have no plain text: they are written as JSON. */
static int add_document(const struct fill *fill, const struct template_part *part, const struct value *value)
{
	struct buf json;
	buf_init(&json, fill->out->max);
	json_write(&json, value);
	int r = add_text(fill, part, buf_view(&json));
	fill->out->overflow = fill->out->overflow || json.overflow;
	buf_finish(&json);
	return r;
}

static int add_value(const struct fill *fill, const struct template_part *part, const struct value *value)
{
	static const struct value null = {.kind = VALUE_NULL};
	struct str text;
	if (part->escape == ESCAPE_JSON_VALUE) {
		json_write(fill->out, value ? value : &null);
		return 0;
	}
	if (value_text(value, &text))
		return add_text(fill, part, text);
	return add_document(fill, part, value);
}

/* Two buffers by turns: what a filter reads can lie in what the filter before it wrote. */
static int add_filtered(const struct fill *fill, const struct template_part *part, const struct value *value)
{
	struct buf work[2];
	struct value made[2];
	buf_init(&work[0], WORK_MAX);
	buf_init(&work[1], WORK_MAX);
	for (int i = 0; i < part->n_filters; i++) {
		const struct filter *filter = &part->filters[i];
		if (!filter_apply(filter, value, &work[i % 2], &made[i % 2]))
			not_of_kind(fill, part, filter);
		fill->out->overflow = fill->out->overflow || work[i % 2].overflow;
		value = &made[i % 2];
	}
	int r = add_value(fill, part, value);
	buf_finish(&work[0]);
	buf_finish(&work[1]);
	return r;
}

static bool has_default(const struct template_part *part)
{
	for (int i = 0; i < part->n_filters; i++) {
		if (part->filters[i].kind == FILTER_DEFAULT)
			return true;
	}
	return false;
}

static const struct value *replace(const struct fill *fill, const struct value *value, struct value *room)
{
	struct str text, other;
	if (!fill->mappings || !value || !value_text(value, &text))
		return value;
	other = mapped(fill->mappings, text);
	if (other.p == text.p)
		return value;
	*room = (struct value){.kind = VALUE_STRING, .text = other};
	return room;
}

static int add_tag(const struct fill *fill, const struct template_part *part)
{
	struct value replaced;
	const struct value *value = replace(fill, event_tag(fill->event, part->tag), &replaced);
	if (!value && !has_default(part) && missing(fill, part) < 0)
		return -1;
	return part->n_filters ? add_filtered(fill, part, value) : add_value(fill, part, value);
}

int template_fill(const struct template *template, const struct event *event, bool strict, struct str what,
		  struct buf *out, struct runlog *log, struct error *reterr)
{
	return template_fill_mapped(template, event, strict, what, NULL, out, log, reterr);
}

int template_fill_mapped(const struct template *template, const struct event *event, bool strict,
			 struct str what, const struct mappings *mappings, struct buf *out,
			 struct runlog *log, struct error *reterr)
{
	const struct fill fill = {event, strict, what, out, mappings, log, reterr};
	size_t before = out->n;
	int r = 0;
	for (size_t i = 0; i < template->n && r == 0; i++) {
		const struct template_part *part = &template->parts[i];
		buf_str(out, part->literal);
		if (part->tag.p)
			r = add_tag(&fill, part);
	}
	if (r == 0 && out->overflow)
		r = error_set(reterr, "the filled text is over %zu bytes", out->max - before);
	if (r < 0) {
		out->n = before;
		out->overflow = false;
	}
	return r;
}
