/* core/script/sandbox.h
 *
 * One Lua state for scripts that nobody trusts: bounded memory and time, a smaller Lua, places of errors.
 *
 * A Lua error is a longjmp and skips every cleanup between. So no memory of C may hang on a local variable
 * across a call that can raise: it hangs on the sandbox (`text`, `arena`, `keys`), on its loader or on its
 * run. And nothing touches the state outside of sandbox_call and a coroutine. A sandbox belongs to one thread
 * at a time.
 */
#pragma once

#include "base/error.h"
#include "base/watchdog.h"
#include "model/limits.h"
#include "model/rule.h"
#include "script/script.h"

#include <lua.h>
#include <lauxlib.h>

#include <signal.h>

enum {
	SANDBOX_PATTERN_STEPS = 1000000, /* of one call of string.find and the like */
	SANDBOX_STRING_MAX = 4 << 20,    /* bytes: of string.rep */
	SANDBOX_LIST_MAX = 1000000,      /* values of a list that a function of C goes through */
	SANDBOX_ARENA_MAX = 8 << 20,
};

enum sandbox_mode {
	MODE_LOAD, /* declarations become structs */
	MODE_BIND, /* the script runs again, for its functions */
	MODE_RUN,
	MODE_TEST, /* a file of tests */
};

/* A file whose chunk is running for the first time; on the C stack of `require`. */
struct loading {
	const struct source_file *file;
	size_t n_services; /* declared so far */
	struct loading *outer;
};

struct place {
	const struct source_file *file; /* NULL: unknown */
	int line;
};

/* A key of a table, while keys are sorted. A number, or a text with s.p != NULL that its table keeps alive.
 */
struct key {
	struct str s;
	bool is_integer;
	lua_Integer integer;
	lua_Number number;
};

struct sandbox {
	lua_State *L;
	size_t memory; /* bytes that Lua holds */
	const struct limits *limits;
	const struct source_file *files; /* the sources; sorted by path */
	size_t n_files;
	enum sandbox_mode mode;
	struct loader *loader;      /* MODE_LOAD */
	struct script_state *state; /* MODE_BIND, MODE_RUN */
	struct script_tests *tests; /* MODE_TEST */
	struct loading *loading;    /* the innermost; NULL in MODE_RUN */

	const size_t *outside; /* bytes that it makes grow outside of its own memory; NULL: none */
	size_t reserve;        /* bytes above the limit, for the way out of an error */

	struct watch *watch;
	lua_State *running;                /* box->L or a run's coroutine, while it runs */
	int64_t budget_us;                 /* of the stretch that runs */
	struct script_slices slices;       /* after which a run makes room for others; 0: never */
	unsigned suspicious;               /* for how many stretches more it is a slow one */
	volatile sig_atomic_t slice_is_up; /* it pauses as soon as it can */
	bool paused;                       /* and has */
	struct place paused_at;            /* there */
	volatile sig_atomic_t time_is_up;  /* set by the watchdog's signal */
	enum limit_kind time;              /* that this is */

	/* Told of each new line that runs; NULL: nobody asks. Set before anything is loaded. */
	void (*on_line)(lua_State *L, lua_Debug *at);
	struct coverage *coverage; /* of on_line, when lines are counted */

	/* Of the error that is being raised. */
	struct place raised;
	char hint[256];

	/* Work memory. Whoever fills it uses it before any Lua code can run again. */
	struct buf text;
	struct arena arena;
	struct key *keys;
	size_t n_keys, keys_capacity;
};

/* `watch` is the one of the thread that will run it; it and the limits outlive it. */
int sandbox_open(struct sandbox *box, const struct source_file *files, size_t n_files, enum sandbox_mode mode,
		 const struct limits *limits, struct watch *watch, struct error *reterr);
void sandbox_close(struct sandbox *box); /* one that is all zero is allowed */

static inline struct sandbox *sandbox_of(lua_State *L)
{
	return *(struct sandbox **)lua_getextraspace(L);
}

/* The source of that path; NULL when there is none. */
const struct source_file *sandbox_file(const struct sandbox *box, struct str path);

/* Runs `function` with `context` as its light userdata argument, protected, with the time for a load or a
 * run. */
int sandbox_call(struct sandbox *box, lua_CFunction function, void *context, struct error *reterr);

/* L, box->L or a coroutine of it, is about to run for at most this long; and has run. Leaving returns the CPU
 * time that it took, in us, and gives back work memory. */
void sandbox_enter(struct sandbox *box, lua_State *L, int64_t budget_us);
int64_t sandbox_leave(struct sandbox *box);

/* Raises if the time is up. For loops of C that a script can make long. */
_Noreturn void sandbox_raise_time(lua_State *L);
static inline void sandbox_check_time(lua_State *L);

/* All that the script holds, in bytes: its Lua and our buffers. */
size_t sandbox_memory(const struct sandbox *box);
bool sandbox_refuses(struct sandbox *box, size_t n); /* this much more? */

/* Raises if its memory or its time is used up: for what grows outside of Lua. */
void sandbox_check(lua_State *L);

/* Raises for something over a limit, naming it and its option: "the JSON text is over its limit of 2 MiB". */
_Noreturn void sandbox_raise_limit(lua_State *L, enum limit_kind kind, const char *what);
int sandbox_limit_error(const struct sandbox *box, enum limit_kind kind, const char *what,
			struct error *reterr);

/* The length of the list at `index`. Raises for one that is too long to go through: with holes, '#' can be
 * anything. */
lua_Integer sandbox_list_length(lua_State *L, int index);

/* The error value on top of L, which may be a coroutine that failed, as an error with its place. Not
 * protected and raises nothing. */
void sandbox_error(struct sandbox *box, lua_State *L, int status, struct error *reterr);

/* The innermost place in the operators' sources. Raises nothing. */
struct place sandbox_place(lua_State *L);

/* Raises the message for the operator's line. */
_Noreturn void sandbox_raise(lua_State *L, const char *format, ...) __attribute__((format(printf, 2, 3)));
_Noreturn void sandbox_raise_error(lua_State *L, const struct error *error);
void sandbox_hint(struct sandbox *box, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "did you mean 'x'?" among the text keys of the table at `index`, and of the tables behind it (__index). */
void sandbox_hint_member(lua_State *L, int index, struct str word);

/* The work arena and the work text, emptied, with what memory the script has left as their maximum. */
struct arena *sandbox_arena(struct sandbox *box);
struct buf *sandbox_text(struct sandbox *box);
struct buf *sandbox_json(struct sandbox *box);

/* Why sandbox_json's text is full. */
int sandbox_full(const struct sandbox *box, struct error *reterr);

/* Collects the text and number keys of the table at `index`, sorted, behind those that are in box->keys.
 * Returns where they begin; the caller sets n_keys back to that. ret_others: keys of other types. */
size_t sandbox_sort_keys(lua_State *L, int index, size_t *ret_others);
void sandbox_push_key(lua_State *L, const struct key *key);

/* Pushes an environment for a file of the operators'. */
void sandbox_push_environment(lua_State *L);

/* Loads a source as text; leaves the function on the stack. Raises what Lua says. */
void sandbox_load_file(lua_State *L, const struct source_file *file);

static inline void sandbox_check_time(lua_State *L)
{
	if (sandbox_of(L)->time_is_up)
		sandbox_raise_time(L);
}

static inline struct str sandbox_str(lua_State *L, int index)
{
	struct str s;

	s.p = lua_tolstring(L, index, &s.n);
	return s;
}

/* The registry holds each under the address of its own byte. */
extern const char sandbox_public, sandbox_array_mt, sandbox_condition_mt, sandbox_service_mt,
	sandbox_event_mt, sandbox_missing_mt, sandbox_loaded;

bool sandbox_has_metatable(lua_State *L, int index, const void *which);

/* Libraries: each adds its C functions to the globals of the prelude. */
void lib_base_open(lua_State *L);
void lib_string_open(lua_State *L);
void lib_table_open(lua_State *L);
void lib_text_open(lua_State *L);
void lib_json_open(lua_State *L);
void lib_declare_open(lua_State *L);
void lib_require_open(lua_State *L);
void lib_run_open(lua_State *L);
void lib_secret_open(lua_State *L);
void lib_auth_open(lua_State *L);
void lib_mappings_open(lua_State *L);
void lib_soap_open(lua_State *L);
