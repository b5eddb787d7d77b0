/* Envelopes: the body first, so that the namespaces it uses are known when the Envelope's start tag is
 * written. */
#include "soap/build_private.h"

#include "format/encode.h"

#include <stdio.h>

#define NS_WSA "http://www.w3.org/2005/08/addressing"

static struct str envelope_ns(enum soap_version version)
{
	return version == SOAP_12 ? STR(NS_SOAP12) : STR(NS_SOAP11);
}

static struct declared part_declared(const struct soap_part *part, struct str ns)
{
	if (part->element)
		return (struct declared){part->element->ns, part->element->name, part->element->type,
					 part->element->nillable, part->element->fixed};
	return (struct declared){ns, part->name, part->type, false, {0}};
}

static const struct value nothing = {.kind = VALUE_OBJECT};
static const struct value empty = {.kind = VALUE_NULL};

/* Which of the arguments have a part of this name; the rest is an error. */
static int check_names(struct build *b, const struct soap_message *message, const struct value *args)
{
	struct schema_element elements[64];
	struct field fields[64];
	struct schema_type type = {.fields = fields};
	struct slots slots;
	for (uint32_t i = 0; i < message->n_parts && i < countof(elements); i++) {
		elements[i] = (struct schema_element){.ns = STR(""), .name = message->parts[i].name};
		fields[type.n_fields++] = (struct field){&elements[i], false, i};
	}
	if (build_slots(b, args, &type, &slots))
		return -1;
	for (uint32_t i = 0; i < slots.n; i++)
		for (uint32_t k = 0; k < message->n_parts; k++)
			if (str_eq(slots.items[i].key, message->parts[k].name)) {
				slots.items[i].next = 1;
				slots.items[i].n = 1;
			}
	return build_leftovers(b, &slots);
}

static int missing_part(struct build *b, const struct soap_part *part)
{
	if (!build_push(b, part->name, 0))
		return -1;
	build_fail(b, "missing; expected %s" STR_FMT, part->type->complex ? "a table of type " : "",
		   STR_ARG(schema_type_name(part->type)));
	build_pop(b);
	return -1;
}

static int part_value(struct build *b, const struct soap_part *part, const struct value *args,
		      const struct value **ret)
{
	*ret = value_get(args, part->name);
	/* A list for a part that takes one value is a list too many, unless the part is made of a list. */
	if (*ret && (*ret)->kind == VALUE_ARRAY && !build_takes_array(part->type)) {
		if ((*ret)->n > 1) {
			if (build_push(b, part->name, 0)) {
				build_fail(b, "too many values: takes 1, got %u", (*ret)->n);
				build_pop(b);
			}
			return -1;
		}
		if ((*ret)->n == 1)
			*ret = &(*ret)->items[0];
	}
	if (!*ret && b->lenient)
		*ret = &empty;
	return *ret ? 0 : missing_part(b, part);
}

static int build_parts(struct build *b, const struct soap_message *message, const struct value *args)
{
	if (check_names(b, message, args))
		return -1;
	for (uint32_t i = 0; i < message->n_parts; i++) {
		const struct soap_part *part = &message->parts[i];
		struct declared declared = part_declared(part, STR(""));
		const struct value *value;
		if (b->some && !value_get(args, part->name))
			continue;
		if (part_value(b, part, args, &value) || !build_push(b, part->name, 0) ||
		    build_element(b, &declared, value))
			return -1;
		build_pop(b);
	}
	return 0;
}

static int build_rpc(struct build *b, const struct soap_message *message, struct str name,
		     const struct value *args)
{
	buf_char(b->out, '<');
	build_name(b, message->ns, name);
	if (message->encoded) {
		buf_str(b->out, STR(" soap:encodingStyle=\""));
		buf_str(b->out, b->version == SOAP_12 ? STR(NS_SOAPENC2) : STR(NS_SOAPENC));
		buf_char(b->out, '"');
	}
	buf_char(b->out, '>');
	if (build_parts(b, message, args))
		return -1;
	buf_str(b->out, STR("</"));
	build_name(b, message->ns, name);
	buf_char(b->out, '>');
	return 0;
}

static int not_an_object(struct build *b, const struct value *args)
{
	return build_fail(b, "the arguments are " STR_FMT ", not a table of fields",
			  STR_ARG(value_kind_name(args)));
}

static bool is_object(const struct value *args)
{
	return args->kind == VALUE_OBJECT || (args->kind == VALUE_ARRAY && args->n == 0);
}

static int build_document(struct build *b, const struct soap_message *message, const struct value *args)
{
	if (message->n_parts == 1) {
		struct declared declared = part_declared(&message->parts[0], STR(""));
		bool bare = !declared.type->complex || declared.type->simple_content || declared.type->mixed;
		if (!is_object(args) && !bare && !b->lenient)
			return not_an_object(b, args);
		return build_element(b, &declared, args);
	}
	if (!is_object(args))
		return not_an_object(b, args);
	return message->n_parts ? build_parts(b, message, args) : check_names(b, message, args);
}

static int build_message(struct build *b, const struct soap_operation *operation,
			 const struct soap_message *message, struct str name, const struct value *args)
{
	b->encoded = message->encoded;
	if (!build_push(b, operation->name, 0))
		return -1;
	if (build_is_unknown(args)) {
		build_pop(b);
		return 0;
	}
	if (operation->rpc && !is_object(args))
		return not_an_object(b, args);
	if (operation->rpc ? build_rpc(b, message, name, args) : build_document(b, message, args))
		return -1;
	build_pop(b);
	return 0;
}

static struct str header_name(const struct soap_header *header)
{
	return header->part.element ? header->part.element->name : header->part.name;
}

static int unknown_header(struct build *b, const struct soap_message *message, struct str key)
{
	struct schema_element elements[64];
	struct field fields[64];
	struct schema_type type = {.fields = fields};
	struct slot slot = {.key = key, .n = 1};
	struct slots slots = {&slot, 1, &type, false};
	for (uint32_t i = 0; i < message->n_headers && i < countof(elements); i++) {
		elements[i] =
			(struct schema_element){.ns = STR(""), .name = header_name(&message->headers[i])};
		fields[type.n_fields++] = (struct field){&elements[i], false, i};
	}
	return build_leftovers(b, &slots);
}

/* Headers come in the order of the WSDL. */
static int build_headers(struct build *b, const struct soap_message *message, const struct value *headers)
{
	if (!headers || !is_object(headers) || !headers->n)
		return 0;
	if (!build_push(b, STR("headers"), 0))
		return -1;
	for (uint32_t i = 0; i < headers->n; i++) {
		bool known = false;
		for (uint32_t k = 0; k < message->n_headers; k++)
			known = known || str_eq(headers->members[i].key, header_name(&message->headers[k]));
		if (!known)
			return unknown_header(b, message, headers->members[i].key);
	}
	for (uint32_t i = 0; i < message->n_headers; i++) {
		const struct value *value = value_get(headers, header_name(&message->headers[i]));
		struct declared declared = part_declared(&message->headers[i].part, message->headers[i].ns);
		if (!value)
			continue;
		b->encoded = message->headers[i].encoded;
		if (!build_push(b, declared.name, 0) || build_element(b, &declared, value))
			return -1;
		build_pop(b);
	}
	build_pop(b);
	return 0;
}

static void text_element(struct buf *out, const char *name, struct str text)
{
	buf_printf(out, "<wsa:%s>", name);
	encode_xml_text(out, text);
	buf_printf(out, "</wsa:%s>", name);
}

static void write_addressing(struct buf *out, const struct soap_addressing_headers *addressing)
{
	if (!addressing->action.p)
		return;
	text_element(out, "Action", addressing->action);
	if (addressing->to.n)
		text_element(out, "To", addressing->to);
	if (addressing->message_id.n)
		text_element(out, "MessageID", addressing->message_id);
	struct str reply = addressing->reply_to.n ? addressing->reply_to : STR(NS_WSA "/anonymous");
	buf_str(out, STR("<wsa:ReplyTo><wsa:Address>"));
	encode_xml_text(out, reply);
	buf_str(out, STR("</wsa:Address></wsa:ReplyTo>"));
}

static void declare(struct buf *out, const char *prefix, struct str uri)
{
	buf_printf(out, " xmlns:%s=\"", prefix);
	encode_xml_attribute(out, uri);
	buf_char(out, '"');
}

static void declare_namespaces(struct buf *out, const struct build *b)
{
	char prefix[24];
	for (size_t i = 0; b && i < b->n_namespaces; i++) {
		if (str_eq(b->namespaces[i], STR(NS_XSI)))
			snprintf(prefix, sizeof prefix, "xsi");
		else if (str_eq(b->namespaces[i], STR(NS_XSD)))
			snprintf(prefix, sizeof prefix, "xsd");
		else
			snprintf(prefix, sizeof prefix, "n%zu", i + 1);
		declare(out, prefix, b->namespaces[i]);
	}
}

static void write_envelope(struct buf *out, enum soap_version version, const struct build *b,
			   struct str headers, struct str body, const struct soap_envelope_options *options)
{
	const struct soap_security *security = options ? options->security : NULL;
	bool addressing = options && options->addressing.action.p;
	buf_str(out, STR("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<soap:Envelope"));
	declare(out, "soap", envelope_ns(version));
	declare_namespaces(out, b);
	if (addressing)
		declare(out, "wsa", STR(NS_WSA));
	buf_char(out, '>');
	if (security || addressing || headers.n) {
		buf_str(out, STR("<soap:Header>"));
		if (security)
			soap_security_write(out, security, STR("soap"));
		if (addressing)
			write_addressing(out, &options->addressing);
		buf_str(out, headers);
		buf_str(out, STR("</soap:Header>"));
	}
	buf_str(out, STR("<soap:Body>"));
	buf_str(out, body);
	buf_str(out, STR("</soap:Body></soap:Envelope>"));
}

/* The bodies of both directions. `out` may be NULL: then this is only a check. */
static int build(struct build *b, const struct soap_target *target, const struct soap_message *message,
		 struct str name, const struct value *args, const struct soap_envelope_options *options,
		 struct buf *out)
{
	struct buf body, headers;
	buf_init(&body, BUILD_OUT_MAX);
	buf_init(&headers, BUILD_OUT_MAX);
	arena_init(&b->scratch, BUILD_SCRATCH_MAX);
	b->version = target->version;
	b->out = &body;
	int status = build_message(b, target->operation, message, name, args ? args : &nothing);
	b->out = &headers;
	if (status == 0 && options)
		status = build_headers(b, message, options->headers);
	if (status == 0 && b->n_namespaces >= BUILD_NAMESPACES_MAX)
		status = error_set(b->error, "the message uses more than %d namespaces",
				   BUILD_NAMESPACES_MAX - 1);
	if (status == 0 && out) {
		write_envelope(out, target->version, b, buf_view(&headers), buf_view(&body), options);
		if (out->overflow)
			status = error_set(b->error, "the message has more than %zu bytes", out->max);
	}
	buf_finish(&headers);
	buf_finish(&body);
	arena_finish(&b->scratch);
	return status;
}

int soap_request_build(const struct wsdl *wsdl, const struct soap_target *target, const struct value *args,
		       const struct soap_envelope_options *options, struct buf *out, struct error *reterr)
{
	struct build b = {.wsdl = wsdl, .error = reterr, .empty_is_list = options && options->empty_is_list};
	return build(&b, target, &target->operation->input, target->operation->name, args, options, out);
}

int soap_request_check(const struct wsdl *wsdl, const struct soap_target *target, const struct value *args,
		       const struct value *headers, bool some, struct soap_path *ret_path,
		       struct error *reterr)
{
	struct build b = {
		.wsdl = wsdl, .error = reterr, .some = some, .empty_is_list = true, .failed = ret_path};
	struct soap_envelope_options options = {.headers = headers};
	return build(&b, target, &target->operation->input, target->operation->name, args, &options, NULL);
}

int soap_answer_build(const struct wsdl *wsdl, const struct soap_target *target, const struct value *output,
		      struct buf *out, struct error *reterr)
{
	struct build b = {.wsdl = wsdl, .error = reterr, .lenient = true};
	struct buf name;
	buf_init(&name, 4096);
	buf_str(&name, target->operation->name);
	buf_str(&name, STR("Response"));
	int status = build(&b, target, &target->operation->output, buf_view(&name), output, NULL, out);
	buf_finish(&name);
	return status;
}

int soap_envelope_wrap(enum soap_version version, struct str body,
		       const struct soap_envelope_options *options, struct buf *out, struct error *reterr)
{
	write_envelope(out, version, NULL, STR(""), body, options);
	return out->overflow ? error_set(reterr, "the message has more than %zu bytes", out->max) : 0;
}

void soap_content_type(struct buf *out, enum soap_version version, struct str action)
{
	if (version != SOAP_12) {
		buf_str(out, STR("text/xml; charset=utf-8"));
		return;
	}
	buf_str(out, STR("application/soap+xml; charset=utf-8"));
	if (!action.n)
		return;
	buf_str(out, STR("; action=\""));
	for (size_t i = 0; i < action.n; i++) {
		if (action.p[i] == '"' || action.p[i] == '\\')
			buf_char(out, '\\');
		buf_char(out, action.p[i]);
	}
	buf_char(out, '"');
}
