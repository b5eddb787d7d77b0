/* From files to a table of messages, port types, bindings and services, with their schemas. */
#include "soap/wsdl_private.h"

#include "base/suggest.h"

#include <stdio.h>

enum {
	ARENA_MAX = 512 << 20,
	IMPORT_DEPTH_MAX = 32,
	ITEMS_MAX = 200 * 1000,
	NAMES_LISTED_MAX = 12,
	GUESSES_MAX = 1000
};

static size_t item_key(char *key, enum wsdl_kind kind, struct str ns, struct str name)
{
	key[0] = (char)('0' + kind);
	memcpy(key + 1, ns.p, ns.n);
	key[1 + ns.n] = '}';
	memcpy(key + 2 + ns.n, name.p, name.n);
	return 2 + ns.n + name.n;
}

static struct wsdl_item *find_item(struct wsdl_loaded *loaded, enum wsdl_kind kind, struct str ns,
				   struct str name)
{
	char *key = mem_alloc(ns.n + name.n + 2);
	size_t n = item_key(key, kind, ns, name);
	struct wsdl_item *item;
	HASH_FIND(hh, loaded->table, key, n, item);
	free(key);
	return item;
}

static struct wsdl_item *find_item_anywhere(struct wsdl_loaded *loaded, enum wsdl_kind kind, struct str name)
{
	if (loaded->guesses++ >= GUESSES_MAX)
		return NULL;
	for (struct wsdl_item *item = loaded->first; item; item = item->next)
		if (item->kind == kind && str_eq(item->name, name))
			return item;
	return NULL;
}

struct wsdl_item *wsdl_item_find(struct wsdl_loaded *loaded, enum wsdl_kind kind, const struct xml_node *node,
				 const struct schema_document *document, struct str qname)
{
	struct str ns = STR(""), name = qname;
	qname = str_trim(qname);
	if (!qname.n)
		return NULL;
	bool declared = xml_qname(node, qname, &ns, &name);
	struct wsdl_item *item = declared ? find_item(loaded, kind, ns, name) : NULL;
	if (!item)
		item = find_item_anywhere(loaded, kind, name);
	if (!item)
		schema_warn(loaded->schema, document->path, node->line, "there is no '" STR_FMT "'",
			    STR_ARG(qname));
	return item;
}

static int add_item(struct wsdl_loaded *loaded, enum wsdl_kind kind, const struct xml_node *node,
		    const struct schema_document *document, struct error *reterr)
{
	struct str name = str_trim(xsd_attr(node, "name"));
	if (!name.n || find_item(loaded, kind, document->ns, name))
		return 0;
	if (HASH_COUNT(loaded->table) >= ITEMS_MAX)
		return error_set(reterr, "more than %d messages, bindings and services", ITEMS_MAX);
	struct wsdl_item *item = arena_zalloc(&loaded->scratch, sizeof *item + document->ns.n + name.n + 2);
	if (!item)
		return error_set(reterr, "the WSDL is too large");
	item->kind = kind;
	item->name = name;
	item->node = node;
	item->document = document;
	item->key_n = item_key(item->key, kind, document->ns, name);
	HASH_ADD_KEYPTR(hh, loaded->table, item->key, item->key_n, item);
	*loaded->last = item;
	loaded->last = &item->next;
	return 0;
}

static int add_types(struct wsdl_loaded *loaded, const struct xml_node *types,
		     const struct schema_document *document, struct error *reterr)
{
	for (const struct xml_node *node = types->first; node; node = node->next)
		if (is_xsd(node, "schema") && schema_add(loaded->schema, node, document->path, reterr))
			return -1;
	return 0;
}

static int add_items(struct wsdl_loaded *loaded, const struct schema_document *document, struct error *reterr)
{
	static const char *const kinds[] = {
		[WSDL_MESSAGE] = "message",
		[WSDL_PORT_TYPE] = "portType",
		[WSDL_BINDING] = "binding",
		[WSDL_SERVICE] = "service",
	};
	for (const struct xml_node *node = document->root->first; node; node = node->next) {
		if (is_wsdl(node, "types") && add_types(loaded, node, document, reterr))
			return -1;
		for (size_t i = 0; i < countof(kinds); i++)
			if (is_wsdl(node, kinds[i]) &&
			    add_item(loaded, (enum wsdl_kind)i, node, document, reterr))
				return -1;
	}
	return 0;
}

static int add_file(struct wsdl_loaded *loaded, struct str path, const struct schema_document *from,
		    const struct xml_node *at, int depth, struct error *reterr);

static int add_imports(struct wsdl_loaded *loaded, const struct schema_document *document, int depth,
		       struct error *reterr)
{
	for (const struct xml_node *node = document->root->first; node; node = node->next) {
		struct str location = str_trim(xsd_attr(node, "location")), path;
		if (!is_wsdl(node, "import") || !location.n)
			continue;
		if (!soap_path_join(document->path, location, &loaded->scratch, &path)) {
			schema_warn(loaded->schema, document->path, node->line,
				    "'" STR_FMT "' is not in the folder of the WSDL and is not read",
				    STR_ARG(location));
			continue;
		}
		if (add_file(loaded, path, document, node, depth + 1, reterr))
			return -1;
	}
	return 0;
}

static int wrong_root(const struct xml_node *root, struct str path, struct error *reterr)
{
	if (str_eq(root->ns, STR(NS_WSDL20)))
		error_set(reterr, "this is WSDL 2.0, which is not supported");
	else
		error_set(reterr,
			  "this is no WSDL 1.1: its root is '" STR_FMT "', not 'definitions' of " NS_WSDL,
			  STR_ARG(root->name));
	if (str_eq(root->ns, STR(NS_WSDL20)))
		error_hint(reterr, "services that publish WSDL 2.0 nearly always have a WSDL 1.1 as well, "
				   "often at ?wsdl");
	error_at(reterr, path, root->line, 0, (struct str){0});
	return -1;
}

static int add_definitions(struct wsdl_loaded *loaded, const struct xml_node *root, struct str path,
			   int depth, struct error *reterr)
{
	struct schema_document *document = arena_zalloc(&loaded->scratch, sizeof *document);
	if (!document)
		return error_set(reterr, "the WSDL is too large");
	document->root = root;
	document->path = path;
	document->next = loaded->documents;
	loaded->documents = document;
	document->ns = schema_keep(loaded->schema, str_trim(xsd_attr(root, "targetNamespace")));
	if (!document->ns.p)
		document->ns = STR("");
	if (!loaded->wsdl.target_ns.p)
		loaded->wsdl.target_ns = document->ns;
	if (add_items(loaded, document, reterr))
		return -1;
	return add_imports(loaded, document, depth, reterr);
}

/* A file is not taken in again: imports go in circles. */
static int add_file(struct wsdl_loaded *loaded, struct str path, const struct schema_document *from,
		    const struct xml_node *at, int depth, struct error *reterr)
{
	static const char too_deep[] = "more than %d WSDL files that import each other";
	struct xml_node *root;
	if (depth > IMPORT_DEPTH_MAX)
		return error_set(reterr, too_deep, IMPORT_DEPTH_MAX);
	for (const struct schema_document *known = loaded->documents; known; known = known->next)
		if (str_eq(known->path, path))
			return 0;
	int status = schema_read(loaded->schema, path, &root, reterr);
	if (status < 0)
		return -1;
	if (status > 0 && from) {
		schema_warn(loaded->schema, from->path, at->line, "there is no file '" STR_FMT "'",
			    STR_ARG(path));
		return 0;
	}
	if (status > 0)
		return error_set(reterr, "there is no file '" STR_FMT "'", STR_ARG(path));
	if (from && is_xsd(root, "schema"))
		return schema_add(loaded->schema, root, path, reterr);
	if (!is_wsdl(root, "definitions"))
		return wrong_root(root, path, reterr);
	return add_definitions(loaded, root, path, depth, reterr);
}

static int load(struct wsdl_loaded *loaded, struct str path, struct error *reterr)
{
	if (add_file(loaded, path, NULL, NULL, 0, reterr) || wsdl_bind(loaded, reterr) ||
	    schema_finish(loaded->schema, reterr))
		return -1;
	wsdl_settle(loaded);
	return 0;
}

int wsdl_load(const struct soap_files *files, struct str path, struct wsdl **ret, struct error *reterr)
{
	struct wsdl_loaded *loaded = mem_zalloc(sizeof *loaded);
	struct error ignored;
	arena_init(&loaded->arena, ARENA_MAX);
	arena_init(&loaded->scratch, ARENA_MAX);
	loaded->last = &loaded->first;
	loaded->schema = schema_create(&loaded->arena, &loaded->scratch, files, NULL);
	loaded->wsdl.schema = loaded->schema;
	int status = load(loaded, path, reterr ? reterr : &ignored);
	HASH_CLEAR(hh, loaded->table);
	loaded->first = NULL;
	loaded->documents = NULL;
	arena_finish(&loaded->scratch);
	if (status)
		wsdl_free(&loaded->wsdl);
	else
		*ret = &loaded->wsdl;
	return status;
}

void wsdl_free(struct wsdl *wsdl)
{
	if (!wsdl)
		return;
	struct wsdl_loaded *loaded = container_of(wsdl, struct wsdl_loaded, wsdl);
	schema_free(loaded->schema);
	arena_finish(&loaded->scratch);
	arena_finish(&loaded->arena);
	free(loaded);
}

const struct soap_warning *wsdl_warnings(const struct wsdl *wsdl, size_t *ret_more)
{
	return schema_warnings(wsdl->schema, ret_more);
}

struct names {
	struct str items[1000];
	size_t n;
};

static void add_name(struct names *names, struct str name)
{
	for (size_t i = 0; i < names->n; i++)
		if (str_eq(names->items[i], name))
			return;
	if (names->n < countof(names->items))
		names->items[names->n++] = name;
}

static int not_found(const char *what, struct str wanted, const struct names *names, struct error *reterr)
{
	struct buf list;
	buf_init(&list, 200);
	for (size_t i = 0; i < names->n && i < NAMES_LISTED_MAX; i++)
		buf_printf(&list, "%s" STR_FMT, i ? ", " : "", STR_ARG(names->items[i]));
	if (names->n > NAMES_LISTED_MAX)
		buf_str(&list, STR(", ..."));
	error_set(reterr, "there is no %s '" STR_FMT "'", what, STR_ARG(wanted));
	struct str near = suggest_nearest(wanted, names->items, names->n);
	if (near.p)
		error_hint(reterr, "did you mean '" STR_FMT "'?", STR_ARG(near));
	else if (names->n)
		error_hint(reterr, "there are: %s", buf_z(&list));
	buf_finish(&list);
	return -1;
}

static bool wanted(struct str name, struct str choice)
{
	return !choice.p || str_eq(name, choice);
}

/* Everything of one kind that the rest of the choice allows, for the message. */
static int explain(const struct wsdl *wsdl, const struct soap_choice *choice, struct error *reterr)
{
	struct names *services = mem_zalloc(sizeof *services), *ports = mem_zalloc(sizeof *ports),
		     *operations = mem_zalloc(sizeof *operations);
	bool service_found = false, port_found = false;
	for (uint32_t i = 0; i < wsdl->n_services; i++) {
		const struct soap_service *service = &wsdl->services[i];
		add_name(services, service->name);
		if (!wanted(service->name, choice->service))
			continue;
		service_found = true;
		for (uint32_t k = 0; k < service->n_ports; k++) {
			const struct soap_port *port = &service->ports[k];
			add_name(ports, port->name);
			if (!wanted(port->name, choice->port))
				continue;
			port_found = true;
			for (uint32_t m = 0; m < port->n_operations; m++)
				add_name(operations, port->operations[m].name);
		}
	}
	if (!service_found)
		not_found("service", choice->service.p ? choice->service : STR(""), services, reterr);
	else if (!port_found)
		not_found("port", choice->port.p ? choice->port : STR(""), ports, reterr);
	else
		not_found("operation", choice->operation.p ? choice->operation : STR(""), operations, reterr);
	free(services);
	free(ports);
	free(operations);
	return -1;
}

static const struct soap_operation *find_operation(const struct soap_port *port,
						   const struct soap_choice *choice)
{
	for (uint32_t i = 0; i < port->n_operations; i++)
		if (wanted(port->operations[i].name, choice->operation))
			return &port->operations[i];
	return NULL;
}

/* First a port of the wanted version, then any: the message can be sent in either envelope. */
static bool find_target(const struct wsdl *wsdl, const struct soap_choice *choice, bool exact,
			struct soap_target *ret)
{
	for (uint32_t i = 0; i < wsdl->n_services; i++) {
		const struct soap_service *service = &wsdl->services[i];
		if (!wanted(service->name, choice->service))
			continue;
		for (uint32_t k = 0; k < service->n_ports; k++) {
			const struct soap_port *port = &service->ports[k];
			if (!wanted(port->name, choice->port) ||
			    (exact && choice->version != SOAP_ANY && port->version != choice->version))
				continue;
			const struct soap_operation *operation = find_operation(port, choice);
			if (!operation)
				continue;
			*ret = (struct soap_target){service, port, operation,
						    choice->version ? choice->version : port->version};
			return true;
		}
	}
	return false;
}

int wsdl_find(const struct wsdl *wsdl, const struct soap_choice *choice, struct soap_target *ret,
	      struct error *reterr)
{
	if (find_target(wsdl, choice, true, ret) || find_target(wsdl, choice, false, ret))
		return 0;
	if (!wsdl->n_services)
		return error_set(reterr, "the WSDL has no service with SOAP over HTTP");
	return explain(wsdl, choice, reterr);
}
