/* One generation after the other: what is taken over, what goes on as it was, and what is stored of it. */
#include "unit.h"
#include "script_rules.h"

#define SERVICE(url) "return { one = http.service { url = '" url "' } }"
#define CAMPAIGN(source)  \
	"serves '" source \
	"'\nlocal crm = require 'services.crm'\nrule 'r' { on = 'post_call', fire = crm.one }"
#define ALONE(source) "serves '" source "'\nrule 'r' { on = 'post_call', run = function() end }"

struct folder {
	struct source_file files[16];
	size_t n;
};

/* Paths and texts in turn, ended by NULL. */
static struct folder folder(const char *path, ...)
{
	struct folder ret = {0};
	va_list args;

	va_start(args, path);
	for (; path; path = va_arg(args, const char *))
		ret.files[ret.n++] = (struct source_file){str_of(path), str_of(va_arg(args, const char *))};
	va_end(args);
	return ret;
}

static struct ruleset *load_over(const struct ruleset *base, const struct folder *files)
{
	return script_reload(base, files->files, files->n, true, 1, NULL);
}

static const struct unit *unit_of(const struct ruleset *ruleset, const char *path)
{
	size_t i = source_index(ruleset->files, ruleset->n_files, str_of(path));

	assert_true(i != SIZE_MAX);
	return ruleset->units[i];
}

static void only_what_changed_is_loaded(void **state)
{
	struct folder files = folder("a.lua", CAMPAIGN("/a"), "b.lua", ALONE("/b"), "c.lua", CAMPAIGN("/c"),
				     "services/crm.lua", SERVICE("http://one/"), NULL);
	struct ruleset *first = load_good(load_over(NULL, &files)), *second, *third;

	files.files[0].text = STR(CAMPAIGN("/aa"));
	second = load_good(load_over(first, &files));
	assert_ptr_not_equal(unit_of(first, "a.lua"), unit_of(second, "a.lua"));
	assert_ptr_equal(unit_of(first, "b.lua"), unit_of(second, "b.lua"));
	assert_ptr_equal(unit_of(first, "c.lua"), unit_of(second, "c.lua"));
	assert_ptr_equal(unit_of(first, "services/crm.lua"), unit_of(second, "services/crm.lua"));
	assert_ptr_equal(find_campaign(second, "a")->rules[0].fire[0],
			 find_campaign(second, "c")->rules[0].fire[0]);
	assert_ptr_equal(ruleset_serving(second, STR("/aa")), find_campaign(second, "a"));
	assert_null(ruleset_serving(second, STR("/a")));
	ruleset_unref(first);

	files.files[3].text = STR(SERVICE("http://two/"));
	third = load_good(load_over(second, &files));
	assert_ptr_not_equal(unit_of(second, "a.lua"), unit_of(third, "a.lua"));
	assert_ptr_not_equal(unit_of(second, "c.lua"), unit_of(third, "c.lua"));
	assert_ptr_equal(unit_of(second, "b.lua"), unit_of(third, "b.lua"));
	assert_str(find_service(third, "crm.one")->url.parts[0].literal, "http://two/");
	ruleset_unref(second);
	ruleset_unref(third);
}

static void warnings_of_what_is_taken_over_are_still_said(void **state)
{
	struct folder files =
		folder("a.lua", "serves '/a'\nrule 'r' { on = 'post_cal', run = function() end }", "b.lua",
		       ALONE("/b"), NULL);
	struct ruleset *first = load_over(NULL, &files), *second;

	files.files[1].text = STR(ALONE("/bb"));
	second = load_over(first, &files);
	assert_ptr_equal(unit_of(first, "a.lua"), unit_of(second, "a.lua"));
	assert_int_equal(second->n_problems, 1);
	assert_warning(second, "a.lua", 2, "unknown event type 'post_cal'", "post_call");
	ruleset_unref(first);
	ruleset_unref(second);
}

static void a_broken_campaign_goes_on_as_it_was(void **state)
{
	struct folder files = folder("a.lua", CAMPAIGN("/a"), "b.lua", ALONE("/b"), "services/crm.lua",
				     SERVICE("http://one/"), NULL);
	struct ruleset *first = load_good(load_over(NULL, &files)), *second, *third;

	files.files[0].text = STR("serves '/a'\nrule 'r' {");
	files.files[1].text = STR(ALONE("/bb"));
	files.files[2].text = STR(SERVICE("http://two/"));
	second = load_over(first, &files);
	assert_int_equal(second->n_errors, 1);
	assert_int_equal(second->n_kept, 1);
	assert_ptr_equal(find_campaign(second, "a"), find_campaign(first, "a"));
	assert_ptr_equal(ruleset_serving(second, STR("/a")), find_campaign(first, "a"));
	assert_ptr_equal(ruleset_serving(second, STR("/bb")), find_campaign(second, "b"));
	assert_str(find_campaign(second, "a")->rules[0].fire[0]->url.parts[0].literal, "http://one/");
	assert_str(find_service(second, "crm.one")->url.parts[0].literal, "http://two/");
	ruleset_unref(first);

	third = load_over(second, &files);
	assert_int_equal(third->n_kept, 1);
	assert_ptr_equal(find_campaign(third, "a"), find_campaign(second, "a"));
	ruleset_unref(second);
	ruleset_unref(third);
}

static void without_a_last_good_version_it_serves_nothing(void **state)
{
	struct folder files = folder("a.lua", "serves", "b.lua", ALONE("/b"), NULL);
	struct ruleset *first = load_over(NULL, &files), *second;

	assert_false(find_campaign(first, "a")->loaded);
	second = load_over(first, &files);
	assert_false(find_campaign(second, "a")->loaded);
	assert_int_equal(second->n_kept, 0);
	ruleset_unref(first);
	ruleset_unref(second);
}

static void a_deleted_campaign_is_gone(void **state)
{
	struct folder files = folder("b.lua", ALONE("/b"), "a.lua", ALONE("/a"), NULL);
	struct ruleset *first = load_good(load_over(NULL, &files)), *second;

	files.n = 1;
	second = load_good(load_over(first, &files));
	assert_null(ruleset_serving(second, STR("/a")));
	assert_int_equal(second->n_campaigns, 1);
	ruleset_unref(first);
	ruleset_unref(second);
}

static void what_served_a_source_before_goes_on(void **state)
{
	struct folder files = folder("b.lua", ALONE("/b"), "c.lua", ALONE("/c"), "a.lua", ALONE("/b"), NULL);
	struct ruleset *first, *second, *third;

	files.n = 2;
	first = load_good(load_over(NULL, &files));
	files.n = 3;
	second = load_over(first, &files);
	assert_error(second, "a.lua", 1, "'/b' is served by b.lua already", "");
	assert_ptr_equal(ruleset_serving(second, STR("/b")), find_campaign(first, "b"));
	ruleset_unref(first);

	/* b is broken and keeps its source, which c wants: c goes on as it was, too. */
	files.files[0].text = STR("serves");
	files.files[1].text = STR(ALONE("/b"));
	third = load_over(second, &files);
	assert_error(third, "c.lua", 1, "'/b' is served by b.lua already", "");
	assert_int_equal(third->n_kept, 2);
	assert_ptr_equal(ruleset_serving(third, STR("/b")), find_campaign(second, "b"));
	assert_ptr_equal(ruleset_serving(third, STR("/c")), find_campaign(second, "c"));
	ruleset_unref(second);
	ruleset_unref(third);
}

static void a_stored_generation_is_the_same_again(void **state)
{
	struct folder files = folder("a.lua", CAMPAIGN("/a"), "b.lua", ALONE("/b"), "services/crm.lua",
				     SERVICE("http://one/"), NULL);
	struct ruleset *first = load_good(load_over(NULL, &files)), *second, *again;
	const struct source_file *stored, *stored_again;
	struct arena arena;
	size_t n, n_again;

	/* "a" keeps what it was; a new campaign that sorts before "b" is refused b's source. */
	files.files[0].text = STR("serves '/a'\nrule 'r' {");
	files.files[2].text = STR(SERVICE("http://two/"));
	files.files[files.n++] = (struct source_file){STR("aa.lua"), STR(ALONE("/b"))};
	second = load_over(first, &files);
	assert_false(find_campaign(second, "aa")->loaded);
	arena_init(&arena, 1 << 20);
	stored = script_sources(second, &arena, &n);
	assert_int_equal(n, 4 + 2 + 1);
	again = script_load(stored, n, 2, NULL);
	assert_int_equal(again->n_kept, 1);
	assert_int_equal(again->n_files, 4);
	assert_false(find_campaign(again, "aa")->loaded);
	assert_str(ruleset_serving(again, STR("/b"))->name, "b");
	assert_str(ruleset_serving(again, STR("/a"))->rules[0].fire[0]->url.parts[0].literal, "http://one/");
	stored_again = script_sources(again, &arena, &n_again);
	assert_int_equal(n_again, n);
	for (size_t i = 0; i < n; i++) {
		assert_true(str_eq(stored[i].path, stored_again[i].path));
		assert_true(str_eq(stored[i].text, stored_again[i].text));
	}
	arena_finish(&arena);
	ruleset_unref(first);
	ruleset_unref(second);
	ruleset_unref(again);
}

static void a_new_service_takes_no_name_of_an_old_one(void **state)
{
	struct folder files =
		folder("services/crm.lua", SERVICE("http://one/"), "a.lua", CAMPAIGN("/a"), "z.lua",
		       "serves '/z' require 'aaa.new'", "aaa/new.lua",
		       "return { x = http.service { name = 'crm.one', url = 'http://new/' } }", NULL);
	struct ruleset *first, *second;

	files.n = 2;
	first = load_good(load_over(NULL, &files));
	files.n = 4;
	second = load_over(first, &files);
	assert_error(second, "aaa/new.lua", 1, "two services have the name 'crm.one'", "");
	assert_ptr_equal(find_campaign(second, "a"), find_campaign(first, "a"));
	assert_false(find_campaign(second, "z")->loaded);
	ruleset_unref(first);
	ruleset_unref(second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_changed_is_loaded),
		cmocka_unit_test(warnings_of_what_is_taken_over_are_still_said),
		cmocka_unit_test(a_broken_campaign_goes_on_as_it_was),
		cmocka_unit_test(without_a_last_good_version_it_serves_nothing),
		cmocka_unit_test(a_deleted_campaign_is_gone),
		cmocka_unit_test(what_served_a_source_before_goes_on),
		cmocka_unit_test(a_stored_generation_is_the_same_again),
		cmocka_unit_test(a_new_service_takes_no_name_of_an_old_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
