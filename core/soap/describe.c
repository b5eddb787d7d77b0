/* A type is unfolded once on each way down: where it comes again inside of itself only its name is shown. */
#include "soap/describe.h"

#include "format/json.h"
#include "soap/simple.h"

enum { DEPTH_MAX = 12, LINES_MAX = 20 * 1000 };

struct description {
	struct buf *out;
	const struct schema_type *open[DEPTH_MAX];
	size_t depth, lines;
	bool lua;
};

static void indent(struct description *d, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_str(d->out, STR("  "));
}

static bool is_open(const struct description *d, const struct schema_type *type)
{
	for (size_t i = 0; i < d->depth; i++)
		if (d->open[i] == type)
			return true;
	return d->depth == DEPTH_MAX || d->lines > LINES_MAX;
}

static const struct schema_type *text_type(const struct schema_type *type)
{
	return type->complex && type->simple_content && type->simple ? type->simple : type;
}

/* "string", "Colour: one of 'red', 'green'", "Sku string, pattern [A-Z]+" */
static void write_type(struct buf *out, const struct schema_type *type)
{
	const struct schema_type *text = text_type(type);
	buf_str(out, schema_type_name(type));
	if (type->complex && !type->simple_content)
		return;
	if (type->name.n && !type->is_builtin && text->builtin != BUILTIN_ANY_SIMPLE &&
	    !str_eq(builtin_name(text->builtin), type->name))
		buf_printf(out, " " STR_FMT, STR_ARG(builtin_name(text->builtin)));
	if (text->variety == VARIETY_LIST)
		buf_str(out, STR(", a list"));
	if (!text->facets)
		return;
	if (text->facets->n_enumeration) {
		buf_str(out, STR(", "));
		facets_expected(text, out);
	}
	if (text->facets->n_patterns)
		buf_printf(out, ", pattern " STR_FMT, STR_ARG(text->facets->pattern_texts[0]));
	if (text->facets->max_length >= 0)
		buf_printf(out, ", at most %d characters", (int)text->facets->max_length);
}

static void write_fields(struct description *d, const struct schema_type *type, size_t level);

static void write_field(struct description *d, const struct schema_element *element, int32_t min, int32_t max,
			size_t level)
{
	const struct schema_type *type = element->type;
	indent(d, level);
	buf_str(d->out, element->name);
	if (max != 1)
		buf_str(d->out, STR("[]"));
	buf_str(d->out, STR("  "));
	write_type(d->out, type);
	if (type->array_item)
		buf_printf(d->out, " of " STR_FMT, STR_ARG(schema_type_name(type->array_item)));
	if (min == 0)
		buf_str(d->out, STR("  optional"));
	if (element->nillable)
		buf_str(d->out, STR("  nillable"));
	if (element->fixed.p)
		buf_printf(d->out, "  always '" STR_FMT "'", STR_ARG(element->fixed));
	buf_char(d->out, '\n');
	d->lines++;
	write_fields(d, type, level + 1);
}

static void write_particle(struct description *d, const struct particle *particle, bool optional, bool many,
			   size_t level)
{
	optional = optional || particle->min == 0;
	many = many || particle->max != 1;
	if (d->lines > LINES_MAX)
		return;
	switch (particle->kind) {
	case PARTICLE_ELEMENT:
		write_field(d, particle->element, optional ? 0 : 1, many ? OCCURS_UNBOUNDED : 1, level);
		break;
	case PARTICLE_GROUP:
		write_particle(d, &particle->group->particle, optional, many, level);
		break;
	case PARTICLE_ANY:
		indent(d, level);
		buf_str(d->out, STR("#any  any other elements, as XML\n"));
		break;
	case PARTICLE_CHOICE:
		indent(d, level);
		buf_str(d->out, STR("(one of)\n"));
		for (uint32_t i = 0; i < particle->n; i++)
			write_particle(d, &particle->items[i], false, many, level + 1);
		break;
	case PARTICLE_SEQUENCE:
	case PARTICLE_ALL:
		for (uint32_t i = 0; i < particle->n; i++)
			write_particle(d, &particle->items[i], optional, many, level);
		break;
	}
}

static void write_attributes(struct description *d, const struct schema_type *type, size_t level)
{
	for (uint32_t i = 0; i < type->n_attributes; i++) {
		indent(d, level);
		buf_printf(d->out, "@" STR_FMT "  ", STR_ARG(type->attributes[i].name));
		write_type(d->out, type->attributes[i].type);
		buf_str(d->out, type->attributes[i].required ? STR("\n") : STR("  optional\n"));
	}
}

static void write_fields(struct description *d, const struct schema_type *type, size_t level)
{
	if (!type->complex || is_open(d, type))
		return;
	if (type->array_item) {
		write_fields(d, type->array_item, level);
		return;
	}
	d->open[d->depth++] = type;
	write_attributes(d, type, level);
	for (uint32_t i = 0; i < type->n_content; i++)
		write_particle(d, type->content[i], false, false, level);
	d->depth--;
}

static void write_message(struct description *d, const struct soap_operation *operation,
			  const struct soap_message *message, const char *title)
{
	if (!message->present)
		return;
	buf_printf(d->out, "    %s\n", title);
	bool parts = operation->rpc || message->n_parts > 1;
	for (uint32_t i = 0; i < message->n_parts; i++) {
		const struct soap_part *part = &message->parts[i];
		struct schema_element named = {.name = part->name, .type = part->type, .ns = STR("")};
		if (parts)
			write_field(d, &named, 1, 1, 3);
		else if (part->type->complex)
			write_fields(d, part->type, 3);
		else
			write_field(d, part->element ? part->element : &named, 1, 1, 3);
	}
	for (uint32_t i = 0; i < message->n_headers; i++) {
		const struct soap_part *part = &message->headers[i].part;
		struct schema_element named = {.name = part->element ? part->element->name : part->name,
					       .type = part->type,
					       .ns = STR("")};
		indent(d, 3);
		buf_str(d->out, STR("(header)\n"));
		write_field(d, &named, 1, 1, 4);
	}
}

/* A value to begin with, in Lua. */
static void write_blank(struct description *d, const struct schema_type *type, size_t level);

static bool is_word(struct str name)
{
	static const char *const reserved[] = {"and",   "break", "do",       "else", "elseif", "end",
					       "false", "for",   "function", "goto", "if",     "in",
					       "local", "nil",   "not",      "or",   "repeat", "return",
					       "then",  "true",  "until",    "while"};
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
		if (!letter && (i == 0 || c < '0' || c > '9'))
			return false;
	}
	for (size_t i = 0; i < countof(reserved); i++)
		if (str_eq(name, str_of(reserved[i])))
			return false;
	return name.n > 0;
}

static void write_key(struct description *d, struct str name, size_t level)
{
	indent(d, level);
	if (is_word(name))
		buf_printf(d->out, STR_FMT " = ", STR_ARG(name));
	else
		buf_printf(d->out, "[\"" STR_FMT "\"] = ", STR_ARG(name));
}

static void blank_particle(struct description *d, const struct particle *particle, bool optional, bool many,
			   size_t level)
{
	optional = optional || particle->min == 0;
	many = many || particle->max != 1;
	if (d->lines > LINES_MAX)
		return;
	if (particle->kind == PARTICLE_GROUP)
		blank_particle(d, &particle->group->particle, optional, many, level);
	else if (particle->kind == PARTICLE_ELEMENT) {
		const struct schema_type *type = particle->element->type;
		write_key(d, particle->element->name, level);
		buf_str(d->out, many ? STR("{ ") : STR(""));
		write_blank(d, type, level);
		buf_str(d->out, many ? STR(" },") : STR(","));
		bool comment = !type->complex || type->simple_content;
		if (comment || optional)
			buf_str(d->out, STR(" -- "));
		if (comment)
			write_type(d->out, type);
		if (optional)
			buf_str(d->out, comment ? STR(", optional") : STR("optional"));
		buf_char(d->out, '\n');
		d->lines++;
	} else if (particle->kind == PARTICLE_CHOICE && particle->n) {
		indent(d, level);
		buf_str(d->out, STR("-- one of these:\n"));
		for (uint32_t i = 0; i < particle->n; i++)
			blank_particle(d, &particle->items[i], false, many, level);
	} else if (particle->kind != PARTICLE_ANY)
		for (uint32_t i = 0; i < particle->n; i++)
			blank_particle(d, &particle->items[i], optional, many, level);
}

static void blank_attributes(struct description *d, const struct schema_type *type, size_t level)
{
	for (uint32_t i = 0; i < type->n_attributes; i++) {
		if (!type->attributes[i].required)
			continue;
		indent(d, level);
		buf_printf(d->out, "[\"@" STR_FMT "\"] = ", STR_ARG(type->attributes[i].name));
		write_blank(d, type->attributes[i].type, level);
		buf_str(d->out, STR(",\n"));
	}
}

static void write_blank(struct description *d, const struct schema_type *type, size_t level)
{
	const struct schema_type *text = text_type(type);
	if (!type->complex || (type->simple_content && !type->n_attributes)) {
		if (text->builtin == BUILTIN_BOOLEAN)
			buf_str(d->out, STR("false"));
		else if (text->builtin >= BUILTIN_DECIMAL || text->builtin == BUILTIN_FLOAT ||
			 text->builtin == BUILTIN_DOUBLE)
			buf_str(d->out, STR("0"));
		else
			buf_str(d->out, STR("\"\""));
		return;
	}
	if (type->array_item && !is_open(d, type)) {
		buf_str(d->out, STR("{ "));
		d->open[d->depth++] = type;
		write_blank(d, type->array_item, level);
		d->depth--;
		buf_str(d->out, STR(" }"));
		return;
	}
	if (is_open(d, type) || (!type->n_content && !type->n_attributes)) {
		buf_str(d->out, STR("{}"));
		return;
	}
	d->open[d->depth++] = type;
	buf_str(d->out, STR("{\n"));
	blank_attributes(d, type, level + 1);
	if (type->simple_content) {
		indent(d, level + 1);
		buf_str(d->out, STR("[\"#text\"] = \"\",\n"));
	}
	for (uint32_t i = 0; i < type->n_content; i++)
		blank_particle(d, type->content[i], false, false, level + 1);
	indent(d, level);
	buf_char(d->out, '}');
	d->depth--;
}

static void write_skeleton(struct description *d, const struct soap_operation *operation)
{
	const struct soap_message *message = &operation->input;
	buf_str(d->out, STR("    in Lua\n"));
	buf_printf(d->out, "      service:call(\"" STR_FMT "\", ", STR_ARG(operation->name));
	if (!operation->rpc && message->n_parts == 1)
		write_blank(d, message->parts[0].type, 3);
	else {
		buf_str(d->out, STR("{\n"));
		for (uint32_t i = 0; i < message->n_parts; i++) {
			write_key(d, message->parts[i].name, 4);
			write_blank(d, message->parts[i].type, 4);
			buf_str(d->out, STR(",\n"));
		}
		indent(d, 3);
		buf_char(d->out, '}');
	}
	buf_str(d->out, STR(")\n"));
}

static bool wanted(struct str name, struct str choice)
{
	return !choice.p || str_eq(name, choice);
}

static void write_operation(struct description *d, const struct soap_operation *operation, bool skeleton)
{
	buf_printf(d->out, "  " STR_FMT, STR_ARG(operation->name));
	buf_str(d->out,
		operation->rpc ? (operation->input.encoded ? STR("  rpc/encoded") : STR("  rpc")) : STR(""));
	if (operation->action.n)
		buf_printf(d->out, "  action " STR_FMT, STR_ARG(operation->action));
	buf_char(d->out, '\n');
	write_message(d, operation, &operation->input, "in");
	write_message(d, operation, &operation->output, operation->output.present ? "out" : "");
	for (uint32_t i = 0; i < operation->n_faults; i++) {
		buf_printf(d->out, "    fault " STR_FMT "\n", STR_ARG(operation->faults[i].name));
		write_fields(d, operation->faults[i].part.type, 3);
	}
	if (skeleton)
		write_skeleton(d, operation);
}

static size_t describe_port(struct description *d, const struct soap_service *service,
			    const struct soap_port *port, const struct soap_describe_options *options)
{
	size_t n = 0;
	for (uint32_t i = 0; i < port->n_operations; i++) {
		if (!wanted(port->operations[i].name, options->choice.operation))
			continue;
		if (!n++)
			buf_printf(d->out, "service " STR_FMT ", port " STR_FMT "  SOAP %s  " STR_FMT "\n",
				   STR_ARG(service->name), STR_ARG(port->name),
				   port->version == SOAP_12 ? "1.2" : "1.1", STR_ARG(port->address));
		write_operation(d, &port->operations[i], options->skeletons);
	}
	return n;
}

size_t soap_describe(const struct wsdl *wsdl, const struct soap_describe_options *options, struct buf *out)
{
	struct description d = {.out = out};
	size_t n = 0;
	for (uint32_t i = 0; i < wsdl->n_services; i++) {
		const struct soap_service *service = &wsdl->services[i];
		for (uint32_t k = 0; k < service->n_ports && wanted(service->name, options->choice.service);
		     k++)
			if (wanted(service->ports[k].name, options->choice.port))
				n += describe_port(&d, service, &service->ports[k], options);
	}
	return n;
}

static void json_member(struct buf *out, const char *key, struct str value)
{
	buf_printf(out, "\"%s\":", key);
	json_write_string(out, value.p ? value : STR(""));
}

size_t soap_describe_json(const struct wsdl *wsdl, const struct soap_describe_options *options,
			  struct buf *out)
{
	size_t n = 0;
	for (uint32_t i = 0; i < wsdl->n_services; i++)
		for (uint32_t k = 0; k < wsdl->services[i].n_ports; k++) {
			const struct soap_service *service = &wsdl->services[i];
			const struct soap_port *port = &service->ports[k];
			for (uint32_t m = 0; m < port->n_operations; m++) {
				const struct soap_operation *operation = &port->operations[m];
				if (!wanted(service->name, options->choice.service) ||
				    !wanted(port->name, options->choice.port) ||
				    !wanted(operation->name, options->choice.operation))
					continue;
				struct buf tree;
				struct description d = {.out = &tree};
				buf_init(&tree, 1 << 20);
				write_operation(&d, operation, true);
				buf_char(out, '{');
				json_member(out, "service", service->name);
				buf_char(out, ',');
				json_member(out, "port", port->name);
				buf_char(out, ',');
				json_member(out, "soap", port->version == SOAP_12 ? STR("1.2") : STR("1.1"));
				buf_char(out, ',');
				json_member(out, "operation", operation->name);
				buf_char(out, ',');
				json_member(out, "action", operation->action);
				buf_char(out, ',');
				json_member(out, "endpoint", port->address);
				buf_char(out, ',');
				json_member(out, "text", buf_view(&tree));
				buf_str(out, STR("}\n"));
				buf_finish(&tree);
				n++;
			}
		}
	return n;
}
