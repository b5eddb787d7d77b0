/* tests/bench/soap.c
 *
 * soap N: CPU microseconds of building an envelope of 20 fields, and of reading an answer of 2 kB. One line
 * of key=value pairs. Each is the best of ten rounds of N: what else the machine does is not ours.
 */
#include "format/json.h"
#include "soap/answer.h"
#include "soap/envelope.h"

#include <stdio.h>
#include <time.h>

enum { FIELDS = 20, ROUNDS = 10, ANSWER_BYTES = 2000 };

static double cpu_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int read_memory(void *context, struct str path, struct arena *arena, struct str *ret,
		       struct error *reterr)
{
	*ret = buf_view(context);
	return 0;
}

static void put_fields(struct buf *out)
{
	static const char *const types[] = {"string", "int", "boolean", "dateTime", "decimal"};
	for (int i = 0; i < FIELDS; i++)
		buf_printf(out, "<x:element name='field%02d' type='x:%s'/>", i, types[i % 5]);
}

static struct wsdl *load(void)
{
	struct buf text;
	struct soap_files files = {read_memory, &text};
	struct wsdl *wsdl;
	struct error error;
	buf_init(&text, 1 << 20);
	buf_str(&text,
		STR("<definitions xmlns='http://schemas.xmlsoap.org/wsdl/' xmlns:t='urn:t' "
		    "targetNamespace='urn:t' "
		    "xmlns:x='" NS_XSD "' xmlns:s='http://schemas.xmlsoap.org/wsdl/soap/'><types>"
		    "<x:schema targetNamespace='urn:t' elementFormDefault='qualified'><x:element name='In'>"
		    "<x:complexType><x:sequence>"));
	put_fields(&text);
	buf_str(&text, STR("</x:sequence></x:complexType></x:element><x:element "
			   "name='Out'><x:complexType><x:sequence>"
			   "<x:element name='row' maxOccurs='unbounded'><x:complexType><x:sequence>"
			   "<x:element name='name' type='x:string'/><x:element name='number' type='x:int'/>"
			   "</x:sequence></x:complexType></x:element></x:sequence></x:complexType></"
			   "x:element></x:schema></types>"
			   "<message name='i'><part name='p' element='t:In'/></message>"
			   "<message name='o'><part name='p' element='t:Out'/></message><portType "
			   "name='p'><operation name='Op'>"
			   "<input message='t:i'/><output message='t:o'/></operation></portType><binding "
			   "name='b' type='t:p'>"
			   "<s:binding/><operation "
			   "name='Op'><s:operation/><input><s:body/></input><output><s:body/></output>"
			   "</operation></binding><service name='v'><port name='p' "
			   "binding='t:b'/></service></definitions>"));
	ensure(wsdl_load(&files, STR("bench.wsdl"), &wsdl, &error) == 0);
	buf_finish(&text);
	return wsdl;
}

static void make_args(struct buf *out)
{
	static const char *const values[] = {"\"O'Neil & Sons\"", "42", "true", "\"2025-10-14T18:34:39Z\"",
					     "\"9.50\""};
	for (int i = 0; i < FIELDS; i++)
		buf_printf(out, "%s\"field%02d\":%s", i ? "," : "{", i, values[i % 5]);
	buf_char(out, '}');
}

static void make_answer(struct buf *out)
{
	buf_str(out, STR("<soap:Envelope xmlns:soap='" NS_SOAP11 "'><soap:Body><n:Out xmlns:n='urn:t'>"));
	for (int i = 0; out->n < ANSWER_BYTES - 50; i++)
		buf_printf(out, "<n:row><n:name>O'Neil &amp; Sons</n:name><n:number>%d</n:number></n:row>",
			   i);
	buf_str(out, STR("</n:Out></soap:Body></soap:Envelope>"));
}

static double build(const struct wsdl *wsdl, const struct soap_target *target, const struct value *args,
		    long n)
{
	struct buf out;
	struct error error;
	buf_init(&out, 1 << 20);
	double start = cpu_us();
	for (long i = 0; i < n; i++) {
		buf_clear(&out);
		ensure(soap_request_build(wsdl, target, args, NULL, &out, &error) == 0);
	}
	double took = (cpu_us() - start) / (double)n;
	buf_finish(&out);
	return took;
}

static double parse(const struct wsdl *wsdl, const struct soap_target *target, struct str answer, long n)
{
	double start = cpu_us();
	for (long i = 0; i < n; i++) {
		struct soap_answer read;
		struct arena arena;
		struct error error;
		arena_init(&arena, 16 << 20);
		ensure(soap_answer_read(wsdl, target, answer, (struct str){0}, NULL, &arena, &read, &error) ==
		       0);
		arena_finish(&arena);
	}
	return (cpu_us() - start) / (double)n;
}

int main(int argc, char **argv)
{
	ensure(argc == 2);
	long n = atol(argv[1]);
	struct wsdl *wsdl = load();
	struct soap_choice choice = {.operation = STR("Op")};
	struct soap_target target;
	struct arena arena;
	struct error error;
	struct value args;
	struct buf text, answer;
	double best_build = 1e9, best_parse = 1e9;
	arena_init(&arena, 1 << 20);
	buf_init(&text, 1 << 20);
	buf_init(&answer, 1 << 20);
	make_args(&text);
	make_answer(&answer);
	ensure(wsdl_find(wsdl, &choice, &target, &error) == 0);
	ensure(json_parse(buf_view(&text), (struct json_limits){0}, &arena, &args, &error) == 0);
	for (int i = 0; i < ROUNDS; i++) {
		double took = build(wsdl, &target, &args, n);
		best_build = took < best_build ? took : best_build;
		took = parse(wsdl, &target, buf_view(&answer), n);
		best_parse = took < best_parse ? took : best_parse;
	}
	printf("soap_build=%.2f soap_parse=%.2f soap_answer_bytes=%zu\n", best_build, best_parse, answer.n);
	buf_finish(&answer);
	buf_finish(&text);
	arena_finish(&arena);
	wsdl_free(wsdl);
	return 0;
}
