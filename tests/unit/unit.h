/* What cmocka wants included before it, in one place. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"

/* Compares a slice with a literal and shows both when they differ. */
#define assert_str(slice, literal)                                                \
	do {                                                                      \
		struct str assert_str_s = (slice);                                \
		char *assert_str_z = mem_strndup(assert_str_s.p, assert_str_s.n); \
		assert_string_equal(assert_str_z, (literal));                     \
		free(assert_str_z);                                               \
	} while (0)
