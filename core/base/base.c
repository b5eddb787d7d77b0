#include "base/hash.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

void ensure_failed(const char *condition, const char *file, int line)
{
	fprintf(stderr, "switchhook: broken promise at %s:%d: %s\n", file, line, condition);
	abort();
}

bool str_eq_nocase(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || strncasecmp(a.p, b.p, a.n) == 0);
}

int str_cmp(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n ? memcmp(a.p, b.p, n) : 0;
	return order ? order : (a.n > b.n) - (a.n < b.n);
}

bool str_starts(struct str s, struct str prefix)
{
	return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

bool str_ends(struct str s, struct str suffix)
{
	return s.n >= suffix.n && (suffix.n == 0 || memcmp(s.p + s.n - suffix.n, suffix.p, suffix.n) == 0);
}

struct str str_trim(struct str s)
{
	while (s.n && isspace((unsigned char)s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n && isspace((unsigned char)s.p[s.n - 1]))
		s.n--;
	return s;
}

uint64_t str_hash(struct str s)
{
	return XXH3_64bits(s.p, s.n);
}

/* Where the system put the program in memory is the chance in it. */
unsigned table_hash(const void *key, size_t n)
{
	return (unsigned)XXH3_64bits_withSeed(key, n, (uintptr_t)&table_hash);
}

static void *must(void *p, size_t n)
{
	if (!p && n) {
		fprintf(stderr, "switchhook: out of memory (%zu bytes)\n", n);
		abort();
	}
	return p;
}

void *mem_alloc(size_t n)
{
	return must(malloc(n ? n : 1), n);
}

void *mem_zalloc(size_t n)
{
	return must(calloc(1, n ? n : 1), n);
}

void *mem_realloc(void *p, size_t n)
{
	return must(realloc(p, n ? n : 1), n);
}

char *mem_strdup(const char *z)
{
	return mem_strndup(z, strlen(z));
}

char *mem_strndup(const char *p, size_t n)
{
	char *copy = mem_alloc(n + 1);
	if (n)
		memcpy(copy, p, n);
	copy[n] = 0;
	return copy;
}
