/* What is read from a tree of elements, and the tree as text again. */
#include "format/encode.h"
#include "format/xml.h"

bool xml_is(const struct xml_node *node, struct str ns, struct str name)
{
	return str_eq(node->name, name) && str_eq(node->ns, ns);
}

struct str xml_attr(const struct xml_node *node, struct str ns, struct str name)
{
	for (uint32_t i = 0; i < node->n_attrs; i++)
		if (str_eq(node->attrs[i].name, name) && str_eq(node->attrs[i].ns, ns))
			return node->attrs[i].value;
	return (struct str){0};
}

struct xml_node *xml_child(const struct xml_node *node, struct str ns, struct str name)
{
	for (struct xml_node *child = node->first; child; child = child->next)
		if (xml_is(child, ns, name))
			return child;
	return NULL;
}

static bool find_prefix(const struct xml_scope *scope, struct str prefix, struct str *ret_uri)
{
	for (; scope; scope = scope->outer)
		if (str_eq(scope->prefix, prefix)) {
			*ret_uri = scope->uri;
			return true;
		}
	if (str_eq(prefix, STR("xml"))) {
		*ret_uri = STR(XML_NS_XML);
		return true;
	}
	*ret_uri = STR("");
	return prefix.n == 0;
}

bool xml_qname(const struct xml_node *node, struct str text, struct str *ret_ns, struct str *ret_local)
{
	text = str_trim(text);
	const char *colon = text.n ? memchr(text.p, ':', text.n) : NULL;
	struct str prefix = {text.p, colon ? (size_t)(colon - text.p) : 0};
	struct str uri;
	if (!find_prefix(node->scope, prefix, &uri))
		return false;
	*ret_ns = uri;
	*ret_local = colon ? (struct str){colon + 1, text.n - prefix.n - 1} : text;
	return true;
}

void xml_text(struct buf *out, const struct xml_node *node)
{
	const struct xml_node *at = node;
	buf_str(out, at->text);
	while (at) {
		if (at->first) {
			at = at->first;
			buf_str(out, at->text);
			continue;
		}
		while (at != node && !at->next) {
			buf_str(out, at->tail);
			at = at->parent;
		}
		if (at == node)
			return;
		buf_str(out, at->tail);
		at = at->next;
		buf_str(out, at->text);
	}
}

/* The prefix that stands for `uri` where `node` stands and is not hidden by an inner declaration. An
 * attribute cannot use the default namespace. */
static const struct xml_scope *scope_of(const struct xml_node *node, struct str uri, bool attribute)
{
	for (const struct xml_scope *scope = node->scope; scope; scope = scope->outer) {
		struct str now;
		if (str_eq(scope->uri, uri) && (scope->prefix.n || !attribute) &&
		    find_prefix(node->scope, scope->prefix, &now) && str_eq(now, uri))
			return scope;
	}
	return NULL;
}

static void write_name(struct buf *out, const struct xml_node *node, struct str ns, struct str name,
		       bool attribute)
{
	const struct xml_scope *scope = ns.n ? scope_of(node, ns, attribute) : NULL;
	if (str_eq(ns, STR(XML_NS_XML)))
		buf_str(out, STR("xml:"));
	else if (scope && scope->prefix.n) {
		buf_str(out, scope->prefix);
		buf_char(out, ':');
	}
	buf_str(out, name);
}

static void write_declaration(struct buf *out, struct str prefix, struct str uri)
{
	buf_str(out, prefix.n ? STR(" xmlns:") : STR(" xmlns"));
	buf_str(out, prefix);
	buf_str(out, STR("=\""));
	encode_xml_attribute(out, uri);
	buf_char(out, '"');
}

/* Does anything in the element need this declaration? Texts may hold QNames, so a prefix that stands before a
 * colon in a value counts. */
static bool value_uses(struct str value, struct str prefix)
{
	return prefix.n && value.n > prefix.n && value.p[prefix.n] == ':' &&
	       memcmp(value.p, prefix.p, prefix.n) == 0;
}

static bool node_uses(const struct xml_node *node, const struct xml_scope *scope)
{
	if (str_eq(node->ns, scope->uri) || value_uses(str_trim(node->text), scope->prefix))
		return true;
	for (uint32_t i = 0; i < node->n_attrs; i++)
		if (str_eq(node->attrs[i].ns, scope->uri) || value_uses(node->attrs[i].value, scope->prefix))
			return true;
	return false;
}

static bool tree_uses(const struct xml_node *root, const struct xml_scope *scope)
{
	for (const struct xml_node *at = root; at;) {
		if (node_uses(at, scope))
			return true;
		if (at->first) {
			at = at->first;
			continue;
		}
		while (at != root && !at->next)
			at = at->parent;
		at = at == root ? NULL : at->next;
	}
	return false;
}

/* What the root needs of the declarations around it, and everywhere else what its own start tag declares. */
static void write_scope(struct buf *out, const struct xml_node *node, bool root)
{
	const struct xml_scope *outer = root || !node->parent ? NULL : node->parent->scope;
	for (const struct xml_scope *scope = node->scope; scope != outer; scope = scope->outer) {
		bool hidden = false;
		for (const struct xml_scope *inner = node->scope; inner != scope; inner = inner->outer)
			hidden = hidden || str_eq(inner->prefix, scope->prefix);
		if (!hidden && (!root || scope->prefix.n == 0 ? scope->uri.n || !root : true) &&
		    (!root || tree_uses(node, scope)))
			write_declaration(out, scope->prefix, scope->uri);
	}
}

static void write_start(struct buf *out, const struct xml_node *node, bool root)
{
	buf_char(out, '<');
	write_name(out, node, node->ns, node->name, false);
	write_scope(out, node, root);
	for (uint32_t i = 0; i < node->n_attrs; i++) {
		buf_char(out, ' ');
		write_name(out, node, node->attrs[i].ns, node->attrs[i].name, true);
		buf_str(out, STR("=\""));
		encode_xml_attribute(out, node->attrs[i].value);
		buf_char(out, '"');
	}
	bool empty = !node->first && !node->text.n;
	buf_str(out, empty ? STR("/>") : STR(">"));
	encode_xml_text(out, node->text);
}

static void write_end(struct buf *out, const struct xml_node *node)
{
	if (!node->first && !node->text.n)
		return;
	buf_str(out, STR("</"));
	write_name(out, node, node->ns, node->name, false);
	buf_char(out, '>');
}

void xml_write(struct buf *out, const struct xml_node *root)
{
	write_start(out, root, true);
	for (const struct xml_node *at = root;;) {
		if (at->first) {
			at = at->first;
			write_start(out, at, false);
			continue;
		}
		write_end(out, at);
		while (at != root && !at->next) {
			encode_xml_text(out, at->tail);
			at = at->parent;
			write_end(out, at);
		}
		if (at == root)
			return;
		encode_xml_text(out, at->tail);
		at = at->next;
		write_start(out, at, false);
	}
}
