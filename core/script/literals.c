#include "script/literals.h"
#include "script/lexer.h"

#include "format/secret_mark.h"
#include "format/template.h"

enum { LITERALS_BYTES_MAX = 8 << 20 };

void literals_init(struct literals *literals)
{
	*literals = (struct literals){0};
	arena_init(&literals->arena, LITERALS_BYTES_MAX);
}

void literals_finish(struct literals *literals)
{
	arena_finish(&literals->arena);
	free(literals->items);
	*literals = (struct literals){0};
}

static int compare(const void *a, const void *b)
{
	const struct literal *x = a, *y = b;

	return str_cmp(x->text, y->text);
}

static struct literal *find(const struct literals *literals, struct str text)
{
	struct literal wanted = {.text = text};

	if (!literals->n)
		return NULL;
	return bsearch(&wanted, literals->items, literals->n, sizeof wanted, compare);
}

static void add(struct literals *literals, struct str text)
{
	struct str copy;

	if (!memchr(text.p, '#', text.n))
		return;
	copy = arena_copy(&literals->arena, text);
	if (!copy.p)
		return;
	if (literals->n == literals->capacity) {
		literals->capacity = literals->capacity ? 2 * literals->capacity : 16;
		literals->items = mem_realloc(literals->items, literals->capacity * sizeof *literals->items);
	}
	literals->items[literals->n++] = (struct literal){.text = copy};
}

void literals_add(struct literals *literals, struct str source)
{
	struct lexer lexer;
	struct token token;
	struct buf text;
	size_t kept = 0;

	buf_init(&text, 1 << 20);
	lexer_init(&lexer, source, 1);
	while (lexer_next(&lexer, &token)) {
		if (token.kind != TOKEN_STRING)
			continue;
		buf_clear(&text);
		token_string(&token, &text);
		add(literals, buf_view(&text));
	}
	buf_finish(&text);
	if (literals->n)
		qsort(literals->items, literals->n, sizeof *literals->items, compare);
	for (size_t i = 0; i < literals->n; i++) {
		if (!kept || !str_eq(literals->items[kept - 1].text, literals->items[i].text))
			literals->items[kept++] = literals->items[i];
	}
	literals->n = kept;
}

int literal_compile(struct str text, enum place_of_text place, struct arena *arena, struct template *ret,
		    struct error *reterr)
{
	static const enum template_context contexts[PLACES] = {
		[PLACE_TEXT] = CONTEXT_TEXT,     [PLACE_JSON] = CONTEXT_JSON,
		[PLACE_XML] = CONTEXT_XML,       [PLACE_URL] = CONTEXT_URL,
		[PLACE_HEADER] = CONTEXT_HEADER, [PLACE_JSON_STRING] = CONTEXT_JSON_STRING,
	};

	return template_compile(text, contexts[place], arena, ret, reterr);
}

int literals_template(struct literals *literals, struct str text, enum place_of_text place,
		      const struct template **ret, struct error *reterr)
{
	struct literal *literal = memchr(text.p, '#', text.n) ? find(literals, text) : NULL;
	struct template *compiled;

	if (literal && !literal->compiled[place]) {
		compiled = arena_zalloc(&literals->arena, sizeof *compiled);
		if (!compiled)
			return error_set(reterr, "the texts with tags of this campaign are too large");
		if (literal_compile(literal->text, place, &literals->arena, compiled, reterr))
			return -1;
		literal->compiled[place] = compiled;
	}
	const struct template *template = literal ? literal->compiled[place] : NULL;
	*ret = template && (template_has_tags(template) || template_has_secrets(template)) ? template : NULL;
	return 0;
}
