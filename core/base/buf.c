#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>

void buf_init(struct buf *buf, size_t max)
{
	*buf = (struct buf){.max = max};
}

void buf_finish(struct buf *buf)
{
	free(buf->p);
	buf_init(buf, buf->max);
}

void buf_clear(struct buf *buf)
{
	buf->n = 0;
	buf->overflow = false;
}

bool buf_reserve(struct buf *buf, size_t n)
{
	if (buf->overflow || n > buf->max - buf->n) {
		buf->overflow = true;
		return false;
	}
	/* One byte more than asked for: buf_z() must always be able to terminate. */
	if (buf->n + n + 1 > buf->capacity) {
		size_t capacity = buf->capacity ? buf->capacity * 2 : 128;
		while (capacity < buf->n + n + 1)
			capacity *= 2;
		buf->p = mem_realloc(buf->p, capacity);
		buf->capacity = capacity;
	}
	return true;
}

void buf_add(struct buf *buf, const void *p, size_t n)
{
	if (n == 0 || !buf_reserve(buf, n))
		return;
	memcpy(buf->p + buf->n, p, n);
	buf->n += n;
}

void buf_printf(struct buf *buf, const char *format, ...)
{
	char small[256];
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	int n = vsnprintf(small, sizeof small, format, args);
	ensure(n >= 0);
	if ((size_t)n < sizeof small) {
		buf_add(buf, small, (size_t)n);
	} else if (buf_reserve(buf, (size_t)n)) {
		vsnprintf(buf->p + buf->n, (size_t)n + 1, format, again);
		buf->n += (size_t)n;
	}
	va_end(again);
	va_end(args);
}

const char *buf_z(struct buf *buf)
{
	if (!buf->p)
		return "";
	buf->p[buf->n] = 0;
	return buf->p;
}

char *buf_take(struct buf *buf, size_t *ret_n)
{
	char *p = buf->p ? buf->p : mem_alloc(1);
	p[buf->n] = 0;
	if (ret_n)
		*ret_n = buf->n;
	buf_init(buf, buf->max);
	return p;
}
