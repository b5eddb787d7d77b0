/* Envelopes and faults. */
#include "soap/answer_private.h"

enum { BYTES_MAX = 8 << 20, VALUES_MAX = 500 * 1000 };

static const struct xml_node *soap_child(const struct xml_node *node, const char *name)
{
	for (const struct xml_node *child = node->first; child; child = child->next)
		if (str_eq(child->ns, node->ns) && str_eq(child->name, str_of(name)))
			return child;
	return NULL;
}

static int find_body(struct reading *r, const struct xml_node *root, const struct xml_node **ret)
{
	bool soap = str_eq(root->ns, STR(NS_SOAP11)) || str_eq(root->ns, STR(NS_SOAP12));
	if (!soap || !str_eq(root->name, STR("Envelope")))
		return error_set(r->error, "no SOAP envelope: the answer's root is '" STR_FMT "'",
				 STR_ARG(root->name));
	*ret = soap_child(root, "Body");
	return *ret ? 0 : error_set(r->error, "the envelope has no Body");
}

static struct str local_part(struct str text)
{
	text = str_trim(text);
	const char *colon = text.n ? memrchr(text.p, ':', text.n) : NULL;
	return colon ? (struct str){colon + 1, text.n - (size_t)(colon + 1 - text.p)} : text;
}

/* A detail's elements by what the schemas say of them, else by their shape. */
static int read_detail(struct reading *r, const struct xml_node *detail, struct value *ret)
{
	uint32_t n = 0;
	*ret = (struct value){.kind = VALUE_NULL};
	for (const struct xml_node *child = detail ? detail->first : NULL; child; child = child->next)
		n++;
	if (!n && detail && str_trim(detail->text).n) {
		*ret = (struct value){.kind = VALUE_STRING, .text = str_trim(detail->text)};
		return 0;
	}
	if (!n)
		return 0;
	if (read_object(r, n, ret))
		return -1;
	for (const struct xml_node *child = detail->first; child; child = child->next) {
		const struct schema_element *element =
			r->wsdl ? schema_element(r->wsdl->schema, child->ns, child->name) : NULL;
		struct member *member = &ret->members[ret->n++];
		member->key = child->name;
		if (read_element(r, element ? element->type : NULL, (struct str){0}, child, &member->value))
			return -1;
	}
	return 0;
}

static struct str text_of(const struct xml_node *node)
{
	return node ? str_trim(node->text) : STR("");
}

/* SOAP 1.1 names its parts without a namespace, but not every service knows that. */
static const struct xml_node *fault_part(const struct xml_node *fault, const char *name)
{
	for (const struct xml_node *child = fault->first; child; child = child->next)
		if (str_eq(child->name, str_of(name)))
			return child;
	return NULL;
}

/* "Server", "Receiver", and "Server.Busy" as SOAP 1.1 refines them. */
static bool is_theirs(struct str code)
{
	return str_eq(code, STR("Server")) || str_eq(code, STR("Receiver")) ||
	       str_starts(code, STR("Server."));
}

static int read_fault(struct reading *r, const struct xml_node *fault, struct soap_answer *ret)
{
	const struct xml_node *code = fault_part(fault, "Code"), *detail;
	ret->is_fault = true;
	ret->output = (struct value){.kind = VALUE_NULL};
	if (code) {
		const struct xml_node *value = fault_part(code, "Value"),
				      *subcode = fault_part(code, "Subcode");
		const struct xml_node *reason = fault_part(fault, "Reason");
		ret->fault.code = local_part(text_of(value));
		if (subcode && fault_part(subcode, "Value"))
			ret->fault.subcode = local_part(text_of(fault_part(subcode, "Value")));
		ret->fault.reason = text_of(reason ? fault_part(reason, "Text") : NULL);
		detail = fault_part(fault, "Detail");
	} else {
		ret->fault.code = local_part(text_of(fault_part(fault, "faultcode")));
		ret->fault.reason = text_of(fault_part(fault, "faultstring"));
		detail = fault_part(fault, "detail");
	}
	ret->fault.retry = is_theirs(ret->fault.code);
	return read_detail(r, detail, &ret->fault.detail);
}

/* rpc: the wrapper's children by the names of the parts, wherever the service put them. */
static int read_rpc(struct reading *r, const struct soap_message *message, const struct xml_node *wrapper,
		    struct value *ret)
{
	if (read_object(r, message->n_parts, ret))
		return -1;
	for (uint32_t i = 0; i < message->n_parts; i++) {
		const struct soap_part *part = &message->parts[i];
		const struct xml_node *node = wrapper->first;
		while (node && !str_eq(node->name, part->element ? part->element->name : part->name))
			node = node->next;
		/* The one result of a call is often called something else. */
		if (!node && message->n_parts == 1)
			node = wrapper->first;
		if (!node)
			continue;
		struct member *member = &ret->members[ret->n++];
		member->key = part->name;
		if (read_element(r, part->type, (struct str){0}, node, &member->value))
			return -1;
	}
	return 0;
}

static const struct xml_node *find_part(const struct xml_node *body, const struct soap_part *part)
{
	for (const struct xml_node *node = body->first; node; node = node->next)
		if (part->element && str_eq(node->name, part->element->name))
			return node;
	return part->element ? NULL : body->first;
}

static int read_parts(struct reading *r, const struct soap_message *message, const struct xml_node *body,
		      struct value *ret)
{
	if (read_object(r, message->n_parts, ret))
		return -1;
	for (uint32_t i = 0; i < message->n_parts; i++) {
		const struct xml_node *node = find_part(body, &message->parts[i]);
		if (!node)
			continue;
		struct member *member = &ret->members[ret->n++];
		member->key = message->parts[i].name;
		if (read_element(r, message->parts[i].type, (struct str){0}, node, &member->value))
			return -1;
	}
	return 0;
}

static int read_output(struct reading *r, const struct soap_operation *operation, const struct xml_node *body,
		       struct value *ret)
{
	const struct soap_message *message = &operation->output;
	r->encoded = message->encoded;
	if (!body->first || !message->n_parts)
		return read_object(r, 0, ret);
	if (operation->rpc)
		return read_rpc(r, message, body->first, ret);
	if (message->n_parts > 1)
		return read_parts(r, message, body, ret);
	const struct xml_node *node = find_part(body, &message->parts[0]);
	const struct soap_part *part = &message->parts[0];
	/* Another element than the one that was promised is read as what it is. */
	const struct schema_type *type = part->type;
	if (!node) {
		const struct schema_element *other =
			schema_element(r->wsdl->schema, body->first->ns, body->first->name);
		node = body->first;
		type = other ? other->type : NULL;
	}
	struct str otherwise = part->element ? part->element->default_value : (struct str){0};
	struct value value;
	if (read_element(r, type, otherwise, node, &value))
		return -1;
	/* An operation's output is an object, also when it is one text. */
	if (value.kind == VALUE_OBJECT || value.kind == VALUE_ARRAY || value.kind == VALUE_NULL) {
		*ret = value;
		return 0;
	}
	if (read_object(r, 1, ret))
		return -1;
	ret->members[ret->n++] = (struct member){STR("#text"), value};
	return 0;
}

static int read_envelope(struct reading *r, const struct soap_target *target, const struct xml_node *root,
			 struct soap_answer *ret)
{
	const struct xml_node *body;
	if (find_body(r, root, &body))
		return -1;
	const struct xml_node *fault = soap_child(body, "Fault");
	if (fault)
		return read_fault(r, fault, ret);
	if (target)
		return read_output(r, target->operation, body, &ret->output);
	if (!body->first)
		return read_object(r, 0, &ret->output);
	return read_element(r, NULL, (struct str){0}, body->first, &ret->output);
}

int soap_answer_read(const struct wsdl *wsdl, const struct soap_target *target, struct str body,
		     struct str content_type, const struct soap_answer_limits *limits, struct arena *arena,
		     struct soap_answer *ret, struct error *reterr)
{
	struct xml_limits xml = {.bytes = limits && limits->bytes ? limits->bytes : BYTES_MAX};
	struct reading r = {.wsdl = wsdl, .arena = arena, .error = reterr};
	struct soap_answer answer = {0};
	struct xml_node *root;
	r.values_max = limits && limits->values ? limits->values : VALUES_MAX;
	body = soap_multipart_root(body, content_type);
	if (xml_parse(body, &xml, arena, &root, reterr)) {
		error_prefix(reterr, "the answer is no SOAP envelope");
		return -1;
	}
	r.envelope = root;
	if (read_envelope(&r, target, root, &answer))
		return -1;
	*ret = answer;
	return 0;
}

int soap_fault_value(const struct soap_answer *answer, struct arena *arena, struct value *ret)
{
	struct member *members = arena_alloc(arena, 5 * sizeof *members);
	uint32_t n = 0;
	if (!members)
		return -1;
	members[n++] = (struct member){STR("kind"), {.kind = VALUE_STRING, .text = STR("fault")}};
	members[n++] = (struct member){STR("code"), {.kind = VALUE_STRING, .text = answer->fault.code}};
	if (answer->fault.subcode.p)
		members[n++] = (struct member){STR("subcode"),
					       {.kind = VALUE_STRING, .text = answer->fault.subcode}};
	members[n++] = (struct member){STR("reason"), {.kind = VALUE_STRING, .text = answer->fault.reason}};
	members[n++] = (struct member){STR("detail"), answer->fault.detail};
	*ret = (struct value){.kind = VALUE_OBJECT, .n = n, .members = members};
	return 0;
}
