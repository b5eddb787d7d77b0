/* core/base/suggest.h
 *
 * The nearest known word, for errors that name one which nobody knows.
 */
#pragma once

#include "base/base.h"

/* The candidate with the smallest edit distance (at most a third of the word's length, 1 for short ones), or
 * that differs in nothing but case; p == NULL when none is near. `words` is scanned once; words over 64 bytes
 * are passed over. */
struct str suggest_nearest(struct str word, const struct str *words, size_t n);
