/* core/format/json_private.h
 *
 * What the files that read JSON text share.
 */
#pragma once

#include "format/json.h"

#include <yajl/yajl_parse.h>

/* A yajl set up for us; never NULL. */
yajl_handle json_reader(const yajl_callbacks *with, void *context);

/* Reads one document; ret_used is where it ends, or where yajl stopped. */
yajl_status json_read_one(yajl_handle yajl, struct str text, size_t *ret_used);

size_t json_skip_space(struct str text, size_t at);
struct str json_trim(struct str text);

/* Is the text what yajl does not look at, or looks at too kindly: UTF-8, whole surrogate pairs? */
int json_check_text(struct str text, struct error *reterr);

/* Is there nothing behind the end of the document? */
int json_check_end(struct str text, size_t end, struct error *reterr);

/* All return -1 and set line and column from an offset in `text`. */
int json_error_place(struct error *error, struct str text, size_t at);
int json_empty_error(struct str text, struct error *reterr);
int json_syntax_error(yajl_handle yajl, struct str text, struct error *reterr);
