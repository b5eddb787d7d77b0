#include "simulate/answers.h"

#include "base/read_file.h"
#include "base/suggest.h"
#include "format/json.h"

#include <stdio.h>

enum { FILE_MAX = 16 * 1024 * 1024, ENTRY_HEADERS_MAX = 64, DELAY_MAX_MS = 3600 * 1000 };

/* One entry while it is read. */
struct reading {
	struct arena *arena;
	struct scripted_answer *entry;
	bool has_type;
	struct error *reterr;
};

void answers_init(struct answers *answers)
{
	*answers = (struct answers){0};
	arena_init(&answers->arena, 8 * FILE_MAX);
}

void answers_finish(struct answers *answers)
{
	arena_finish(&answers->arena);
	answers_init(answers);
}

static int want(struct reading *reading, struct str key, const char *kind)
{
	return error_set(reading->reterr, "'" STR_FMT "' must be %s", STR_ARG(key), kind);
}

static bool whole_number(const struct value *value, int64_t low, int64_t high, int64_t *ret)
{
	double number;
	if (value->kind != VALUE_NUMBER || !value_number(value, &number) || number < low || number > high ||
	    number != (double)(int64_t)number)
		return false;
	*ret = (int64_t)number;
	return true;
}

static int read_text(struct reading *reading, struct str key, const struct value *value, struct str *place)
{
	if (value->kind != VALUE_STRING)
		return want(reading, key, "a string");
	*place = value->text;
	return 0;
}

/* In the order of enum answer_error. */
static const char *const error_names[] = {"timeout", "reset", "refused", "dns", "tls"};

static int read_error(struct reading *reading, const struct value *value)
{
	for (size_t i = 0; value->kind == VALUE_STRING && i < countof(error_names); i++)
		if (str_eq(value->text, str_of(error_names[i]))) {
			reading->entry->error = ANSWER_TIMEOUT + (enum answer_error)i;
			return 0;
		}
	return error_set(reading->reterr, "'error' must be \"timeout\", \"reset\", \"refused\", \"dns\" or "
					  "\"tls\"");
}

static int read_headers(struct reading *reading, const struct value *value)
{
	if (value->kind != VALUE_OBJECT || value->n > ENTRY_HEADERS_MAX)
		return want(reading, STR("headers"), "an object of at most 64 strings");
	struct header *headers = arena_alloc(reading->arena, (value->n + 1) * sizeof *headers);
	for (uint32_t i = 0; i < value->n; i++) {
		const struct member *member = &value->members[i];
		if (member->value.kind != VALUE_STRING)
			return want(reading, member->key, "a string");
		headers[i] = (struct header){member->key, arena_copy(reading->arena, member->value.text)};
		reading->has_type |= str_eq_nocase(member->key, STR("content-type"));
	}
	reading->entry->headers = headers;
	reading->entry->n_headers = value->n;
	return 0;
}

static void read_body(struct reading *reading, const struct value *value)
{
	struct scripted_answer *entry = reading->entry;
	if (value->kind == VALUE_STRING) {
		entry->body = value->text;
		return;
	}
	struct buf json;
	entry->output = value;
	buf_init(&json, FILE_MAX);
	json_write(&json, value);
	entry->body = arena_copy(reading->arena, buf_view(&json));
	buf_finish(&json);
	if (reading->has_type)
		return;
	struct header *headers = arena_alloc(reading->arena, (entry->n_headers + 1) * sizeof *headers);
	for (size_t i = 0; i < entry->n_headers; i++)
		headers[i] = entry->headers[i];
	headers[entry->n_headers++] = (struct header){STR("content-type"), STR("application/json")};
	entry->headers = headers;
}

static int unknown_key(struct reading *reading, struct str key)
{
	static const struct str known[] = {{"method", 6},  {"path", 4},     {"status", 6}, {"headers", 7},
					   {"body", 4},    {"error", 5},    {"times", 5},  {"delay_ms", 8},
					   {"service", 7}, {"operation", 9}};
	error_set(reading->reterr, "unknown key '" STR_FMT "'", STR_ARG(key));
	struct str near = suggest_nearest(key, known, countof(known));
	if (near.p)
		error_hint(reading->reterr, "did you mean '" STR_FMT "'?", STR_ARG(near));
	return -1;
}

static int read_member(struct reading *reading, struct str key, const struct value *value)
{
	struct scripted_answer *entry = reading->entry;
	int64_t number;
	if (str_eq(key, STR("service")))
		return read_text(reading, key, value, &entry->service);
	if (str_eq(key, STR("operation")))
		return read_text(reading, key, value, &entry->operation);
	if (str_eq(key, STR("method")))
		return read_text(reading, key, value, &entry->method);
	if (str_eq(key, STR("path")))
		return read_text(reading, key, value, &entry->path);
	if (str_eq(key, STR("error")))
		return read_error(reading, value);
	if (str_eq(key, STR("status"))) {
		if (!whole_number(value, 200, 599, &number))
			return want(reading, key, "a number from 200 to 599");
		entry->status = (int)number;
	} else if (str_eq(key, STR("times"))) {
		if (!whole_number(value, 0, INT32_MAX, &entry->times))
			return want(reading, key, "a number, 0 or more");
	} else if (str_eq(key, STR("delay_ms"))) {
		if (!whole_number(value, 0, DELAY_MAX_MS, &entry->delay_ms))
			return want(reading, key, "a number of milliseconds up to an hour");
	} else if (!str_eq(key, STR("headers")) && !str_eq(key, STR("body"))) {
		return unknown_key(reading, key);
	}
	return 0;
}

static int read_entry(struct reading *reading, const struct value *value)
{
	if (value->kind != VALUE_OBJECT)
		return error_set(reading->reterr, "is not an object");
	for (uint32_t i = 0; i < value->n; i++)
		if (read_member(reading, value->members[i].key, &value->members[i].value))
			return -1;
	const struct value *headers = value_get(value, STR("headers"));
	if (headers && read_headers(reading, headers))
		return -1;
	const struct value *body = value_get(value, STR("body"));
	if (body)
		read_body(reading, body);
	reading->entry->left = reading->entry->times;
	return 0;
}

static int read_entries(struct answers *answers, const struct value *list, struct error *reterr)
{
	if (list->kind != VALUE_ARRAY)
		return error_set(reterr, "answers are an array of objects");
	answers->entries = arena_zalloc(&answers->arena, (list->n + 1) * sizeof *answers->entries);
	ensure(answers->entries);
	for (uint32_t i = 0; i < list->n; i++) {
		struct scripted_answer *entry = &answers->entries[i];
		*entry = (struct scripted_answer){.status = 200, .times = -1};
		struct reading reading = {.arena = &answers->arena, .entry = entry, .reterr = reterr};
		if (read_entry(&reading, &list->items[i])) {
			error_prefix(reterr, "answer %u", i + 1);
			return -1;
		}
	}
	answers->n = list->n;
	return 0;
}

int answers_parse(struct answers *answers, struct str text, const char *file, struct error *reterr)
{
	struct error error;
	answers_finish(answers);
	struct value *list = arena_zalloc(&answers->arena, sizeof *list);
	struct str copy = arena_copy(&answers->arena, text);
	if (json_parse(copy, (struct json_limits){0}, &answers->arena, list, &error)) {
		error_at(&error, str_of(file), error.line, error.column, text);
	} else if (read_entries(answers, list, &error) == 0) {
		return 0;
	} else {
		error_at(&error, str_of(file), 0, 0, (struct str){0});
	}
	answers_finish(answers);
	if (reterr)
		*reterr = error;
	return -1;
}

int answers_read(struct answers *answers, const char *file, struct error *reterr)
{
	struct buf text;
	buf_init(&text, FILE_MAX);
	int result = read_file(file, &text, reterr);
	if (result == 0)
		result = answers_parse(answers, buf_view(&text), file, reterr);
	buf_finish(&text);
	return result;
}

int answers_add(struct answers *answers, struct str text, struct error *reterr)
{
	struct value *value = arena_zalloc(&answers->arena, sizeof *value);
	struct scripted_answer *entries =
		arena_zalloc(&answers->arena, (answers->n + 1) * sizeof *answers->entries);
	if (!value || !entries)
		return error_set(reterr, "there are too many answers");
	if (json_parse(text, (struct json_limits){0}, &answers->arena, value, reterr))
		return -1;
	if (answers->n)
		memcpy(entries, answers->entries, answers->n * sizeof *entries);
	struct scripted_answer *entry = &entries[answers->n];
	*entry = (struct scripted_answer){.status = 200, .times = -1};
	struct reading reading = {.arena = &answers->arena, .entry = entry, .reterr = reterr};
	if (read_entry(&reading, value))
		return -1;
	answers->entries = entries;
	answers->n++;
	return 0;
}

void answers_rewind(struct answers *answers)
{
	for (size_t i = 0; i < answers->n; i++)
		answers->entries[i].left = answers->entries[i].times;
}

int answers_fit_sink(const struct answers *answers, const char *file, struct error *reterr)
{
	for (size_t i = 0; i < answers->n; i++) {
		const struct scripted_answer *entry = &answers->entries[i];
		if ((entry->service.p && !entry->path.p) || entry->error <= ANSWER_RESET)
			continue;
		error_set(reterr,
			  "answer %zu: 'error' must be \"timeout\" or \"reset\": what a listening service "
			  "cannot "
			  "do, a sink cannot either",
			  i + 1);
		error_at(reterr, str_of(file), 0, 0, (struct str){0});
		return -1;
	}
	return 0;
}

/* An entry for a service names the service, or its group; a key that does not know its service is a sink's,
 * which goes by the path. */
static bool fits(const struct scripted_answer *entry, const struct answer_key *key)
{
	if (!key->service.p && entry->service.p && !entry->path.p)
		return false;
	if (key->service.p && entry->service.p && !str_eq(entry->service, key->service) &&
	    !str_eq(entry->service, key->group))
		return false;
	if (key->service.p && entry->operation.p && !str_eq(entry->operation, key->operation))
		return false;
	if (!key->service.p && entry->operation.p && !entry->path.p)
		return false;
	return (!entry->method.p || str_eq_nocase(entry->method, key->method)) &&
	       (!entry->path.p || str_starts(key->path, entry->path));
}

const struct scripted_answer *answers_take(struct answers *answers, const struct answer_key *key)
{
	for (size_t i = 0; i < answers->n; i++) {
		struct scripted_answer *entry = &answers->entries[i];
		if (entry->left == 0 || !fits(entry, key))
			continue;
		if (entry->left > 0)
			entry->left--;
		return entry;
	}
	return NULL;
}
