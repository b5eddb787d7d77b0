/* Each document is saved under a name of its own, and the locations in it are written anew, so that the set
 * lies flat in one folder. What is saved is checked the way rules would load it. */
#include "app/soap_import.h"

#include "app/client.h"
#include "app/problems_print.h"
#include "format/encode.h"
#include "format/xml.h"
#include "soap/folder.h"
#include "soap/standard_schemas.h"
#include "soap/wsdl.h"

#include <errno.h>
#include <stdio.h>

enum {
	DOCUMENTS_MAX = 200,
	DOCUMENT_MAX = 16 << 20,
	ALL_MAX = 64 << 20,
	URL_MAX = 2048,
	NAME_MAX_BYTES = 80
};

struct document {
	char *url, *name;
	struct buf text;
};

struct importing {
	const struct soap_import *options;
	struct document documents[DOCUMENTS_MAX];
	size_t n, bytes;
};

static int say(const struct error *error, bool warning)
{
	problem_print(stderr, problems_form_for(stderr), warning, error);
	return EXIT_NO;
}

/* How much of a URL is its scheme and host: "https://crm.example.com:8443". */
static size_t origin_of(const char *url)
{
	const char *slashes = strstr(url, "://");
	return slashes ? (size_t)(slashes + 3 - url) + strcspn(slashes + 3, "/?#") : 0;
}

static bool is_address(struct str location)
{
	return str_starts(location, STR("http://")) || str_starts(location, STR("https://"));
}

/* A reference of a document as an address (RFC 3986, section 5.2, as far as documents use it). */
static bool resolve(const char *base, struct str location, struct buf *out)
{
	size_t origin = origin_of(base), path = strcspn(base, "?#");
	if (is_address(location)) {
		buf_str(out, location);
		return true;
	}
	if (memchr(location.p, ':', location.n) || str_starts(location, STR("//")))
		return false;
	if (location.p[0] == '?')
		buf_add(out, base, path);
	else if (location.p[0] == '/')
		buf_add(out, base, origin);
	else {
		while (path > origin && base[path - 1] != '/')
			path--;
		buf_add(out, base, path);
		if (path == origin)
			buf_char(out, '/');
	}
	for (; str_starts(location, STR("./")) || str_starts(location, STR("../"));) {
		bool up = location.p[1] == '.';
		location = (struct str){location.p + 2 + up, location.n - 2 - up};
		if (!up)
			continue;
		size_t n = out->n ? out->n - 1 : 0;
		while (n > origin && out->p[n - 1] != '/')
			n--;
		out->n = n > origin ? n : origin + 1;
	}
	buf_str(out, location);
	return !out->overflow;
}

static struct document *find_document(struct importing *importing, const char *url)
{
	for (size_t i = 0; i < importing->n; i++)
		if (strcmp(importing->documents[i].url, url) == 0)
			return &importing->documents[i];
	return NULL;
}

static bool name_is_taken(const struct importing *importing, const char *name)
{
	for (size_t i = 0; i < importing->n; i++)
		if (importing->documents[i].name && strcmp(importing->documents[i].name, name) == 0)
			return true;
	return false;
}

/* From the last part of the path: letters, digits, '-', '_'; the ending says what it is. */
static char *make_name(const struct importing *importing, const char *url, bool wsdl)
{
	size_t end = strcspn(url, "?#"), start = end, n = 0;
	char stem[NAME_MAX_BYTES + 1], name[NAME_MAX_BYTES + 32];
	while (start > origin_of(url) && url[start - 1] != '/')
		start--;
	const char *dot = memrchr(url + start, '.', end - start);
	size_t stop = dot ? (size_t)(dot - url) : end;
	for (size_t i = start; i < stop && n < NAME_MAX_BYTES; i++) {
		char c = url[i];
		bool good = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			    c == '-' || c == '_';
		stem[n++] = good ? c : '_';
	}
	if (!n)
		stem[n++] = 's';
	stem[n] = 0;
	snprintf(name, sizeof name, "%s.%s", stem, wsdl ? "wsdl" : "xsd");
	for (int i = 2; name_is_taken(importing, name); i++)
		snprintf(name, sizeof name, "%s-%d.%s", stem, i, wsdl ? "wsdl" : "xsd");
	return mem_strdup(name);
}

static int fetch(const char *url, struct buf *out, struct error *reterr)
{
	struct client client;
	size_t origin = origin_of(url);
	char *server = mem_strndup(url, origin);
	int status = -1;
	if (!origin || !is_address(str_of(url))) {
		free(server);
		return error_set(reterr, "'%s' is no address: it begins with http:// or https://", url);
	}
	if (client_init(&client, server)) {
		free(server);
		return error_set(reterr, "nothing can be fetched");
	}
	struct answer *answer = client_fetch(&client, url[origin] ? url + origin : "/");
	if (answer->failure != FAILURE_NONE && answer->status >= 300 && answer->status < 400)
		error_set(reterr, "%s answers with status %d: it stands elsewhere; give that address", url,
			  answer->status);
	else if (answer->failure != FAILURE_NONE)
		error_set(reterr, "%s: %s", url,
			  answer->detail[0] ? answer->detail : failure_name(answer->failure));
	else if (answer->body.n > DOCUMENT_MAX)
		error_set(reterr, "%s has more than %d MiB", url, DOCUMENT_MAX >> 20);
	else {
		buf_str(out, answer->body);
		status = 0;
	}
	free(answer);
	client_finish(&client);
	free(server);
	return status;
}

/* The attribute of an element that names another document; p == NULL when it has none. */
static struct str location_of(const struct xml_node *node, struct str *ret_ns)
{
	bool schema = str_eq(node->ns, STR(NS_XSD));
	*ret_ns = xml_attr(node, STR(""), STR("namespace"));
	if (schema && (str_eq(node->name, STR("import")) || str_eq(node->name, STR("include")) ||
		       str_eq(node->name, STR("redefine"))))
		return xml_attr(node, STR(""), STR("schemaLocation"));
	if (str_eq(node->ns, STR("http://schemas.xmlsoap.org/wsdl/")) && str_eq(node->name, STR("import")))
		return xml_attr(node, STR(""), STR("location"));
	return (struct str){0};
}

/* Writes the new location wherever the old one stands in quotes. */
static void replace_location(struct buf *text, struct str location, const char *name)
{
	struct buf old, fresh;
	buf_init(&old, 2 * URL_MAX);
	buf_init(&fresh, 2 * DOCUMENT_MAX);
	encode_xml_attribute(&old, location);
	for (size_t at = 0; at < text->n;) {
		const char *found = memmem(text->p + at, text->n - at, old.p, old.n);
		size_t to = found ? (size_t)(found - text->p) : text->n;
		buf_add(&fresh, text->p + at, to - at);
		if (!found)
			break;
		bool whole = to > 0 && to + old.n < text->n &&
			     (text->p[to - 1] == '"' || text->p[to - 1] == '\'') &&
			     text->p[to + old.n] == text->p[to - 1];
		buf_str(&fresh, whole ? str_of(name) : buf_view(&old));
		at = to + old.n;
	}
	buf_finish(&old);
	buf_finish(text);
	*text = fresh;
}

static int import_document(struct importing *importing, const char *url, bool wsdl, struct document **ret,
			   struct error *reterr);

static bool is_elsewhere(const struct importing *importing, const char *url)
{
	size_t n = origin_of(importing->options->url);
	return !importing->options->any_host &&
	       (origin_of(url) != n || strncmp(url, importing->options->url, n) != 0);
}

static int follow(struct importing *importing, struct document *document, const struct xml_node *node,
		  struct error *reterr)
{
	struct str ns, location = location_of(node, &ns);
	struct document *other;
	struct buf url;
	int status = 0;
	location = str_trim(location);
	if (!location.n || (str_eq(node->ns, STR(NS_XSD)) && standard_schema(ns).p))
		return 0;
	buf_init(&url, URL_MAX);
	if (!resolve(document->url, location, &url) || is_elsewhere(importing, buf_z(&url))) {
		struct error error;
		error_set(&error, "'" STR_FMT "' is on another host and is not fetched", STR_ARG(location));
		error_hint(&error, "--any-host fetches it as well");
		say(&error, true);
	} else {
		status = import_document(importing, buf_z(&url),
					 str_eq(node->ns, STR("http://schemas.xmlsoap.org/wsdl/")), &other,
					 reterr);
		if (status == 0)
			replace_location(&document->text, location, other->name);
	}
	buf_finish(&url);
	return status;
}

static int follow_all(struct importing *importing, struct document *document, struct error *reterr)
{
	struct xml_limits limits = {.bytes = DOCUMENT_MAX};
	struct arena arena;
	struct xml_node *root;
	arena_init(&arena, 512 << 20);
	int status = xml_parse(buf_view(&document->text), &limits, &arena, &root, reterr);
	if (status)
		error_prefix(reterr, "%s", document->url);
	for (const struct xml_node *at = status ? NULL : root; at && status == 0;) {
		status = follow(importing, document, at, reterr);
		if (at->first) {
			at = at->first;
			continue;
		}
		while (at != root && !at->next)
			at = at->parent;
		at = at == root ? NULL : at->next;
	}
	arena_finish(&arena);
	return status;
}

static int import_document(struct importing *importing, const char *url, bool wsdl, struct document **ret,
			   struct error *reterr)
{
	struct document *document = find_document(importing, url);
	*ret = document;
	if (document)
		return 0;
	if (importing->n == DOCUMENTS_MAX)
		return error_set(reterr, "more than %d documents", DOCUMENTS_MAX);
	document = *ret = &importing->documents[importing->n];
	buf_init(&document->text, DOCUMENT_MAX + 1);
	document->name = make_name(importing, url, wsdl);
	document->url = mem_strdup(url);
	importing->n++;
	if (fetch(url, &document->text, reterr))
		return -1;
	importing->bytes += document->text.n;
	if (importing->bytes > ALL_MAX)
		return error_set(reterr, "more than %d MiB together", ALL_MAX >> 20);
	return follow_all(importing, document, reterr);
}

static int save(const struct importing *importing, const struct document *document, struct error *reterr)
{
	char *path;
	ensure(asprintf(&path, "%s/%s", importing->options->folder, document->name) >= 0);
	/* What is there is somebody's: it is not overwritten. */
	FILE *file = fopen(path, "wx");
	bool ok = file && fwrite(document->text.p, 1, document->text.n, file) == document->text.n;
	if (file && fclose(file))
		ok = false;
	if (!ok)
		error_set(reterr, "cannot write '%s': %s", path, strerror(errno));
	else
		printf("%s  from %s\n", path, document->url);
	free(path);
	return ok ? 0 : -1;
}

/* The set as rules would load it. */
static int check(const struct importing *importing, struct error *reterr)
{
	struct soap_folder folder;
	struct wsdl *wsdl = NULL;
	char *path, *name;
	ensure(asprintf(&path, "%s/%s", importing->options->folder, importing->documents[0].name) >= 0);
	int status = soap_folder_of(path, 0, &folder, &name, reterr);
	if (status == 0) {
		struct soap_files files = soap_folder_files(&folder);
		status = wsdl_load(&files, str_of(name), &wsdl, reterr);
		soap_folder_finish(&folder);
		free(name);
	}
	wsdl_free(wsdl);
	free(path);
	return status;
}

int soap_import(const struct soap_import *options)
{
	struct importing *importing = mem_zalloc(sizeof *importing);
	struct document *first;
	struct error error;
	importing->options = options;
	int status = import_document(importing, options->url, true, &first, &error);
	for (size_t i = 0; i < importing->n && status == 0; i++)
		status = save(importing, &importing->documents[i], &error);
	if (status == 0)
		status = check(importing, &error);
	for (size_t i = 0; i < importing->n; i++) {
		free(importing->documents[i].url);
		free(importing->documents[i].name);
		buf_finish(&importing->documents[i].text);
	}
	free(importing);
	return status ? say(&error, false) : EXIT_DONE;
}
