#include "template_fixture.h"

static void finds_tags_and_leaves_the_rest(void **state)
{
	struct fixture *f = *state;
	static const char *const cases[][2] = {
		{"", ""},
		{"no tag", "no tag"},
		{"#s#", "plain"},
		{"a#s#b#s#c", "aplainbplainc"},
		{"#s##s#", "plainplain"},
		{"#1", "#1"},
		{"#", "#"},
		{"##", "##"},
		{"a ## b", "a ## b"},
		{"##s#", "#plain"},
		{"##s##", "#plain#"},
		{"# #s# #", "# plain #"},
		{"color:#fff; #s#", "color:#fff; plain"},
		{"#1 #s#", "#1 plain"},
		{"#s", "#s"},
		{"#s ", "#s "},
		{"#s s#s#", "#s splain"},
		{"#s#s#", "plains#"},
		{"#s|", "#s|"},
		{"#fff|abc", "#fff|abc"},
		{"#s|upper#", "PLAIN"},
		{"#s| trim | default : 'x' , #", "an argument of a tag's filter is missing"},
		{"#s| trim | default : 'x' #", "plain"},
		{"#_x1|default:'a#b|c'#", "a#b|c"},
		{"&#x41;&#65;", "&#x41;&#65;"},
		{"\xff#s#\xfe", "\xffplain\xfe"},
	};
	for (size_t i = 0; i < countof(cases); i++)
		assert_string_equal(fill_in(f, CONTEXT_TEXT, cases[i][0], "{\"s\":\"plain\"}"), cases[i][1]);
	assert_null(f->log.first);
}

static void knows_its_tags(void **state)
{
	struct fixture *f = *state;
	struct template template;
	assert_int_equal(compile(f, CONTEXT_TEXT, STR("#1 #fff"), &template), 0);
	assert_false(template_has_tags(&template));
	assert_int_equal(compile(f, CONTEXT_TEXT, STR("#1 #a#, #b|upper#!"), &template), 0);
	assert_true(template_has_tags(&template));
	assert_int_equal(template.n, 3);
	assert_str(template.parts[0].tag, "a");
	assert_str(template.parts[1].tag, "b");
	assert_str(template.parts[2].literal, "!");
	assert_null(template.parts[2].tag.p);
}

static void note_tag(void *context, struct str tag)
{
	struct buf *tags = context;
	buf_str(tags, tag);
	buf_char(tags, ' ');
}

static void names_each_tag(void **state)
{
	struct fixture *f = *state;
	struct template template;
	assert_int_equal(compile(f, CONTEXT_JSON, STR("[#a#,\"#b#-#a|upper#\"]"), &template), 0);
	template_each_tag(&template, note_tag, &f->out);
	assert_string_equal(buf_z(&f->out), "a b a ");
}

static void the_seed_example_works_verbatim(void **state)
{
	struct fixture *f = *state;
	struct event *event = sample_event();
	assert_string_equal(fill_event(f, CONTEXT_JSON, SEED_JSON, event),
			    "{\n"
			    "  \"agentId\": \"1369310\",\n"
			    "  \"agentUsername\": \"rc.guest+15300002_1791@example.com\",\n"
			    "  \"ani\": \"5105550111\",\n"
			    "  \"dnis\": \"4155550110\",\n"
			    "  \"callStart\": \"2025-10-14 11:02:05\",\n"
			    "  \"duration\": \"\",\n"
			    "  \"recordingUrl\": \"" SAMPLE_RECORDING "\"\n"
			    "}\n");
	event_unref(event);
	assert_int_equal(f->log.n, 1);
	assert_str(f->log.first->text, "the event has no tag 'duration': sent empty (crm)");
}

/* The document reads back, and the string in it is the value, byte for byte. */
static void assert_json_holds(const char *text, size_t n, const char *value, size_t value_n)
{
	struct arena arena;
	struct value read;
	struct error error;
	arena_init(&arena, 64 << 20);
	if (json_parse((struct str){text, n}, (struct json_limits){0}, &arena, &read, &error) < 0)
		fail_msg("%s in %s", error.what, text);
	const struct value *x = value_get(&read, STR("x"));
	assert_int_equal(x->text.n, value_n);
	assert_memory_equal(x->text.p, value, value_n);
	arena_finish(&arena);
}

static void json_strings_hold_any_value(void **state)
{
	struct fixture *f = *state;
	fill_in(f, CONTEXT_JSON, "{\"x\":\"#x#\"}", nasty_event);
	assert_json_holds(f->out.p, f->out.n, NASTY, sizeof NASTY - 1);
	fill_in(f, CONTEXT_JSON, "{\"x\":#x#}", nasty_event);
	assert_json_holds(f->out.p, f->out.n, NASTY, sizeof NASTY - 1);
	fill_in(f, CONTEXT_JSON, "{\"x\":\"#x|json#\"}", nasty_event);
	assert_json_holds(f->out.p, f->out.n, NASTY, sizeof NASTY - 1);
	fill_in(f, CONTEXT_JSON, "{\"#s#\":1,\"x\":\"<#list#>\"}", nasty_event);
	assert_json_holds(f->out.p, f->out.n, "<[1,\"<\"]>", 9);
}

static void json_values_keep_their_type(void **state)
{
	struct fixture *f = *state;
	assert_string_equal(fill_in(f, CONTEXT_JSON, "[#n#, #t#,#z#,#e#,\n#list#,#s#, #gone#]", nasty_event),
			    "[12345678901234567890, true,null,\"\",\n[1,\"<\"],\"plain\", null]");
	assert_string_equal(fill_in(f, CONTEXT_JSON,
				    "[\"#n|json#\",\"#t|json#\",\"#z|json#\",\"#list|json#\","
				    "\"#s|json#\",\"#gone|json#\",\"#n#\",\"#t#\",\"#z#\"]",
				    nasty_event),
			    "[12345678901234567890,true,null,[1,\"<\"],\"plain\",null,"
			    "\"12345678901234567890\",\"true\",\"\"]");
	assert_string_equal(fill_in(f, CONTEXT_JSON, "#n#", nasty_event), "12345678901234567890");
	assert_string_equal(fill_in(f, CONTEXT_JSON, "\"#n|json#\"", nasty_event), "12345678901234567890");
	assert_string_equal(fill_in(f, CONTEXT_JSON, "[\"#s|json# \"]", nasty_event), "[\"\\\"plain\\\" \"]");
	assert_string_equal(fill_in(f, CONTEXT_JSON, "[\"\\\\\", #n#, \"\\\"#s#\\\"\"]", nasty_event),
			    "[\"\\\\\", 12345678901234567890, \"\\\"plain\\\"\"]");
}

static void json_keeps_the_operators_formatting(void **state)
{
	struct fixture *f = *state;
	assert_string_equal(fill_in(f, CONTEXT_JSON,
				    " {\r\n\t\"b\" :\"\\u00e9#s#\", \"a\":1.50 ,\"#1\":[ ] } ", nasty_event),
			    " {\r\n\t\"b\" :\"\\u00e9plain\", \"a\":1.50 ,\"#1\":[ ] } ");
}

static void a_json_string_of_a_table_is_escaped_with_its_tags(void **state)
{
	struct fixture *f = *state;
	assert_string_equal(fill_in(f, CONTEXT_JSON_STRING, "say \"hi\"\n#s#\t#s|upper#", nasty_event),
			    "\"say \\\"hi\\\"\\nplain\\tPLAIN\"");
	assert_string_equal(fill_in(f, CONTEXT_JSON_STRING, "#n|json#", nasty_event), "12345678901234567890");
	assert_string_equal(fill_in(f, CONTEXT_JSON_STRING, "#n#", nasty_event), "\"12345678901234567890\"");
	assert_string_equal(fill_in(f, CONTEXT_JSON_STRING, "", nasty_event), "\"\"");
	struct template_builder builder;
	struct template template;
	template_builder_init(&builder, &f->arena);
	template_builder_text(&builder, STR("{\"a\":"));
	assert_int_equal(template_builder_json_string(&builder, STR("#n|json#"), &f->error), 0);
	template_builder_text(&builder, STR(",\"b\":"));
	assert_int_equal(template_builder_json_string(&builder, STR("<#s#>"), &f->error), 0);
	assert_int_equal(template_builder_json_string(&builder, STR("#s|uper#"), &f->error), -1);
	template_builder_text(&builder, STR("}"));
	assert_int_equal(template_builder_done(&builder, &template), 0);
	template_builder_finish(&builder);
	struct event *event = event_with(nasty_event);
	buf_clear(&f->out);
	template_fill(&template, event, true, STR("crm"), &f->out, NULL, &f->error);
	event_unref(event);
	assert_string_equal(buf_z(&f->out), "{\"a\":12345678901234567890,\"b\":\"<plain>\"}");
}

static void forms_and_urls_encode(void **state)
{
	struct fixture *f = *state;
	const char *data =
		"{\"x\":\"a b&c=d+e@f%/?\\u260e\\n\",\"dot\":\".\",\"dots\":\"..\",\"file\":\"a..b\"}";
	assert_string_equal(fill_in(f, CONTEXT_FORM, "1 & #x#", data),
			    "1+%26+a+b%26c%3Dd%2Be%40f%25%2F%3F%E2%98%8E%0A");
	assert_string_equal(fill_in(f, CONTEXT_QUERY, "1 & #x#", data),
			    "1%20%26%20a%20b%26c%3Dd%2Be%40f%25%2F%3F%E2%98%8E%0A");
	assert_string_equal(fill_in(f, CONTEXT_URL, "https://h.example/a/#x#/b?q=#x#&r#f#x#", data),
			    "https://h.example/a/a%20b%26c%3Dd%2Be%40f%25%2F%3F%E2%98%8E%0A/b"
			    "?q=a%20b%26c%3Dd%2Be%40f%25%2F%3F%E2%98%8E%0A&r"
			    "x#");
	assert_string_equal(fill_in(f, CONTEXT_URL, "http://h/#dot#/#dots#/#file#", data),
			    "http://h/%2E/%2E%2E/a..b");
}

static void a_url_knows_where_its_tags_stand(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *text;
		enum escape escapes[4];
	} cases[] = {
		{"#x#", {ESCAPE_URL_WHOLE}},
		{"#x#/#x#?#x#", {ESCAPE_URL_WHOLE, ESCAPE_URL_PATH, ESCAPE_URL_QUERY}},
		{"#x#://#x#/#x#", {ESCAPE_URL_WHOLE, ESCAPE_URL_AUTHORITY, ESCAPE_URL_PATH}},
		{"https://#x#:#x#", {ESCAPE_URL_AUTHORITY, ESCAPE_URL_AUTHORITY}},
		{"https://#x#.example.com?#x#", {ESCAPE_URL_AUTHORITY, ESCAPE_URL_QUERY}},
		{"HTTPS://a/b#x##x#", {ESCAPE_URL_PATH, ESCAPE_URL_PATH}},
		{"http://a?b=c/#x#", {ESCAPE_URL_QUERY}},
		{"http://a/b# #x#", {0}},
		{"http://a/b#/#x#", {ESCAPE_URL_QUERY}},
	};
	for (size_t i = 0; i < countof(cases); i++) {
		struct template template;
		if (compile(f, CONTEXT_URL, str_of(cases[i].text), &template) < 0) {
			assert_string_equal(f->error.what, "a URL cannot hold a space");
			continue;
		}
		for (size_t k = 0; k < template.n && template.parts[k].tag.p; k++)
			assert_int_equal(template.parts[k].escape, cases[i].escapes[k]);
	}
}

static void no_event_can_choose_another_host(void **state)
{
	struct fixture *f = *state;
	const char *text = "https://#h#/x";
	assert_string_equal(fill_in(f, CONTEXT_URL, text, "{\"h\":\"a-1.example.com\"}"),
			    "https://a-1.example.com/x");
	assert_string_equal(fill_in(f, CONTEXT_URL, text, "{\"h\":\"a:8080\"}"), "https://a:8080/x");
	const char *bad[] = {"a/b", "a@b", "a?b",   "a#b",      "a\\\\b",   "a b",    "a%2fb",
			     "a:b", "a:",  "[::1]", "a\\u0000", "a\\r\\nb", "\\u00e9"};
	for (size_t i = 0; i < countof(bad); i++) {
		char data[64];
		snprintf(data, sizeof data, "{\"h\":\"%s\"}", bad[i]);
		assert_string_equal(fill_in(f, CONTEXT_URL, text, data),
				    "the tag 'h' holds a character that cannot stand in a URL's host");
		assert_int_equal(f->out.n, 0);
	}
}

static void xml_holds_any_value(void **state)
{
	struct fixture *f = *state;
	struct buf text;
	buf_init(&text, 1 << 20);
	/* What XML cannot carry has become U+FFFD. */
	const char read[] = "\"q\" 'a'\n\r\t<b>&amp; ]]> % + @ # \\ / ?=; \u260e \ufffd\ufffd";
	const char read_cdata[] = "\"q\" 'a'\n\n\t<b>&amp; ]]> % + @ # \\ / ?=; \u260e \ufffd\ufffd";
	const char *documents[] = {"<a>#x#</a>", "<a><![CDATA[#x#]]></a>", "<a b='1'>#x#</a>"};
	for (size_t i = 0; i < countof(documents); i++) {
		fill_in(f, CONTEXT_XML, documents[i], nasty_event);
		buf_clear(&text);
		read_xml(f->out.p, f->out.n, &text);
		assert_string_equal(buf_z(&text), i == 1 ? read_cdata : read);
	}
	buf_finish(&text);
	assert_string_equal(fill_in(f, CONTEXT_XML, "<a b=\"#x#\" c='#x#'/>", "{\"x\":\"1<\\\"'&>\\n\\t☎\"}"),
			    "<a b=\"1&lt;&quot;&apos;&amp;&gt;&#10;&#9;☎\" "
			    "c='1&lt;&quot;&apos;&amp;&gt;&#10;&#9;☎'/>");
}

static void xml_sections_end_where_the_operator_ends_them(void **state)
{
	struct fixture *f = *state;
	struct buf text;
	buf_init(&text, 1 << 20);
	static const char *const cases[][2] = {
		{"<a><![CDATA[#x#]]></a>", ""},
		{"<a><![CDATA[#x#>]]></a>", ">"},
		{"<a><![CDATA[#x#]>]]></a>", "]>"},
		{"<a><![CDATA[#x##y#]]></a>", "]>"},
		{"<a>#x#></a>", ">"},
		{"<a>#x#]></a>", "]>"},
		{"<a>#x##y#></a>", "]>>"},
	};
	const char *values[] = {"", "]", "]]", "]]>", "]]]]>>", ">", "]]>]]", "&"};
	for (size_t i = 0; i < countof(cases); i++) {
		for (size_t k = 0; k < countof(values); k++) {
			char data[64], want[64];
			snprintf(data, sizeof data, "{\"x\":\"%s\",\"y\":\"]>\"}", values[k]);
			snprintf(want, sizeof want, "%s%s", values[k], cases[i][1]);
			fill_in(f, CONTEXT_XML, cases[i][0], data);
			buf_clear(&text);
			read_xml(f->out.p, f->out.n, &text);
			assert_string_equal(buf_z(&text), want);
		}
	}
	buf_finish(&text);
}

static void xml_knows_where_its_tags_stand(void **state)
{
	struct fixture *f = *state;
	const char *text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- '\" -->\n"
			   "<s:a xmlns:s=\"urn:x\" b='#s#' c = \"'#s|default:'\"'#'\">\n"
			   " #s# <![CDATA[ <#s#> ]]> &amp; &#x41; <d/>#s#\n</s:a>\n";
	struct template template;
	assert_int_equal(compile(f, CONTEXT_XML, str_of(text), &template), 0);
	const enum escape escapes[] = {ESCAPE_XML_ATTRIBUTE, ESCAPE_XML_ATTRIBUTE, ESCAPE_XML_TEXT,
				       ESCAPE_XML_CDATA, ESCAPE_XML_TEXT};
	assert_int_equal(template.n, countof(escapes) + 1);
	for (size_t i = 0; i < countof(escapes); i++)
		assert_int_equal(template.parts[i].escape, escapes[i]);
	assert_string_equal(fill_in(f, CONTEXT_XML, text, nasty_event),
			    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- '\" -->\n"
			    "<s:a xmlns:s=\"urn:x\" b='plain' c = \"'plain'\">\n"
			    " plain <![CDATA[ <plain> ]]> &amp; &#x41; <d/>plain\n</s:a>\n");
}

static void headers_hold_no_line_breaks(void **state)
{
	struct fixture *f = *state;
	assert_string_equal(
		fill_in(f, CONTEXT_HEADER, "Bearer #x#", "{\"x\":\" a\\r\\nx-evil: 1\\u0000☎ \"}"),
		"Bearer a  x-evil: 1 ☎");
}

static void an_unresolved_tag_is_never_sent(void **state)
{
	struct fixture *f = *state;
	static const struct {
		enum template_context context;
		const char *text, *filled;
	} cases[] = {
		{CONTEXT_TEXT, "a #gone# b", "a  b"},
		{CONTEXT_TEXT, "#gone|upper|seconds|e164:US|trim#", ""},
		{CONTEXT_JSON, "{\"a\":\"#gone#\",\"b\":#gone#,\"c\":\"#gone|json#\"}",
		 "{\"a\":\"\",\"b\":null,\"c\":null}"},
		{CONTEXT_FORM, "#gone#", ""},
		{CONTEXT_QUERY, "#gone#", ""},
		{CONTEXT_URL, "http://h/#gone#?#gone#", "http://h/?"},
		{CONTEXT_XML, "<a b='#gone#'>#gone#<![CDATA[#gone#]]></a>", "<a b=''><![CDATA[]]></a>"},
		{CONTEXT_HEADER, "#gone#", ""},
		{CONTEXT_JSON_STRING, "#gone#", "\"\""},
	};
	for (size_t i = 0; i < countof(cases); i++)
		assert_string_equal(fill_in(f, cases[i].context, cases[i].text, "{}"), cases[i].filled);
	assert_int_equal(f->log.n, 1);
	assert_str(f->log.first->text, "the event has no tag 'gone': sent empty (crm)");
}

static void null_and_empty_are_not_missing(void **state)
{
	struct fixture *f = *state;
	assert_string_equal(fill_in(f, CONTEXT_TEXT, "[#z##e#]", nasty_event), "[]");
	assert_null(f->log.first);
}

static void strict_stops_at_a_missing_tag(void **state)
{
	struct fixture *f = *state;
	struct template template;
	struct event *event = event_with("{\"a\":null}");
	assert_int_equal(compile(f, CONTEXT_TEXT, STR("x #a# #gone|default:'y'# #gone#"), &template), 0);
	buf_str(&f->out, STR("before"));
	assert_int_equal(template_fill(&template, event, true, STR("crm"), &f->out, &f->log, &f->error), -1);
	assert_string_equal(f->error.what, "the event has no tag 'gone', and the service is strict (crm)");
	assert_string_equal(f->error.hint, "give another value: #gone|default:'…'#");
	assert_string_equal(buf_z(&f->out), "before");
	assert_null(f->log.first);
	assert_int_equal(compile(f, CONTEXT_TEXT, STR("x #a# #gone|default:'y'#"), &template), 0);
	assert_int_equal(template_fill(&template, event, true, STR("crm"), &f->out, NULL, &f->error), 0);
	assert_string_equal(buf_z(&f->out), "beforex  y");
	event_unref(event);
}

static void a_full_buffer_is_an_error(void **state)
{
	struct fixture *f = *state;
	struct template template;
	struct buf small;
	struct event *event = event_with("{\"a\":\"0123456789\",\"b\":[1,2,3,4,5,6,7,8]}");
	buf_init(&small, 16);
	buf_str(&small, STR("12345678"));
	assert_int_equal(compile(f, CONTEXT_TEXT, STR("#a#"), &template), 0);
	assert_int_equal(template_fill(&template, event, false, STR("crm"), &small, NULL, &f->error), -1);
	assert_string_equal(f->error.what, "the filled text is over 8 bytes");
	assert_str(buf_view(&small), "12345678");
	assert_int_equal(compile(f, CONTEXT_TEXT, STR("#b#"), &template), 0);
	assert_int_equal(template_fill(&template, event, false, STR("crm"), &small, NULL, &f->error), -1);
	assert_str(buf_view(&small), "12345678");
	buf_finish(&small);
	event_unref(event);
}

static void long_notes_pass_every_place(void **state)
{
	struct fixture *f = *state;
	char *data = mem_alloc(65535 + 16);
	memset(data, '<', 65535 + 16);
	memcpy(data, "{\"x\":\"", 6);
	memcpy(data + 6 + 65535, "\"}", 3);
	assert_int_equal(strlen(fill_in(f, CONTEXT_TEXT, "#x#", data)), 65535);
	assert_int_equal(strlen(fill_in(f, CONTEXT_JSON, "\"#x#\"", data)), 65537);
	assert_int_equal(strlen(fill_in(f, CONTEXT_FORM, "#x#", data)), 3 * 65535);
	assert_int_equal(strlen(fill_in(f, CONTEXT_XML, "<a>#x#</a>", data)), 4 * 65535 + 7);
	assert_int_equal(strlen(fill_in(f, CONTEXT_HEADER, "#x#", data)), 65535);
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(finds_tags_and_leaves_the_rest, set_up, tear_down),
		cmocka_unit_test_setup_teardown(knows_its_tags, set_up, tear_down),
		cmocka_unit_test_setup_teardown(names_each_tag, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_seed_example_works_verbatim, set_up, tear_down),
		cmocka_unit_test_setup_teardown(json_strings_hold_any_value, set_up, tear_down),
		cmocka_unit_test_setup_teardown(json_values_keep_their_type, set_up, tear_down),
		cmocka_unit_test_setup_teardown(json_keeps_the_operators_formatting, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_json_string_of_a_table_is_escaped_with_its_tags, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(forms_and_urls_encode, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_url_knows_where_its_tags_stand, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_event_can_choose_another_host, set_up, tear_down),
		cmocka_unit_test_setup_teardown(xml_holds_any_value, set_up, tear_down),
		cmocka_unit_test_setup_teardown(xml_sections_end_where_the_operator_ends_them, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(xml_knows_where_its_tags_stand, set_up, tear_down),
		cmocka_unit_test_setup_teardown(headers_hold_no_line_breaks, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_unresolved_tag_is_never_sent, set_up, tear_down),
		cmocka_unit_test_setup_teardown(null_and_empty_are_not_missing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(strict_stops_at_a_missing_tag, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_full_buffer_is_an_error, set_up, tear_down),
		cmocka_unit_test_setup_teardown(long_notes_pass_every_place, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
