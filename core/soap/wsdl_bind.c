/* Services, ports and bindings into operations with their messages. */
#include "soap/wsdl_private.h"

enum { PARTS_MAX = 500, OPERATIONS_MAX = 20 * 1000 };

/* A message as a binding sees it while it is bound. */
struct binding {
	struct wsdl_loaded *loaded;
	const struct wsdl_item *item;
	struct str soap_ns; /* NS_WSDL_SOAP11 or 12 */
	bool rpc;
};

static void *take(struct wsdl_loaded *loaded, size_t n)
{
	return schema_alloc(loaded->schema, n);
}

static struct str keep(struct wsdl_loaded *loaded, struct str text)
{
	return schema_keep(loaded->schema, text);
}

/* An element that cannot be found is sent as its name says, with whatever it is given. */
static const struct schema_element *unknown_element(struct wsdl_loaded *loaded, const struct xml_node *node,
						    struct str qname)
{
	struct schema_element *element = take(loaded, sizeof *element);
	struct str ns = STR(""), name = qname;
	if (!element)
		return NULL;
	xml_qname(node, qname, &ns, &name);
	element->ns = keep(loaded, ns);
	element->name = keep(loaded, name);
	element->type = schema_builtin(BUILTIN_ANY_TYPE);
	return element;
}

static void make_part(struct wsdl_loaded *loaded, const struct wsdl_item *message,
		      const struct xml_node *node, struct soap_part *part)
{
	struct compile c = {loaded->schema, message->document, NULL};
	struct str element = str_trim(xsd_attr(node, "element")), type = str_trim(xsd_attr(node, "type"));
	part->name = keep(loaded, str_trim(xsd_attr(node, "name")));
	if (element.n) {
		struct global *found = schema_resolve(&c, node, COMPONENT_ELEMENT, element);
		part->element = found ? found->made : unknown_element(loaded, node, element);
	} else
		part->type =
			type.n ? compile_type_reference(&c, node, type) : schema_builtin(BUILTIN_ANY_TYPE);
}

static const struct xml_node *find_part(const struct wsdl_item *message, struct str name)
{
	for (const struct xml_node *node = message->node->first; node; node = node->next)
		if (is_wsdl(node, "part") && str_eq(str_trim(xsd_attr(node, "name")), name))
			return node;
	return NULL;
}

/* soap:body and soap:header stand in the message's element, or in the first part of a multipart message. */
static const struct xml_node *find_extension(const struct xml_node *parent, struct str ns, const char *name,
					     int depth)
{
	for (const struct xml_node *node = parent->first; node; node = node->next) {
		if (xml_is(node, ns, str_of(name)))
			return node;
		bool nested = str_eq(node->name, STR("multipartRelated")) || str_eq(node->name, STR("part"));
		const struct xml_node *found =
			nested && depth < 3 ? find_extension(node, ns, name, depth + 1) : NULL;
		if (found)
			return found;
	}
	return NULL;
}

static bool encoded(const struct xml_node *node)
{
	return str_eq(str_trim(xsd_attr(node, "use")), STR("encoded"));
}

static void make_header(struct binding *b, const struct xml_node *node, struct soap_message *message)
{
	const struct wsdl_item *source =
		wsdl_item_find(b->loaded, WSDL_MESSAGE, node, b->item->document, xsd_attr(node, "message"));
	const struct xml_node *part = source ? find_part(source, str_trim(xsd_attr(node, "part"))) : NULL;
	/* A header that names a message of one part need not name the part rightly. */
	for (const struct xml_node *child = source ? source->node->first : NULL; child && !part;
	     child = child->next)
		if (is_wsdl(child, "part"))
			part = child;
	if (!part)
		return;
	struct soap_header *header = &message->headers[message->n_headers++];
	make_part(b->loaded, source, part, &header->part);
	header->encoded = encoded(node);
	header->ns = keep(b->loaded, xsd_attr(node, "namespace"));
}

static void make_headers(struct binding *b, const struct xml_node *parent, struct soap_message *message)
{
	size_t n = 0;
	for (const struct xml_node *node = parent->first; node; node = node->next)
		n += xml_is(node, b->soap_ns, STR("header"));
	message->headers = n ? take(b->loaded, n * sizeof *message->headers) : NULL;
	for (const struct xml_node *node = parent->first; node && message->headers; node = node->next)
		if (xml_is(node, b->soap_ns, STR("header")))
			make_header(b, node, message);
}

static bool has_word(struct str list, struct str word)
{
	for (size_t at = 0; at < list.n;) {
		size_t end = at;
		while (end < list.n && !strchr(" \t\r\n", list.p[end]))
			end++;
		if (str_eq((struct str){list.p + at, end - at}, word))
			return true;
		at = end + 1;
	}
	return false;
}

static bool is_header_part(const struct soap_message *message, struct str name)
{
	for (uint32_t i = 0; i < message->n_headers; i++)
		if (str_eq(message->headers[i].part.name, name))
			return true;
	return false;
}

static void make_body(struct binding *b, const struct xml_node *body, const struct wsdl_item *source,
		      struct soap_message *message)
{
	struct str parts = body ? xsd_attr(body, "parts") : (struct str){0};
	struct str ns = body ? str_trim(xsd_attr(body, "namespace")) : (struct str){0};
	size_t n = 0;
	message->ns = ns.n ? keep(b->loaded, ns) : b->item->document->ns;
	message->encoded = body && encoded(body);
	for (const struct xml_node *node = source->node->first; node && n < PARTS_MAX; node = node->next)
		n += is_wsdl(node, "part");
	message->parts = n ? take(b->loaded, n * sizeof *message->parts) : NULL;
	for (const struct xml_node *node = source->node->first;
	     node && message->parts && message->n_parts < n; node = node->next) {
		struct str name = str_trim(xsd_attr(node, "name"));
		if (!is_wsdl(node, "part"))
			continue;
		if (parts.p ? has_word(parts, name) : !is_header_part(message, name))
			make_part(b->loaded, source, node, &message->parts[message->n_parts++]);
	}
}

/* One direction: `abstract` is the port type's, `concrete` the binding's element, which may be missing. */
static void make_message(struct binding *b, const struct wsdl_item *port_type,
			 const struct xml_node *abstract, const struct xml_node *concrete,
			 struct soap_message *message)
{
	if (!abstract)
		return;
	const struct wsdl_item *source = wsdl_item_find(b->loaded, WSDL_MESSAGE, abstract,
							port_type->document, xsd_attr(abstract, "message"));
	message->present = true;
	message->ns = b->item->document->ns;
	static const char *const addressing[] = {"http://www.w3.org/2006/05/addressing/wsdl",
						 "http://www.w3.org/2007/05/addressing/metadata"};
	for (size_t i = 0; i < countof(addressing) && !message->wsa_action.n; i++)
		message->wsa_action =
			keep(b->loaded, xml_attr(abstract, str_of(addressing[i]), STR("Action")));
	if (!source)
		return;
	const struct xml_node *body = concrete ? find_extension(concrete, b->soap_ns, "body", 0) : NULL;
	if (concrete)
		make_headers(b, body ? body->parent : concrete, message);
	make_body(b, body, source, message);
}

static void make_faults(struct binding *b, const struct wsdl_item *port_type,
			const struct xml_node *operation, struct soap_operation *ret)
{
	size_t n = 0;
	for (const struct xml_node *node = operation->first; node; node = node->next)
		n += is_wsdl(node, "fault");
	ret->faults = n ? take(b->loaded, n * sizeof *ret->faults) : NULL;
	for (const struct xml_node *node = operation->first; node && ret->faults; node = node->next) {
		if (!is_wsdl(node, "fault"))
			continue;
		const struct wsdl_item *source = wsdl_item_find(
			b->loaded, WSDL_MESSAGE, node, port_type->document, xsd_attr(node, "message"));
		const struct xml_node *part = source ? source->node->first : NULL;
		while (part && !is_wsdl(part, "part"))
			part = part->next;
		if (!part)
			continue;
		struct soap_fault *fault = &ret->faults[ret->n_faults++];
		fault->name = keep(b->loaded, str_trim(xsd_attr(node, "name")));
		make_part(b->loaded, source, part, &fault->part);
	}
}

static const struct xml_node *wsdl_child(const struct xml_node *node, const char *name)
{
	return node ? xml_child(node, STR(NS_WSDL), str_of(name)) : NULL;
}

static bool same_input(const struct xml_node *abstract, const struct xml_node *concrete)
{
	const struct xml_node *a = wsdl_child(abstract, "input"), *b = wsdl_child(concrete, "input");
	struct str wanted = b ? xsd_attr(b, "name") : (struct str){0},
		   name = a ? xsd_attr(a, "name") : (struct str){0};
	return wanted.p && name.p && str_eq(str_trim(wanted), str_trim(name));
}

/* The operation of that name; of several (overloaded ones) the one whose input has the binding's name. */
static const struct xml_node *find_abstract(const struct wsdl_item *port_type,
					    const struct xml_node *concrete)
{
	const struct xml_node *found = NULL;
	struct str name = str_trim(xsd_attr(concrete, "name"));
	for (const struct xml_node *node = port_type->node->first; node; node = node->next) {
		if (!is_wsdl(node, "operation") || !str_eq(str_trim(xsd_attr(node, "name")), name))
			continue;
		if (!found || same_input(node, concrete))
			found = node;
	}
	return found;
}

static void make_operation(struct binding *b, const struct wsdl_item *port_type,
			   const struct xml_node *concrete, const struct xml_node *abstract,
			   struct soap_operation *ret)
{
	const struct xml_node *soap = xml_child(concrete, b->soap_ns, STR("operation"));
	struct str style = soap ? str_trim(xsd_attr(soap, "style")) : (struct str){0};
	ret->name = keep(b->loaded, str_trim(xsd_attr(concrete, "name")));
	ret->rpc = style.n ? str_eq(style, STR("rpc")) : b->rpc;
	ret->action = soap ? keep(b->loaded, xsd_attr(soap, "soapAction")) : (struct str){0};
	make_message(b, port_type, wsdl_child(abstract, "input"), wsdl_child(concrete, "input"), &ret->input);
	make_message(b, port_type, wsdl_child(abstract, "output"), wsdl_child(concrete, "output"),
		     &ret->output);
	make_faults(b, port_type, abstract, ret);
}

static void bind_operations(struct binding *b, struct wsdl_item *item)
{
	const struct wsdl_item *port_type = wsdl_item_find(b->loaded, WSDL_PORT_TYPE, item->node,
							   item->document, xsd_attr(item->node, "type"));
	size_t n = 0;
	item->bound = true;
	for (const struct xml_node *node = item->node->first; node && n < OPERATIONS_MAX; node = node->next)
		n += is_wsdl(node, "operation");
	item->operations = n && port_type ? take(b->loaded, n * sizeof *item->operations) : NULL;
	for (const struct xml_node *node = item->node->first;
	     node && item->operations && item->n_operations < n; node = node->next) {
		const struct xml_node *abstract =
			is_wsdl(node, "operation") ? find_abstract(port_type, node) : NULL;
		if (abstract)
			make_operation(b, port_type, node, abstract, &item->operations[item->n_operations++]);
		else if (is_wsdl(node, "operation"))
			schema_warn(b->loaded->schema, item->document->path, node->line,
				    "operation '" STR_FMT "' is not in the port type and is passed over",
				    STR_ARG(xsd_attr(node, "name")));
	}
}

/* The binding's own element says that it is SOAP, which version, and how it travels. */
static const struct xml_node *soap_binding(const struct wsdl_item *item, enum soap_version *ret)
{
	const struct xml_node *node = xml_child(item->node, STR(NS_WSDL_SOAP11), STR("binding"));
	*ret = SOAP_11;
	if (node)
		return node;
	*ret = SOAP_12;
	return xml_child(item->node, STR(NS_WSDL_SOAP12), STR("binding"));
}

static bool is_http(struct str transport)
{
	return !transport.n || str_ends(transport, STR("/soap/http")) ||
	       str_ends(transport, STR("/soap/http/")) || str_ends(transport, STR("/bindings/HTTP/")) ||
	       str_ends(transport, STR("/bindings/HTTP"));
}

static enum soap_addressing addressing_of(const struct xml_node *node)
{
	for (const struct xml_node *child = node->first; child; child = child->next)
		if (str_eq(child->name, STR("UsingAddressing")))
			return str_eq(xml_attr(child, STR(NS_WSDL), STR("required")), STR("false"))
				       ? ADDRESSING_NONE
				       : ADDRESSING_2005;
	return ADDRESSING_NONE;
}

/* False when the port is not SOAP over HTTP. */
static bool bind_port(struct wsdl_loaded *loaded, struct wsdl_item *item, struct soap_port *port)
{
	const struct xml_node *node = soap_binding(item, &port->version);
	if (!node || !is_http(str_trim(xsd_attr(node, "transport"))))
		return false;
	struct binding b = {.loaded = loaded, .item = item};
	b.soap_ns = port->version == SOAP_11 ? STR(NS_WSDL_SOAP11) : STR(NS_WSDL_SOAP12);
	b.rpc = str_eq(str_trim(xsd_attr(node, "style")), STR("rpc"));
	port->addressing = addressing_of(item->node);
	if (!item->bound)
		bind_operations(&b, item);
	port->operations = item->operations;
	port->n_operations = item->n_operations;
	return true;
}

static struct str address_of(struct wsdl_loaded *loaded, const struct xml_node *port)
{
	for (const struct xml_node *node = port->first; node; node = node->next)
		if (str_eq(node->name, STR("address")) &&
		    (str_eq(node->ns, STR(NS_WSDL_SOAP11)) || str_eq(node->ns, STR(NS_WSDL_SOAP12))))
			return keep(loaded, str_trim(xsd_attr(node, "location")));
	return (struct str){0};
}

static void bind_service(struct wsdl_loaded *loaded, const struct wsdl_item *item,
			 struct soap_service *service)
{
	size_t n = 0;
	service->name = keep(loaded, item->name);
	for (const struct xml_node *node = item->node->first; node; node = node->next)
		n += is_wsdl(node, "port");
	service->ports = n ? take(loaded, n * sizeof *service->ports) : NULL;
	for (const struct xml_node *node = item->node->first; node && service->ports; node = node->next) {
		if (!is_wsdl(node, "port"))
			continue;
		struct wsdl_item *binding =
			wsdl_item_find(loaded, WSDL_BINDING, node, item->document, xsd_attr(node, "binding"));
		struct soap_port *port = &service->ports[service->n_ports];
		port->name = keep(loaded, str_trim(xsd_attr(node, "name")));
		port->address = address_of(loaded, node);
		if (binding && bind_port(loaded, binding, port)) {
			if (addressing_of(node) != ADDRESSING_NONE)
				port->addressing = addressing_of(node);
			service->n_ports++;
		} else
			schema_warn(loaded->schema, item->document->path, node->line,
				    "port '" STR_FMT "' is not SOAP over HTTP and is passed over",
				    STR_ARG(xsd_attr(node, "name")));
	}
}

/* A WSDL without a service still says what to send; the endpoint comes from elsewhere. */
static void bind_without_service(struct wsdl_loaded *loaded, struct soap_service *service)
{
	size_t n = 0;
	for (struct wsdl_item *item = loaded->first; item; item = item->next)
		n += item->kind == WSDL_BINDING;
	service->ports = n ? take(loaded, n * sizeof *service->ports) : NULL;
	for (struct wsdl_item *item = loaded->first; item && service->ports; item = item->next) {
		if (item->kind != WSDL_BINDING)
			continue;
		struct soap_port *port = &service->ports[service->n_ports];
		port->name = service->name = keep(loaded, item->name);
		if (bind_port(loaded, item, port))
			service->n_ports++;
	}
}

int wsdl_bind(struct wsdl_loaded *loaded, struct error *reterr)
{
	size_t n = 0;
	for (struct wsdl_item *item = loaded->first; item; item = item->next)
		n += item->kind == WSDL_SERVICE;
	loaded->wsdl.services = take(loaded, (n ? n : 1) * sizeof *loaded->wsdl.services);
	for (struct wsdl_item *item = loaded->first; item && loaded->wsdl.services; item = item->next)
		if (item->kind == WSDL_SERVICE)
			bind_service(loaded, item, &loaded->wsdl.services[loaded->wsdl.n_services++]);
	if (n == 0 && loaded->wsdl.services) {
		bind_without_service(loaded, &loaded->wsdl.services[0]);
		loaded->wsdl.n_services = loaded->wsdl.services[0].n_ports > 0;
	}
	if (loaded->schema->failed) {
		*reterr = loaded->schema->error;
		return -1;
	}
	return 0;
}

static void settle_message(struct soap_message *message)
{
	for (uint32_t i = 0; i < message->n_parts; i++)
		if (message->parts[i].element)
			message->parts[i].type = message->parts[i].element->type;
	for (uint32_t i = 0; i < message->n_headers; i++)
		if (message->headers[i].part.element)
			message->headers[i].part.type = message->headers[i].part.element->type;
}

void wsdl_settle(struct wsdl_loaded *loaded)
{
	for (uint32_t i = 0; i < loaded->wsdl.n_services; i++)
		for (uint32_t k = 0; k < loaded->wsdl.services[i].n_ports; k++) {
			struct soap_port *port = &loaded->wsdl.services[i].ports[k];
			for (uint32_t m = 0; m < port->n_operations; m++) {
				struct soap_operation *operation = &port->operations[m];
				settle_message(&operation->input);
				settle_message(&operation->output);
				for (uint32_t f = 0; f < operation->n_faults; f++)
					if (operation->faults[f].part.element)
						operation->faults[f].part.type =
							operation->faults[f].part.element->type;
			}
		}
}
