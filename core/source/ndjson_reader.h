/* core/source/ndjson_reader.h
 *
 * Bytes of a file, a pipe, a terminal or stdin, read on the loop without ever blocking it. Owned by the
 * loop's thread.
 */
#pragma once

#include "base/error.h"

#include <uv.h>

struct ndjson_reader;

/* `path` "-" is stdin. */
int ndjson_reader_open(uv_loop_t *loop, const char *path, struct ndjson_reader **ret, struct error *reterr);

/* Reads once; `done` gets what came, valid during the call: n == 0 at the end, a negative libuv code on
 * failure. Not while a read is under way. */
void ndjson_reader_read(struct ndjson_reader *reader, void (*done)(void *context, const char *p, ssize_t n),
			void *context);

/* A read under way is forgotten. Frees itself once the loop has turned. NULL is allowed. */
void ndjson_reader_close(struct ndjson_reader *reader);
