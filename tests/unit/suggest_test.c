#include "unit.h"

#include "base/suggest.h"

static void finds_the_nearest_and_only_the_near(void **state)
{
	const struct str words[] = {STR("method"), STR("url"), STR("headers"), STR("agent_disposition"),
				    STR("ani")};
	assert_str(suggest_nearest(STR("metod"), words, countof(words)), "method");
	assert_str(suggest_nearest(STR("Url"), words, countof(words)), "url");
	assert_str(suggest_nearest(STR("haeders"), words, countof(words)), "headers");
	assert_str(suggest_nearest(STR("agent_dispositoin"), words, countof(words)), "agent_disposition");
	assert_str(suggest_nearest(STR("ami"), words, countof(words)), "ani");
	assert_str(suggest_nearest(STR("METHOD"), words, countof(words)), "method");
	assert_str(suggest_nearest(STR("ANI"), words, countof(words)), "ani");
	assert_null(suggest_nearest(STR("recording"), words, countof(words)).p);
	assert_null(suggest_nearest(STR(""), words, countof(words)).p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(finds_the_nearest_and_only_the_near)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
