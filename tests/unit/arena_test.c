#include "unit.h"

#include "base/arena.h"

static void gives_aligned_memory_until_its_maximum(void **state)
{
	struct arena arena;
	arena_init(&arena, 4096);
	for (int i = 0; i < 40; i++) {
		char *p = arena_alloc(&arena, 33);
		assert_non_null(p);
		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		memset(p, 0xAA, 33);
	}
	assert_null(arena_alloc(&arena, 5000));
	assert_null(arena_alloc(&arena, SIZE_MAX - 3));
	arena_finish(&arena);
	assert_int_equal(arena.used, 0);
	assert_non_null(arena_alloc(&arena, 10));
	arena_finish(&arena);
}

static void copies_are_terminated(void **state)
{
	struct arena arena;
	arena_init(&arena, 4096);
	struct str s = arena_copy(&arena, (struct str){"hello", 4});
	assert_string_equal(s.p, "hell");
	assert_int_equal(s.n, 4);
	s = arena_copy(&arena, (struct str){NULL, 0});
	assert_string_equal(s.p, "");
	arena_finish(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_aligned_memory_until_its_maximum),
		cmocka_unit_test(copies_are_terminated),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
