/* Reading. yajl finds the tokens; here they become a tree.
 *
 * Children of the arrays and objects that are still open lie on one scratch stack, each as a member (items of
 * arrays have no key). When an array or object closes, its children, now the top of the stack, move into the
 * arena in one piece of the right size. An open one keeps its parent's place in `n`, so that no second stack
 * is needed. */
#include "format/json.h"

#include "format/json_private.h"

enum { DEPTH_DEFAULT = 64, VALUES_DEFAULT = 100 * 1000, SCRATCH_SMALL = 96 };

static const uint32_t no_parent = UINT32_MAX;

struct parser {
	yajl_handle yajl;
	struct arena *arena;
	struct str text; /* outlives the result */
	struct member *scratch;
	size_t n, capacity;
	uint32_t open;  /* the innermost open array or object, or no_parent */
	struct str key; /* of the member whose value comes next */
	size_t depth, values;
	struct json_limits limits;
	const char *why; /* why a callback stopped */
	struct member small[SCRATCH_SMALL];
};

static int stop(struct parser *parser, const char *why)
{
	parser->why = why;
	return 0;
}

static void grow(struct parser *parser)
{
	size_t capacity = parser->capacity * 2;
	struct member *scratch = parser->scratch == parser->small ? NULL : parser->scratch;
	scratch = mem_realloc(scratch, capacity * sizeof *scratch);
	if (parser->scratch == parser->small)
		memcpy(scratch, parser->small, sizeof parser->small);
	parser->scratch = scratch;
	parser->capacity = capacity;
}

/* The next value's place, or NULL when there are too many. */
static struct value *push(struct parser *parser, enum value_kind kind)
{
	if (parser->values == parser->limits.values) {
		stop(parser, "more values than are allowed");
		return NULL;
	}
	parser->values++;
	if (parser->n == parser->capacity)
		grow(parser);
	struct member *member = &parser->scratch[parser->n++];
	member->key = parser->key;
	member->value.kind = kind;
	member->value.n = 0;
	member->value.text = (struct str){0};
	return &member->value;
}

/* yajl hands over a slice of the text where it can, else something of its own that we must copy. */
static bool keep(struct parser *parser, const char *p, size_t n, struct str *ret)
{
	if (p >= parser->text.p && p <= parser->text.p + parser->text.n) {
		*ret = (struct str){p, n};
		return true;
	}
	*ret = arena_copy(parser->arena, (struct str){p, n});
	return ret->p || stop(parser, "the document is too large");
}

static int on_null(void *context)
{
	return push(context, VALUE_NULL) != NULL;
}

static int on_boolean(void *context, int yes)
{
	return push(context, yes ? VALUE_TRUE : VALUE_FALSE) != NULL;
}

static int on_number(void *context, const char *p, size_t n)
{
	struct value *value = push(context, VALUE_NUMBER);
	return value && keep(context, p, n, &value->text);
}

static int on_string(void *context, const unsigned char *p, size_t n)
{
	struct value *value = push(context, VALUE_STRING);
	return value && keep(context, (const char *)p, n, &value->text);
}

static int on_key(void *context, const unsigned char *p, size_t n)
{
	struct parser *parser = context;
	return keep(parser, (const char *)p, n, &parser->key);
}

static int on_open(struct parser *parser, enum value_kind kind)
{
	if (parser->depth == parser->limits.depth)
		return stop(parser, "nested deeper than is allowed");
	struct value *value = push(parser, kind);
	if (!value)
		return 0;
	parser->depth++;
	value->n = parser->open;
	parser->open = (uint32_t)(parser->n - 1);
	return 1;
}

static int on_open_object(void *context)
{
	return on_open(context, VALUE_OBJECT);
}

static int on_open_array(void *context)
{
	return on_open(context, VALUE_ARRAY);
}

static int on_close(void *context)
{
	struct parser *parser = context;
	size_t first = parser->open + 1, n = parser->n - first;
	struct value *value = &parser->scratch[parser->open].value;
	bool is_object = value->kind == VALUE_OBJECT;
	void *copy =
		arena_alloc(parser->arena, n * (is_object ? sizeof(struct member) : sizeof(struct value)));
	if (!copy)
		return stop(parser, "the document is too large");
	parser->open = value->n;
	parser->depth--;
	parser->n = first;
	value->n = (uint32_t)n;
	if (is_object) {
		value->members = copy;
		memcpy(copy, parser->scratch + first, n * sizeof(struct member));
		return 1;
	}
	value->items = copy;
	for (size_t i = 0; i < n; i++)
		value->items[i] = parser->scratch[first + i].value;
	return 1;
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_boolean,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_start_map = on_open_object,
	.yajl_map_key = on_key,
	.yajl_end_map = on_close,
	.yajl_start_array = on_open_array,
	.yajl_end_array = on_close,
};

static int stopped_error(struct parser *parser, struct error *reterr)
{
	const struct json_limits *limits = &parser->limits;
	size_t limit = parser->values == limits->values ? limits->values : limits->depth;
	if (strstr(parser->why, "allowed"))
		error_set(reterr, "%s (%zu)", parser->why, limit);
	else
		error_set(reterr, "%s", parser->why);
	return json_error_place(reterr, parser->text, yajl_get_bytes_consumed(parser->yajl) - 1);
}

/* We have checked the UTF-8, better than yajl does, and what follows the document is our matter too. */
yajl_handle json_reader(const yajl_callbacks *with, void *context)
{
	yajl_handle yajl = yajl_alloc(with, NULL, context);
	ensure(yajl);
	yajl_config(yajl, yajl_dont_validate_strings, 1);
	yajl_config(yajl, yajl_allow_trailing_garbage, 1);
	return yajl;
}

/* Returns yajl's status; `used` is where the document ends. */
yajl_status json_read_one(yajl_handle yajl, struct str text, size_t *ret_used)
{
	yajl_status status = yajl_parse(yajl, (const unsigned char *)text.p, text.n);
	*ret_used = yajl_get_bytes_consumed(yajl);
	return status == yajl_status_ok ? yajl_complete_parse(yajl) : status;
}

int json_parse_in_place(struct str text, struct json_limits limits, struct arena *arena, struct value *ret,
			struct error *reterr)
{
	if (json_skip_space(text, 0) == text.n)
		return json_empty_error(text, reterr);
	if (json_check_text(text, reterr))
		return -1;
	struct parser parser;
	memset(&parser, 0, offsetof(struct parser, small));
	parser.arena = arena;
	parser.text = text;
	parser.scratch = parser.small;
	parser.capacity = SCRATCH_SMALL;
	parser.open = no_parent;
	parser.limits.depth = limits.depth ? limits.depth : DEPTH_DEFAULT;
	parser.limits.values = limits.values ? limits.values : VALUES_DEFAULT;
	parser.yajl = json_reader(&callbacks, &parser);
	size_t end;
	yajl_status status = json_read_one(parser.yajl, text, &end);
	int result = status == yajl_status_ok ? json_check_end(text, end, reterr)
		     : parser.why             ? stopped_error(&parser, reterr)
					      : json_syntax_error(parser.yajl, text, reterr);
	if (result == 0)
		*ret = parser.scratch[0].value;
	yajl_free(parser.yajl);
	if (parser.scratch != parser.small)
		free(parser.scratch);
	return result;
}

int json_parse(struct str text, struct json_limits limits, struct arena *arena, struct value *ret,
	       struct error *reterr)
{
	struct str copy = arena_copy(arena, text);
	if (!copy.p) {
		error_set(reterr, "the document is too large");
		return json_error_place(reterr, text, 0);
	}
	return json_parse_in_place(copy, limits, arena, ret, reterr);
}

int json_skip(struct str text, size_t *at, struct str *ret, struct error *reterr)
{
	size_t start = json_skip_space(text, *at), used;
	struct str rest = {text.p + start, text.n - start};
	if (rest.n == 0)
		return json_empty_error(text, reterr);
	yajl_handle yajl = json_reader(NULL, NULL);
	int result = 0;
	if (json_read_one(yajl, rest, &used) != yajl_status_ok) {
		result = json_syntax_error(yajl, rest, reterr);
		json_error_in(reterr, text, start);
	} else {
		*ret = (struct str){rest.p, used};
		*at = start + used;
	}
	yajl_free(yajl);
	return result;
}

int json_parse_next(struct str text, size_t *at, struct json_limits limits, struct arena *arena,
		    struct value *ret, struct error *reterr)
{
	size_t start = json_skip_space(text, *at), end = start;
	struct str one;
	if (start == text.n)
		return 1;
	if (json_skip(text, &end, &one, reterr))
		return -1;
	if (json_parse(one, limits, arena, ret, reterr)) {
		json_error_in(reterr, text, start);
		return -1;
	}
	*at = end;
	return 0;
}
