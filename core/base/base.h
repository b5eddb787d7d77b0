/* core/base/base.h
 *
 * Text slices and the two checks that every file uses.
 *
 * ensure() guards what must hold for the program to be right: always on, ends the process with the place.
 * Memory: mem_*() never return NULL. What outsiders can make grow is bounded before it is asked for, so
 * running out here means that the machine has none left; a crash, with the journal to go on from, is the
 * honest answer.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ensure(condition) ((condition) ? (void)0 : ensure_failed(#condition, __FILE__, __LINE__))

_Noreturn void ensure_failed(const char *condition, const char *file, int line);

#define countof(array) (sizeof(array) / sizeof((array)[0]))

#define container_of(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))

/* Bytes that somebody else owns; not terminated. An absent text has p == NULL, an empty one has not. */
struct str {
	const char *p;
	size_t n;
};

#define STR(literal) ((struct str){(literal), sizeof(literal) - 1})
#define STR_FMT      "%.*s"
#define STR_ARG(s)   (int)(s).n, (s).p

static inline struct str str_of(const char *z)
{
	return (struct str){z, z ? strlen(z) : 0};
}

static inline bool str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* ASCII case is ignored. */
bool str_eq_nocase(struct str a, struct str b);

/* Byte order; for sorting. */
int str_cmp(struct str a, struct str b);

bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
struct str str_trim(struct str s);

/* 64 bits, the same in every process. */
uint64_t str_hash(struct str s);

void *mem_alloc(size_t n);
void *mem_zalloc(size_t n);
void *mem_realloc(void *p, size_t n);
char *mem_strdup(const char *z);
char *mem_strndup(const char *p, size_t n);
