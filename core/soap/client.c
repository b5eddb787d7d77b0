#include "soap/client.h"

#include "format/encode.h"
#include "format/xml.h"
#include "soap/simple.h"

#include <stdio.h>

enum { JUDGE_ARENA_MAX = 64 << 20, BY_HAND_MAX = 1 << 20 };

/* --- By hand
 * ------------------------------------------------------------------------------------------------ */

struct memory_file {
	struct str text;
};

static int read_memory(void *context, struct str path, struct arena *arena, struct str *ret,
		       struct error *reterr)
{
	const struct memory_file *file = context;
	*ret = file->text;
	return 0;
}

/* Literal text is given with single quotes; what comes from the operator is escaped. */
static void put(struct buf *out, const char *before, struct str text, const char *after)
{
	buf_str(out, str_of(before));
	encode_xml_attribute(out, text);
	buf_str(out, str_of(after));
}

static void put_inputs(struct buf *out, const struct soap_by_hand *by_hand)
{
	for (size_t i = 0; i < by_hand->n_inputs; i++) {
		put(out, "<x:element name=\"", by_hand->inputs[i].name, "\"");
		put(out, " type=\"x:", by_hand->inputs[i].type, "\"");
		buf_str(out, by_hand->inputs[i].optional ? STR(" minOccurs=\"0\"/>") : STR("/>"));
	}
}

static void put_wsdl(struct buf *out, const struct soap_by_hand *by_hand)
{
	struct str name = by_hand->operation;
	bool twelve = by_hand->version == SOAP_12;
	put(out, "<definitions xmlns=\"http://schemas.xmlsoap.org/wsdl/\" xmlns:t=\"", by_hand->ns, "\"");
	put(out, " targetNamespace=\"", by_hand->ns, "\" xmlns:x=\"" NS_XSD "\"");
	buf_str(out, twelve ? STR(" xmlns:s=\"http://schemas.xmlsoap.org/wsdl/soap12/\">")
			    : STR(" xmlns:s=\"http://schemas.xmlsoap.org/wsdl/soap/\">"));
	put(out, "<types><x:schema targetNamespace=\"", by_hand->ns, "\" elementFormDefault=\"");
	buf_str(out, by_hand->qualified ? STR("qualified\">") : STR("unqualified\">"));
	put(out, "<x:element name=\"", name, "\"><x:complexType><x:sequence>");
	put_inputs(out, by_hand);
	buf_str(out, STR("</x:sequence></x:complexType></x:element>"));
	put(out, "<x:element name=\"", name, "Response\"/></x:schema></types>");
	put(out, "<message name=\"in\"><part name=\"in\" element=\"t:", name, "\"/></message>");
	put(out, "<message name=\"out\"><part name=\"out\" element=\"t:", name, "Response\"/></message>");
	put(out, "<portType name=\"p\"><operation name=\"", name,
	    "\"><input message=\"t:in\"/><output message=\"t:out\"/></operation></portType>"
	    "<binding name=\"b\" type=\"t:p\"><s:binding/>");
	put(out, "<operation name=\"", name, "\">");
	put(out, "<s:operation soapAction=\"", by_hand->action.p ? by_hand->action : STR(""), "\"/>");
	buf_str(out, STR("<input><s:body/></input><output><s:body/></output></operation></binding>"));
	put(out, "<service name=\"", by_hand->service.p ? by_hand->service : name, "\">");
	put(out, "<port binding=\"t:b\" name=\"", by_hand->port.p ? by_hand->port : name, "\">");
	put(out, "<s:address location=\"", by_hand->endpoint.p ? by_hand->endpoint : STR(""),
	    "\"/></port></service></definitions>");
}

int soap_by_hand_wsdl(const struct soap_by_hand *by_hand, struct wsdl **ret, struct error *reterr)
{
	struct memory_file file;
	struct soap_files files = {read_memory, &file};
	struct buf text;
	for (size_t i = 0; i < by_hand->n_inputs; i++)
		if (builtin_find(by_hand->inputs[i].type) <= BUILTIN_ANY_SIMPLE)
			return error_set(reterr,
					 "input '" STR_FMT "': there is no type '" STR_FMT "' in XML Schema",
					 STR_ARG(by_hand->inputs[i].name), STR_ARG(by_hand->inputs[i].type));
	buf_init(&text, BY_HAND_MAX);
	put_wsdl(&text, by_hand);
	file.text = buf_view(&text);
	int status = text.overflow ? error_set(reterr, "the operation is too large")
				   : wsdl_load(&files, STR("by hand"), ret, reterr);
	buf_finish(&text);
	return status;
}

/* --- Requests
 * ----------------------------------------------------------------------------------------------- */

int soap_client_find(const struct soap_client *client, struct str operation, struct soap_target *ret,
		     struct error *reterr)
{
	struct soap_choice choice = client->choice;
	if (!client->wsdl)
		return error_set(reterr, "its body is XML by hand: it has no operations");
	if (operation.p)
		choice.operation = operation;
	return wsdl_find(client->wsdl, &choice, ret, reterr);
}

struct str soap_client_action(const struct soap_client *client, const struct soap_target *target)
{
	return client->action.p ? client->action : target->operation ? target->operation->action : STR("");
}

static const struct xml_node *body_element(const struct xml_node *root)
{
	for (const struct xml_node *node = root->first; node; node = node->next)
		if (str_eq(node->name, STR("Body")))
			return node->first;
	return NULL;
}

static bool takes(const struct soap_operation *operation, const struct xml_node *element)
{
	const struct soap_message *input = &operation->input;
	if (operation->rpc)
		return element && str_eq(element->name, operation->name);
	if (!input->n_parts || !element)
		return !input->n_parts && !element;
	return input->parts[0].element && str_eq(input->parts[0].element->name, element->name) &&
	       str_eq(input->parts[0].element->ns, element->ns);
}

static bool wanted(struct str name, struct str choice)
{
	return !choice.p || str_eq(name, choice);
}

static struct str find_operation(const struct soap_client *client, const struct xml_node *element)
{
	const struct wsdl *wsdl = client->wsdl;
	for (uint32_t i = 0; i < wsdl->n_services; i++) {
		const struct soap_service *service = &wsdl->services[i];
		if (!wanted(service->name, client->choice.service))
			continue;
		for (uint32_t k = 0; k < service->n_ports; k++) {
			const struct soap_port *port = &service->ports[k];
			if (!wanted(port->name, client->choice.port))
				continue;
			for (uint32_t m = 0; m < port->n_operations; m++)
				if (takes(&port->operations[m], element))
					return port->operations[m].name;
		}
	}
	return (struct str){0};
}

struct str soap_client_operation(const struct soap_client *client, const struct request *request)
{
	struct arena arena;
	struct xml_node *root;
	struct str operation = {0};
	if (!client->wsdl)
		return client->choice.operation;
	arena_init(&arena, JUDGE_ARENA_MAX);
	if (xml_parse(request->body, NULL, &arena, &root, NULL) == 0)
		operation = find_operation(client, body_element(root));
	arena_finish(&arena);
	return operation;
}

/* --- Answers
 * ------------------------------------------------------------------------------------------------ */

static struct value result_value(enum builtin returns, struct str text)
{
	text = str_trim(text);
	if (returns == BUILTIN_BOOLEAN && builtin_valid(returns, text))
		return (struct value){.kind = text.p[0] == 't' || text.p[0] == '1' ? VALUE_TRUE
										   : VALUE_FALSE};
	bool number = returns >= BUILTIN_DECIMAL || returns == BUILTIN_FLOAT || returns == BUILTIN_DOUBLE;
	/* Numbers that JSON would write otherwise stay texts. */
	bool plain = text.n && (text.p[0] == '-' || text.p[0] == '0'
					? text.n == 1 || text.p[1] == '.' || text.p[0] == '-'
					: text.p[0] > '0' && text.p[0] <= '9');
	if (number && plain && builtin_valid(returns, text))
		return (struct value){.kind = VALUE_NUMBER, .text = text};
	return (struct value){.kind = VALUE_STRING, .text = text};
}

/* By hand there is no schema of the answer, only the type of its result: its one value. */
static void type_result(const struct soap_client *client, struct value *output)
{
	if (client->returns == BUILTIN_NONE || output->kind != VALUE_OBJECT || output->n != 1 ||
	    output->members[0].value.kind != VALUE_STRING)
		return;
	output->members[0].value = result_value(client->returns, output->members[0].value.text);
}

int soap_client_read(const struct soap_client *client, struct str operation, const struct answer *answer,
		     struct arena *arena, struct soap_answer *ret, struct error *reterr)
{
	struct soap_target target;
	bool known = client->wsdl != NULL;
	if (known && soap_client_find(client, operation, &target, reterr))
		return -1;
	if (!str_trim(answer->body).n) {
		*ret = (struct soap_answer){.output = {.kind = VALUE_OBJECT}};
		return 0;
	}
	if (soap_answer_read(client->wsdl, known ? &target : NULL, answer->body,
			     answer_header(answer, STR("content-type")), NULL, arena, ret, reterr))
		return -1;
	type_result(client, &ret->output);
	return 0;
}

static bool fault_is_final(const struct soap_client *client, const struct soap_answer *answer)
{
	for (size_t i = 0; i < client->n_faults; i++)
		if (str_eq(client->faults[i].code, answer->fault.code) ||
		    (answer->fault.subcode.p && str_eq(client->faults[i].code, answer->fault.subcode)))
			return !client->faults[i].retry;
	return !answer->fault.retry;
}

static void describe_fault(const struct soap_answer *read, struct answer *answer)
{
	struct str code = read->fault.code, reason = read->fault.reason;
	if (code.n > 60)
		code.n = 60;
	if (reason.n > 80)
		reason.n = 80;
	code.n = utf8_valid_prefix(code);
	reason.n = utf8_valid_prefix(reason);
	snprintf(answer->detail, sizeof answer->detail, "fault " STR_FMT ": " STR_FMT, STR_ARG(code),
		 STR_ARG(reason));
}

void soap_client_judge(const struct soap_client *client, struct answer *answer)
{
	struct soap_answer read;
	struct arena arena;
	struct error error;
	if ((answer->failure != FAILURE_NONE && answer->failure != FAILURE_STATUS) ||
	    !str_trim(answer->body).n)
		return;
	arena_init(&arena, JUDGE_ARENA_MAX);
	int status = soap_answer_read(NULL, NULL, answer->body, answer_header(answer, STR("content-type")),
				      NULL, &arena, &read, &error);
	if (status && answer->failure == FAILURE_NONE) {
		answer->failure = FAILURE_PROTOCOL;
		snprintf(answer->detail, sizeof answer->detail, "%.150s", error.what);
	} else if (status == 0 && read.is_fault) {
		answer->failure = FAILURE_FAULT;
		answer->final = fault_is_final(client, &read);
		describe_fault(&read, answer);
	}
	arena_finish(&arena);
}

int soap_client_answer(const struct soap_client *client, const struct request *request,
		       const struct value *output, struct buf *out, struct error *reterr)
{
	struct soap_target target;
	struct str operation = soap_client_operation(client, request);
	if (!client->wsdl || soap_client_find(client, operation, &target, reterr)) {
		struct str body = STR("");
		return soap_envelope_wrap(client->choice.version, body, NULL, out, reterr);
	}
	return soap_answer_build(client->wsdl, &target, output, out, reterr);
}
