#include "template_fixture.h"

static void mistakes_are_told_with_their_place(void **state)
{
	struct fixture *f = *state;
	static const struct {
		enum template_context context;
		const char *text, *what;
		int line, column;
	} cases[] = {
		{CONTEXT_JSON, "{\n  \"a\": \"#a#\",\n  \"b\": #b#,\n}",
		 "not valid JSON: an object's key must be a string in double quotes, not '}'", 4, 1},
		{CONTEXT_JSON, "{\"a\": \"#a#\" \"b\": 1}",
		 "not valid JSON: expected ',' or '}' after a member of an object, not '\"b\"'", 1, 13},
		{CONTEXT_JSON, "{\"a\": 1#a#}", "not valid JSON: a value cannot stand here: the tag 'a'", 1,
		 8},
		{CONTEXT_JSON, "{#a#: 1}", "not valid JSON: a value cannot stand here: the tag 'a'", 1, 2},
		{CONTEXT_JSON, "[#a##b#]", "not valid JSON: a value cannot stand here: the tag 'b'", 1, 5},
		{CONTEXT_JSON, "[#a#1]",
		 "not valid JSON: expected ',' or ']' after an item of an array, not '1'", 1, 5},
		{CONTEXT_JSON, "{\"#a|json#\" : 1}",
		 "a key of an object is text: the tag 'a' cannot be json there", 1, 3},
		{CONTEXT_JSON, "[\"#a|default:'\n'#\",\n oops]", "not valid JSON: unexpected 'oops'", 3, 2},
		{CONTEXT_JSON, "[\"\\#a#\"]",
		 "not valid JSON: no escape of JSON: in a string, '\\' stands only before one of \" \\ / b f "
		 "n r t u",
		 1, 4},
		{CONTEXT_JSON, "[\"#a#]", "not valid JSON: the JSON text ends too early", 1, 7},
		{CONTEXT_JSON, "", "not valid JSON: the JSON text is empty", 1, 1},
		{CONTEXT_XML, "<a>\n <!-- #x# --></a>", "a tag cannot stand in a comment", 2, 7},
		{CONTEXT_XML, "<a><?p #x#?></a>", "a tag cannot stand in a processing instruction", 1, 8},
		{CONTEXT_XML, "<#x#>1</#x#>", "a tag cannot stand in the name of an element or attribute", 1,
		 2},
		{CONTEXT_XML, "<a>1</a#x#>", "a tag cannot stand here", 1, 8},
		{CONTEXT_XML, "<a #x#='1'/>", "a tag cannot stand in the name of an element or attribute", 1,
		 4},
		{CONTEXT_XML, "<!DOCTYPE #x#><a/>", "a tag cannot stand here", 1, 11},
		{CONTEXT_XML, "<!DOCTYPE a [<!ENTITY e '#x#'>]><a>&e;</a>", "a tag cannot stand here", 1, 26},
		{CONTEXT_XML, "<?xml version='1.0' encoding='#x#'?><a/>",
		 "a tag cannot stand in the XML declaration", 1, 31},
		{CONTEXT_XML, "<?xml version='1.0' encoding='latin1'?><a/>",
		 "the XML declaration names another encoding than UTF-8, in which bodies go out", 1, 1},
		{CONTEXT_XML, "<a b=#x#/>", "a tag cannot stand here", 1, 6},
		{CONTEXT_XML, "#x#", "a tag cannot stand here", 1, 1},
		{CONTEXT_XML, "<a/>#x#", "a tag cannot stand here", 1, 5},
		{CONTEXT_XML, "<a>&#x#;</a>", "a tag cannot stand here", 1, 5},
		{CONTEXT_XML, "<a>#x#\n</b>", "not well-formed XML: mismatched tag", 2, 3},
		{CONTEXT_XML, "<a>#x#", "not well-formed XML: no element found", 1, 7},
		{CONTEXT_XML, "<a>#x# & b</a>", "not well-formed XML: not well-formed (invalid token)", 1, 9},
		{CONTEXT_XML, "<a>\xff</a>", "not well-formed XML: not well-formed (invalid token)", 1, 4},
		{CONTEXT_XML, "", "not well-formed XML: no element found", 1, 1},
		{CONTEXT_URL, "", "the URL must start with http:// or https://", 1, 1},
		{CONTEXT_URL, "ftp://h/#x#", "the URL must start with http:// or https://", 1, 1},
		{CONTEXT_URL, "http#x#://h/", "the URL must start with http:// or https://", 1, 1},
		{CONTEXT_URL, "h.example/x", "the URL must start with http:// or https://", 1, 1},
		{CONTEXT_URL, "https:///x", "the URL has no host", 1, 1},
		{CONTEXT_URL, "https:///#x#", "the URL has no host", 1, 1},
		{CONTEXT_URL, "https://", "the URL has no host", 1, 1},
		{CONTEXT_URL, "https://h:99999/", "the URL's port is not between 1 and 65535", 1, 1},
		{CONTEXT_URL, "https://u:#p#@h/", "a user or password cannot stand in a URL", 1, 1},
		{CONTEXT_URL, "https://h/a b", "a URL cannot hold a space", 1, 12},
		{CONTEXT_URL, "https://h/#x#\n", "a URL cannot hold the control character 0x0a", 1, 14},
		{CONTEXT_HEADER, "a\r\nb", "a header cannot hold a line break or another control character",
		 1, 2},
		{CONTEXT_HEADER, "#a# \t", "a header cannot hold a line break or another control character",
		 1, 5},
	};
	for (size_t i = 0; i < countof(cases); i++) {
		assert_string_equal(fill_in(f, cases[i].context, cases[i].text, nasty_event), cases[i].what);
		if (f->error.line != cases[i].line || f->error.column != cases[i].column)
			fail_msg("%s: at %d:%d", cases[i].text, f->error.line, f->error.column);
	}
	fill_in(f, CONTEXT_XML, "<a>\n <!-- #x# --></a>", nasty_event);
	assert_string_equal(f->error.excerpt, " <!-- #x# --></a>");
}

/* Texts that are cut, or have a byte changed, never read past their end, and what compiles stays valid. */
static void survives_broken_texts(void **state)
{
	struct fixture *f = *state;
	const char *texts[] = {
		SEED_JSON, "<a b='#x|default:'y',1#'><!-- c --><![CDATA[#x#]]>#s|time:'%Y','UTC'#</a>",
		"https://#s#.example.com:80/#x#?q=#x|trim|upper#&r=1##s#", "[#n#,\"#list|json#\",#x|json#]"};
	const char changes[] = "#|':,\"\\<>[]{}&x \n";
	struct event *event = event_with(nasty_event);
	unsigned seed = 7;
	for (int round = 0; round < 4000; round++) {
		const char *text = texts[round % countof(texts)];
		struct buf changed;
		struct template template;
		buf_init(&changed, 4096);
		buf_str(&changed, str_of(text));
		for (int i = rand_r(&seed) % 3; i >= 0; i--)
			changed.p[(size_t)rand_r(&seed) % changed.n] =
				changes[(size_t)rand_r(&seed) % (sizeof changes - 1)];
		if (rand_r(&seed) % 2)
			changed.n = (size_t)rand_r(&seed) % changed.n;
		for (int context = CONTEXT_TEXT; context <= CONTEXT_JSON_STRING; context++) {
			struct value value;
			buf_clear(&f->out);
			if (compile(f, (enum template_context)context, buf_view(&changed), &template) < 0 ||
			    template_fill(&template, event, false, STR("crm"), &f->out, &f->log, &f->error) <
				    0)
				continue;
			if ((context == CONTEXT_JSON || context == CONTEXT_JSON_STRING) &&
			    json_parse(buf_view(&f->out), (struct json_limits){0}, &f->arena, &value,
				       &f->error) < 0)
				fail_msg("%s: %s", f->error.what, buf_z(&changed));
			if (context == CONTEXT_XML) {
				struct buf ignored;
				buf_init(&ignored, 1 << 20);
				read_xml(f->out.p, f->out.n, &ignored);
				buf_finish(&ignored);
			}
		}
		buf_finish(&changed);
		if (round % 100 == 0) {
			arena_finish(&f->arena);
			runlog_init(&f->log, &f->arena, 100);
		}
	}
	event_unref(event);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(mistakes_are_told_with_their_place, set_up, tear_down),
		cmocka_unit_test_setup_teardown(survives_broken_texts, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
