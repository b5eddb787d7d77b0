/* Arguments into envelopes, answers into values, and what is refused. */
#include "unit.h"

#include "format/json.h"
#include "soap/answer.h"
#include "soap/describe.h"
#include "soap/envelope.h"
#include "soap/folder.h"

#include <stdio.h>

struct fixture {
	struct soap_folder folder;
	struct wsdl *wsdl;
	struct soap_target target;
	struct arena arena;
	struct buf out;
	struct error error;
};

static int set_up(void **state)
{
	struct fixture *f = mem_zalloc(sizeof *f);
	arena_init(&f->arena, 64 << 20);
	buf_init(&f->out, 16 << 20);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	wsdl_free(f->wsdl);
	soap_folder_finish(&f->folder);
	arena_finish(&f->arena);
	buf_finish(&f->out);
	free(f);
	return 0;
}

static void load(struct fixture *f, const char *file)
{
	char whole[500], *path;
	snprintf(whole, sizeof whole, "%s/%s", SOAP_FILES, file);
	assert_int_equal(soap_folder_of(whole, 0, &f->folder, &path, &f->error), 0);
	struct soap_files files = soap_folder_files(&f->folder);
	if (wsdl_load(&files, str_of(path), &f->wsdl, &f->error))
		fail_msg("%s:%d: %s", f->error.file, f->error.line, f->error.what);
	free(path);
}

static void choose(struct fixture *f, const char *file, const char *operation)
{
	struct soap_choice choice = {.operation = str_of(operation)};
	load(f, file);
	assert_int_equal(wsdl_find(f->wsdl, &choice, &f->target, &f->error), 0);
}

static struct value json(struct fixture *f, const char *text)
{
	struct value value;
	if (json_parse(str_of(text), (struct json_limits){0}, &f->arena, &value, &f->error))
		fail_msg("the test's JSON is wrong: %s", f->error.what);
	return value;
}

static int build(struct fixture *f, const char *args)
{
	struct value value = json(f, args);
	buf_clear(&f->out);
	return soap_request_build(f->wsdl, &f->target, &value, NULL, &f->out, &f->error);
}

/* The envelope must hold this piece. */
static void assert_builds(struct fixture *f, const char *args, const char *piece)
{
	if (build(f, args))
		fail_msg("%s (%s)", f->error.what, f->error.hint);
	if (!strstr(buf_z(&f->out), piece))
		fail_msg("%s\nis not in\n%s", piece, buf_z(&f->out));
}

static void assert_refused(struct fixture *f, const char *args, const char *what)
{
	if (build(f, args) == 0)
		fail_msg("was built: %s", buf_z(&f->out));
	if (!strstr(f->error.what, what))
		fail_msg("'%s' is not in '%s'", what, f->error.what);
}

#define LINE     "{\"sku\":\"AB-123\",\"quantity\":1}"
#define CUSTOMER "\"customer\":{\"@xsi:type\":\"{urn:example:shop}Customer\",\"phone\":\"1\",\"name\":\"n\"}"
#define ORDER(more)                                                                        \
	"{\"order\":{\"@channel\":\"chat\",\"externId\":\"7\"," CUSTOMER ",\"line\":" LINE \
	",\"cash\":true" more "}}"

static void fields_stand_in_the_order_of_the_schema(void **state)
{
	struct fixture *f = *state;
	choose(f, "shop.wsdl", "CreateOrder");
	assert_builds(f, ORDER(""),
		      "<n1:CreateOrder><n1:order channel=\"chat\"><n1:externId>7</n1:externId><n1:customer "
		      "xsi:type=\"n1:Customer\"><n1:phone>1</n1:phone><name>n</name></"
		      "n1:customer><n1:line><n1:sku>AB-123</"
		      "n1:sku><n1:quantity>1</n1:quantity></n1:line><n1:cash>true</n1:cash></n1:order></"
		      "n1:CreateOrder>");
}

static void nil_is_not_omitted_and_not_empty(void **state)
{
	struct fixture *f = *state;
	choose(f, "shop.wsdl", "CreateOrder");
	assert_builds(f, ORDER(",\"note\":null"), "<n1:note xsi:nil=\"true\"/></n1:order>");
	assert_builds(f, ORDER(",\"note\":\"\""), "<n1:note/></n1:order>");
	assert_builds(f, ORDER(""), "</n1:cash></n1:order>");
	assert_refused(f, "{\"order\":null}", "CreateOrder/order: null is not allowed");
}

static void a_choice_is_decided_by_what_is_given(void **state)
{
	struct fixture *f = *state;
	choose(f, "shop.wsdl", "CreateOrder");
	assert_builds(f,
		      "{\"order\":{\"@channel\":\"chat\",\"externId\":\"7\"," CUSTOMER ",\"line\":" LINE
		      ",\"expires\":\"2027-01\",\"card\":\"4\"}}",
		      "<n1:card>4</n1:card><n1:expires>2027-01</n1:expires>");
	assert_refused(f, ORDER(",\"card\":\"4\",\"expires\":\"2027-01\""), "cannot stand together");
	assert_refused(
		f, "{\"order\":{\"@channel\":\"chat\",\"externId\":\"7\"," CUSTOMER ",\"line\":" LINE "}}",
		"one of these is missing: cash, card, expires");
	assert_refused(f,
		       "{\"order\":{\"@channel\":\"chat\",\"externId\":\"7\"," CUSTOMER ",\"line\":" LINE
		       ",\"card\":\"4\"}}",
		       "CreateOrder/order/expires: missing; expected gYearMonth");
}

static void wrong_fields_are_named_with_their_path(void **state)
{
	struct fixture *f = *state;
	choose(f, "shop.wsdl", "CreateOrder");
	assert_refused(f, ORDER(",\"notte\":\"x\""), "CreateOrder/order/notte: unknown field");
	assert_string_equal(f->error.hint, "did you mean 'note'?");
	assert_refused(f, "{}", "CreateOrder/order: missing; expected a table of type Order");
	assert_refused(f, "{\"order\":7}", "CreateOrder/order: expected a table of type Order, got a number");
	assert_refused(f,
		       "{\"order\":{\"@channel\":\"chat\",\"externId\":\"7\"," CUSTOMER
		       ",\"cash\":true,\"line\":[" LINE ",{\"sku\":\"ab\",\"quantity\":1}]}}",
		       "CreateOrder/order/line[2]/sku: 'ab' does not match the pattern [A-Z]{2}-\\d{3,5}");
	assert_refused(f,
		       "{\"order\":{\"@channel\":\"chat\",\"externId\":\"7\"," CUSTOMER
		       ",\"cash\":true,\"line\":[" LINE "," LINE "," LINE "," LINE "]}}",
		       "CreateOrder/order/line: too many values: takes 3, got 4");
	assert_refused(f, "{\"order\":{\"@channel\":\"fax\"}}",
		       "@channel: expected one of 'phone', 'chat', got 'fax'");
	assert_refused(f, "{\"order\":{\"@chanel\":\"chat\"}}", "attribute '@channel' is missing");
	assert_refused(f, ORDER(",\"urgent\":true"), "urgent: unknown field");
	assert_refused(f, "{\"order\":{\"@channel\":\"chat\",\"@version\":\"3\"}}",
		       "expected the fixed value '2'");
	assert_refused(f, "[1]", "CreateOrder: the arguments are a list");
}

static void an_abstract_type_needs_its_kind(void **state)
{
	struct fixture *f = *state;
	choose(f, "shop.wsdl", "CreateOrder");
	assert_refused(
		f, "{\"order\":{\"@channel\":\"chat\",\"externId\":\"7\",\"customer\":{\"phone\":\"1\"}}}",
		"CreateOrder/order/customer: type 'Person' is abstract");
	assert_refused(f,
		       "{\"order\":{\"@channel\":\"chat\",\"externId\":\"7\",\"customer\":{\"@xsi:type\":\"{"
		       "urn:example:shop}"
		       "Line\"}}}",
		       "is not derived from 'Person'");
}

static void substitutes_and_wildcards_have_their_places(void **state)
{
	struct fixture *f = *state;
	choose(f, "shop.wsdl", "CreateOrder");
	assert_builds(f, ORDER(",\"numberPayload\":5"), "<n1:numberPayload>5</n1:numberPayload>");
	assert_refused(f, ORDER(",\"numberPayload\":\"x\""), "numberPayload: expected int, got 'x'");
	assert_refused(f, ORDER(",\"payload\":\"x\""), "element 'payload' is abstract");
	assert_builds(f, ORDER(",\"#any\":[\"<x:a xmlns:x='urn:x' y='1'>&lt;<b/>t</x:a>\"]"),
		      "<x:a xmlns:x=\"urn:x\" y=\"1\">&lt;<b/>t</x:a></n1:order>");
	assert_refused(f, ORDER(",\"#any\":[\"<a/>\",\"<a/>\",\"<a/>\"]"),
		       "#any: too many values: takes 2, got 3");
	assert_refused(f, ORDER(",\"#any\":[\"<a></b>\"]"), "#any[1]: not well-formed XML");
	assert_refused(f, ORDER(",\"#any\":[\"<!DOCTYPE a><a/>\"]"), "a DOCTYPE is not taken");
}

static void text_with_attributes_and_escapes(void **state)
{
	struct fixture *f = *state;
	choose(f, "shop.wsdl", "CreateOrder");
	assert_builds(
		f,
		"{\"order\":{\"@channel\":\"chat\",\"@xml:lang\":\"a\\\"<\",\"externId\":\"<&>\"," CUSTOMER
		",\"cash\":\"1\",\"line\":{\"sku\":\" "
		"AB-123\\n\",\"quantity\":2.0,\"price\":{\"@currency\":\"EUR\","
		"\"#text\":9.5}}}}",
		"<n1:order channel=\"chat\" "
		"xml:lang=\"a&quot;&lt;\"><n1:externId>&lt;&amp;&gt;</n1:externId>");
	assert_non_null(strstr(buf_z(&f->out), "<n1:sku>AB-123</n1:sku><n1:quantity>2</n1:quantity><n1:price "
					       "currency=\"EUR\">9.5</n1:price>"));
}

static void types_that_hold_themselves_are_built_as_deep_as_given(void **state)
{
	struct fixture *f = *state;
	struct buf args;
	choose(f, "shop.wsdl", "CreateOrder");
	buf_init(&args, 1 << 20);
	buf_str(&args, STR("{\"order\":{\"@channel\":\"chat\",\"externId\":\"7\"," CUSTOMER
			   ",\"cash\":true,\"line\":"));
	for (int i = 0; i < 25; i++)
		buf_str(&args, STR("{\"sku\":\"AB-123\",\"quantity\":1,\"part\":[{\"sku\":\"AB-123\","
				   "\"quantity\":1},"));
	buf_str(&args, STR(LINE));
	for (int i = 0; i < 25; i++)
		buf_str(&args, STR("]}"));
	buf_str(&args, STR("}}"));
	assert_builds(f, buf_z(&args), "<n1:part><n1:sku>AB-123");
	buf_finish(&args);
}

static void headers_by_the_name_of_their_element(void **state)
{
	struct fixture *f = *state;
	choose(f, "shop.wsdl", "CreateOrder");
	struct value args = json(f, ORDER("")), headers = json(f, "{\"Session\":{\"token\":\"t\"}}");
	struct soap_envelope_options options = {.headers = &headers};
	assert_int_equal(soap_request_build(f->wsdl, &f->target, &args, &options, &f->out, &f->error), 0);
	assert_non_null(strstr(buf_z(&f->out), "<token>t</token></n3:Session></soap:Header><soap:Body>"));
	headers = json(f, "{\"Sesion\":{}}");
	assert_int_equal(soap_request_build(f->wsdl, &f->target, &args, &options, &f->out, &f->error), -1);
	assert_non_null(strstr(f->error.what, "headers/Sesion: unknown field"));
	assert_string_equal(f->error.hint, "did you mean 'Session'?");
}

static void rpc_takes_the_parts_by_name(void **state)
{
	struct fixture *f = *state;
	choose(f, "legacy.wsdl", "Add");
	assert_builds(f, "{\"b\":2,\"a\":1}", "<n1:Add><a>1</a><b>2</b></n1:Add>");
	assert_refused(f, "{\"a\":1}", "Add/b: missing; expected int");
	assert_refused(f, "{\"a\":1,\"b\":2,\"bb\":3}", "Add/bb: unknown field");
	assert_refused(f, "{\"a\":[1,2],\"b\":2}", "Add/a: too many values: takes 1, got 2");
	assert_refused(f, "{\"a\":2147483648,\"b\":2}", "Add/a: expected int, got '2147483648'");
}

static void the_soap_encoding_names_types_and_sizes(void **state)
{
	struct fixture *f = *state;
	choose(f, "legacy.wsdl", "Save");
	assert_builds(f, "{\"agents\":[{\"login\":\"a\",\"skills\":[\"x\"]},{\"login\":\"b\"}]}",
		      "<agents xsi:type=\"n1:Agents\" n3:arrayType=\"n1:Agent[2]\"><item "
		      "xsi:type=\"n1:Agent\"><login "
		      "xsi:type=\"xsd:string\">a</login><skills xsi:type=\"n1:Skills\" "
		      "n3:arrayType=\"xsd:string[1]\"><item "
		      "xsi:type=\"xsd:string\">x</item></skills></item>");
	assert_refused(f, "{\"agents\":[{\"login\":\"a\",\"skils\":[]}]}",
		       "Save/agents/item[1]/skils: unknown field");
}

#define ENVELOPE(ns, body) \
	"<e:Envelope xmlns:e='" ns "' xmlns:xsi='" NS_XSI "'><e:Body>" body "</e:Body></e:Envelope>"

static void assert_reads(struct fixture *f, const char *xml, const char *expected)
{
	struct soap_answer answer;
	struct value fault;
	buf_clear(&f->out);
	if (soap_answer_read(f->wsdl, f->wsdl ? &f->target : NULL, str_of(xml), (struct str){0}, NULL,
			     &f->arena, &answer, &f->error))
		fail_msg("%s", f->error.what);
	if (answer.is_fault)
		soap_fault_value(&answer, &f->arena, &fault);
	json_write(&f->out, answer.is_fault ? &fault : &answer.output);
	assert_string_equal(buf_z(&f->out), expected);
}

static void an_answer_is_typed_by_the_schema(void **state)
{
	struct fixture *f = *state;
	choose(f, "shop.wsdl", "CreateOrder");
	assert_reads(f,
		     ENVELOPE(NS_SOAP11,
			      "<x:CreateOrderResponse "
			      "xmlns:x='urn:example:shop'><x:OrderId>007</x:OrderId><x:total>9.50</x:total>"
			      "<x:lines> +02 </x:lines><x:weight>1E3</x:weight><x:accepted>1</x:accepted>"
			      "<x:warning>slow</x:warning><x:due xsi:nil='true'/></x:CreateOrderResponse>"),
		     "{\"OrderId\":\"007\",\"total\":\"9.50\",\"lines\":2,\"weight\":1000,\"accepted\":true,"
		     "\"warning\":[\"slow\"],\"due\":null}");
}

static void a_sloppy_answer_is_taken_as_it_is_meant(void **state)
{
	struct fixture *f = *state;
	choose(f, "shop.wsdl", "CreateOrder");
	/* No namespace, an unknown element, a number that is none. */
	assert_reads(
		f,
		ENVELOPE(NS_SOAP12,
			 "<CreateOrderResponse><OrderId>1</OrderId><lines>two</lines><extra a='1'>x</extra>"
			 "</CreateOrderResponse>"),
		"{\"OrderId\":\"1\",\"lines\":\"two\",\"extra\":{\"@a\":\"1\",\"#text\":\"x\"}}");
	assert_reads(f, ENVELOPE(NS_SOAP11, ""), "{}");
}

static void faults_of_both_versions_look_alike(void **state)
{
	struct fixture *f = *state;
	choose(f, "shop.wsdl", "CreateOrder");
	assert_reads(
		f,
		ENVELOPE(
			NS_SOAP11,
			"<e:Fault><faultcode>e:Client</faultcode><faultstring>none left</faultstring><detail>"
			"<s:OutOfStock xmlns:s='urn:example:shop'><s:sku>AB-123</s:sku><s:left>0</s:left></"
			"s:OutOfStock></detail></e:Fault>"),
		"{\"kind\":\"fault\",\"code\":\"Client\",\"reason\":\"none "
		"left\",\"detail\":{\"OutOfStock\":{\"sku\":\"AB-"
		"123\",\"left\":0}}}");
	assert_reads(
		f,
		ENVELOPE(NS_SOAP12,
			 "<e:Fault><e:Code><e:Value>e:Sender</e:Value><e:Subcode><e:Value>x:Stock</e:Value></"
			 "e:Subcode></"
			 "e:Code><e:Reason><e:Text xml:lang='en'>none left</e:Text></e:Reason></e:Fault>"),
		"{\"kind\":\"fault\",\"code\":\"Sender\",\"subcode\":\"Stock\",\"reason\":\"none "
		"left\",\"detail\":null}");
}

static void references_of_the_soap_encoding_are_followed(void **state)
{
	struct fixture *f = *state;
	choose(f, "legacy.wsdl", "Save");
	assert_reads(f,
		     ENVELOPE(NS_SOAP11,
			      "<m:SaveResponse xmlns:m='urn:example:legacy'><saved "
			      "href='#1'/></m:SaveResponse><r id='1' "
			      "xmlns:c='" NS_SOAPENC
			      "' c:arrayType='m:Agent[2]' xmlns:m='urn:example:legacy'><i href='#2'/><i "
			      "href='#2'/></r><r id='2'><login>a</login></r>"),
		     "{\"saved\":[{\"login\":\"a\"},{\"login\":\"a\"}]}");
}

static void assert_answer_refused(struct fixture *f, const char *xml, const char *what)
{
	struct soap_answer answer;
	struct soap_answer_limits limits = {.values = 10000};
	assert_int_equal(soap_answer_read(f->wsdl, &f->target, str_of(xml), (struct str){0}, &limits,
					  &f->arena, &answer, &f->error),
			 -1);
	if (!strstr(f->error.what, what))
		fail_msg("'%s' is not in '%s'", what, f->error.what);
}

static void references_in_circles_end(void **state)
{
	struct fixture *f = *state;
	choose(f, "legacy.wsdl", "Save");
	assert_answer_refused(f,
			      ENVELOPE(NS_SOAP11,
				       "<m:SaveResponse xmlns:m='urn:example:legacy'><saved href='#1'/></"
				       "m:SaveResponse><r id='1'><i href='#1'/><i href='#1'/></r>"),
			      "the answer");
}

static void what_is_no_envelope_is_said(void **state)
{
	struct fixture *f = *state;
	choose(f, "shop.wsdl", "CreateOrder");
	assert_answer_refused(f, "", "the document is empty");
	assert_answer_refused(f, "Internal Server Error", "no SOAP envelope: not well-formed XML");
	assert_answer_refused(f, "<html><body/></html>", "no SOAP envelope: the answer's root is 'html'");
	assert_answer_refused(f, "<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", "a DOCTYPE is not taken");
	assert_answer_refused(f, "<e:Envelope xmlns:e='" NS_SOAP11 "'/>", "has no Body");
}

static void an_answer_in_parts_is_its_root(void **state)
{
	struct fixture *f = *state;
	choose(f, "shop.wsdl", "Ticket");
	struct str body =
		STR("--b\r\nContent-Type: image/png\r\nContent-ID: <1>\r\n\r\npng\r\n--b\r\nContent-ID: "
		    "<0>\r\n\r\n" ENVELOPE(NS_SOAP11, "<TicketResponse>t</TicketResponse>") "\r\n--b--\r\n");
	struct soap_answer answer;
	assert_int_equal(
		soap_answer_read(f->wsdl, &f->target, body,
				 STR("Multipart/Related; boundary=\"b\"; start=\"<0>\"; type=\"text/xml\""),
				 NULL, &f->arena, &answer, &f->error),
		0);
	assert_true(str_eq(value_get(&answer.output, STR("#text"))->text, STR("t")));
}

static void without_a_wsdl_an_answer_is_read_by_its_shape(void **state)
{
	assert_reads(*state,
		     ENVELOPE(NS_SOAP11,
			      "<r><id>7</id><item>a</item><item>b</item><x a='1'><y xsi:nil='1'/></x></r>"),
		     "{\"id\":\"7\",\"item\":[\"a\",\"b\"],\"x\":{\"@a\":\"1\",\"y\":null}}");
}

static void an_empty_answer_is_built_from_the_schema(void **state)
{
	struct fixture *f = *state;
	struct value output;
	choose(f, "shop.wsdl", "CreateOrder");
	assert_int_equal(soap_answer_build(f->wsdl, &f->target, NULL, &f->out, &f->error), 0);
	struct buf empty;
	buf_init(&empty, 1 << 20);
	buf_str(&empty, buf_view(&f->out));
	assert_reads(f, buf_z(&empty), "{\"OrderId\":\"\",\"total\":\"0\",\"lines\":0,\"accepted\":false}");
	output = json(f, "{\"OrderId\":\"SO-1\",\"warning\":[\"w\"]}");
	buf_clear(&empty);
	assert_int_equal(soap_answer_build(f->wsdl, &f->target, &output, &empty, &f->error), 0);
	assert_reads(
		f, buf_z(&empty),
		"{\"OrderId\":\"SO-1\",\"total\":\"0\",\"lines\":0,\"accepted\":false,\"warning\":[\"w\"]}");
	output = json(f, "{\"OrderID\":\"SO-1\"}");
	assert_int_equal(soap_answer_build(f->wsdl, &f->target, &output, &empty, &f->error), -1);
	assert_string_equal(f->error.hint, "did you mean 'OrderId'?");
	buf_finish(&empty);
}

static void the_first_of_what_was_asked_for_is_found(void **state)
{
	struct fixture *f = *state;
	load(f, "shop.wsdl");
	struct soap_choice choice = {.operation = STR("Ticket"), .version = SOAP_12};
	assert_int_equal(wsdl_find(f->wsdl, &choice, &f->target, &f->error), 0);
	assert_true(str_eq(f->target.port->name, STR("Shop12")));
	choice.operation = STR("Tickett");
	assert_int_equal(wsdl_find(f->wsdl, &choice, &f->target, &f->error), -1);
	assert_string_equal(f->error.hint, "did you mean 'Ticket'?");
	choice.port = STR("Shop13");
	assert_int_equal(wsdl_find(f->wsdl, &choice, &f->target, &f->error), -1);
	assert_string_equal(f->error.what, "there is no port 'Shop13'");
}

static void ports_that_are_not_soap_are_passed_over_with_a_warning(void **state)
{
	struct fixture *f = *state;
	load(f, "shop.wsdl");
	assert_int_equal(f->wsdl->services[0].n_ports, 2);
	assert_true(str_eq(wsdl_warnings(f->wsdl, NULL)->text,
			   STR("port 'ShopHttp' is not SOAP over HTTP and is passed over")));
}

#define UNIT(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(fields_stand_in_the_order_of_the_schema),
		UNIT(nil_is_not_omitted_and_not_empty),
		UNIT(a_choice_is_decided_by_what_is_given),
		UNIT(wrong_fields_are_named_with_their_path),
		UNIT(an_abstract_type_needs_its_kind),
		UNIT(substitutes_and_wildcards_have_their_places),
		UNIT(text_with_attributes_and_escapes),
		UNIT(types_that_hold_themselves_are_built_as_deep_as_given),
		UNIT(headers_by_the_name_of_their_element),
		UNIT(rpc_takes_the_parts_by_name),
		UNIT(the_soap_encoding_names_types_and_sizes),
		UNIT(an_answer_is_typed_by_the_schema),
		UNIT(a_sloppy_answer_is_taken_as_it_is_meant),
		UNIT(faults_of_both_versions_look_alike),
		UNIT(references_of_the_soap_encoding_are_followed),
		UNIT(references_in_circles_end),
		UNIT(what_is_no_envelope_is_said),
		UNIT(an_answer_in_parts_is_its_root),
		UNIT(without_a_wsdl_an_answer_is_read_by_its_shape),
		UNIT(an_empty_answer_is_built_from_the_schema),
		UNIT(the_first_of_what_was_asked_for_is_found),
		UNIT(ports_that_are_not_soap_are_passed_over_with_a_warning),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
