/* orders:call("CreateOrder", { externId = call.extern_id, custmer = "x" }) in a script: what stands there
 * word for word is checked while the rules load. What is computed is not known then, and fits everywhere. */
#include "script/soap_calls.h"

#include "script/soap_declaration.h"

enum { DEPTH_MAX = 32 };

struct scan {
	struct loader *loader;
	const struct draft *draft;
	const struct source_file *file;
	struct lexer lexer;
	struct token token; /* the next one */
	bool end;
	bool some; /* not all keys of the table are known */
};

static void next(struct scan *scan)
{
	if (!scan->end && !lexer_next(&scan->lexer, &scan->token))
		scan->end = true;
}

static bool is(const struct scan *scan, const char *text)
{
	return !scan->end && token_is(&scan->token, text);
}

/* Goes over an expression, up to the ',' ';' or '}' that ends it. Returns whether it had only one token,
 * which is then in ret. */
static bool skip_expression(struct scan *scan, struct token *ret)
{
	int depth = 0, n = 0;
	*ret = scan->token;
	while (!scan->end) {
		if (depth == 0 && (is(scan, ",") || is(scan, ";") || is(scan, "}")))
			break;
		if (is(scan, "{") || is(scan, "(") || is(scan, "[") || is(scan, "function") ||
		    is(scan, "if") || is(scan, "do"))
			depth++;
		else if (is(scan, "}") || is(scan, ")") || is(scan, "]") || is(scan, "end"))
			depth--;
		n++;
		next(scan);
	}
	return n == 1;
}

static struct str string_of(struct scan *scan, const struct token *token)
{
	struct buf *text = sandbox_text(&scan->loader->box);
	struct str copy;
	token_string(token, text);
	copy = arena_copy(&scan->loader->scratch, buf_view(text));
	return copy.p ? copy : STR("");
}

static struct value literal(struct scan *scan, const struct token *token)
{
	struct value value = soap_unknown_value();
	if (token->kind == TOKEN_STRING && !memchr(token->inner.p, '#', token->inner.n))
		value = (struct value){.kind = VALUE_STRING, .text = string_of(scan, token)};
	else if (token->kind == TOKEN_NUMBER && !memchr(token->text.p, 'x', token->text.n) &&
		 !memchr(token->text.p, 'X', token->text.n))
		value = (struct value){.kind = VALUE_NUMBER, .text = token->text};
	else if (token_is(token, "true") || token_is(token, "false"))
		value = (struct value){.kind = token_is(token, "true") ? VALUE_TRUE : VALUE_FALSE};
	return value;
}

static struct value read_table(struct scan *scan, int depth);

static struct value read_value(struct scan *scan, int depth)
{
	struct token token;
	struct value value = soap_unknown_value();
	if (is(scan, "{") && depth < DEPTH_MAX) {
		struct scan before = *scan;
		value = read_table(scan, depth + 1);
		/* { … } may be the start of something longer. */
		if (is(scan, ",") || is(scan, ";") || is(scan, "}"))
			return value;
		*scan = before;
		value = soap_unknown_value();
	}
	if (skip_expression(scan, &token))
		value = literal(scan, &token);
	return value;
}

/* The key of an entry, with the scan behind its '='; false: the entry has none, or one that is computed. */
static bool read_key(struct scan *scan, struct str *ret, bool *ret_computed)
{
	struct scan before = *scan;
	struct token name = scan->token;
	*ret_computed = false;
	if (name.kind == TOKEN_NAME) {
		next(scan);
		if (is(scan, "=")) {
			next(scan);
			*ret = name.text;
			return true;
		}
	} else if (is(scan, "[")) {
		next(scan);
		name = scan->token;
		next(scan);
		if (name.kind == TOKEN_STRING && is(scan, "]")) {
			next(scan);
			next(scan);
			*ret = string_of(scan, &name);
			return true;
		}
		*ret_computed = true;
	}
	*scan = before;
	return false;
}

static struct value read_table(struct scan *scan, int depth)
{
	struct vec members = {0}, items = {0};
	struct value value = soap_unknown_value();
	bool computed, known = true;
	next(scan);
	while (!scan->end && !is(scan, "}")) {
		struct str key;
		if (read_key(scan, &key, &computed)) {
			struct member member = {key, read_value(scan, depth)};
			*(struct member *)vec_add(&members, sizeof member) = member;
		} else {
			struct value item = read_value(scan, depth);
			known = known && !computed;
			*(struct value *)vec_add(&items, sizeof item) = item;
		}
		if (is(scan, ",") || is(scan, ";"))
			next(scan);
	}
	next(scan);
	if (known && !items.n) {
		value = (struct value){.kind = VALUE_OBJECT, .n = (uint32_t)members.n};
		value.members = arena_alloc(&scan->loader->scratch, (members.n + 1) * sizeof *value.members);
		ensure(value.members);
		if (members.n)
			memcpy(value.members, members.items, members.n * sizeof *value.members);
	} else if (known && !members.n) {
		value = (struct value){.kind = VALUE_ARRAY, .n = (uint32_t)items.n};
		value.items = arena_alloc(&scan->loader->scratch, (items.n + 1) * sizeof *value.items);
		ensure(value.items);
		memcpy(value.items, items.items, items.n * sizeof *value.items);
	}
	vec_finish(&members);
	vec_finish(&items);
	return value;
}

/* The SOAP service of that key that the file has seen; NULL when there is none or more than one. */
static const struct service *find_service(const struct scan *scan, struct str key)
{
	struct slot *const *slots = scan->draft->slots.items;
	const struct service *found = NULL;
	for (size_t i = 0; i < scan->draft->slots.n; i++) {
		const struct service *service = slots[i]->service;
		if (slots[i]->broken || !service->key.p || !str_eq(service->key, key) || found == service)
			continue;
		if (found)
			return NULL;
		found = service;
	}
	return found && found->soap && found->soap->wsdl ? found : NULL;
}

static void check_call(struct scan *scan, const struct service *service, struct str operation, bool bare,
		       int line)
{
	struct where where = {.file = scan->file, .line = line};
	struct soap_target target;
	struct soap_path path = {0};
	struct error error;
	struct value args = {.kind = VALUE_OBJECT};
	bool has_table = is(scan, "{");
	if (soap_client_find(service->soap, operation, &target, &error)) {
		problem_add(scan->loader, &where, false, &error);
		return;
	}
	if (has_table) {
		where.line = scan->token.line;
		args = read_table(scan, 0);
		/* Behind the table the call must end, or go on with its options: else it is part of something
		 * else. */
		if (!bare && !is(scan, ")") && !is(scan, ","))
			return;
	} else if (!is(scan, ")"))
		return;
	if (soap_request_check(service->soap->wsdl, &target, &args, NULL, false, &path, &error)) {
		soap_mark(&path, &where);
		problem_add(scan->loader, &where, false, &error);
	}
}

static bool is_method(const struct token *token)
{
	return token_is(token, "call") || token_is(token, "send") || token_is(token, "try_call");
}

/* From a name on: name ':' method, then '(' "Operation" [',' table] or, for the declared operation, a table.
 */
static void read_call(struct scan *scan, struct str key)
{
	const struct service *service = find_service(scan, key);
	int line = scan->token.line;
	struct str operation = {0};
	next(scan);
	if (!service || !is_method(&scan->token))
		return;
	next(scan);
	bool bare = is(scan, "{");
	if (is(scan, "("))
		next(scan);
	else if (!bare)
		return;
	if (scan->token.kind == TOKEN_STRING) {
		operation = string_of(scan, &scan->token);
		next(scan);
		if (is(scan, ","))
			next(scan);
	} else if (!is(scan, "{") || !service->soap->choice.operation.p)
		return;
	check_call(scan, service, operation, bare, line);
}

void soap_check_calls(struct loader *loader, const struct draft *draft)
{
	struct scan scan = {.loader = loader, .draft = draft, .file = draft->file};
	lexer_init(&scan.lexer, draft->file->text, 1);
	next(&scan);
	while (!scan.end) {
		struct token name = scan.token;
		next(&scan);
		if (name.kind == TOKEN_NAME && is(&scan, ":"))
			read_call(&scan, name.text);
	}
}
