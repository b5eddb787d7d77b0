#include "format/filter.h"

#include <glib.h>
#include <math.h>

#include "base/suggest.h"
#include "format/json.h"
#include "format/phone.h"
#include "format/timefmt.h"

/* In the order of enum filter_kind. */
static const struct {
	struct str name;
	int min_args, max_args;
	const char *usage;
} filters[] = {
	[FILTER_DEFAULT] = {STR("default"), 1, 1, "default:'none'"},
	[FILTER_E164] = {STR("e164"), 1, 1, "e164:US"},
	[FILTER_TIME] = {STR("time"), 1, 3, "time:'%Y-%m-%d %H:%M','Europe/Berlin'"},
	[FILTER_SECONDS] = {STR("seconds"), 0, 0, "seconds"},
	[FILTER_UPPER] = {STR("upper"), 0, 0, "upper"},
	[FILTER_LOWER] = {STR("lower"), 0, 0, "lower"},
	[FILTER_TRIM] = {STR("trim"), 0, 0, "trim"},
	[FILTER_JSON] = {STR("json"), 0, 0, "json"},
};

static int filter_find(struct str name)
{
	for (size_t i = 0; i < countof(filters); i++) {
		if (str_eq(filters[i].name, name))
			return (int)i;
	}
	return -1;
}

bool filter_is_known(struct str name)
{
	return filter_find(name) >= 0;
}

static int unknown_filter(struct str name, struct error *reterr)
{
	struct str names[countof(filters)];
	for (size_t i = 0; i < countof(filters); i++)
		names[i] = filters[i].name;
	struct str nearest = suggest_nearest(name, names, countof(names));
	error_set(reterr, "unknown filter '" STR_FMT "'", STR_ARG(name));
	if (nearest.p)
		error_hint(reterr, "did you mean '" STR_FMT "'?", STR_ARG(nearest));
	else
		error_hint(reterr, "the filters are default, e164, time, seconds, upper, lower, trim, json");
	return -1;
}

static int wrong_count(int kind, int n, struct error *reterr)
{
	int min = filters[kind].min_args, max = filters[kind].max_args;
	const char *name = filters[kind].name.p;
	if (max == 0)
		error_set(reterr, "the filter '%s' takes no argument", name);
	else if (n < min)
		error_set(reterr, "the filter '%s' needs an argument", name);
	else
		error_set(reterr, "the filter '%s' takes at most %d argument%s", name, max,
			  max == 1 ? "" : "s");
	error_hint(reterr, "write it as in #tag|%s#", filters[kind].usage);
	return -1;
}

static int check_region(struct filter *filter, struct arena *arena, struct error *reterr)
{
	char region[2];
	for (size_t i = 0; i < sizeof region && i < filter->args[0].n; i++)
		region[i] = g_ascii_toupper(filter->args[0].p[i]);
	if (filter->args[0].n == sizeof region && phone_region_known(region, sizeof region)) {
		filter->args[0] = arena_copy(arena, (struct str){region, sizeof region});
		return filter->args[0].p ? 0 : error_set(reterr, "the rules are too large");
	}
	error_set(reterr, "unknown country '" STR_FMT "' in the filter 'e164'", STR_ARG(filter->args[0]));
	error_hint(reterr, "it is the two letters of ISO 3166: e164:US, e164:DE");
	return -1;
}

static int check_time(struct filter *filter, struct error *reterr)
{
	if (!time_format_valid(filter->args[0])) {
		error_set(reterr, "invalid time format '" STR_FMT "'", STR_ARG(filter->args[0]));
		error_hint(reterr, "as strftime's: '%%Y-%%m-%%dT%%H:%%M:%%S%%z'");
		return -1;
	}
	for (int i = 1; i < filter->n_args; i++) {
		if (time_zone_known(filter->args[i]))
			continue;
		error_set(reterr, "unknown time zone '" STR_FMT "'", STR_ARG(filter->args[i]));
		error_hint(reterr, "a name of the tz database: 'America/New_York', 'Europe/Berlin', 'UTC'");
		return -1;
	}
	const struct str zones[] = {STR("UTC"), STR("America/New_York")};
	for (; filter->n_args < FILTER_ARGS_MAX; filter->n_args++) {
		filter->args[filter->n_args] = zones[filter->n_args - 1];
		if (!time_zone_known(zones[filter->n_args - 1]))
			return error_set(reterr, "this machine has no time zone data (package tzdata)");
	}
	return 0;
}

/* A bare word that JSON would read as a number, true or false. */
static bool reads_as_json(struct str s)
{
	struct arena arena;
	struct value value;
	arena_init(&arena, 4096);
	bool read = json_parse(s, (struct json_limits){0}, &arena, &value, NULL) == 0 &&
		    (value.kind == VALUE_NUMBER || value.kind == VALUE_TRUE || value.kind == VALUE_FALSE);
	arena_finish(&arena);
	return read;
}

static int check_args(struct filter *filter, const struct filter_word *words, struct arena *arena,
		      struct error *reterr)
{
	switch (filter->kind) {
	case FILTER_DEFAULT:
		if (!words[0].quoted && reads_as_json(filter->args[0]))
			filter->args[filter->n_args++] = filter->args[0];
		return 0;
	case FILTER_E164:
		return check_region(filter, arena, reterr);
	case FILTER_TIME:
		return check_time(filter, reterr);
	default:
		return 0;
	}
}

int filter_compile(struct str name, const struct filter_word *words, int n_words, struct arena *arena,
		   struct filter *ret, struct error *reterr)
{
	int kind = filter_find(name);
	if (kind < 0)
		return unknown_filter(name, reterr);
	if (n_words < filters[kind].min_args || n_words > filters[kind].max_args)
		return wrong_count(kind, n_words, reterr);
	struct filter filter = {.kind = (enum filter_kind)kind, .n_args = n_words};
	for (int i = 0; i < n_words; i++) {
		filter.args[i] = arena_copy(arena, words[i].text);
		if (!filter.args[i].p)
			return error_set(reterr, "the rules are too large");
	}
	if (check_args(&filter, words, arena, reterr) < 0)
		return -1;
	*ret = filter;
	return 0;
}

static struct value text_value(enum value_kind kind, struct str text)
{
	return (struct value){.kind = kind, .text = text};
}

/* What a filter reads. Only arrays and objects, which have no plain text, need `work`. */
static struct str plain(const struct value *value, struct buf *work)
{
	struct str text;
	if (value_text(value, &text))
		return text;
	json_write(work, value);
	return buf_view(work);
}

static struct value typed_value(struct str json)
{
	if (json.p[0] == 't' || json.p[0] == 'f')
		return (struct value){.kind = json.p[0] == 't' ? VALUE_TRUE : VALUE_FALSE};
	return text_value(VALUE_NUMBER, json);
}

static void apply_default(const struct filter *filter, const struct value *value, struct value *ret)
{
	if (!value_is_empty(value))
		*ret = *value;
	else if (filter->n_args > 1)
		*ret = typed_value(filter->args[1]);
	else
		*ret = text_value(VALUE_STRING, filter->args[0]);
}

static bool apply_e164(const struct filter *filter, struct str text, struct buf *work, struct value *ret)
{
	char e164[PHONE_E164_MAX];
	if (!phone_e164(text.p, text.n, filter->args[0].p, filter->args[0].n, e164))
		return false;
	buf_clear(work);
	buf_str(work, str_of(e164));
	*ret = text_value(VALUE_STRING, buf_view(work));
	return true;
}

static bool apply_time(const struct filter *filter, const struct value *value, struct str text,
		       struct buf *work, struct value *ret)
{
	int64_t us;
	if (!time_read(text, value->kind == VALUE_NUMBER, filter->args[2], &us))
		return false;
	buf_clear(work);
	if (!time_write(us, filter->args[0], filter->args[1], work))
		return false;
	*ret = text_value(VALUE_STRING, buf_view(work));
	return true;
}

static bool apply_seconds(const struct value *value, struct buf *work, struct value *ret)
{
	double seconds;
	/* Past this a double no longer holds every whole number, and it is no duration either. */
	if (!value_number(value, &seconds) || !(fabs(seconds) < 9e15))
		return false;
	buf_printf(work, "%lld", (long long)seconds);
	*ret = text_value(VALUE_NUMBER, buf_view(work));
	return true;
}

static void apply_case_ascii(bool up, struct str text, struct buf *work)
{
	if (!buf_reserve(work, text.n))
		return;
	for (size_t i = 0; i < text.n; i++)
		work->p[i] = up ? g_ascii_toupper(text.p[i]) : g_ascii_tolower(text.p[i]);
	work->n = text.n;
}

static bool is_ascii(struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		if ((unsigned char)text.p[i] >= 0x80)
			return false;
	}
	return true;
}

static void apply_case(bool up, struct str text, struct buf *work, struct value *ret)
{
	struct buf out;
	buf_init(&out, work->max);
	/* GLib stops at a NUL, which an event may well hold. */
	if (is_ascii(text) || memchr(text.p, 0, text.n) || !g_utf8_validate(text.p, (gssize)text.n, NULL)) {
		apply_case_ascii(up, text, &out);
	} else {
		char *z = up ? g_utf8_strup(text.p, (gssize)text.n) : g_utf8_strdown(text.p, (gssize)text.n);
		buf_str(&out, str_of(z));
		g_free(z);
	}
	buf_clear(work);
	buf_str(work, buf_view(&out));
	buf_finish(&out);
	*ret = text_value(VALUE_STRING, buf_view(work));
}

/* JSON as text: where no JSON value can stand. */
static void apply_json(const struct value *value, struct buf *work, struct value *ret)
{
	if (value)
		json_write(work, value);
	else
		buf_str(work, STR("null"));
	*ret = text_value(VALUE_STRING, buf_view(work));
}

static bool apply_to_text(const struct filter *filter, const struct value *value, struct buf *work,
			  struct value *ret)
{
	struct str text = plain(value, work);
	switch (filter->kind) {
	case FILTER_E164:
		return apply_e164(filter, text, work, ret);
	case FILTER_TIME:
		return apply_time(filter, value, text, work, ret);
	case FILTER_UPPER:
	case FILTER_LOWER:
		apply_case(filter->kind == FILTER_UPPER, text, work, ret);
		return true;
	default:
		*ret = text_value(VALUE_STRING, str_trim(text));
		return true;
	}
}

bool filter_apply(const struct filter *filter, const struct value *value, struct buf *work, struct value *ret)
{
	buf_clear(work);
	if (filter->kind == FILTER_DEFAULT) {
		apply_default(filter, value, ret);
		return true;
	}
	if (filter->kind == FILTER_JSON) {
		apply_json(value, work, ret);
		return true;
	}
	*ret = value ? *value : (struct value){.kind = VALUE_NULL};
	if (value_is_empty(value))
		return true;
	if (filter->kind == FILTER_SECONDS)
		return apply_seconds(value, work, ret);
	return apply_to_text(filter, value, work, ret);
}

const char *filter_kind_wanted(enum filter_kind kind)
{
	switch (kind) {
	case FILTER_E164:
		return "phone number";
	case FILTER_TIME:
		return "time";
	default:
		return "duration";
	}
}
