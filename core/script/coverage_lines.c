/* Which lines of a file have something to run, in functions too that were never made. Lua tells that only of
 * functions that are there, so it is read from the compiled chunk (lua_dump): its form is that of Lua 5.4,
 * which the header of the chunk says. */
#include "script/coverage_private.h"

#include "base/buf.h"

#include <lua.h>
#include <lauxlib.h>

enum {
	CHUNK_MAX = 64 << 20,
	DEEP_MAX = 220,        /* functions in functions; Lua's own limit is 200 */
	SIGNATURE = 12,        /* "\x1bLua", version, format, six bytes that a text transfer would change */
	LINE_ABSOLUTE = -0x80, /* in the list of differences: look it up */
	VERSION_AND_FORMAT = 0x5400,
};

/* Lua's tags of constants that have something behind them. */
enum { CONSTANT_INTEGER = 0x03, CONSTANT_FLOAT = 0x13, CONSTANT_SHORT = 0x04, CONSTANT_LONG = 0x14 };

struct chunk {
	const unsigned char *p;
	size_t n;
	bool broken;
	struct coverage_file *file;
};

static const unsigned char *skip(struct chunk *chunk, size_t n)
{
	const unsigned char *p = chunk->p;
	if (chunk->broken || n > chunk->n) {
		chunk->broken = true;
		return NULL;
	}
	chunk->p += n;
	chunk->n -= n;
	return p;
}

static unsigned byte(struct chunk *chunk)
{
	const unsigned char *p = skip(chunk, 1);
	return p ? *p : 0;
}

/* Seven bits a byte, the highest first; the last has its top bit set. */
static size_t number(struct chunk *chunk)
{
	size_t n = 0;
	for (int i = 0; i < 10; i++) {
		unsigned b = byte(chunk);
		n = n << 7 | (b & 0x7f);
		if (b & 0x80)
			return n;
	}
	chunk->broken = true;
	return 0;
}

static void skip_string(struct chunk *chunk)
{
	size_t size = number(chunk); /* one more than its length; 0: none */
	if (size)
		skip(chunk, size - 1);
}

static void skip_constants(struct chunk *chunk)
{
	for (size_t n = number(chunk); n > 0 && !chunk->broken; n--) {
		switch (byte(chunk)) {
		case CONSTANT_INTEGER:
		case CONSTANT_FLOAT:
			skip(chunk, 8);
			break;
		case CONSTANT_SHORT:
		case CONSTANT_LONG:
			skip_string(chunk);
			break;
		}
	}
}

static void mark(struct chunk *chunk, size_t line)
{
	if (line > 0 && line <= (size_t)chunk->file->n_lines)
		chunk->file->code[line] = true;
}

/* The first instruction of a function with "..." does nothing, and the last is the return that Lua adds. */
static void mark_lines(struct chunk *chunk, size_t line, bool vararg)
{
	size_t n = number(chunk);
	const signed char *differences = (const signed char *)skip(chunk, n);
	size_t n_absolute = number(chunk);
	for (size_t i = 0; differences && i < n; i++) {
		if (differences[i] == LINE_ABSOLUTE) {
			number(chunk); /* the instruction: they come in order */
			line = number(chunk);
			n_absolute--;
		} else {
			line += (size_t)(ptrdiff_t)differences[i];
		}
		if (i + 1 < n && !(vararg && i == 0))
			mark(chunk, line);
	}
	for (; n_absolute > 0 && !chunk->broken; n_absolute--) {
		number(chunk);
		number(chunk);
	}
}

static void read_function(struct chunk *chunk, int depth)
{
	if (depth > DEEP_MAX)
		chunk->broken = true;
	if (chunk->broken)
		return;
	skip_string(chunk); /* source */
	size_t line = number(chunk);
	number(chunk); /* last line */
	byte(chunk);   /* parameters */
	bool vararg = byte(chunk);
	byte(chunk); /* stack */
	skip(chunk, 4 * number(chunk));
	skip_constants(chunk);
	skip(chunk, 3 * number(chunk)); /* upvalues */
	for (size_t n = number(chunk); n > 0 && !chunk->broken; n--)
		read_function(chunk, depth + 1);
	mark_lines(chunk, line, vararg);
	for (size_t n = number(chunk); n > 0 && !chunk->broken; n--) { /* local variables */
		skip_string(chunk);
		number(chunk);
		number(chunk);
	}
	for (size_t n = number(chunk); n > 0 && !chunk->broken; n--) /* names of upvalues */
		skip_string(chunk);
}

static void read_chunk(struct chunk *chunk)
{
	const unsigned char *signature = skip(chunk, SIGNATURE);
	const unsigned char *sizes = skip(chunk, 3);
	chunk->broken |= !signature || (signature[4] << 8 | signature[5]) != VERSION_AND_FORMAT || !sizes ||
			 sizes[0] != 4 || sizes[1] != 8 || sizes[2] != 8;
	skip(chunk, 8 + 8 + 1); /* an integer and a float as samples, the number of upvalues */
	read_function(chunk, 0);
	chunk->broken |= chunk->n != 0;
}

static int write(lua_State *L, const void *p, size_t n, void *context)
{
	buf_add(context, p, n);
	return 0;
}

int lines_with_code(struct coverage_file *file, struct error *reterr)
{
	struct str text = file->file->text;
	lua_State *L = luaL_newstate();
	struct buf dump;
	int result = 0;
	ensure(L);
	buf_init(&dump, CHUNK_MAX);
	if (str_starts(text, STR("\xEF\xBB\xBF"))) {
		text.p += 3;
		text.n -= 3;
	}
	/* One that does not compile is reported where the rules load; it has no lines. */
	if (luaL_loadbufferx(L, text.p, text.n, file->file->path.p, "t") == LUA_OK) {
		lua_dump(L, write, &dump, 0);
		struct chunk chunk = {(const unsigned char *)dump.p, dump.n, dump.overflow, file};
		read_chunk(&chunk);
		if (chunk.broken)
			result = error_set(reterr,
					   "the lines of '" STR_FMT "' cannot be read from its compiled form",
					   STR_ARG(file->file->path));
	}
	lua_close(L);
	buf_finish(&dump);
	return result;
}
