/* core/simulate/rules_place.h
 *
 * A file below the rules folder that somebody outside has named. No part of the name may lead elsewhere: no
 * "..", nothing hidden, no symbolic link below the folder. Any thread.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"

struct rules_place {
	int folder;     /* that holds it; the place's */
	char name[256]; /* in there */
};

/* Finds the folder; the file need not be there. 0, or -1: *ret is untouched. */
int rules_place_open(const char *rules, struct str path, struct rules_place *ret, struct error *reterr);
void rules_place_close(struct rules_place *place);

/* Adds the file's text. 0; 1 when there is no such file; -1 when it is none to read, or longer than `max`. */
int rules_place_read(const struct rules_place *place, size_t max, struct buf *out, struct error *reterr);

/* Puts the text there, whole or not at all, and on disk when it returns. `before`, asked when everything is
 * ready but for that, may refuse. An existing file keeps its mode. */
int rules_place_write(const struct rules_place *place, struct str text,
		      int (*before)(void *context, struct error *reterr), void *context,
		      struct error *reterr);
