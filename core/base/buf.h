/* core/base/buf.h
 *
 * A growing buffer, born with its maximum. What would pass the maximum is dropped and remembered in
 * `overflow`, so that a caller appends freely and looks once at the end. Not thread-safe.
 */
#pragma once

#include "base/base.h"

struct buf {
	char *p;
	size_t n, capacity, max;
	bool overflow;
};

void buf_init(struct buf *buf, size_t max);
void buf_finish(struct buf *buf);

/* Forgets the content and the overflow, keeps the memory. */
void buf_clear(struct buf *buf);

void buf_add(struct buf *buf, const void *p, size_t n);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Room for n more bytes to be written at buf->p + buf->n by the caller; false (and overflow) past the
 * maximum. */
bool buf_reserve(struct buf *buf, size_t n);

static inline void buf_str(struct buf *buf, struct str s)
{
	buf_add(buf, s.p, s.n);
}

static inline void buf_char(struct buf *buf, char c)
{
	/* Texts are often built one character at a time, and nearly always there is room. */
	if (buf->n + 1 < buf->capacity && buf->n < buf->max && !buf->overflow)
		buf->p[buf->n++] = c;
	else
		buf_add(buf, &c, 1);
}

static inline struct str buf_view(const struct buf *buf)
{
	return (struct str){buf->p ? buf->p : "", buf->n};
}

/* The content with a zero behind it, which is not counted. Never NULL. */
const char *buf_z(struct buf *buf);

/* Hands over the memory, terminated; free() it. The buffer is empty afterwards. */
char *buf_take(struct buf *buf, size_t *ret_n);
