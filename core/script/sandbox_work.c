/* A sandbox's memory: what it may take, and the work memory that its functions of C use. */
#include "script/sandbox.h"

#include "base/suggest.h"

size_t sandbox_memory(const struct sandbox *box)
{
	size_t outside = box->outside ? *box->outside : 0;

	return box->memory + box->text.capacity + box->arena.used + box->keys_capacity * sizeof *box->keys +
	       outside;
}

static size_t memory_max(const struct sandbox *box)
{
	return (size_t)box->limits->of[LIMIT_MEMORY] + box->reserve;
}

static size_t memory_left(const struct sandbox *box)
{
	size_t used = sandbox_memory(box), max = memory_max(box);

	return used < max ? max - used : 0;
}

bool sandbox_refuses(struct sandbox *box, size_t n)
{
	struct limit_faults *faults = box->limits->faults;

	if (faults && faults->refuse_nth && !box->reserve && --faults->refuse_nth == 0) {
		faults->refuse_nth = faults->for_good;
		return true;
	}
	return n > memory_left(box);
}

void sandbox_check(lua_State *L)
{
	sandbox_check_time(L);
	if (sandbox_refuses(sandbox_of(L), 1))
		sandbox_raise_limit(L, LIMIT_MEMORY, "memory");
}

/* As much of the maximum as there is memory left for. */
static size_t room(const struct sandbox *box, size_t max)
{
	size_t left = memory_left(box);

	return left < max ? left : max;
}

struct arena *sandbox_arena(struct sandbox *box)
{
	arena_finish(&box->arena);
	box->arena.max = room(box, SANDBOX_ARENA_MAX);
	return &box->arena;
}

struct buf *sandbox_text(struct sandbox *box)
{
	const int64_t *of = box->limits->of;
	size_t max = (size_t)(of[LIMIT_BODY] > of[LIMIT_JSON_SIZE] ? of[LIMIT_BODY] : of[LIMIT_JSON_SIZE]);

	buf_clear(&box->text);
	/* It doubles as it grows, so that it may take twice of what is in it. */
	box->text.max = room(box, 2 * max) / 2;
	if (box->text.max < box->text.capacity / 2)
		box->text.max = box->text.capacity / 2;
	return &box->text;
}

/* For a JSON text. */
struct buf *sandbox_json(struct sandbox *box)
{
	struct buf *text = sandbox_text(box);

	if (text->max > (size_t)box->limits->of[LIMIT_JSON_SIZE])
		text->max = (size_t)box->limits->of[LIMIT_JSON_SIZE];
	return text;
}

int sandbox_full(const struct sandbox *box, struct error *reterr)
{
	if (box->text.max < (size_t)box->limits->of[LIMIT_JSON_SIZE])
		return sandbox_limit_error(box, LIMIT_MEMORY, "memory", reterr);
	return sandbox_limit_error(box, LIMIT_JSON_SIZE, "the JSON text", reterr);
}

int sandbox_limit_error(const struct sandbox *box, enum limit_kind kind, const char *what,
			struct error *reterr)
{
	char limit[32];

	limit_show(kind, box->limits, limit, sizeof limit);
	if (kind == LIMIT_MEMORY)
		error_set(reterr, "used up its memory of %s", limit);
	else
		error_set(reterr, "%s is over its limit of %s", what, limit);
	error_hint(reterr, "the limit is --%s", limit_infos[kind].option);
	return -1;
}

void sandbox_raise_limit(lua_State *L, enum limit_kind kind, const char *what)
{
	struct error error;

	sandbox_limit_error(sandbox_of(L), kind, what, &error);
	sandbox_raise_error(L, &error);
}

lua_Integer sandbox_list_length(lua_State *L, int index)
{
	lua_Unsigned n = lua_rawlen(L, index);

	if (n > SANDBOX_LIST_MAX)
		sandbox_raise(L, "a list of over %d values, or one with holes", SANDBOX_LIST_MAX);
	return (lua_Integer)n;
}

/* Raises when there is no memory for more. */
static void add_key(lua_State *L, struct sandbox *box, struct key key)
{
	if (box->n_keys == box->keys_capacity) {
		size_t capacity = box->keys_capacity ? 2 * box->keys_capacity : 64;

		if (sandbox_refuses(box, (capacity - box->keys_capacity) * sizeof *box->keys))
			sandbox_raise_limit(L, LIMIT_MEMORY, "memory");
		box->keys_capacity = capacity;
		box->keys = mem_realloc(box->keys, box->keys_capacity * sizeof *box->keys);
	}
	box->keys[box->n_keys++] = key;
}

static int compare_keys(const void *a, const void *b)
{
	const struct key *x = a, *y = b;

	if (x->s.p || y->s.p)
		return x->s.p && y->s.p ? str_cmp(x->s, y->s) : (x->s.p != NULL) - (y->s.p != NULL);
	if (x->is_integer && y->is_integer)
		return (x->integer > y->integer) - (x->integer < y->integer);
	return (x->number > y->number) - (x->number < y->number);
}

size_t sandbox_sort_keys(lua_State *L, int index, size_t *ret_others)
{
	struct sandbox *box = sandbox_of(L);
	size_t from = box->n_keys, others = 0;

	index = lua_absindex(L, index);
	for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
		sandbox_check_time(L);
		if (lua_type(L, -2) == LUA_TSTRING)
			add_key(L, box, (struct key){.s = sandbox_str(L, -2)});
		else if (lua_type(L, -2) == LUA_TNUMBER)
			add_key(L, box,
				(struct key){.is_integer = lua_isinteger(L, -2),
					     .integer = lua_tointeger(L, -2),
					     .number = lua_tonumber(L, -2)});
		else
			others++;
	}
	if (box->n_keys > from)
		qsort(box->keys + from, box->n_keys - from, sizeof *box->keys, compare_keys);
	if (ret_others)
		*ret_others = others;
	return from;
}

void sandbox_push_key(lua_State *L, const struct key *key)
{
	if (key->s.p)
		lua_pushlstring(L, key->s.p, key->s.n);
	else if (key->is_integer)
		lua_pushinteger(L, key->integer);
	else
		lua_pushnumber(L, key->number);
}

void sandbox_hint_member(lua_State *L, int index, struct str word)
{
	struct sandbox *box = sandbox_of(L);
	size_t n = 0, from = box->n_keys;
	struct arena arena;
	struct str *words, nearest;
	int depth = 0, top = lua_gettop(L);

	luaL_checkstack(L, 24, NULL);
	lua_pushvalue(L, index);
	for (int more = 1; more && depth < 4 && lua_istable(L, -1); depth++) {
		sandbox_sort_keys(L, -1, NULL);
		more = luaL_getmetafield(L, -1, "__index") == LUA_TTABLE;
	}
	arena_init(&arena, SIZE_MAX / 2);
	words = arena_alloc(&arena, (box->n_keys - from + 1) * sizeof *words);
	ensure(words);
	for (size_t i = from; i < box->n_keys; i++) {
		if (box->keys[i].s.p && box->keys[i].s.p[0] != '_')
			words[n++] = box->keys[i].s;
	}
	nearest = suggest_nearest(word, words, n);
	if (nearest.p)
		sandbox_hint(box, "did you mean '" STR_FMT "'?", STR_ARG(nearest));
	arena_finish(&arena);
	box->n_keys = from;
	lua_settop(L, top);
}

bool sandbox_has_metatable(lua_State *L, int index, const void *which)
{
	bool ret;

	if (!lua_getmetatable(L, index))
		return false;
	lua_rawgetp(L, LUA_REGISTRYINDEX, which);
	ret = lua_rawequal(L, -1, -2);
	lua_pop(L, 2);
	return ret;
}
