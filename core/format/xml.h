/* core/format/xml.h
 *
 * XML text to a tree of elements, and back. Reading is expat's, in namespace mode.
 *
 * Made for documents that nobody vouches for: a DOCTYPE is refused (with it go entities and everything that
 * is fetched or expands), and bytes, depth, elements and attributes are bounded before memory is spent on
 * them. The tree lives in the caller's arena and is immutable once it is built. Any thread.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

#define XML_NS_XML "http://www.w3.org/XML/1998/namespace"

/* 0 takes the default. */
struct xml_limits {
	size_t bytes;      /* 16 MiB */
	size_t depth;      /* 128 elements inside of each other */
	size_t elements;   /* 1,000,000 */
	size_t attributes; /* 256 on one element */
	size_t name;       /* 1,024 bytes of a name or a namespace */
};

struct xml_attr {
	struct str ns, name, value; /* ns.n == 0: in no namespace */
};

/* A declaration of a prefix; innermost first. */
struct xml_scope {
	struct str prefix, uri; /* prefix.n == 0: the default namespace */
	const struct xml_scope *outer;
};

struct xml_node {
	struct str ns, name;
	struct str text; /* the character data before the first child */
	struct str tail; /* what stands behind this element, up to the next one or the parent's end */
	struct xml_attr *attrs;
	uint32_t n_attrs;
	int line; /* 1 is the first */
	struct xml_node *parent, *first, *last, *next;
	const struct xml_scope *scope;
};

/* The root of the document. Errors say what is wrong, with line and column. */
int xml_parse(struct str text, const struct xml_limits *limits, struct arena *arena, struct xml_node **ret,
	      struct error *reterr);

bool xml_is(const struct xml_node *node, struct str ns, struct str name);

/* The attribute's value; p == NULL when there is none. */
struct str xml_attr(const struct xml_node *node, struct str ns, struct str name);

/* The first child of that name, or NULL. */
struct xml_node *xml_child(const struct xml_node *node, struct str ns, struct str name);

/* "prefix:local" as it is meant where `node` stands; without a prefix it is in the default namespace. False
 * when the prefix is not declared there. */
bool xml_qname(const struct xml_node *node, struct str text, struct str *ret_ns, struct str *ret_local);

/* All character data of the element and of what is in it, in order. */
void xml_text(struct buf *out, const struct xml_node *node);

/* The element as a text of its own: it declares every namespace that it uses. */
void xml_write(struct buf *out, const struct xml_node *node);
