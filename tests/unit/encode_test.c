#include "unit.h"

#include "format/encode.h"

typedef void (*encoder)(struct buf *out, struct str s);

static const char *encoded(encoder with, struct str s)
{
	static char text[512];
	struct buf out;
	buf_init(&out, sizeof text - 1);
	char *exact = mem_alloc(s.n);
	if (s.n)
		memcpy(exact, s.p, s.n);
	with(&out, (struct str){exact, s.n});
	strcpy(text, buf_z(&out));
	buf_finish(&out);
	free(exact);
	return text;
}

static void forms_carry_what_the_standard_lets_through(void **state)
{
	assert_string_equal(encoded(encode_form, STR("a b+c&d=e@f%*-._~\n")),
			    "a+b%2Bc%26d%3De%40f%25*-._%7E%0A");
	assert_string_equal(encoded(encode_form, STR("Zo\xC3\xAB\0")), "Zo%C3%AB%00");
	assert_string_equal(encoded(encode_percent, STR("a b+c/d?*-._~\xFF")), "a%20b%2Bc%2Fd%3F%2A-._~%FF");
	assert_string_equal(encoded(encode_form, STR("")), "");
}

static void decodes_what_it_encoded(void **state)
{
	struct buf out;
	char bytes[256];
	for (int i = 0; i < 256; i++)
		bytes[i] = (char)i;
	buf_init(&out, 1000);
	assert_true(decode_form(&out, str_of(encoded(encode_form, (struct str){bytes, 128}))));
	assert_true(decode_form(&out, str_of(encoded(encode_form, (struct str){bytes + 128, 128}))));
	assert_int_equal(out.n, 256);
	assert_memory_equal(out.p, bytes, 256);
	const char *bad[] = {"%", "a%4", "%zz", "%4z", "%%41", "x%-1"};
	for (size_t i = 0; i < countof(bad); i++)
		assert_false(decode_form(&out, str_of(bad[i])));
	assert_false(decode_form(&out, (struct str){"a%414", 3}));
	assert_int_equal(out.n, 256);
	buf_finish(&out);
}

static void xml_stays_well_formed(void **state)
{
	assert_string_equal(encoded(encode_xml_text, STR("<a b='c'>&\"\r\n\t]]>")),
			    "&lt;a b='c'&gt;&amp;\"&#13;\n\t]]&gt;");
	assert_string_equal(encoded(encode_xml_attribute, STR("<a b='c'>&\"\r\n\t")),
			    "&lt;a b=&apos;c&apos;&gt;&amp;&quot;&#13;&#10;&#9;");
	assert_string_equal(encoded(encode_xml_text, STR("a\0b\x1F\xEF\xBF\xBE\xED\xA0\x80\xC3")),
			    "a\xEF\xBF\xBD"
			    "b\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
	assert_string_equal(encoded(encode_xml_cdata, STR("a]]>b<&]]]>>")),
			    "a]]]]><![CDATA[>b<&]]]]]><![CDATA[>>");
	struct buf out;
	buf_init(&out, 100);
	encode_xml_cdata(&out, STR("a]]"));
	encode_xml_cdata(&out, STR(">b"));
	assert_string_equal(buf_z(&out), "a]]]]><![CDATA[>b");
	buf_finish(&out);
}

static void headers_cannot_be_split(void **state)
{
	assert_string_equal(encoded(encode_header, STR(" a\r\nx-evil: 1\0b\x7F ")), "a  x-evil: 1 b");
	assert_string_equal(encoded(encode_header, STR("\t Zo\xC3\xAB\t")), "Zo\xC3\xAB");
	assert_string_equal(encoded(encode_header, STR(" \r\n")), "");
}

static void knows_utf8(void **state)
{
	const char *good[] = {"",
			      "a",
			      "12345678\xC3\xAB",
			      "\xC2\x80",
			      "\xE0\xA0\x80",
			      "\xED\x9F\xBF",
			      "\xEE\x80\x80",
			      "\xF0\x90\x80\x80",
			      "\xF4\x8F\xBF\xBF"};
	const char *bad[] = {"\x80",
			     "\xC1\xBF",
			     "\xC3",
			     "\xC3(",
			     "\xE0\x9F\xBF",
			     "\xED\xA0\x80",
			     "\xE2\x82",
			     "\xF0\x8F\xBF\xBF",
			     "\xF4\x90\x80\x80",
			     "\xF5\x80\x80\x80",
			     "\xFF",
			     "\xF0\x9F\x98"};
	for (size_t i = 0; i < countof(good); i++)
		assert_true(utf8_valid(str_of(good[i])));
	for (size_t i = 0; i < countof(bad); i++) {
		assert_false(utf8_valid(str_of(bad[i])));
		assert_int_equal(utf8_character(str_of(bad[i])), 0);
	}
	assert_int_equal(utf8_valid_prefix(STR("123456789\xC3\xAB"
					       "12345678\xFFx")),
			 19);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms_carry_what_the_standard_lets_through),
		cmocka_unit_test(decodes_what_it_encoded),
		cmocka_unit_test(xml_stays_well_formed),
		cmocka_unit_test(headers_cannot_be_split),
		cmocka_unit_test(knows_utf8),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
