/* Documents that are wrong on purpose: refused, or taken, in bounded time and memory. And a short
 * deterministic run of damaged ones: whatever comes, it is an answer or an error. */
#include "unit.h"

#include "base/clock.h"
#include "format/json.h"
#include "soap/answer.h"
#include "soap/describe.h"
#include "soap/envelope.h"
#include "soap/folder.h"

#include <stdio.h>
#include <time.h>

enum { MOST_MS = 8000, ROUNDS = 400 };

struct memory {
	struct str text;
};

static int read_memory(void *context, struct str path, struct arena *arena, struct str *ret,
		       struct error *reterr)
{
	const struct memory *memory = context;
	*ret = memory->text;
	return 0;
}

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Loads, and describes what was loaded: both must end soon. */
static int load(struct str text, struct error *reterr)
{
	struct memory memory = {text};
	struct soap_files files = {read_memory, &memory};
	struct wsdl *wsdl = NULL;
	int64_t began = now_ms();
	int status = wsdl_load(&files, STR("a.wsdl"), &wsdl, reterr);
	if (status == 0) {
		struct soap_describe_options options = {.skeletons = true};
		struct buf out;
		buf_init(&out, 16 << 20);
		soap_describe(wsdl, &options, &out);
		buf_finish(&out);
	}
	wsdl_free(wsdl);
	assert_true(now_ms() - began < MOST_MS);
	return status;
}

#define HEAD                                                                                                 \
	"<definitions xmlns='http://schemas.xmlsoap.org/wsdl/' xmlns:t='urn:t' targetNamespace='urn:t' "     \
	"xmlns:x='http://www.w3.org/2001/XMLSchema' xmlns:s='http://schemas.xmlsoap.org/wsdl/soap/'><types>" \
	"<x:schema targetNamespace='urn:t'>"
#define TAIL                                                                                                 \
	"</x:schema></types><message name='m'><part name='p' element='t:e'/></message><portType name='p'>"   \
	"<operation name='o'><input message='t:m'/></operation></portType><binding name='b' "                \
	"type='t:p'><s:binding/>"                                                                            \
	"<operation name='o'><s:operation/><input><s:body/></input></operation></binding><service name='v'>" \
	"<port name='p' binding='t:b'><s:address "                                                           \
	"location='http://127.0.0.1/'/></port></service></definitions>"

static void assert_refused(const char *schema, const char *what)
{
	struct buf text;
	struct error error = {0};
	buf_init(&text, 64 << 20);
	buf_str(&text, STR(HEAD));
	buf_str(&text, str_of(schema));
	buf_str(&text, STR(TAIL));
	if (load(buf_view(&text), &error) == 0)
		fail_msg("was loaded: %.200s", schema);
	if (!strstr(error.what, what))
		fail_msg("'%s' is not in '%s'", what, error.what);
	buf_finish(&text);
}

static void groups_and_types_in_circles_are_refused(void **state)
{
	assert_refused("<x:group name='g'><x:sequence><x:group ref='t:g'/></x:sequence></x:group>"
		       "<x:element name='e'><x:complexType><x:group ref='t:g'/></x:complexType></x:element>",
		       "contains itself");
	assert_refused("<x:group name='g'><x:sequence><x:group ref='t:h'/></x:sequence></x:group>"
		       "<x:group name='h'><x:choice><x:group ref='t:g'/></x:choice></x:group>",
		       "contains itself");
	assert_refused("<x:complexType name='a'><x:complexContent><x:extension "
		       "base='t:b'/></x:complexContent></x:complexType>"
		       "<x:complexType name='b'><x:complexContent><x:extension "
		       "base='t:a'/></x:complexContent></x:complexType>",
		       "its own base");
	assert_refused("<x:simpleType name='a'><x:restriction base='t:a'/></x:simpleType>", "its own base");
}

static void groups_that_double_are_refused(void **state)
{
	struct buf text;
	buf_init(&text, 1 << 20);
	for (int i = 0; i < 40; i++)
		buf_printf(&text,
			   "<x:group name='g%d'><x:sequence><x:group ref='t:g%d'/><x:group "
			   "ref='t:g%d'/></x:sequence></x:group>",
			   i, i + 1, i + 1);
	buf_str(&text,
		STR("<x:group name='g40'><x:sequence><x:element name='l'/></x:sequence></x:group>"
		    "<x:element name='e'><x:complexType><x:group ref='t:g0'/></x:complexType></x:element>"));
	assert_refused(buf_z(&text), "more than");
	buf_finish(&text);
}

static void documents_that_expand_are_refused(void **state)
{
	static const char *const documents[] = {
		"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>",
		"<!DOCTYPE a [<!ENTITY b 'bbbbbbbb'><!ENTITY c '&b;&b;&b;&b;'><!ENTITY d "
		"'&c;&c;&c;&c;'>]><a>&d;</a>",
		"<!DOCTYPE a SYSTEM 'http://127.0.0.1:1/a.dtd'><a/>",
		"<!DOCTYPE a [<!ENTITY % p SYSTEM 'http://127.0.0.1:1/p'> %p;]><a/>",
	};
	for (size_t i = 0; i < countof(documents); i++) {
		struct error error;
		assert_int_equal(load(str_of(documents[i]), &error), -1);
		assert_string_equal(error.what, "a DOCTYPE is not taken");
	}
}

static struct str repeated(struct buf *out, const char *before, const char *piece, int n, const char *after)
{
	buf_init(out, 256 << 20);
	buf_str(out, str_of(before));
	for (int i = 0; i < n; i++)
		buf_str(out, str_of(piece));
	buf_str(out, str_of(after));
	return buf_view(out);
}

static void deep_wide_and_long_documents_are_refused(void **state)
{
	struct buf text;
	struct error error;
	assert_int_equal(load(repeated(&text, "", "<a>", 100000, ""), &error), -1);
	assert_non_null(strstr(error.what, "more than 128 elements inside of each other"));
	buf_finish(&text);
	assert_int_equal(load(repeated(&text, "<a>", "<b/>", 2000000, "</a>"), &error), -1);
	assert_non_null(strstr(error.what, "more than 1000000 elements"));
	buf_finish(&text);
	buf_init(&text, 64 << 20);
	buf_str(&text, STR("<a"));
	for (int i = 0; i < 300000; i++)
		buf_printf(&text, " a%d='1'", i);
	buf_str(&text, STR("/>"));
	assert_int_equal(load(buf_view(&text), &error), -1);
	assert_non_null(strstr(error.what, "more than 256 attributes on one element"));
	buf_finish(&text);
	assert_int_equal(load(repeated(&text, "<", "a", 5000, "/>"), &error), -1);
	assert_non_null(strstr(error.what, "a name of more than 1024 bytes"));
	buf_finish(&text);
}

/* Thousands of references that only a search through everything would find. */
static void many_wrong_references_cost_little(void **state)
{
	struct buf text;
	struct error error;
	buf_init(&text, 64 << 20);
	buf_str(&text, STR(HEAD));
	for (int i = 0; i < 20000; i++)
		buf_printf(&text, "<x:element name='n%d' type='u%d'/>", i, i);
	buf_str(&text, STR("<x:element name='e'/>" TAIL));
	assert_int_equal(load(buf_view(&text), &error), 0);
	buf_finish(&text);
}

/* A pattern that takes forever on a text that nearly fits counts as not fitting. */
static void a_pattern_cannot_take_forever(void **state)
{
	struct buf text, value;
	struct memory memory;
	struct soap_files files = {read_memory, &memory};
	struct soap_choice choice = {.operation = STR("o")};
	struct soap_target target;
	struct wsdl *wsdl;
	struct error error;
	struct value args = {.kind = VALUE_STRING};
	buf_init(&text, 1 << 20);
	buf_str(&text, STR(HEAD "<x:element name='e'><x:simpleType><x:restriction base='x:string'><x:pattern "
				"value='(a+)+b'/>"
				"</x:restriction></x:simpleType></x:element>" TAIL));
	memory.text = buf_view(&text);
	assert_int_equal(wsdl_load(&files, STR("a.wsdl"), &wsdl, &error), 0);
	assert_int_equal(wsdl_find(wsdl, &choice, &target, &error), 0);
	args.text = repeated(&value, "", "a", 50000, "");
	int64_t began = now_ms();
	assert_int_equal(soap_request_check(wsdl, &target, &args, NULL, false, NULL, &error), -1);
	assert_non_null(strstr(error.what, "does not match the pattern"));
	assert_true(now_ms() - began < MOST_MS);
	buf_finish(&value);
	buf_finish(&text);
	wsdl_free(wsdl);
}

/* --- damage --- */

static uint32_t chance(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

/* Takes pieces out, doubles them, and changes bytes. */
static void damage(struct buf *out, struct str text, uint32_t *seed)
{
	buf_clear(out);
	buf_str(out, text);
	for (uint32_t i = 0, n = 1 + chance(seed) % 4; i < n && out->n > 16; i++) {
		size_t at = chance(seed) % (out->n - 8),
		       length = 1 + chance(seed) % (out->n - at < 200 ? out->n - at : 200);
		switch (chance(seed) % 4) {
		case 0:
			out->p[at] = (char)chance(seed);
			break;
		case 1:
			memmove(out->p + at, out->p + at + length, out->n - at - length);
			out->n -= length;
			break;
		case 2:
			buf_reserve(out, length);
			memmove(out->p + at + length, out->p + at, out->n - at);
			out->n += length;
			break;
		default:
			memmove(out->p + at, out->p + chance(seed) % (out->n - length + 1), length);
		}
	}
}

static void read_file_of(const char *name, struct buf *out)
{
	char path[500], chunk[4096];
	size_t n;
	snprintf(path, sizeof path, "%s/%s", SOAP_FILES, name);
	FILE *file = fopen(path, "rb");
	assert_non_null(file);
	while ((n = fread(chunk, 1, sizeof chunk, file)) > 0)
		buf_add(out, chunk, n);
	fclose(file);
}

static void a_damaged_description_is_an_error_or_another_description(void **state)
{
	static const char *const names[] = {"legacy.wsdl", "shop.wsdl", "orders.wsdl", "shop.xsd"};
	for (size_t i = 0; i < countof(names); i++) {
		struct buf whole, damaged;
		uint32_t seed = (uint32_t)i + 1;
		buf_init(&whole, 1 << 20);
		buf_init(&damaged, 2 << 20);
		read_file_of(names[i], &whole);
		for (int round = 0; round < ROUNDS; round++) {
			struct error error;
			damage(&damaged, buf_view(&whole), &seed);
			load(buf_view(&damaged), &error);
		}
		buf_finish(&damaged);
		buf_finish(&whole);
	}
}

static void a_damaged_answer_is_an_error_or_another_answer(void **state)
{
	static const char answer[] = "<e:Envelope xmlns:e='" NS_SOAP11 "' xmlns:i='" NS_XSI
				     "'><e:Body><CreateOrderResponse xmlns='urn:example:orders'>"
				     "<OrderId>1</OrderId><position i:type='x:int' xmlns:x='" NS_XSD
				     "'>2</position></CreateOrderResponse></e:Body></e:Envelope>";
	struct soap_folder folder;
	struct wsdl *wsdl;
	struct soap_target target;
	struct soap_choice choice = {.operation = STR("CreateOrder")};
	struct error error;
	struct buf damaged;
	char path[500], *name;
	uint32_t seed = 7;
	snprintf(path, sizeof path, "%s/orders.wsdl", SOAP_FILES);
	assert_int_equal(soap_folder_of(path, 0, &folder, &name, &error), 0);
	struct soap_files files = soap_folder_files(&folder);
	assert_int_equal(wsdl_load(&files, str_of(name), &wsdl, &error), 0);
	assert_int_equal(wsdl_find(wsdl, &choice, &target, &error), 0);
	buf_init(&damaged, 1 << 20);
	for (int round = 0; round < 10 * ROUNDS; round++) {
		struct soap_answer read;
		struct arena arena;
		arena_init(&arena, 16 << 20);
		damage(&damaged, STR(answer), &seed);
		soap_answer_read(wsdl, &target, buf_view(&damaged), (struct str){0}, NULL, &arena, &read,
				 &error);
		arena_finish(&arena);
	}
	buf_finish(&damaged);
	wsdl_free(wsdl);
	soap_folder_finish(&folder);
	free(name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_and_types_in_circles_are_refused),
		cmocka_unit_test(groups_that_double_are_refused),
		cmocka_unit_test(documents_that_expand_are_refused),
		cmocka_unit_test(deep_wide_and_long_documents_are_refused),
		cmocka_unit_test(many_wrong_references_cost_little),
		cmocka_unit_test(a_pattern_cannot_take_forever),
		cmocka_unit_test(a_damaged_description_is_an_error_or_another_description),
		cmocka_unit_test(a_damaged_answer_is_an_error_or_another_answer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
