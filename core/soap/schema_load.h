/* core/soap/schema_load.h
 *
 * From schema documents to one schema set. One thread loads; what comes out is immutable.
 *
 * Documents that real services publish are often wrong in small things. What can be taken without guessing at
 * a message is taken, with a warning: a missing import, a reference into the wrong namespace, an extension
 * that we do not know. Work and memory are bounded for documents that are wrong on purpose.
 */
#pragma once

#include "format/xml.h"
#include "soap/schema.h"

/* Where the files of a set come from. `path` is relative to the folder that the set may not leave, without
 * "." and
 * ".." in it. Returns 0 with the bytes in `arena`, 1 when there is no such file, -1 with an error. */
struct soap_files {
	int (*read)(void *context, struct str path, struct arena *arena, struct str *ret,
		    struct error *reterr);
	void *context;
};

struct soap_warning {
	struct str file, text;
	int line;
	struct soap_warning *next;
};

struct schema_limits {
	size_t bytes;     /* of all documents together; 0: 64 MiB */
	size_t documents; /* 0: 1,000 */
	size_t warnings;  /* kept; 0: 100 */
};

/* `arena` holds the set and must outlive it; `scratch` holds the documents until schema_finish is done. */
struct schema *schema_create(struct arena *arena, struct arena *scratch, const struct soap_files *files,
			     const struct schema_limits *limits);

/* One <schema> element, and all that it includes and imports. `path` is the document that it stands in. */
int schema_add(struct schema *schema, const struct xml_node *node, struct str path, struct error *reterr);

/* Compiles everything. The documents are not needed any longer. */
int schema_finish(struct schema *schema, struct error *reterr);

/* Frees what is not in the arena. NULL is allowed. */
void schema_free(struct schema *schema);

void schema_warn(struct schema *schema, struct str file, int line, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
const struct soap_warning *schema_warnings(const struct schema *schema, size_t *ret_more);

/* Reads a file of the set into `scratch`, within the limits. Returns as soap_files.read. */
int schema_read(struct schema *schema, struct str path, struct xml_node **ret, struct error *reterr);

/* A location as it stands in the document `base`, as a path of the set. False when it leads out of the
 * folder, is absolute, or is the address of something elsewhere. */
bool soap_path_join(struct str base, struct str location, struct arena *arena, struct str *ret);
